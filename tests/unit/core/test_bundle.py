"""Receipts and states as files: honest ones verify, mangled and dishonest ones do not."""

import json
from dataclasses import replace

import pytest

from ledger.core.bundle import (
    Receipt,
    find_checkpoint,
    format_receipt,
    format_state_bundle,
    parse_receipt,
    parse_state_bundle,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.canonical import decode_bundle
from ledger.core.entry import Seal, decode_leaf, encode_seal
from ledger.core.event import Signature, create_signed_event
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.opening import open_checkpoint
from ledger.core.text import format_base64, format_base64url
from ledger.errors import (
    BundleError,
    InclusionError,
    InputError,
    MalformedError,
    SignatureError,
    VerificationError,
)
from tests.support.forged_log import ForgedLog, entry, judge
from tests.support.log_builder import AUTHOR, POLICY, START, MemoryLog, example_log, toy_key
from tests.support.manglings import edited, flip, without

LOG = example_log()
OPENED = LOG.opened()
SIZE = len(LOG.leaves)
A, B, ABSENT = toy_key(0), toy_key(1), toy_key(99)
OTHER = MemoryLog()
OTHER.write(AUTHOR.put(A, B, value="other"), AUTHOR.put(A))

RECEIPT = format_receipt(LOG.receipt(1))
STATE = format_state_bundle(LOG.state(A))
NO_STATE = format_state_bundle(LOG.state(ABSENT))


# --- honest bundles


@pytest.mark.parametrize("index", range(SIZE))
def test_the_receipt_of_every_leaf_verifies(index):
    plain = format_receipt(LOG.receipt(index))
    assert judge(plain, OPENED) is None
    receipt = parse_receipt(plain)
    assert receipt == LOG.receipt(index)
    assert format_receipt(receipt) == plain


@pytest.mark.parametrize("key", [*LOG.keys, ABSENT])
def test_the_state_of_every_subject_verifies_and_so_does_absence(key):
    plain = format_state_bundle(LOG.state(key))
    assert judge(plain, OPENED) is None
    bundle = parse_state_bundle(plain)
    assert bundle == LOG.state(key)
    assert format_state_bundle(bundle) == plain
    assert (bundle.value is None) == (key == ABSENT)
    assert bundle.seal == LOG.blocks[-1].seal


def test_bundles_are_read_back_from_disk():
    for plain in (RECEIPT, STATE, NO_STATE):
        data = json.dumps(plain, indent=1).encode()
        assert len(data) < MAX_BUNDLE_BYTES
        assert decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES) == plain


def test_a_bundle_is_opened_by_the_policy_and_then_verified():
    bundle = parse_state_bundle(STATE)
    opened = open_checkpoint(POLICY, find_checkpoint([bundle.receipt]))
    verify_state_bundle(bundle, opened)
    for index in range(SIZE):
        verify_receipt(LOG.receipt(index), opened)


# --- receipts


def proof(change):
    return edited(RECEIPT, "proof", value=change)


def line(number, change):
    """One line of the proof: 0 the version, 1 the index, 2.. the path."""

    def edit(text):
        lines = text.split("\n")
        lines[number] = change(lines[number])
        return "\n".join(lines)

    return proof(edit)


def path(change):
    def edit(text):
        head, note = text.split("\n\n", 1)
        version, index, *hashes = head.split("\n")
        return "\n".join([version, index, *change(hashes)]) + "\n\n" + note

    return proof(edit)


ZERO = format_base64(bytes(32))
RECEIPTS = {
    "an unknown member": RECEIPT | {"note": ""},
    "no format": without(RECEIPT, "format"),
    "no entry": without(RECEIPT, "entry"),
    "no proof": without(RECEIPT, "proof"),
    "another format": RECEIPT | {"format": "muniment/receipt/v2"},
    "the format of a state": RECEIPT | {"format": "muniment/state/v1"},
    "null as format": RECEIPT | {"format": None},
    "an empty object": {},
    "the entry of another leaf": RECEIPT | {"entry": format_receipt(LOG.receipt(0))["entry"]},
    "a seal instead of the entry": RECEIPT | {"entry": format_receipt(LOG.receipt(3))["entry"]},
    "one bit of the entry": edited(RECEIPT, "entry", value=flip),
    "the entry cut off": edited(RECEIPT, "entry", value=lambda text: text[:-4]),
    "the entry with padding": edited(RECEIPT, "entry", value=lambda text: text + "="),
    "an empty entry": RECEIPT | {"entry": ""},
    "null as entry": RECEIPT | {"entry": None},
    "an entry that is no leaf": RECEIPT | {"entry": format_base64url(b"{}")},
    "the entry with a newline behind": RECEIPT | {"entry": format_base64url(LOG.leaves[1] + b"\n")},
    "null as proof": RECEIPT | {"proof": None},
    "an empty proof": RECEIPT | {"proof": ""},
    "a proof of another version": line(0, lambda text: text.replace("v1", "v2")),
    "an extra line": line(0, lambda text: text + "\nextra AA=="),
    "an extra line without anything": line(0, lambda text: text + "\nextra "),
    "the index one up": line(1, lambda text: "index 2"),
    "the index one down": line(1, lambda text: "index 0"),
    "the index of the size": line(1, lambda text: f"index {SIZE}"),
    "the index beyond 2^63": line(1, lambda text: f"index {2**63}"),
    "the largest index": line(1, lambda text: f"index {2**63 - 1}"),
    "a negative index": line(1, lambda text: "index -1"),
    "an index with a zero": line(1, lambda text: "index 01"),
    "no index": line(1, lambda text: ""),
    "a hash less": path(lambda hashes: hashes[:-1]),
    "the first hash less": path(lambda hashes: hashes[1:]),
    "a hash more": path(lambda hashes: [*hashes, ZERO]),
    "a hash twice": path(lambda hashes: [hashes[0], *hashes]),
    "no hash": path(lambda hashes: []),
    "hashes exchanged": path(lambda hashes: hashes[::-1]),
    "another hash": path(lambda hashes: [ZERO, *hashes[1:]]),
    "a hash of 31 bytes": path(lambda hashes: [format_base64(bytes(31)), *hashes[1:]]),
    "64 hashes": path(lambda hashes: [ZERO] * 64),
    "the path of another leaf": RECEIPT | {"proof": format_receipt(LOG.receipt(2))["proof"]},
    "another log's checkpoint": proof(
        lambda text: text.split("\n\n")[0] + "\n\n" + OTHER.note().decode()
    ),
    "a cosigned checkpoint": proof(
        lambda text: text.split("\n\n")[0] + "\n\n" + LOG.note(START // 1000).decode()
    ),
    "no checkpoint": proof(lambda text: text.split("\n\n")[0] + "\n\n"),
    "a forbidden character": proof(lambda text: text + "\x85"),
    "lines ended as elsewhere": proof(lambda text: text.replace("\n", "\r\n")),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_mangled_receipt_is_refused(name):
    error = judge(RECEIPTS[name], OPENED)
    assert error is not None
    assert issubclass(error, InputError | VerificationError)


@pytest.mark.parametrize("value", [None, [], "receipt", 1, [RECEIPT]])
def test_what_is_no_object_is_no_bundle(value):
    for parse in (parse_receipt, parse_state_bundle):
        with pytest.raises(MalformedError):
            parse(value)


def test_a_receipt_of_an_older_checkpoint_does_not_verify_under_a_newer_one():
    log = MemoryLog()
    log.write(AUTHOR.put(A))
    old, opened = log.receipt(0), log.opened()
    verify_receipt(old, opened)
    log.write(AUTHOR.put(A, value=1))
    with pytest.raises(InclusionError):
        verify_receipt(old, log.opened())
    with pytest.raises(InclusionError):
        verify_receipt(log.receipt(0), opened)


def test_receipts_of_one_bundle_carry_one_checkpoint():
    one, two = LOG.receipt(0), LOG.receipt(1)
    assert find_checkpoint([one, two]) == find_checkpoint([one]) == LOG.note()
    other = replace(two, proof=replace(two.proof, checkpoint=LOG.note(START // 1000)))
    for receipts in ([one, other], [one, OTHER.receipt(0)], []):
        with pytest.raises(BundleError):
            find_checkpoint(receipts)


def stranger(**members):
    """An event meant for another ledger, well signed."""
    return AUTHOR.put(A, log="example.org/other", **members)


def badly_signed():
    draft = AUTHOR.draft("toy.put", {"keys": [A], "value": 0})
    return create_signed_event(draft, [Signature(AUTHOR.did, bytes(64))])


DISHONEST = {
    "an entry meant for another ledger": (ForgedLog(A, [entry(stranger())]), 0, BundleError),
    "an entry badly signed": (ForgedLog(A, [entry(badly_signed())]), 0, SignatureError),
    "a seal at another place": (
        ForgedLog(A, [entry(AUTHOR.put(A))], seal={"count": 2}),
        1,
        BundleError,
    ),
    "a later seal at another place": (
        ForgedLog(A, [entry(AUTHOR.put(A))], seal={"height": 1, "first": 9, "prev": b"p" * 32}),
        1,
        BundleError,
    ),
}


@pytest.mark.parametrize("name", DISHONEST)
def test_what_a_dishonest_log_holds_is_refused(name):
    log, index, error = DISHONEST[name]
    assert judge(format_receipt(log.receipt(index)), log.opened()) is error


def test_the_content_of_a_receipt_is_its_leaf():
    for index in range(SIZE):
        receipt = parse_receipt(format_receipt(LOG.receipt(index)))
        assert isinstance(receipt, Receipt)
        assert receipt.content == decode_leaf(LOG.leaves[index])
        is_seal = isinstance(receipt.content, Seal)
        assert is_seal == (index in {block.seal.index for block in LOG.blocks})
        assert not is_seal or encode_seal(receipt.content) == receipt.leaf
