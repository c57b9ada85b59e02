"""Holds what a case finds against its proofs: it may say nothing that they contradict.

Scores are worked out again only where the suspect, the original and the opened marking keys are
given (node/tracing/examine.py). All else is held to the ledger: which deliveries there were, who
signed for which copy and when, what was committed to before the act, which deliveries a table of
chances names, and what the grants allowed.

Spec: our formats, section 7, "case"; tracing, section 4.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from contracts.chinese import ZH
from contracts.clocks import describe_instant
from contracts.verdict import EARLIER_HISTORY, REGISTERED_FILE, Report
from ledger.core.types import UnixMillis
from ledger.errors import BundleError
from node.judges import Ask
from node.pack import CASE
from node.packparts import Parts
from node.render.tracereport import render_report
from node.render.tracewords import tell_outcome
from node.tracing.bounds import show_chance
from node.tracing.casechecks import CHECKS, find_candidate, verify_deliveries
from node.tracing.casehistory import verify_pages
from node.tracing.casepaths import HISTORY_PATH, OPENING_PATH, earlier_path, list_paths
from node.tracing.caseproofs import Proved, gather
from node.tracing.finding import (
    FINDING_FILE,
    REPORT_FILES,
    SIGNATURE_FILE,
    WORDS,
    Finding,
)
from node.tracing.signing import verify_signature

SCORES: Final = "scores"
SHARES: Final = "shares of the file"
CUSTODY: Final = "custody of the file"
SIGNED: Final = "who traced it"
REPORTS: Final = "reports of another version"
LEFT_OUT: Final = "deliveries left out"
UNSCORED: Final = "marked deliveries that were not scored"


def check_case(
    report: Report, form: str, parts: Parts, found: Mapping[str, Report], ask: Ask
) -> None:
    """Hold the finding of a case, and its reports, against its proofs.

    Args:
        report: On the case; gets each check, what was not checked, and what the finding says.
        form: Of the container.
        parts: Of the case; its proofs are verified.
        found: What the verification of each proof said, by path.
        ask: May name a suspect: is it the file that the case is about?

    Raises:
        BundleError: It says something else than its proofs, or a file is missing or too many.
    """
    finding = parts.finding
    if finding is None:
        strays = {*parts.reports, *parts.earlier}
        if strays or parts.signature is not None:
            path = min(strays, default=SIGNATURE_FILE)
            raise BundleError(f"{path} lies in a case without {FINDING_FILE}")
        return
    report.check("parts", "those that the finding speaks of", lambda: _check_paths(form, parts))
    report.check("one checkpoint", "under all proofs", lambda: _verify_place(finding, found))
    proved = gather(finding, parts)
    _check_history(report, proved, found)
    # Without a history there is nothing to hold the deliveries to, which is said below.
    wanted = [each for each in CHECKS if proved.flow or each[2] is not verify_deliveries]
    for name, detail, verify in wanted:
        report.check(name, detail, partial(verify, finding, proved))
    _check_signature(report, finding, proved, parts)
    if finding.words == WORDS:
        detail = "say what the finding says"
        report.check("reports", detail, lambda: _verify_reports(finding, parts))
    else:
        report.note_unchecked(REPORTS)
    suspect = ask.suspect
    if suspect is not None:
        digest = suspect.fingerprint.digest
        report.check(
            "suspect", "this is the file of the case", lambda: _verify_file(finding, digest)
        )
    _check_scores(report, finding, proved, ask)
    report.note_unchecked(CUSTODY)
    _note_left_out(report, finding, proved)
    report.shown = [*report.shown, *_show(finding)]


def _note_left_out(report: Report, finding: Finding, proved: Proved) -> None:
    """Name what the proofs do not show of the deliveries, not what they do of the file."""
    if REGISTERED_FILE in report.not_checked:  # the asset's own rung says it of the file
        report.not_checked.remove(REGISTERED_FILE)
    told = finding.attribution
    unscored = sum(each.is_marked and each.chance is None for each in told.candidates)
    if told.scored and unscored:
        report.note_unchecked(f"{UNSCORED}: {unscored}")
    if not told.is_whole or proved.flow is None:
        report.note_unchecked(LEFT_OUT)


def _check_history(report: Report, proved: Proved, found: Mapping[str, Report]) -> None:
    """Check the events before the dossier's, which says of itself that they are not in it."""
    history = proved.history
    opened = None if history is None else found[HISTORY_PATH].opened
    if history is None or opened is None:
        return
    if history.newest.start is None and not history.earlier:
        return
    count = sum(len(page.events) for page in history.earlier)
    report.check(
        "earlier history",
        f"{count} events, none left out",
        lambda: verify_pages(history.earlier, history.newest, opened),
    )
    report.not_checked.remove(EARLIER_HISTORY)


def _check_signature(report: Report, finding: Finding, proved: Proved, parts: Parts) -> None:
    signed, state = parts.signature, proved.signer
    if signed is None or state is None:
        report.note_unchecked(SIGNED)
        return
    report.check(
        "signature",
        f"signed by {signed.key}",
        lambda: verify_signature(signed, finding, parts.found, state),
    )
    report.shown.append(("signed by", finding.name_of(signed.party)))


def _check_scores(report: Report, finding: Finding, proved: Proved, ask: Ask) -> None:
    if ask.examination is None:
        report.note_unchecked(SCORES, SHARES)
        return
    from node.tracing.examine import check_scores  # heavy

    check_scores(report, finding, proved, ask.examination)


def _check_paths(form: str, parts: Parts) -> None:
    finding = parts.finding
    if form != CASE or finding is None:
        raise BundleError(f"a finding makes a case, and this is a {form}")
    wanted = list_paths(finding)
    there = {FINDING_FILE, *parts.reports, *parts.documents, *parts.opening_paths, *parts.earlier}
    there |= set() if parts.signature is None else {SIGNATURE_FILE}
    others = {*parts.packs, *parts.texts, *parts.stated}
    openings = [OPENING_PATH] if finding.is_opened else []
    is_placed = parts.opening_paths == openings and parts.reports.keys() <= wanted
    pages = {earlier_path(number) for number in range(1, finding.attribution.earlier + 1)}
    is_placed = is_placed and parts.earlier.keys() == pages
    if there != wanted or others or parts.statement is not None or not is_placed:
        odd = sorted(others | (there ^ wanted) | {*parts.opening_paths} - {OPENING_PATH})
        raise BundleError(
            f"a case holds the files that its finding speaks of, no more and no less: {odd}"
        )


def _verify_place(finding: Finding, found: Mapping[str, Report]) -> None:
    for path, part in found.items():
        opened = part.opened
        if opened is None or (opened.body.origin, opened.body.size) != (
            finding.log.origin,
            finding.log.size,
        ):
            raise BundleError(f"{path} is proved under another checkpoint than the finding names")
        if part.seal is not None and part.seal.time != finding.log.time:
            raise BundleError("the finding names another time than that of its checkpoint")


def _verify_reports(finding: Finding, parts: Parts) -> None:
    for language, path in REPORT_FILES.items():
        if parts.reports[path] != render_report(finding, language).encode():
            raise BundleError(f"{path} is not the report of {FINDING_FILE}: make the case anew")


def _verify_file(finding: Finding, digest: str) -> None:
    if finding.suspect.digest != digest:
        raise BundleError(f"this is not the file of the case: its SHA-256 is {digest}")


def _show(finding: Finding) -> list[tuple[str, str]]:
    """What an authentic case says, as rows of names and values."""
    rows = [
        ("asset", str(finding.derivation.asset)),
        ("suspect", finding.suspect.digest),
        ("act", describe_instant(UnixMillis(finding.act.at))),
        ("came from", tell_outcome(finding, "en")),
        (f"came from{ZH}", tell_outcome(finding, "zh-CN")),
    ]
    for named in finding.named:
        chance = find_candidate(finding, named).chance
        rows += [
            ("named", named.delivery),
            ("chance", "" if chance is None else show_chance(chance)),
            ("verdict", named.verdict),
            ("because", named.clause.en),
            (f"because{ZH}", named.clause.zh),
        ]
    return rows
