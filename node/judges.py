"""Judges of single files: each reads one format, verifies it, and writes what it found.

A judge raises when a proof does not hold; the report then says how far it came.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
    note_seal,
)
from contracts.voucher import judge_voucher, parse_voucher
from ledger.core.bundle import (
    Receipt,
    find_checkpoint,
    parse_receipt,
    parse_state_bundle,
    verify_receipt,
    verify_state_bundle,
)
from ledger.core.dossier import parse_dossier, verify_dossier
from ledger.core.entry import Entry, decode_leaf
from ledger.core.limits import MAX_BUNDLE_BYTES, MAX_DOSSIER_BYTES
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import Policy
from ledger.core.tlogproof import parse_tlog_proof
from ledger.core.types import JsonObject, UnixMillis
from ledger.errors import InputError, LimitError, MalformedError
from node.suspects import Suspect, verify_data

if TYPE_CHECKING:
    from node.tracing.examine import Examination

TLOG_PROOF: Final = "tlog-proof"
MAX_FILE_BYTES: Final = MAX_DOSSIER_BYTES
VOUCHER_SUFFIX: Final = ".voucher.json"


class UnanswerableError(InputError):
    """A file of this kind cannot answer what was asked; nothing was verified."""

    code = "unanswerable"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a file is held against.

    Args:
        policy: The verifier's own.
        question: What the verifier wants to know.
        entry: For a `.tlog-proof`, the bytes of the leaf it is about.
        suspect: For a voucher, a file to hold against it.
        ledger: For a node's answer, the proof of the ledger's own state.
        examination: For a case, what its scores are worked out again from.
    """

    policy: Policy
    question: Question
    entry: bytes | None = None
    suspect: Suspect | None = None
    ledger: bytes | None = None
    examination: "Examination | None" = None


Judge = Callable[[JsonObject, Ask, Report], None]
"""Verifies the JSON object of a file; raises VerificationError or InputError."""


@dataclass(frozen=True, slots=True)
class Format:
    """How the files of one format are judged.

    Args:
        judge: Sets the report's kind and subject first, and its verdict last.
        max_bytes: Of the largest file.
        knows_date: It answers for the date asked about; else that date is named as not checked.
        knows_file: It answers whether a file is the registered one; else the question is refused.
    """

    judge: Judge
    max_bytes: int = MAX_BUNDLE_BYTES
    knows_date: bool = False
    knows_file: bool = False


Formats = Mapping[str, Format]
"""Formats of JSON files, by their member `format`."""


def judge_document(
    value: JsonObject, size: int, ask: Ask, report: Report, formats: Formats
) -> None:
    """Verify a JSON file by the format that it names.

    Args:
        value: From decode_bundle.
        size: Of the file in bytes.
        ask: What it is held against.
        report: Gets everything that was found.
        formats: Those known.

    Raises:
        MalformedError: Of no known format, or not what its format asks for.
        LimitError: Too large for its format.
        VerificationError: A proof does not hold.
        UnanswerableError: It says nothing of the suspect, or of its age.
    """
    name = value.get("format")
    form = formats.get(name) if isinstance(name, str) else None
    if form is None:
        named = f"format {name!r:.40}" if isinstance(name, str) else "it names no format"
        raise MalformedError(
            f"not a file that Muniment verifies: {named}; it verifies vouchers, queries, checks, "
            "certificates, delivery files, usage lines, receipts, states, dossiers, catalogues, "
            "files for the national system, packs, evidence of forks, buckets, nodes' answers and "
            ".tlog-proof files"
        )
    if size > form.max_bytes:
        raise LimitError(f"a {name} has at most {form.max_bytes} bytes, not {size}")
    note_other_questions(ask, report, knows_date=form.knows_date, knows_file=form.knows_file)
    form.judge(value, ask, report)


def judge_voucher_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a voucher, and whether the suspect is the file it was registered for.

    Raises:
        VerificationError: A proof does not hold, or the suspect is another file.
        InputError: Not a voucher.
        OpeningRequiredError: The suspect needs an opening that is not there.
    """
    bundle = parse_voucher(value)
    judge_voucher(bundle, ask.policy, ask.question, report)
    suspect = ask.suspect
    if suspect is None:
        report.note_unchecked(REGISTERED_FILE)
        return
    report.check("data", "this is the registered file", lambda: verify_data(bundle, suspect))


def judge_receipt_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a receipt.

    Raises:
        VerificationError: A proof does not hold.
        InputError: Not a receipt.
    """
    _judge_receipt(parse_receipt(value), ask, report, "receipt")


def judge_state_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a subject's state, or its absence.

    Raises:
        VerificationError: A proof does not hold.
        InputError: Not a state bundle.
    """
    bundle = parse_state_bundle(value)
    report.kind, report.subject = "state", bundle.subject
    check_expectation(report, ask.question)
    opened = open_checkpoint(ask.policy, bundle.receipt.proof.checkpoint)
    note_checkpoint(report, opened, ask.question)
    detail = "proved absent" if bundle.value is None else "proved"
    report.check("state", detail, lambda: verify_state_bundle(bundle, opened))
    report.status = "absent" if bundle.value is None else ""
    note_seal(report, bundle.seal, ask.question)
    report.is_authentic = report.is_in_force = True


def judge_dossier_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a subject's history.

    Raises:
        VerificationError: A proof does not hold.
        InputError: Not a dossier.
    """
    dossier = parse_dossier(value)
    report.kind, report.subject = "dossier", dossier.state.subject
    report.note_unchecked(KEY_OWNER)
    check_expectation(report, ask.question)
    opened = open_checkpoint(ask.policy, find_checkpoint([dossier.state.receipt]))
    note_checkpoint(report, opened, ask.question)
    detail = f"{len(dossier.events)} events, none left out"
    report.check("history", detail, lambda: verify_dossier(dossier, opened))
    if dossier.start is not None:
        report.note_unchecked(EARLIER_HISTORY)
    note_seal(report, dossier.state.seal, ask.question)
    report.is_authentic = report.is_in_force = True


def judge_tlog_proof(data: bytes, ask: Ask, report: Report) -> None:
    """Verify a `.tlog-proof` and the entry it is about.

    Raises:
        VerificationError: A proof does not hold.
        MalformedError: Not such a proof, or the entry is missing.
    """
    report.kind = TLOG_PROOF
    proof = parse_tlog_proof(data)
    if ask.entry is None:
        raise MalformedError("a .tlog-proof is about an entry: give its bytes with --entry FILE")
    if proof.extra is not None:
        raise MalformedError("the proof carries an extra line, which ours never do")
    receipt = Receipt(ask.entry, decode_leaf(ask.entry), proof)
    _judge_receipt(receipt, ask, report, TLOG_PROOF)


def note_other_questions(
    ask: Ask,
    report: Report,
    *,
    knows_date: bool = False,
    knows_file: bool = False,
    knows_scores: bool = False,
) -> None:
    """Keep what was asked from going unanswered where the file cannot answer it.

    Args:
        ask: What was asked.
        report: Names the date as not checked.
        knows_date: The file answers for a date.
        knows_file: The file answers for a suspect.
        knows_scores: The file states scores, which can be worked out again.

    Raises:
        UnanswerableError: A suspect or an original was given, and the file says nothing of it.
    """
    if ask.examination is not None and not knows_scores:
        raise UnanswerableError(
            "only the case of a traced file has scores: leave out --original, or verify the case"
        )
    if ask.suspect is not None and not knows_file:
        raise UnanswerableError(
            "only a voucher is about a registered file: leave out --data, or verify the voucher"
        )
    if ask.question.as_of is not None and not knows_date:
        report.note_unchecked(ASKED_DATE)


def _judge_receipt(receipt: Receipt, ask: Ask, report: Report, kind: str) -> None:
    report.kind = kind
    if isinstance(receipt.content, Entry):
        report.subject = receipt.content.signed.event.subjects[0]
        report.note_unchecked(KEY_OWNER)
    check_expectation(report, ask.question)
    opened = open_checkpoint(ask.policy, receipt.proof.checkpoint)
    note_checkpoint(report, opened, ask.question)
    _check_age(opened, ask.question, report)
    detail = f"leaf {receipt.proof.index} is in the log"
    report.check("inclusion", detail, lambda: verify_receipt(receipt, opened))
    report.is_authentic = report.is_in_force = True


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
