"""Two verifiers against an operator who lies: all proofs hold, but the parts do not belong together.

Also what an honest ledger may come to say of a voucher, which no rule of today writes yet.
"""

import json

import pytest

from tests.support.voucher_flow import OTHER, make_flow, say, with_witness

DAY_MS = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    return make_flow(tmp_path_factory.mktemp)


def forged(flow, change=None):
    parts = flow.forger.parts(json.loads(flow.data))
    if change is not None:
        change(parts, flow.forger)
    return flow.forger.forge(parts)


def test_both_accept_a_log_whose_parts_belong_together(flow):
    assert say(forged(flow), flow.policy, flow.now)["status"] == "valid"


def test_a_change_that_everybody_was_told_of_is_accepted(flow):
    def change(parts, forger):
        parts["credential"]["credentialSubject"]["notice"]["en"] = "another"
        forger.issue(parts)
        forger.record(parts)

    assert say(forged(flow, change), flow.policy, flow.now)["status"] == "valid"


def edit(*path, value, issue=False):
    """A lie: another value at this path of the parts, with the credential signed again."""

    def change(parts, forger):
        *way, last = path
        at = parts
        for name in way:
            at = at[name]
        before = at.get(last) if isinstance(at, dict) else at[last]
        at[last] = value(at[last]) if callable(value) else value
        assert at[last] != before, "it changes something"
        if issue:
            forger.issue(parts)
            forger.record(parts)

    return change


def sign_unrecorded(parts, forger):
    parts["credential"]["credentialSubject"]["fields"]["title"] = "another"
    forger.issue(parts)


def issue_by_another(parts, forger):
    parts["credential"]["issuer"]["id"] = OTHER.did
    parts["credential"]["proof"]["verificationMethod"] = f"{OTHER.did}#{OTHER.did[8:]}"
    forger.issue(parts, OTHER)
    forger.record(parts)


def name_another_asset(parts, forger):
    parts["event"]["body"]["asset"] = ASSET
    parts["event"]["subjects"] = sorted([*parts["event"]["subjects"], ASSET])
    shown = parts["credential"]["credentialSubject"]
    shown |= {"asset": ASSET, "id": f"urn:muniment:example.org/solo:{ASSET}"}
    forger.issue(parts)
    forger.record(parts)


def move_to_another_ledger(parts, forger):
    credential = parts["credential"]
    for at in (credential, credential["credentialSubject"]):
        at["id"] = at["id"].replace("/solo:", "/other:")
    forger.issue(parts)
    forger.record(parts)


def spoil_a_signature(parts, forger):
    def spoil(signatures):
        (one,) = signatures
        return [one | {"sig": ("A" if one["sig"][0] != "A" else "B") + one["sig"][1:]}]

    parts["spoil"] = spoil


def record_after_the_state(parts, forger):
    parts["before"] = [b"an earlier leaf"]
    parts["values"]["state"]["last"] = 0


def drop_subject(kind):
    def change(parts, forger):
        subjects = parts["event"]["subjects"]
        parts["event"]["subjects"] = [one for one in subjects if not one.startswith(kind)]
        assert len(parts["event"]["subjects"]) < len(subjects)

    return change


def drop(*path):
    def change(parts, forger):
        at = parts
        for name in path[:-1]:
            at = at[name]
        del at[path[-1]]

    return change


ASSET = "asset/" + "a" * 26
BODY = ("event", "body")
STATE = ("values", "state")
SHOWN = ("credential", "credentialSubject")
LIES = {
    "a credential that was not recorded": sign_unrecorded,
    "another credential in the record": edit(*BODY, "credential", value="0" * 64),
    "another credential in the state": edit(*STATE, "state", "credential", value="0" * 64),
    "a credential by another key": issue_by_another,
    "a record by another key": edit("signers", value=[OTHER]),
    "a record with a wrong signature": spoil_a_signature,
    "a record that nobody signed": edit("signers", value=[]),
    "a record of another number": edit(*BODY, "number", value="TEST2026110009"),
    "a state of another number": edit("subjects", "state", value="voucher/TEST2026110009"),
    "the state of another asset": edit("subjects", "asset", value=ASSET),
    "a state about another asset": edit(*STATE, "state", "asset", value=ASSET),
    "a record about another asset": name_another_asset,
    "a record whose subjects lack the asset": drop_subject("asset/"),
    "a record whose subjects lack the voucher": drop_subject("voucher/"),
    "a record newer than the state": record_after_the_state,
    "a state of another version": edit(*STATE, "type", value="voucher/2"),
    "an asset of another version": edit("values", "asset", "type", value="asset/2"),
    "a credential from earlier": edit(
        "credential", "validFrom", value="2020-01-01T00:00:00Z", issue=True
    ),
    "a credential for longer": edit(
        "credential", "validUntil", value="2090-01-01T00:00:00Z", issue=True
    ),
    "a state for longer": edit(*STATE, "state", "valid_until", value=9_999_999_999_000),
    "a state of another issuer": edit(*STATE, "state", "issuer", value=OTHER.did),
    "a credential of another ledger": move_to_another_ledger,
    "a record for another ledger": edit("event", "log", value="example.org/other"),
    "an event of another kind": edit("event", "kind", value="registration.revoke"),
    "an event of another version": edit("event", "v", value=2),
    "an event with unsorted subjects": edit("event", "subjects", value=lambda one: one[::-1]),
    "a seal in another place": edit("seal", "count", value=5),
    "a seal that is not the first at height 0": edit("seal", "prev", value="1" * 64),
    "a seal with another member": edit("seal", "more", value=1),
    "a state that is not the newest": edit("after", value=[b"a later leaf"]),
    "a state from after the seal": edit(*STATE, "last", value=1),
    "a state without events": edit(*STATE, "n", value=0),
    "a state with another member": edit(*STATE, "more", value=0),
    "a voucher with another member": edit(*STATE, "state", "more", value=0),
    "a body with another member": edit(*BODY, "more", value=0),
    "a body without its tests": drop(*BODY, "tests"),
    "a voucher without its status": drop(*STATE, "state", "status"),
    "an asset without its freezes": drop("values", "asset", "state", "freezes"),
    "an interval that ends before it starts": edit(*STATE, "state", "status", 0, "to", value=5),
    "other rights shown": edit(*SHOWN, "rights", value=lambda rights: rights[:1], issue=True),
    "another classification shown": edit(
        *SHOWN, "classification", "level", value="general-4", issue=True
    ),
    "another asset shown": edit(*SHOWN, "asset", value=ASSET, issue=True),
    "another registration shown": edit(
        *SHOWN, "registration", value="registration/" + "a" * 26, issue=True
    ),
    "other fields shown": edit(*SHOWN, "fields", "title", value="another", issue=True),
    "other commitments shown": edit(*SHOWN, "commitments", value={}, issue=True),
    "a voucher of another registration": edit(
        *STATE, "state", "registration", value="registration/" + "a" * 26
    ),
    "another id shown": edit(
        *SHOWN, "id", value=f"urn:muniment:example.org/solo:{ASSET}", issue=True
    ),
    "a member of the credential more": edit("credential", "evidence", value=[], issue=True),
    "a credential of another type": edit(
        "credential", "type", value=["VerifiableCredential"], issue=True
    ),
    "a proof in another context": edit(
        "credential", "proof", "@context", value=lambda one: one[::-1], issue=True
    ),
    "a proof by another method": edit(
        "credential",
        "proof",
        "verificationMethod",
        value=f"{OTHER.did}#{OTHER.did[8:]}",
        issue=True,
    ),
    "a proof for another purpose": edit(
        "credential", "proof", "proofPurpose", value="authentication", issue=True
    ),
    "a schema without a digest": edit(
        "credential", "credentialSchema", "digestSRI", value="sha256-", issue=True
    ),
    "a proof created on a day": edit(
        "credential", "proof", "created", value="2026-11-22", issue=True
    ),
    "a time with a fraction": edit(
        "credential", "validUntil", value=lambda time: time[:-1] + ".0Z", issue=True
    ),
    "an hour that no day has": edit(
        "credential", "validUntil", value=lambda time: f"{time[:11]}24:00:00Z", issue=True
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_both_refuse_every_lie(flow, name):
    assert say(forged(flow, LIES[name]), flow.policy, flow.now) is None


def cosigned(*after_the_seal_s, seal_later_ms=0):
    def change(parts, forger):
        parts["seal"]["time"] += seal_later_ms
        start = (parts["seal"]["time"] - seal_later_ms) // 1000
        parts["cosigned"] = [start + seconds for seconds in after_the_seal_s]

    return change


def test_both_judge_by_the_time_of_the_newest_cosignature(flow):
    policy = with_witness(flow.policy)
    verdict = say(forged(flow, cosigned(30, 90)), policy, flow.now)
    assert verdict["as_of"] % 1000 == 0
    assert verdict["as_of"] > say(forged(flow, cosigned(30)), policy, flow.now)["as_of"]


def test_both_refuse_a_seal_that_is_much_later_than_its_cosignatures(flow):
    policy = with_witness(flow.policy)
    assert say(forged(flow, cosigned(1, seal_later_ms=299_000)), policy, flow.now) is not None
    assert say(forged(flow, cosigned(1, seal_later_ms=303_000)), policy, flow.now) is None


def test_both_refuse_a_cosignature_from_after_the_year_9999(flow):
    policy = with_witness(flow.policy)
    assert say(forged(flow, cosigned(300_000_000_000)), policy, flow.now) is None


# --- what an honest ledger may come to say


def hold(name, value, start, end=None):
    """A state in which something was so from one day to another, counted from the record."""

    def change(parts, forger):
        part = parts["values"]["state" if name == "status" else "asset"]["state"]
        zero = parts["time"]
        until = None if end is None else zero + end * DAY_MS
        if name == "status":
            part["status"][0]["to"] = zero + start * DAY_MS
        opened = {"from": zero + start * DAY_MS, "index": 9, "to": until, "value": value}
        part[name] = [*part[name], opened]
        parts["seal"]["time"] += 100 * DAY_MS

    return change


@pytest.mark.parametrize(
    ("name", "value", "status", "marks"),
    [
        ("status", "revoked", "revoked", []),
        ("status", "cancelled", "cancelled", []),
        ("status", "superseded", "superseded", []),
        ("freezes", "order/x", "frozen", []),
        ("pledges", "encumbrance/x", "valid", ["pledged"]),
        ("disputes", "dispute/x", "valid", ["disputed"]),
        ("notes", "x", "valid", ["noted"]),
    ],
)
def test_both_say_what_was_so_at_each_date(flow, name, value, status, marks):
    bundle = forged(flow, hold(name, value, 10, 20 if name != "status" else None))
    zero = flow.forger.parts(json.loads(flow.data))["time"]
    during = say(bundle, flow.policy, flow.now, zero + 10 * DAY_MS)
    before = say(bundle, flow.policy, flow.now, zero + 10 * DAY_MS - 1)
    assert (during["status"], during["marks"]) == (status, marks)
    assert (before["status"], before["marks"]) == ("valid", [])
    if name != "status":
        assert say(bundle, flow.policy, flow.now, zero + 20 * DAY_MS)["status"] == "valid"


@pytest.mark.parametrize(
    ("part", "name"), [("state", "status"), ("asset", "tuples"), ("asset", "freezes")]
)
def test_both_say_unknown_before_a_list_is_complete(flow, part, name):
    def change(parts, forger):
        body = parts["values"][part]["state"]
        body["complete_from"] = {name: parts["time"] + 5 * DAY_MS}
        parts["seal"]["time"] += 100 * DAY_MS

    bundle, zero = forged(flow, change), flow.forger.parts(json.loads(flow.data))["time"]
    assert say(bundle, flow.policy, flow.now, zero + 5 * DAY_MS - 1)["status"] == "unknown"
    assert say(bundle, flow.policy, flow.now, zero + 5 * DAY_MS)["status"] == "valid"


def test_both_say_superseded_once_a_right_has_ended(flow):
    def change(parts, forger):
        held = parts["values"]["asset"]["state"]["tuples"]
        held[0]["to"] = parts["time"] + DAY_MS
        parts["seal"]["time"] += 100 * DAY_MS

    bundle, zero = forged(flow, change), flow.forger.parts(json.loads(flow.data))["time"]
    assert say(bundle, flow.policy, flow.now, zero + DAY_MS - 1)["status"] == "valid"
    assert say(bundle, flow.policy, flow.now, zero + DAY_MS)["status"] == "superseded"
