"""The voucher bundle: verified, and each sentence of our formats, section 7, broken alone."""

import json

import base58
import pytest

from contracts.credential import hash_proof
from contracts.verdict import Question, Report, format_report
from contracts.voucher import judge_voucher, parse_voucher
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.state import State
from ledger.errors import BundleError, LedgerError, MalformedError, SignatureError
from tests.support.forgery import POLICY, honest_parts, interval, judge
from tests.support.note_signers import log_signer
from tests.support.people import Key, claim
from tests.support.world import World


def bent(change):
    """The bundle of honest parts after a change to them."""
    parts = honest_parts()
    change(parts)
    return parts.bundle()


# What verifies


def test_an_honest_voucher_is_verified():
    report = judge(honest_parts().bundle())
    assert (report.is_authentic, report.is_in_force, report.status) == (True, True, "valid")
    assert (report.kind, report.subject) == ("voucher", "voucher/TEST2026110001")
    assert [check.name for check in report.checks] == [
        "credential signature",
        "issued",
        "voucher state",
        "asset state",
        "belonging",
    ]
    assert all(check.is_ok for check in report.checks)


@pytest.mark.parametrize("profile", ["solo", "national-2026"])
def test_a_voucher_of_a_real_ledger_is_verified(profile):
    world = World(profile)
    ann, ben = world.enroll("ann"), world.enroll("ben", kind="natural")
    application = world.published(ann, ben)
    rights = [claim(ann, "operate", limits="not abroad"), claim(ben, "use", "personal")]
    number = world.record(application, rights)
    world.register(ann)
    report = judge(world.bundle(application, number), now=world.time)
    assert (report.is_authentic, report.status) == (True, "valid")
    assert report.valid_until == world.voucher(number).valid_until


def test_a_voucher_survives_a_file():
    value = honest_parts().bundle()
    read = decode_bundle(json.dumps(value, indent=2).encode(), max_bytes=MAX_BUNDLE_BYTES)
    assert format_report(judge(read)) == format_report(judge(value))


# Each sentence broken alone: a change to the parts, the class of the error, and its message


def credential_of_another_key(parts):
    other = Key("other")
    method = f"{other.did}#{other.did.removeprefix('did:key:')}"
    proof = parts.credential["proof"] | {"verificationMethod": method}
    issuer = {"id": other.did, "name": "x"}
    parts.credential = resign(parts.credential | {"issuer": issuer, "proof": proof}, other)
    parts.name_credential()
    parts.set_voucher(issuer=other.did)


def resign(document, key):
    """The same document with a proof of this key."""
    unsigned = {name: member for name, member in document.items() if name != "proof"}
    config = {k: v for k, v in document["proof"].items() if k != "proofValue"}
    value = "z" + base58.b58encode(key.sign(hash_proof(unsigned, config))).decode()
    return unsigned | {"proof": config | {"proofValue": value}}


def forged_signature(parts):
    parts.credential = resign(parts.credential, Key("forger"))
    parts.name_credential()


def credential_that_was_not_logged(parts):
    kept = parts.body["credential"]
    parts.reissue(issuer_name="Another name")
    parts.set_body(credential=kept)
    parts.set_voucher(credential=kept)


def record_of_another_credential(parts):
    kept = parts.body["credential"]
    parts.reissue(issuer_name="Another name")
    parts.set_body(credential=kept)


def state_of_another_credential(parts):
    parts.set_voucher(credential="00" * 32)


def another_ledgers_credential(parts):
    parts.reissue(origin="example.org/other")


def another_number(parts):
    parts.reissue(number="TEST2026110002")


def state_under_another_number(parts):
    parts.voucher_subject = "voucher/TEST2026110002"
    parts.subjects = sorted([*parts.subjects, parts.voucher_subject])


def right_digest_under_a_wrong_number(parts):
    parts.set_body(number="TEST2026110002")


def another_asset(parts):
    return f"asset/{'a' * 26}"


def state_of_another_asset(parts):
    parts.asset_subject = another_asset(parts)
    parts.subjects = sorted([*parts.subjects, parts.asset_subject])


def voucher_of_another_asset(parts):
    parts.set_voucher(asset=another_asset(parts))


def record_of_another_asset(parts):
    parts.asset_subject = another_asset(parts)
    parts.subjects = sorted([*parts.subjects, parts.asset_subject])
    parts.set_voucher(asset=parts.asset_subject)


def without_subject(kind):
    def change(parts):
        parts.subjects = [key for key in parts.subjects if not key.startswith(f"{kind}/")]

    return change


def set_type(kind, name):
    def change(parts):
        state = getattr(parts, kind)
        setattr(parts, kind, State(name, state.body))

    return change


def record_after_the_state(parts):
    parts.before, parts.voucher_last = 2, 1


def reissued_with(**changes):
    return lambda parts: parts.reissue(**changes)


def shown(**changes):
    """A credential whose subject says something else than the record."""

    def change(parts):
        subject = parts.credential["credentialSubject"] | changes
        subject = {name: value for name, value in subject.items() if value is not None}
        parts.reissue(subject=subject)

    return change


def signed_by(*labels):
    def change(parts):
        parts.keys = [Key(label) for label in labels]

    return change


BENT = {
    "the proof of another key": (forged_signature, SignatureError, "did not make this signature"),
    "a credential signed but not logged": (
        credential_that_was_not_logged,
        BundleError,
        "not the one that was recorded",
    ),
    "a record of another credential": (
        record_of_another_credential,
        BundleError,
        "not the one that was recorded",
    ),
    "a state of another credential": (
        state_of_another_credential,
        BundleError,
        "not the one that was recorded",
    ),
    "a record that the issuer did not sign": (
        credential_of_another_key,
        SignatureError,
        "not signed by the credential's issuer",
    ),
    "a record that only others signed": (
        signed_by("officer", "another officer"),
        SignatureError,
        "not signed by the credential's issuer",
    ),
    "a state of another issuer": (
        lambda parts: parts.set_voucher(issuer=Key("other").did),
        BundleError,
        "another issuer",
    ),
    "a credential of another ledger": (
        another_ledgers_credential,
        BundleError,
        "of the ledger example.org/other",
    ),
    "a credential of another number": (
        another_number,
        BundleError,
        "the credential of voucher/TEST2026110002",
    ),
    "a state of another voucher": (
        state_under_another_number,
        BundleError,
        "the state is of voucher/TEST2026110002",
    ),
    "the right digest under a wrong number": (
        right_digest_under_a_wrong_number,
        BundleError,
        "the record is of voucher/TEST2026110002",
    ),
    "a record not about the voucher": (without_subject("voucher"), BundleError, "not about this"),
    "a record not about the asset": (without_subject("asset"), BundleError, "not about this"),
    "a record after the state": (record_after_the_state, BundleError, "newer than the voucher's"),
    "a state of another asset": (state_of_another_asset, BundleError, "the asset is asset/"),
    "a voucher of another asset": (voucher_of_another_asset, BundleError, "the asset is asset/a"),
    "a record of another asset": (record_of_another_asset, BundleError, "the asset is asset/a"),
    "another type of voucher": (set_type("voucher", "voucher/2"), MalformedError, "voucher/2, not"),
    "another type of asset": (set_type("asset", "asset/2"), MalformedError, "asset/2, not asset/1"),
    "a voucher that is an asset": (set_type("voucher", "asset/1"), MalformedError, "not voucher/1"),
    "an earlier start": (reissued_with(valid_from=0), BundleError, "times are not those"),
    "a longer validity": (
        reissued_with(valid_until=253_402_300_799_000),
        BundleError,
        "times are not those",
    ),
    "another end in the state": (
        lambda parts: parts.set_voucher(valid_until=parts.voucher.body["valid_until"] + 1000),
        BundleError,
        "another end of validity",
    ),
    "another right shown": (
        lambda parts: shown(rights=[parts.body["rights"][0] | {"right": "operate"}])(parts),
        BundleError,
        "the ledger is right",
    ),
    "a right more shown": (
        lambda parts: shown(
            rights=[*parts.body["rights"], parts.body["rights"][0] | {"right": "operate"}]
        )(parts),
        BundleError,
        "the ledger is right",
    ),
    "no rights shown": (shown(rights=None), BundleError, "the ledger is right"),
    "another asset shown": (shown(asset=f"asset/{'b' * 26}"), BundleError, "the ledger is right"),
    "another registration shown": (shown(registration="x"), BundleError, "the ledger is right"),
    "another subject shown": (shown(id="urn:x"), BundleError, "the ledger is right"),
    "another classification shown": (
        lambda parts: shown(classification=parts.body["classification"] | {"level": "general-2"})(
            parts
        ),
        BundleError,
        "the ledger is right",
    ),
    "an event of another kind": (
        lambda parts: setattr(parts, "kind", "registration.revoke"),
        BundleError,
        "not a registration.record",
    ),
    "a record meant for another ledger": (
        lambda parts: setattr(parts, "meant_for", "example.org/other"),
        BundleError,
        "meant for example.org/other",
    ),
    "a log of another key": (
        lambda parts: setattr(parts, "log", log_signer(label="other secret")),
        SignatureError,
        "signed with the key .* and the policy has",
    ),
    "a log of another name": (
        lambda parts: setattr(parts, "log", log_signer("example.org/other")),
        SignatureError,
        "and the policy trusts",
    ),
    "a body that is none": (
        lambda parts: parts.set_body(extra=1),
        MalformedError,
        "unknown field",
    ),
    "a voucher's state that is none": (
        lambda parts: parts.set_voucher(extra=1),
        MalformedError,
        "unknown field",
    ),
}


@pytest.mark.parametrize("name", BENT)
def test_a_voucher_with_one_wrong_part_is_refused(name):
    change, error, message = BENT[name]
    with pytest.raises(error, match=message):
        judge(bent(change))


@pytest.mark.parametrize("name", BENT)
def test_a_refused_voucher_is_neither_authentic_nor_in_force(name):
    report = Report()
    with pytest.raises(LedgerError):
        judge_voucher(parse_voucher(bent(BENT[name][0])), POLICY, Question(now=0), report)
    answer = format_report(report)
    assert (answer["verified"], answer["authentic"], answer["status"]) == (False, False, "")


def test_freezes_are_read_from_the_asset_and_not_from_the_credential():
    report = judge(bent(lambda parts: parts.set_asset(freezes=[interval("order/x", parts.time)])))
    assert (report.is_authentic, report.is_in_force, report.status) == (True, False, "frozen")
