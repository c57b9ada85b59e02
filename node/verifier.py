"""Verifies files: finds out what a file claims to be and holds it against a policy.

Needs no registry: a policy and the file are enough, and nothing is fetched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.forms import CONTENT_FIELD
from contracts.records import parse_state_record
from contracts.title import Asset
from contracts.verdict import (
    ASKED_DATE,
    EARLIER_HISTORY,
    KEY_OWNER,
    REGISTERED_FILE,
    Question,
    Report,
    check_expectation,
    note_age,
    note_checkpoint,
    note_failure,
    note_seal,
)
from contracts.voucher import VOUCHER, VoucherBundle, judge_voucher, parse_voucher
from ledger.core.bundle import (
    RECEIPT,
    STATE,
    Receipt,
    find_checkpoint,
    parse_receipt,
    parse_state_bundle,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.canonical import decode_bundle
from ledger.core.dossier import DOSSIER, parse_dossier, verify_dossier
from ledger.core.ed25519 import check_library
from ledger.core.entry import Entry, decode_leaf
from ledger.core.limits import MAX_BUNDLE_BYTES, MAX_DOSSIER_BYTES
from ledger.core.members import take_members
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import Policy
from ledger.core.subjects import commit
from ledger.core.tlogproof import parse_tlog_proof
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import InputError, LimitError, MalformedError, VerificationError
from tracing.fingerprint import Fingerprint

TLOG_PROOF_HEADER: Final = b"c2sp.org/tlog-proof@v1\n"
OPENING_FORMAT: Final = "muniment/opening/v1"
MAX_FILE_BYTES: Final = MAX_DOSSIER_BYTES
VOUCHER_SUFFIX: Final = ".voucher.json"
_OPENING_MEMBERS: Final = {"by", "field", "log", "salt", "value"}


class OpeningRequiredError(InputError):
    """Whether a file is the registered one cannot be told without the opening."""

    code = "opening_required"


FindOpenings = Callable[[SubjectKey, Sequence[str]], Sequence[JsonObject]]
"""Openings of some members of a registration, as far as the verifier has them."""


class UnanswerableError(InputError):
    """A file of this kind cannot answer what was asked; nothing was verified."""

    code = "unanswerable"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A file of which somebody asks: is this the registered one?

    Args:
        fingerprint: Of its content.
        find_openings: What the verifier knows of a registration's commitments.
    """

    fingerprint: Fingerprint
    find_openings: FindOpenings


def verify_file(
    data: bytes,
    policy: Policy,
    question: Question,
    *,
    entry: bytes | None = None,
    suspect: Suspect | None = None,
) -> Report:
    """Verify what a file claims.

    Args:
        data: Its bytes, at most MAX_FILE_BYTES.
        policy: The verifier's own.
        question: What the verifier wants to know.
        entry: For a `.tlog-proof`, the bytes of the leaf it is about.
        suspect: For a voucher, a file to hold against it.

    Returns:
        A report; `failure` says why it is not authentic.

    Raises:
        OpeningRequiredError: The suspect needs an opening that is not there.
        UnanswerableError: An age or a suspect was given for a file that says nothing of it.
    """
    check_library()
    report = Report()
    try:
        _verify(data, policy, question, report, entry, suspect)
    except (OpeningRequiredError, UnanswerableError):
        raise
    except (VerificationError, InputError) as exc:
        note_failure(report, exc)
    return report


def parse_openings(data: bytes) -> list[JsonObject]:
    """Read an opening file: `{"format","asset","openings":[{by,field,log,salt,value}]}`.

    Raises:
        MalformedError: Not an opening file.
        LimitError: Too large.
    """
    value = decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES)
    members = take_members(value, {"format", "asset", "openings"}, "an opening file")
    openings = members["openings"]
    if members["format"] != OPENING_FORMAT or not isinstance(openings, list):
        raise MalformedError(f"not an opening file: format {members['format']!r:.40}")
    return [take_members(one, _OPENING_MEMBERS, "an opening") for one in openings]


def format_openings(asset: SubjectKey, openings: Sequence[Json]) -> JsonObject:
    """An opening file."""
    return {"format": OPENING_FORMAT, "asset": asset, "openings": list(openings)}


def _verify(
    data: bytes,
    policy: Policy,
    question: Question,
    report: Report,
    entry: bytes | None,
    suspect: Suspect | None,
) -> None:
    if data.startswith(TLOG_PROOF_HEADER):
        _note_other_questions(question, suspect, report)
        _verify_tlog_proof(data, policy, question, report, entry)
        return
    value = decode_bundle(data, max_bytes=MAX_FILE_BYTES)
    form = value.get("format")
    if form != DOSSIER and len(data) > MAX_BUNDLE_BYTES:
        raise LimitError(f"a {form!r:.40} has at most {MAX_BUNDLE_BYTES} bytes, not {len(data)}")
    if form != VOUCHER:
        _note_other_questions(question, suspect, report)
    match form:
        case str() if form == VOUCHER:
            bundle = parse_voucher(value)
            judge_voucher(bundle, policy, question, report)
            _check_suspect(report, bundle, suspect)
        case str() if form == RECEIPT:
            _verify_receipt(parse_receipt(value), policy, question, report, "receipt")
        case str() if form == STATE:
            _verify_state(value, policy, question, report)
        case str() if form == DOSSIER:
            _verify_dossier(value, policy, question, report)
        case _:
            raise MalformedError(
                f"not a file that Muniment verifies: format {form!r:.40}; it verifies vouchers, "
                "receipts, states, dossiers and .tlog-proof files"
            )


def _verify_receipt(
    receipt: Receipt, policy: Policy, question: Question, report: Report, kind: str
) -> None:
    report.kind = kind
    if isinstance(receipt.content, Entry):
        report.subject = receipt.content.signed.event.subjects[0]
        report.note_unchecked(KEY_OWNER)
    check_expectation(report, question)
    opened = open_checkpoint(policy, receipt.proof.checkpoint)
    note_checkpoint(report, opened, question)
    _check_age(opened, question, report)
    detail = f"leaf {receipt.proof.index} is in the log"
    report.check("inclusion", detail, lambda: verify_receipt(receipt, opened))
    report.is_authentic = report.is_in_force = True


def _note_other_questions(question: Question, suspect: Suspect | None, report: Report) -> None:
    """Keep a question about a voucher from going unanswered when the file is none.

    Raises:
        UnanswerableError: A suspect was given.
    """
    if suspect is not None:
        raise UnanswerableError(
            "only a voucher is about a registered file: leave out --data, or verify the voucher"
        )
    if question.as_of is not None:
        report.note_unchecked(ASKED_DATE)


def _check_age(opened: VerifiedCheckpoint, question: Question, report: Report) -> None:
    """Hold the checkpoint of a receipt against the age allowed.

    Raises:
        UnanswerableError: Nobody but the operator says when it was made.
        QuorumError: It is too old.
    """
    if question.max_age_ms is None:
        return
    if opened.is_operator_claim:
        raise UnanswerableError(
            "a receipt says how old it is only by cosignatures, which the policy does not ask for: "
            "leave out --max-age, or verify a state or a voucher"
        )
    note_age(report, opened.as_of(UnixMillis(0)), question)


def _verify_tlog_proof(
    data: bytes, policy: Policy, question: Question, report: Report, entry: bytes | None
) -> None:
    report.kind = "tlog-proof"
    proof = parse_tlog_proof(data)
    if entry is None:
        raise MalformedError("a .tlog-proof is about an entry: give its bytes with --entry FILE")
    if proof.extra is not None:
        raise MalformedError("the proof carries an extra line, which ours never do")
    receipt = Receipt(entry, decode_leaf(entry), proof)
    _verify_receipt(receipt, policy, question, report, "tlog-proof")


def _verify_state(value: JsonObject, policy: Policy, question: Question, report: Report) -> None:
    bundle = parse_state_bundle(value)
    report.kind, report.subject = "state", bundle.subject
    check_expectation(report, question)
    opened = open_checkpoint(policy, bundle.receipt.proof.checkpoint)
    note_checkpoint(report, opened, question)
    detail = "proved absent" if bundle.value is None else "proved"
    report.check("state", detail, lambda: verify_state_bundle(bundle, opened))
    report.status = "absent" if bundle.value is None else ""
    note_seal(report, bundle.seal, question)
    report.is_authentic = report.is_in_force = True


def _verify_dossier(value: JsonObject, policy: Policy, question: Question, report: Report) -> None:
    dossier = parse_dossier(value)
    report.kind, report.subject = "dossier", dossier.state.subject
    report.note_unchecked(KEY_OWNER)
    check_expectation(report, question)
    opened = open_checkpoint(policy, find_checkpoint([dossier.state.receipt]))
    note_checkpoint(report, opened, question)
    detail = f"{len(dossier.events)} events, none left out"
    report.check("history", detail, lambda: verify_dossier(dossier, opened))
    if dossier.start is not None:
        report.note_unchecked(EARLIER_HISTORY)
    note_seal(report, dossier.state.seal, question)
    report.is_authentic = report.is_in_force = True


def _check_suspect(report: Report, bundle: VoucherBundle, suspect: Suspect | None) -> None:
    if suspect is None:
        report.note_unchecked(REGISTERED_FILE)
        return
    report.check("data", "this is the registered file", lambda: verify_data(bundle, suspect))


def verify_data(bundle: VoucherBundle, suspect: Suspect) -> None:
    """Check that a file is one that the voucher's asset was registered with.

    Args:
        bundle: Verified.
        suspect: The file and what is known of the commitments.

    Raises:
        VerificationError: It is not.
        OpeningRequiredError: That cannot be told: no commitment is opened, no digest published.
    """
    value = bundle.asset.value
    if value is None:
        raise VerificationError("the asset is proved absent")
    asset, digest = parse_state_record(Asset, value.state), suspect.fingerprint.digest
    if digest in asset.digests:
        return
    known = suspect.find_openings(asset.registration, sorted(asset.content))
    opened = _open_contents(asset, known)
    if digest in opened.values():
        return
    if known and not opened:
        raise VerificationError("the opening is not of this asset: it matches none of its files")
    if not asset.digests and len(opened) < len(asset.content):
        raise OpeningRequiredError(
            "whether this is the registered file cannot be told without the opening of the asset's "
            "commitment: give --opening FILE (the holder makes it with 'muniment voucher export NO "
            "--opening FILE')"
        )
    raise VerificationError(
        f"this is not the registered file: its SHA-256 is {digest}, of {suspect.fingerprint.size} "
        "bytes"
    )


def _open_contents(asset: Asset, openings: Sequence[JsonObject]) -> dict[str, str]:
    """Digests of the registered files whose opening matches the asset's commitment, by field."""
    opened: dict[str, str] = {}
    for opening in openings:
        field, value = str(opening["field"]), opening["value"]
        if not CONTENT_FIELD.fullmatch(field) or not isinstance(value, dict):
            continue
        made = commit(
            by=SubjectKey(str(opening["by"])),
            field=field,
            log=str(opening["log"]),
            salt=str(opening["salt"]),
            value=value,
        )
        if made["$commit"] == asset.content.get(field):
            opened[field] = str(value.get("digest"))
    return opened
