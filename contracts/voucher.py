"""The voucher bundle: a credential, its record in the log, and the states that say it is in force.

```text
{"format":"muniment/voucher/v1","credential":{},"issued":{receipt},"state":{state},"asset":{state}}
```

Spec: our formats section 7, "voucher".
"""

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET

from contracts.completion import Outcome
from contracts.credential import Credential, parse_credential, verify_credential
from contracts.force import Pending, is_known, live_voucher, objects_at
from contracts.intervals import covers, values_at
from contracts.recording import RecordRegistration
from contracts.records import StateT, format_record, parse_record, parse_state_record
from contracts.title import Asset, Voucher, tuple_json
from contracts.verdict import (
    KEY_OWNER,
    LATER_DATE,
    MARKS_THEN,
    NATIONAL_SYSTEM,
    PENDING_RENEWAL,
    Question,
    Report,
    check_expectation,
    note_checkpoint,
    note_seal,
)
from ledger.core.bundle import (
    Receipt,
    StateBundle,
    find_checkpoint,
    format_receipt,
    format_state_bundle,
    parse_receipt,
    parse_state_bundle,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.canonical import encode_canonical, encode_credential
from ledger.core.entry import Entry
from ledger.core.members import take_members
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy
from ledger.core.subjects import format_urn
from ledger.core.types import Json, JsonObject, UnixMillis
from ledger.errors import BundleError, MalformedError, SignatureError

VOUCHER: Final = "muniment/voucher/v1"
KIND: Final = "voucher"
STATUS_ORDER: Final = ("revoked", "cancelled", "superseded")


@dataclass(frozen=True, slots=True)
class VoucherBundle:
    """A voucher as read; nothing is verified.

    Args:
        credential: The registrar's.
        issued: Receipt of the `registration.record` entry.
        state: State of `voucher/<no>`.
        asset: State of its asset.
    """

    credential: Credential
    issued: Receipt
    state: StateBundle
    asset: StateBundle


def parse_voucher(value: Json) -> VoucherBundle:
    """Read a voucher bundle.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
        LimitError: A part is too large.
    """
    names = {"format", "credential", "issued", "state", "asset"}
    members = take_members(value, names, "a voucher")
    if members["format"] != VOUCHER:
        raise MalformedError(f"not a voucher: format {members['format']!r:.40}, not {VOUCHER}")
    return VoucherBundle(
        credential=parse_credential(members["credential"]),
        issued=parse_receipt(members["issued"]),
        state=parse_state_bundle(members["state"]),
        asset=parse_state_bundle(members["asset"]),
    )


def format_voucher(
    credential: JsonObject, issued: Receipt, state: StateBundle, asset: StateBundle
) -> JsonObject:
    """The voucher as it stands in files."""
    return {
        "format": VOUCHER,
        "credential": credential,
        "issued": format_receipt(issued),
        "state": format_state_bundle(state),
        "asset": format_state_bundle(asset),
    }


def judge_voucher(
    bundle: VoucherBundle, policy: Policy, question: Question, report: Report
) -> None:
    """Verify a voucher and say whether it is in force; everything goes into the report.

    Args:
        bundle: As read.
        policy: The verifier's own.
        question: What the verifier wants to know.
        report: Gets each check, what was not checked, and the verdict.

    Raises:
        VerificationError: A proof does not hold; the report says which.
        MalformedError: A part is not what its place demands.
    """
    report.kind, report.subject = KIND, bundle.state.subject
    report.note_unchecked(NATIONAL_SYSTEM, KEY_OWNER)
    check_expectation(report, question)
    receipts = (bundle.issued, bundle.state.receipt, bundle.asset.receipt)
    checkpoint = find_checkpoint(receipts)
    opened = open_checkpoint(policy, checkpoint)
    note_checkpoint(report, opened, question)
    report.check(
        "credential signature",
        f"signed by {bundle.credential.issuer}",
        lambda: verify_credential(bundle.credential),
    )
    report.check(
        "issued", "the record is in the log", lambda: verify_receipt(bundle.issued, opened)
    )
    report.check("voucher state", "proved", lambda: verify_state_bundle(bundle.state, opened))
    report.check("asset state", "proved", lambda: verify_state_bundle(bundle.asset, opened))
    voucher, asset = _take_states(bundle)
    report.check(
        "belonging",
        "credential, record and states are of one voucher",
        lambda: verify_belonging(bundle, voucher, asset, opened.body.origin),
    )
    note_seal(report, bundle.state.seal, question)
    report.is_authentic = True
    _judge_force(report, question, voucher, asset, bundle)


def judge_newer_states(bundle: VoucherBundle, question: Question, report: Report) -> None:
    """Say again whether a voucher is in force, by newer states than its own.

    Args:
        bundle: Verified; one of its states, or both, replaced by a newer one that is verified too.
        question: What the verifier wants to know.
        report: Of the voucher's own verification; gets status, marks and what is shown anew.

    Raises:
        BundleError: A state is proved absent.
        MalformedError: A state is of no shape that the rules make.
    """
    _judge_force(report, question, *_take_states(bundle), bundle)


def verify_belonging(
    bundle: VoucherBundle, voucher: Voucher, proved_asset: Asset, origin: str
) -> None:
    """Check that credential, record and states are of one voucher of this ledger.

    Args:
        bundle: Its proofs were verified.
        voucher: The proved state of the voucher.
        proved_asset: The proved state of its asset.
        origin: Of the opened checkpoint.

    Raises:
        BundleError: Two parts contradict each other.
        SignatureError: The record is not signed by the credential's issuer.
    """
    credential, state, asset = bundle.credential, bundle.state, bundle.asset
    entry, body, issued = _take_record(bundle.issued)
    key = credential.subject
    facts = (
        (credential.origin == origin, f"the credential is of the ledger {credential.origin}"),
        (state.subject == key, f"the state is of {state.subject}, the credential of {key}"),
        (
            credential.digest == issued.credential == voucher.credential,
            "the credential is not the one that was recorded: if credential and ledger differ, "
            "the ledger is right",
        ),
        (
            _shows_record(credential, body, issued),
            "the credential shows another asset, other rights or another classification than the "
            "ledger: the ledger is right",
        ),
        (
            _shows_asset(credential, voucher, proved_asset),
            "the credential shows other members or commitments of the asset than the ledger: "
            "the ledger is right",
        ),
        (voucher.issuer == credential.issuer, "the ledger names another issuer"),
        (voucher.registration == body.registration, "the record is of another registration"),
        (asset.subject == voucher.asset == body.asset, f"the asset is {voucher.asset}"),
        (key == f"voucher/{issued.number}", f"the record is of voucher/{issued.number}"),
        (
            {key, asset.subject} <= set(entry.signed.event.subjects),
            "the record is not about this voucher and this asset",
        ),
        (
            state.value is not None and bundle.issued.proof.index <= state.value.last,
            "the record is newer than the voucher's state",
        ),
        (
            (credential.valid_from, credential.valid_until)
            == (issued.valid_from, issued.valid_until),
            "the credential's times are not those of the record",
        ),
        (voucher.valid_until == issued.valid_until, "the ledger names another end of validity"),
    )
    for holds, sentence in facts:
        if not holds:
            raise BundleError(sentence)
    if credential.issuer not in {signature.key for signature in entry.signed.signatures}:
        raise SignatureError("the record is not signed by the credential's issuer")


def voucher_status(
    number: str,
    voucher: Voucher,
    asset: Asset,
    expiry_date: UnixMillis,
    other_date: UnixMillis,
    pending: Pending | None = None,
) -> str:
    """Status of a voucher by the precedence of our surfaces.

    Args:
        number: Its number.
        voucher: Its proved state.
        asset: The proved state of its asset; of a renewal that was recorded, it says how long the
            voucher stayed in force until then.
        expiry_date: By which expiry is judged.
        other_date: By which everything else is.
        pending: The renewal that may keep it in force after it expired, where that is known.

    Returns:
        `revoked`, `cancelled`, `superseded`, `not-yet`, `expired`, `frozen`, `valid` or, where the
        kept intervals do not reach back so far, `unknown`.
    """
    held = values_at(voucher.status, other_date)
    for status in STATUS_ORDER:
        if status in held:
            return status
    if expiry_date < voucher.valid_from or other_date < voucher.valid_from:
        return "not-yet"
    if expiry_date >= voucher.valid_until and live_voucher(asset, expiry_date, pending) != number:
        return "expired"
    if values_at(asset.freezes, other_date):
        return "frozen"
    return "valid" if "valid" in held else "unknown"


def _judge_force(
    report: Report, question: Question, voucher: Voucher, asset: Asset, bundle: VoucherBundle
) -> None:
    # A cosignature's time is in whole seconds and may lie just before the seal that it proves.
    # Of a newer state of one of the two, the newer time counts: what it shows is known then.
    seals = (bundle.state.seal, bundle.asset.seal)
    proved = UnixMillis(max(report.as_of or 0, *(seal.time for seal in seals)))
    asked = question.as_of
    if asked is not None and asked > proved:
        report.note_unchecked(LATER_DATE)
    other_date = UnixMillis(min(asked, proved)) if asked is not None else proved
    expiry_date = asked if asked is not None else question.now
    report.valid_until = UnixMillis(voucher.valid_until)
    number = bundle.state.subject.partition("/")[2]
    report.status = voucher_status(number, voucher, asset, expiry_date, other_date)
    if report.status == "expired" and asset.renewal is not None and asset.voucher == number:
        report.note_unchecked(PENDING_RENEWAL)
        report.renewal = asset.renewal
    if not _is_covered(bundle, other_date):
        report.status = "unknown"
    marks = {"pledges": "pledged", "disputes": "disputed", "notes": "noted"}
    held = {"pledges": asset.pledges, "disputes": asset.disputes, "notes": asset.notes}
    report.marks = [marks[name] for name in held if values_at(held[name], other_date)]
    if not all(is_known(asset, name, other_date) for name in held):
        report.note_unchecked(MARKS_THEN)
    holds = _tuples_hold(_take_record(bundle.issued)[2], asset, other_date)
    if report.status == "valid" and not holds:
        report.status = "superseded"
    report.is_in_force = report.status == "valid"
    report.shown = _show(bundle.credential, asset, other_date)
    report.notice = _read_notice(bundle.credential)
    if asset.voucher == number:
        report.shown += _show_corrected(_take_record(bundle.issued)[2], asset)


def _show(credential: Credential, asset: Asset, date: UnixMillis) -> list[tuple[str, str]]:
    title = asset.fields.get("title")
    tuples, declared = objects_at(asset.tuples, date), objects_at(asset.declared, date)
    return [
        *([("title", title)] if isinstance(title, str) else []),
        *((str(value["right"]), str(value["holder"])) for value in tuples),
        *(("declared", f"{value['right']} {value['holder']}") for value in declared),
        ("issuer", credential.issuer_name),
    ]


def _read_notice(credential: Credential) -> tuple[str, str] | None:
    """What the profile has a credential say of itself; None where it says nothing readable."""
    shown = credential.document["credentialSubject"]
    notice = shown.get("notice") if isinstance(shown, dict) else None
    texts = (notice.get("en"), notice.get("zh")) if isinstance(notice, dict) else ()
    match texts:
        case (str(en), str(zh)):
            return en, zh
        case _:
            return None


def _show_corrected(issued: Outcome, asset: Asset) -> list[tuple[str, str]]:
    """What the registrar corrected since: the ledger is right, and not the credential."""
    if asset.classification is None or asset.classification == issued.classification:
        return []
    before, now = format_record(issued.classification), format_record(asset.classification)
    changed = [name for name in now if now[name] != before.get(name)]
    return [("corrected", "classification"), *((name, str(now[name])) for name in changed)]


def _tuples_hold(issued: Outcome, asset: Asset, date: UnixMillis) -> bool:
    held = {encode_canonical(value) for value in values_at(asset.tuples, date)}
    return all(encode_canonical(tuple_json(claim)) in held for claim in issued.rights)


def _is_covered(bundle: VoucherBundle, date: UnixMillis) -> bool:
    named = ((bundle.state, ("status",)), (bundle.asset, ("tuples", "freezes")))
    return all(
        state.value is not None and covers(state.value.state.body, name, date)
        for state, names in named
        for name in names
    )


def _shows_record(credential: Credential, body: RecordRegistration, issued: Outcome) -> bool:
    shown = credential.document["credentialSubject"]
    recorded: dict[str, Json] = {
        "id": format_urn(credential.origin, body.asset),
        "asset": body.asset,
        "registration": body.registration,
        "rights": [tuple_json(claim) for claim in issued.rights],
        "classification": format_record(issued.classification),
    }
    if body.declared is not UNSET:
        recorded["declared"] = [tuple_json(claim) for claim in body.declared]
    return isinstance(shown, dict) and all(
        name in shown and encode_credential({name: shown[name]}) == encode_canonical({name: value})
        for name, value in recorded.items()
    )


def _shows_asset(credential: Credential, voucher: Voucher, asset: Asset) -> bool:
    """Whether the credential shows what its asset's state says; a later registration may differ."""
    shown = credential.document["credentialSubject"]
    if asset.registration != voucher.registration:
        return True
    commitments: JsonObject = {name: {"$commit": made} for name, made in asset.content.items()}
    proved: dict[str, Json] = {"fields": dict(asset.fields), "commitments": commitments}
    return isinstance(shown, dict) and all(
        name in shown and encode_credential({name: shown[name]}) == encode_canonical({name: value})
        for name, value in proved.items()
    )


def _take_states(bundle: VoucherBundle) -> tuple[Voucher, Asset]:
    return _take_state(Voucher, bundle.state), _take_state(Asset, bundle.asset)


def _take_state(cls: type[StateT], bundle: StateBundle) -> StateT:
    if bundle.value is None:
        raise BundleError(f"{bundle.subject} is proved absent: this is no voucher")
    return parse_state_record(cls, bundle.value.state)


def _take_record(issued: Receipt) -> tuple[Entry, RecordRegistration, Outcome]:
    entry = issued.content
    if not isinstance(entry, Entry) or entry.signed.event.kind != RecordRegistration.kind:
        raise BundleError("what issued proves is not a registration.record")
    body = parse_record(RecordRegistration, entry.signed.event.body)
    if body.outcome is None:
        raise BundleError("what issued proves is a cancellation, which issues no voucher")
    return entry, body, body.outcome
