"""Two verifiers, one written from the formats page alone, say the same of every voucher file.

The vouchers come from the command line as people use it. What is not authentic is refused by both.
"""

import ast
import copy
import json
import random
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from ledger.core.note import Algorithm, create_verifier_key, format_vkey
from tests.support import independent_verifier
from tests.support.reference_json import b64url, from_b64url
from tests.support.voucher_flow import OTHER, make_flow, say, with_witness

DAY_MS = 24 * 3600 * 1000
FLIPS = 2000


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    return make_flow(tmp_path_factory.mktemp)


def test_both_accept_the_exported_voucher_and_say_the_same_of_it(flow):
    verdict = say(flow.data, flow.policy, flow.now)
    assert verdict["in_force"]
    assert verdict["subject"] == json.loads(flow.data)["state"]["subject"]


def test_both_accept_an_older_export_and_another_registry_under_its_own_policy(flow):
    assert say(flow.older, flow.policy, flow.now)["in_force"]
    assert say(flow.foreign, flow.foreign_policy, flow.now)["in_force"]


@pytest.mark.parametrize(
    ("days", "status"), [(-1, "not-yet"), (0, "valid"), (1800, "valid"), (1830, "expired")]
)
def test_both_say_the_same_status_at_a_date(flow, days, status):
    for as_of in (None, flow.now + days * DAY_MS):
        now = flow.now + days * DAY_MS if as_of is None else flow.now
        assert say(flow.data, flow.policy, now, as_of)["status"] == status


# --- edits of the file


def put(*path, value):
    """A change: the member at this path gets this value, or what a function makes of its own."""

    def change(bundle, flow):
        *way, last = path
        at = bundle
        for name in way:
            at = at[name]
        at[last] = value(at[last]) if callable(value) else value

    return change


def without(*path):
    def change(bundle, flow):
        at = bundle
        for name in path[:-1]:
            at = at[name]
        del at[path[-1]]

    return change


def taken(source, *names):
    """A change: these parts are those of another voucher of the flow."""

    def change(bundle, flow):
        for name in names:
            bundle[name] = copy.deepcopy(getattr(flow, source)[name])

    return change


def rewritten(old, new):
    """A change of the file's text."""

    def change(text):
        assert old in text
        return text.replace(old, new, 1)

    return change


def note_line(old, new):
    """A change of every checkpoint in the bundle, so that they stay equal."""

    def change(bundle, flow):
        receipts = (bundle["issued"], bundle["state"]["seal"], bundle["asset"]["seal"])
        for receipt in receipts:
            head, _, note = receipt["proof"].partition("\n\n")
            changed = note.replace(old, new, 1) if isinstance(old, str) else old(note)
            assert changed != note
            receipt["proof"] = f"{head}\n\n{changed}"

    return change


def swap_states(bundle, flow):
    bundle["state"], bundle["asset"] = bundle["asset"], bundle["state"]


def seal_as_record(bundle, flow):
    bundle["issued"] = copy.deepcopy(bundle["state"]["seal"])


def reverse_path(proof):
    head, _, note = proof.partition("\n\n")
    first, index, *path = head.split("\n")
    assert len(path) > 1
    return "\n".join([first, index, *path[::-1], "", note])


def shorten_path(proof):
    head, _, note = proof.partition("\n\n")
    return "\n".join([*head.split("\n")[:-1], "", note])


def flip(text):
    """Another base64url text of the same length, changed in the middle."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


def map_proof(change):
    return put("state", "map_proof", value=lambda text: b64url(change(from_b64url(text))))


def spare_bit(raw):
    """One bit more in the bitmap than the depth says, or a byte where it ends at one."""
    at, rest = divmod(int.from_bytes(raw[:2], "big"), 8)
    spare = bytes([raw[2 + at] | 128]) if rest else b"\1" + raw[2 + at : 3 + at]
    return raw[: 2 + at] + spare + raw[3 + at :]


def unread_sibling(raw):
    """A spare bit, and the sibling that it promises behind all others."""
    spoilt, end = spare_bit(raw), len(raw) - 65
    return spoilt[:end] + b"\5" * 32 + spoilt[end:]


def reissue_with_more(bundle, flow):
    """The registrar's own key signs, but the ledger knows nothing of it."""
    bundle["credential"]["credentialSubject"]["fields"]["title"] = "more than was recorded"
    flow.forger.issue({"credential": bundle["credential"]})


def reissue_by_another(bundle, flow):
    credential = bundle["credential"]
    credential["issuer"]["id"] = OTHER.did
    credential["proof"]["verificationMethod"] = f"{OTHER.did}#{OTHER.did[8:]}"
    flow.forger.issue({"credential": credential}, OTHER)


def no_signature(note):
    return note.replace("\u2014 example.org/solo", "\u2014 example.org/sol0", 1)


ALL_ZERO = b64url(bytes(67))

EDITS = {
    "another format": put("format", value="muniment/voucher/v2"),
    "an unknown member": put("more", value=1),
    "without its asset": without("asset"),
    "without its credential": without("credential"),
    "the credential's title changed": put(
        "credential", "credentialSubject", "fields", "title", value="another"
    ),
    "valid for longer": put("credential", "validUntil", value="2099-01-01T00:00:00Z"),
    "valid from earlier": put("credential", "validFrom", value="2020-01-01T00:00:00Z"),
    "a date of no calendar": put("credential", "validUntil", value="2031-02-30T00:00:00Z"),
    "a right more": put(
        "credential", "credentialSubject", "rights", value=lambda rights: [*rights, rights[0]]
    ),
    "a proof value of other bytes": put(
        "credential", "proof", "proofValue", value=lambda v: v[:-1]
    ),
    "another proof value": put(
        "credential", "proof", "proofValue", value=lambda v: v[:40] + v[39:-1]
    ),
    "another cryptosuite": put("credential", "proof", "cryptosuite", value="eddsa-rdfc-2022"),
    "another purpose": put("credential", "proof", "proofPurpose", value="authentication"),
    "another method": put("credential", "proof", "verificationMethod", value=f"{OTHER.did}#x"),
    "created at another time": put("credential", "proof", "created", value="2020-01-01T00:00:00Z"),
    "a proof without its context": without("credential", "proof", "@context"),
    "contexts in another order": put("credential", "@context", value=lambda one: one[::-1]),
    "another type": put("credential", "type", value=["VerifiableCredential"]),
    "a credential status": put("credential", "credentialStatus", value={}),
    "another issuer's name": put("credential", "issuer", "name", value="Somebody"),
    "another schema": put(
        "credential", "credentialSchema", "digestSRI", value="sha256-" + "A" * 43 + "="
    ),
    "another number in the id": put(
        "credential", "id", value=lambda urn: urn[:-1] + str((int(urn[-1]) + 1) % 10)
    ),
    "signed again by the registrar": reissue_with_more,
    "signed by another key": reissue_by_another,
    "the other voucher's credential": taken("second", "credential"),
    "the other voucher's record": taken("second", "issued"),
    "the other voucher's state": taken("second", "state"),
    "the other voucher's asset": taken("second", "asset"),
    "all but the asset of the other": taken("second", "credential", "issued", "state"),
    "all but the record of the other": taken("second", "credential", "asset", "state"),
    "the record under an older checkpoint": taken("older", "issued"),
    "the state under an older checkpoint": taken("older", "state"),
    "the asset under an older checkpoint": taken("older", "asset"),
    "a checkpoint with one line more than the others": put(
        "asset", "seal", "proof", value=lambda proof: proof + "\u2014 x AAAAAAA=\n"
    ),
    "the voucher of a log the policy does not name": taken(
        "foreign", "credential", "issued", "state", "asset"
    ),
    "states swapped": swap_states,
    "a state proved absent": put("state", "value", value=None),
    "a state of another type": put("state", "value", "type", value="asset/1"),
    "a status changed": put("state", "value", "state", "status", 0, "value", value="revoked"),
    "a status ended": put("state", "value", "state", "status", 0, "to", value=9),
    "an end in the future": put("state", "value", "state", "valid_until", value=9_999_999_999_000),
    "another number of events": put("state", "value", "n", value=2),
    "a boolean for a number": put("state", "value", "n", value=True),
    "another last event": put("state", "value", "last", value=lambda last: last - 1),
    "a right taken away": put("asset", "value", "state", "tuples", value=lambda held: held[1:]),
    "another subject": put("state", "subject", value="voucher/TEST2026110009"),
    "no subject at all": put("state", "subject", value="voucher/"),
    "a map proof that is too short": map_proof(lambda raw: raw[:-1]),
    "a map proof that is too long": map_proof(lambda raw: raw + b"\0"),
    "a map proof with a spare bit": map_proof(spare_bit),
    "a sibling that no level reads": map_proof(unread_sibling),
    "a map proof one level deeper": map_proof(lambda raw: b"\0" + bytes([raw[1] + 1]) + raw[2:]),
    "a map proof with a doubled sibling": map_proof(lambda raw: raw[:3] + raw[3:35] + raw[3:]),
    "a map proof of another tree": put("state", "map_proof", value=flip),
    "an empty map proof": put("state", "map_proof", value=""),
    "a map proof of nothing": put("state", "map_proof", value="AAAA"),
    "a map proof of zeros": put("state", "map_proof", value=ALL_ZERO),
    "spare bits in base64": put("state", "map_proof", value=lambda proof: proof + "B"),
    "padding in base64url": put("issued", "entry", value=lambda entry: entry + "="),
    "a record with one character changed": put("issued", "entry", value=flip),
    "a seal in place of the record": seal_as_record,
    "the record in place of the seal": put("state", "seal", "entry", value="e30"),
    "another index": put(
        "issued", "proof", value=lambda proof: proof.replace("\nindex ", "\nindex 1", 1)
    ),
    "an index with a zero in front": put(
        "issued", "proof", value=lambda proof: proof.replace("\nindex ", "\nindex 0", 1)
    ),
    "an extra line": put(
        "issued", "proof", value=lambda proof: proof.replace("\nindex", "\nextra YQ==\nindex", 1)
    ),
    "another version of the proof": put(
        "issued", "proof", value=lambda proof: proof.replace("@v1", "@v2", 1)
    ),
    "a path in another order": put("issued", "proof", value=reverse_path),
    "a path without its end": put("issued", "proof", value=shorten_path),
    "a checkpoint of another size": note_line("/solo\n", "/solo\n1"),
    "a checkpoint of another root": note_line(lambda note: note.replace("=\n\n", "\n\n", 1), None),
    "a checkpoint with an extension": note_line("=\n\n", "=\nmore\n\n"),
    "a checkpoint that nobody known has signed": note_line(no_signature, None),
    "a checkpoint without signatures": note_line(lambda note: note.partition("\n\n")[0], None),
    "a carriage return in the note": note_line("\n\n", "\r\n\n"),
}
TEXT_EDITS = {
    "a member twice": rewritten('"format":', '"format": "muniment/voucher/v1", "format":'),
    "a number with a fraction": rewritten('"n": 1', '"n": 1.0'),
    "a number with an exponent": rewritten('"n": 1', '"n": 1e0'),
    "minus zero": rewritten('"index": ', '"index": -0, "index": '),
    "a comment": rewritten("{", "{/**/"),
    "a comma too many": rewritten('"format"', ',"format"'),
    "cut off": lambda text: text[:-3],
    "something behind": lambda text: text + "x",
    "a byte order mark": lambda text: "\ufeff" + text,
    "a right-to-left mark": rewritten("停车", "停\u202e车"),
    "a noncharacter": rewritten("停车", "停\ufffe车"),
    "a lone surrogate": rewritten("停车", "停\\ud800车"),
    "an array around it": lambda text: f"[{text}]",
    "nothing": lambda text: "",
}


def edited(flow, name):
    if name in TEXT_EDITS:
        return TEXT_EDITS[name](flow.data.decode()).encode()
    bundle = json.loads(flow.data)
    EDITS[name](bundle, flow)
    assert json.dumps(bundle) != json.dumps(json.loads(flow.data)), "it changes something"
    return json.dumps(bundle).encode()


@pytest.mark.parametrize("name", [*EDITS, *TEXT_EDITS])
def test_both_refuse_every_edit(flow, name):
    assert say(edited(flow, name), flow.policy, flow.now) is None


def test_a_line_of_an_unknown_key_in_every_checkpoint_changes_nothing(flow):
    bundle = json.loads(flow.data)
    note_line(lambda note: note + "\u2014 x AAAAAAA=\n", None)(bundle, flow)
    assert say(bundle, flow.policy, flow.now) == say(flow.data, flow.policy, flow.now)


def test_both_take_any_order_and_spelling_of_the_same_value(flow):
    bundle = json.loads(flow.data)
    turned = {name: bundle[name] for name in reversed(bundle)}
    for text in (json.dumps(turned), json.dumps(bundle, indent=7), f"\n\t{json.dumps(bundle)}\r\n"):
        assert say(text.encode(), flow.policy, flow.now) == say(flow.data, flow.policy, flow.now)


@pytest.mark.slow
def test_both_agree_about_every_flipped_bit_and_accept_no_other_meaning(flow):
    bits = random.Random(20261122)
    honest, meaning = say(flow.data, flow.policy, flow.now), json.loads(flow.data)
    for _ in range(FLIPS):
        data, at = bytearray(flow.data), bits.randrange(8 * len(flow.data))
        data[at // 8] ^= 1 << at % 8
        verdict = say(bytes(data), flow.policy, flow.now)
        if verdict is not None:
            assert (verdict, json.loads(data)) == (honest, meaning), f"bit {at}"


# --- the policy


def test_both_refuse_under_the_policy_of_another_log(flow):
    assert say(flow.data, flow.foreign_policy, flow.now) is None


def test_both_refuse_where_a_witness_is_asked_for_and_take_it_where_none_is(flow):
    assert say(flow.data, with_witness(flow.policy), flow.now) is None
    assert say(flow.data, with_witness(flow.policy, b"none"), flow.now)["in_force"]


def test_both_refuse_what_the_witness_has_signed_and_the_log_has_not(flow):
    parts = flow.forger.parts(json.loads(flow.data))
    bundle = flow.forger.forge(parts | {"cosigned": [parts["time"] // 1000 + 1]})
    policy = with_witness(flow.policy)
    assert say(bundle, policy, flow.now)["in_force"]
    note_line(no_signature, None)(bundle, flow)
    assert say(bundle, policy, flow.now) is None


def test_both_refuse_a_checkpoint_that_another_log_of_the_policy_has_signed(flow):
    key = create_verifier_key("example.org/third", Algorithm.ED25519, OTHER.public_key)
    policy = f"log {format_vkey(key)}\n".encode() + flow.policy
    assert say(flow.data, policy, flow.now)["in_force"]
    forger = replace(flow.forger, log=OTHER, log_line=(key.name, key.key_id))
    bundle = forger.forge(forger.parts(json.loads(flow.data)))
    assert say(bundle, policy, flow.now) is None


# --- independence


NAMES = (
    "answer answers bucket catalogue exports files fork lists proofs public queries signed terms "
    "verifier witness words"
)
INDEPENDENT = [import_module(f"tests.support.independent_{name}") for name in NAMES.split()]


@pytest.mark.parametrize("module", INDEPENDENT, ids=lambda module: module.__name__)
def test_the_second_verifier_imports_nothing_of_the_product(module):
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    named -= {one.__name__ for one in INDEPENDENT}
    outside = {"base64", "dataclasses", "datetime", "hashlib", "itertools", "json", "re", "nacl"}
    assert {name.partition(".")[0] for name in named} <= outside


def test_every_half_of_the_second_verifier_is_looked_at():
    folder = Path(independent_verifier.__file__).parent
    names = {path.stem for path in folder.glob("independent_*.py")}
    assert names == {module.__name__.rpartition(".")[2] for module in INDEPENDENT}
