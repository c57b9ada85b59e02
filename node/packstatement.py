"""Holds what a pack states against what its proofs give: the statement and its two texts."""

from collections.abc import Mapping

from contracts.verdict import Question, Report
from contracts.voucher import VoucherBundle, judge_voucher, parse_voucher
from ledger.core.bundle import STATE, StateBundle, parse_state_bundle
from ledger.core.dossier import DOSSIER, Dossier, parse_dossier
from ledger.core.policy import Policy
from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import BundleError
from node.packparts import Parts
from node.statement import STATEMENT_FILE, Evidence, make_statement, verify_statement
from node.statementtext import TEXT_FILES, format_statement


def check_statement(
    report: Report, parts: Parts, main: str | None, found: Mapping[str, Report], policy: Policy
) -> None:
    """Hold what a pack states, and its texts, against its proofs.

    Args:
        report: On the pack; gets each check, and the purpose.
        parts: Of the pack; its proofs are verified.
        main: Path of the voucher that it is about, if it is about one.
        found: What the verification of each proof said, by path.
        policy: The verifier's own.

    Raises:
        BundleError: It says something else, or is made of proofs of different times.
    """
    statement = parts.statement
    if statement is not None and main is not None:
        report.check("one checkpoint", "under all proofs", lambda: _verify_one(found, main))
        evidence = _gather(parts, main, policy, UnixMillis(statement.as_of))
        proved = make_statement(evidence, statement.purpose, UnixMillis(statement.as_of))
        detail = "says what the proofs show"
        report.check("statement", detail, lambda: verify_statement(statement, proved))
        report.shown.append(("purpose", statement.purpose))
    if parts.stated:
        report.check("statement texts", "say what the statement says", lambda: _verify_texts(parts))


def _verify_one(found: Mapping[str, Report], main: str) -> None:
    wanted = found[main].opened
    for path, part in found.items():
        opened = part.opened
        if opened is not None and wanted is not None and opened.body != wanted.body:
            raise BundleError(
                f"{path} is proved under another checkpoint than the voucher that the statement "
                "is about: make the pack anew, or leave the statement out"
            )


def _verify_texts(parts: Parts) -> None:
    statement = parts.statement
    for language, path in TEXT_FILES.items():
        text = parts.stated.get(path)
        if text is None:
            continue
        if statement is None:
            raise BundleError(f"{path} lies in a pack without {STATEMENT_FILE}: leave it out")
        if text != format_statement(statement, language).encode():
            raise BundleError(f"{path} is not the text of {STATEMENT_FILE}: make the pack anew")


def _gather(parts: Parts, main: str, policy: Policy, as_of: UnixMillis) -> Evidence:
    """What the statement may rest on: verified parts under the voucher's own checkpoint."""
    bundle = parse_voucher(parts.read(main))
    judged = Report()
    judge_voucher(bundle, policy, Question(now=as_of, as_of=as_of), judged)
    return Evidence(
        bundle,
        judged,
        *_same_block(bundle, parts),
        is_opened=any(openings for _, openings in parts.openings),
    )


def _same_block(
    bundle: VoucherBundle, parts: Parts
) -> tuple[dict[SubjectKey, Dossier], dict[SubjectKey, StateBundle]]:
    """Dossiers and states under the checkpoint of a voucher, by subject."""
    note = bundle.state.receipt.proof.checkpoint
    dossiers = [parse_dossier(parts.read(path)) for path in parts.list_paths(DOSSIER)]
    states = [parse_state_bundle(parts.read(path)) for path in parts.list_paths(STATE)]
    return (
        {d.state.subject: d for d in dossiers if d.state.receipt.proof.checkpoint == note},
        {s.subject: s for s in states if s.receipt.proof.checkpoint == note},
    )
