"""Voucher bundles put together from parts of others, of other shapes, or with a bit flipped."""

import json
from random import Random

import pytest

from contracts.verdict import Question, Report, format_report
from contracts.voucher import judge_voucher, parse_voucher
from ledger.core.bundle import format_receipt
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.tlogproof import parse_tlog_proof
from ledger.errors import BundleError, InclusionError, LedgerError, MalformedError, MapProofError
from tests.support.forgery import QUORUM, WITNESSES, honest_parts, judge
from tests.support.world import World

# Parts of different bundles

SWAPS = {
    "issued under another checkpoint": ("issued", BundleError, "byte-equal checkpoints"),
    "a state under another checkpoint": ("state", BundleError, "byte-equal checkpoints"),
    "an asset under another checkpoint": ("asset", BundleError, "byte-equal checkpoints"),
}


@pytest.mark.parametrize("name", SWAPS)
def test_parts_of_different_checkpoints_are_refused(name):
    member, error, message = SWAPS[name]
    world = World()
    application, number = world.register(world.enroll("ann"))
    older = json.loads(json.dumps(world.bundle(application, number)))
    world.enroll("ben")
    newer = json.loads(json.dumps(world.bundle(application, number)))
    judge(older, now=world.time)
    judge(newer, now=world.time)
    with pytest.raises(error, match=message):
        judge(newer | {member: older[member]}, now=world.time)


def other_voucher():
    """Two vouchers of one ledger under one checkpoint."""
    world = World()
    ann = world.enroll("ann")
    made = [world.register(ann) for _ in range(2)]
    return world, [json.loads(json.dumps(world.bundle(*each))) for each in made]


@pytest.mark.parametrize("member", ["credential", "issued", "state", "asset"])
def test_a_part_of_another_voucher_is_refused(member):
    world, (one, other) = other_voucher()
    with pytest.raises(BundleError):
        judge(one | {member: other[member]}, now=world.time)


@pytest.mark.parametrize("member", ["state", "asset"])
def test_the_proof_of_another_subject_is_refused(member):
    world, (one, other) = other_voucher()
    mixed = one[member] | {"map_proof": other[member]["map_proof"]}
    with pytest.raises(MapProofError):
        judge(one | {member: mixed}, now=world.time)
    mixed = one[member] | {"value": other[member]["value"]}
    with pytest.raises(MapProofError):
        judge(one | {member: mixed}, now=world.time)


@pytest.mark.parametrize("member", ["state", "asset"])
def test_an_absent_subject_is_no_voucher(member):
    parts = honest_parts()
    ledger = parts.ledger()
    bundle = parts.bundle()
    missing = {"state": "voucher/TEST2026119999", "asset": f"asset/{'c' * 26}"}[member]
    absent = ledger.state(missing, ledger.note(parts.log))
    shown = {
        "subject": absent.subject,
        "value": None,
        "map_proof": format_base64url(absent.map_proof),
    }
    with pytest.raises(BundleError, match="proved absent"):
        judge(bundle | {member: bundle[member] | shown})


def test_a_present_subject_is_not_hidden():
    bundle = honest_parts().bundle()
    hidden = bundle["state"] | {"value": None}
    with pytest.raises(MapProofError):
        judge(bundle | {"state": hidden})


def older_seal(bundle, world):
    """The receipt of the seal before the last, under the newest checkpoint."""
    note = parse_tlog_proof(bundle["issued"]["proof"].encode()).checkpoint
    return json.loads(json.dumps(format_receipt(world.log.receipt(world.log.head.size - 3, note))))


@pytest.mark.parametrize("member", ["state", "asset"])
def test_a_seal_that_is_not_the_last_leaf_is_refused(member):
    world = World()
    application, number = world.register(world.enroll("ann"))
    world.enroll("ben")
    bundle = json.loads(json.dumps(world.bundle(application, number)))
    receipt = older_seal(bundle, world)
    with pytest.raises(BundleError, match="not the last"):
        judge(bundle | {member: bundle[member] | {"seal": receipt}}, now=world.time)


def test_a_seal_as_what_was_issued_is_refused():
    bundle = honest_parts().bundle()
    with pytest.raises(BundleError, match=r"not a registration\.record"):
        judge(bundle | {"issued": bundle["state"]["seal"]})


def test_a_leaf_that_the_log_does_not_hold_is_refused():
    parts = honest_parts()
    bundle = parts.bundle()
    entry = parse_base64url(bundle["issued"]["entry"])
    later = entry.replace(b'"time":%d' % parts.time, b'"time":%d' % (parts.time + 1))
    assert later != entry
    issued = bundle["issued"] | {"entry": format_base64url(later)}
    with pytest.raises(InclusionError):
        judge(bundle | {"issued": issued})


# What is no voucher at all

SHAPES = {
    **{
        f"without {name}": lambda b, name=name: {k: v for k, v in b.items() if k != name}
        for name in ("format", "credential", "issued", "state", "asset")
    },
    **{
        f"{name} null": lambda b, name=name: b | {name: None}
        for name in ("format", "credential", "issued", "state", "asset")
    },
    **{
        f"{name} of a list": lambda b, name=name: b | {name: [b[name]]}
        for name in ("format", "credential", "issued", "state", "asset")
    },
    "a member more": lambda b: b | {"note": 1},
    "another format": lambda b: b | {"format": "muniment/voucher/v2"},
    "a receipt": lambda b: b["issued"],
    "a state": lambda b: b["state"],
    "an entry where a seal belongs": lambda b: b | {"state": b["state"] | {"seal": b["issued"]}},
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_no_voucher_is_malformed(name):
    with pytest.raises(MalformedError):
        parse_voucher(SHAPES[name](honest_parts().bundle()))


@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_what_is_no_object_is_malformed(value):
    with pytest.raises(MalformedError):
        parse_voucher(value)


# Bits


def test_every_single_bit_flip_is_refused_or_changes_nothing():
    parts = honest_parts()
    seconds = parts.time // 1000
    parts.cosigned = [(witness, seconds) for witness in WITNESSES]
    raw = json.dumps(parts.bundle(), ensure_ascii=False).encode()
    question = Question(now=parts.time + 1000)

    def answer(data):
        report = Report()
        value = decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES)
        judge_voucher(parse_voucher(value), QUORUM, question, report)
        return format_report(report)

    honest = answer(raw)
    assert honest["verified"]
    random, refused = Random(7), 0
    bits = random.sample(range(len(raw) * 8), 3000)
    for bit in bits:
        data = bytearray(raw)
        data[bit // 8] ^= 1 << bit % 8
        try:
            assert answer(bytes(data)) == honest, f"bit {bit} changed the verdict"
        except LedgerError:
            refused += 1
    assert refused > 0.99 * len(bits)
