"""Works the scores of a case out again, for an examiner who has the files and the opened keys.

No home is needed. The case says which deliveries there are, what each committed to, which of them
were scored and as made from which copies; the files are aligned anew, copies that were handed on
are made again, and each score whose marking key was opened has to be what the case states.

Spec: tracing, section 4; docs/tracing-method.md, section 10.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contracts.chinese import ZH
from contracts.records import parse_state_record
from contracts.title import Asset
from contracts.verdict import Report
from ledger.core.canonical import decode_bundle
from ledger.core.draft import DraftOpening
from ledger.core.types import SubjectKey
from ledger.errors import BundleError, VerificationError
from node.escrow import (
    MARKS_FIELD,
    MAX_OPENING_BYTES,
    drop_same_bits,
    parse_opening,
    read_marks,
)
from node.judges import UnanswerableError
from node.suspects import OpeningRequiredError
from node.tracing.bounds import show_chance
from node.tracing.caseproofs import Proved
from node.tracing.finding import METHOD, Candidate, Finding
from node.tracing.ladder import Base
from node.tracing.search import measure_alignment
from tracing.fingerprint import Progress, fingerprint_file, tell_nobody

if TYPE_CHECKING:
    from node.tracing.attribution import Compared, Scored
    from tracing.markopening import DeliveryMarks

ORIGINAL: Final = "original of the case"
OTHERS: Final = "scores of other deliveries"
SKETCHES: Final = "shares by samples"
_ROUNDING: Final = 1
"""Thousandths of a common logarithm: two machines may round the last bit of one to either side."""


class OtherScoreError(VerificationError):
    """The files and keys at hand give another score than the case states."""

    code = "other_score"


@dataclass(frozen=True, slots=True)
class Examination:
    """What an examiner was handed beside a case.

    Args:
        suspect: The file of the case.
        original: What it was compared with: the registered file, or a copy that was delivered.
        openings: Of the marking keys of some deliveries.
        progress: Told of the bytes read.
    """

    suspect: Path
    original: Path
    openings: tuple[DraftOpening, ...]
    progress: Progress = tell_nobody


def parse_marks_opening(data: bytes) -> DraftOpening:
    """Read an opened marking key, as `escrow export` writes it; nothing is verified.

    Raises:
        MalformedError: It is none.
        LimitError: It is too large.
    """
    return parse_opening(decode_bundle(data, max_bytes=MAX_OPENING_BYTES))


def check_scores(report: Report, finding: Finding, proved: Proved, brought: Examination) -> None:
    """Work out again what a case states of its deliveries' scores.

    Args:
        report: On the case; gets each check, each score, and what could not be looked at.
        finding: What the case says; held against its proofs already.
        proved: What they show.
        brought: Files and opened keys.

    Raises:
        UnanswerableError: The case scored nothing, or by another method than this program's.
        OpeningRequiredError: An opened key is missing, or is of no delivery of the case.
        BundleError: A file is not the one of the case.
        OtherScoreError: The case states another score.
        TablesMissingError: The packages that tables need are not installed.
        InputError: A file cannot be read as a table.
    """
    _refuse_if_unscored(finding, proved)
    marks = _open_marks(finding, proved, brought.openings)
    _require_openings(finding, marks)
    digests = _list_originals(finding, proved)
    if not digests and finding.attribution.against is None:
        raise UnanswerableError(
            "the case proves no digest of the registered file, so any file could be called the "
            "original: ask for a case with its opening"
        )
    report.check(
        "file and original",
        "those of the case",
        lambda: _verify_files(finding, digests, brought),
    )
    if not digests:
        report.note_unchecked(ORIGINAL)
    compared, scored = _score(finding, marks, brought)
    report.shown += _show_scores(finding, scored)
    detail = f"{len(scored.chances)} of {finding.attribution.scored}, worked out again"
    report.check("scores", detail, lambda: _verify_scores(finding, compared, scored, marks.keys()))
    if len(scored.chances) < finding.attribution.scored:
        left = finding.attribution.scored - len(scored.chances)
        report.note_unchecked(f"{OTHERS}: {left}")
    if any(each.by != "alignment" for each in finding.derivation.overlaps):
        report.note_unchecked(SKETCHES)


def _refuse_if_unscored(finding: Finding, proved: Proved) -> None:
    """Refuse where there is nothing to work out, or no way to.

    Raises:
        UnanswerableError: So it is.
    """
    told = finding.attribution
    if not told.scored:
        raise UnanswerableError(
            "the case scored no delivery, so there is nothing to work out again: leave out "
            "--original and --opening"
        )
    if told.method != METHOD:
        raise UnanswerableError(
            f"the scores of the case were worked out by {told.method}, and this program works by "
            f"{METHOD}: use muniment {finding.version}"
        )
    known = {each.key for each in proved.dispatches}
    unproved = [key for key in _list_wanted(finding) if key not in known]
    if unproved and proved.flow is None:
        raise UnanswerableError(
            f"the case leaves out the history of the asset, which proves what {unproved[0]} "
            "committed to: its scores cannot be worked out again from the case alone"
        )


def _open_marks(
    finding: Finding, proved: Proved, openings: Iterable[DraftOpening]
) -> "dict[SubjectKey, DeliveryMarks]":
    """The secrets of scored deliveries that the openings hold.

    Raises:
        OpeningRequiredError: One opens what no delivery of the case committed to.
        BundleError: One opens what is no marking key.
    """
    scored = {each.delivery for each in finding.attribution.candidates if each.chance is not None}
    found: dict[SubjectKey, DeliveryMarks] = {}
    for opening in openings:
        digest, known = opening.commitment(), len(found)
        for one in proved.dispatches:
            said = one.body.marks
            told = (opening.by, opening.field)
            if not said or said.key.digest != digest or told != (one.sender, MARKS_FIELD):
                continue
            marks = read_marks(said, opening)
            if marks is None:
                raise BundleError(f"what {one.key} committed to is no marking key")
            if one.key in scored:
                found[one.key] = marks
                _refuse_same_bits(found)
        if len(found) == known:
            raise OpeningRequiredError(
                f"an opening by {opening.by} is of no other delivery that the case scored: give "
                "each of them once, as 'muniment escrow export DELIVERY --out FILE' wrote it"
            )
    return found


def _refuse_same_bits(found: "Mapping[SubjectKey, DeliveryMarks]") -> None:
    """Refuse what no honest case has scored: copies that no leak could tell apart.

    Raises:
        BundleError: Two deliveries have the same secret bits.
    """
    if drop_same_bits(found) != found:
        raise BundleError(f"{', '.join(sorted(found))}: two of them have the same secret bits")


def _list_wanted(finding: Finding) -> list[SubjectKey]:
    """Deliveries whose marks the scores of those named or cleared follow from."""
    told = finding.attribution
    above = {each.delivery: each.made_from for each in told.candidates}
    wanted = [e.delivery for e in told.candidates if _is_struck(e, told.threshold)]
    for key in wanted:
        wanted += [s for s in above.get(key, ()) if s not in {None, told.against, *wanted} and s]
    return wanted


def _require_openings(finding: Finding, marks: Mapping[SubjectKey, object]) -> None:
    """Refuse where a key is missing that the score of a named or cleared delivery follows from.

    Raises:
        OpeningRequiredError: One is, or there is none at all.
    """
    missing = [key for key in _list_wanted(finding) if key not in marks]
    if missing or not marks:
        which = ", ".join(missing) or "at least one delivery"
        raise OpeningRequiredError(
            f"to work out the scores again takes the opened marking key of {which}: whoever has it "
            "writes it with 'muniment escrow export DELIVERY --out FILE'; give it with --opening"
        )


def _is_struck(one: Candidate, threshold: int) -> bool:
    return one.chance is not None and one.chance <= threshold


def _list_originals(finding: Finding, proved: Proved) -> frozenset[str]:
    """Digests of the files that the original may be, as far as the case proves any."""
    if finding.attribution.against is not None:
        return frozenset()
    value = None if proved.asset is None else proved.asset.value
    published = () if value is None else parse_state_record(Asset, value.state).digests
    opened = {str(content.get("digest")) for content in proved.contents}
    return frozenset(opened | {*published})


def _verify_files(finding: Finding, originals: frozenset[str], brought: Examination) -> None:
    """Hold the files to what the case says of them.

    Raises:
        BundleError: One is another file.
    """
    suspect = fingerprint_file(brought.suspect, brought.progress).digest
    if suspect != finding.suspect.digest:
        raise BundleError(f"this is not the file of the case: its SHA-256 is {suspect}")
    original = fingerprint_file(brought.original, brought.progress).digest
    if originals and original not in originals:
        raise BundleError(f"this original is not the registered file: its SHA-256 is {original}")


def _score(
    finding: Finding, marks: "Mapping[SubjectKey, DeliveryMarks]", brought: Examination
) -> "tuple[Compared, Scored]":
    from node.tracing.attribution import compare, score_deliveries  # heavy
    from tracing.tables import read_table

    told = finding.attribution
    suspect = read_table(brought.suspect, progress=brought.progress)
    base = Base(SubjectKey(str(finding.derivation.asset)), told.against)
    compared = compare(suspect, brought.original, base, brought.progress)
    sources = {e.delivery: e.made_from for e in told.candidates if e.chance is not None}
    bound = 10 ** (told.bound / 1000)
    return compared, score_deliveries(sources, marks, compared, bound, told.scored)


def _list_pairs(finding: Finding, scored: "Scored") -> list[tuple[Candidate, tuple[int, str]]]:
    """What the case states of a delivery, and what was found, in the order of the log."""
    found = scored.chances
    return [(e, found[e.delivery]) for e in finding.attribution.candidates if e.delivery in found]


def _is_same(one: Candidate, found: tuple[int, str]) -> bool:
    chance, pattern = found
    is_near = one.chance is not None and abs(one.chance - chance) <= _ROUNDING
    return is_near and one.pattern == pattern


def _show_scores(finding: Finding, scored: "Scored") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for one, found in _list_pairs(finding, scored):
        stated, again = show_chance(one.chance or 0), show_chance(found[0])
        same = ("the same", "一致") if _is_same(one, found) else ("NOT THE SAME", "不一致")
        rows += [
            ("score", f"{one.delivery}: stated {stated}, worked out again {again}: {same[0]}"),
            (f"score{ZH}", f"{one.delivery}：案卷所载 {stated}，重新计算 {again}，{same[1]}"),
        ]
    return rows


def _verify_scores(
    finding: Finding, compared: "Compared", scored: "Scored", opened: Set[SubjectKey]
) -> None:
    """Hold the case to what the files and keys give.

    Raises:
        OtherScoreError: It states something else, or a score that nothing gives.
    """
    told = finding.attribution
    if stuck := sorted(opened - scored.chances.keys()):
        raise OtherScoreError(
            f"the case states a chance for {stuck[0]}, and these files and keys give none"
        )
    for one, found in _list_pairs(finding, scored):
        if not _is_same(one, found):
            raise OtherScoreError(
                f"the case states a chance of {show_chance(one.chance or 0)} ({one.pattern}) for "
                f"{one.delivery}, and these files and keys give {show_chance(found[0])} "
                f"({found[1]})"
            )
        if one.invented_found != scored.invented.get(one.delivery):
            raise OtherScoreError(
                f"the case states {one.invented_found} invented rows of {one.delivery} that were "
                f"found, and these files and keys give {scored.invented.get(one.delivery)}"
            )
    weighed, stated = (scored.rows, scored.marks), (told.rows, told.marks)
    is_all = len(scored.chances) == told.scored
    if weighed > stated or (is_all and weighed != stated):
        raise OtherScoreError(
            f"the case states {told.rows} rows and {told.marks} marked cells that were weighed, "
            f"and these files give {scored.rows} and {scored.marks}"
        )
    _verify_shares(finding, compared)


def _verify_shares(finding: Finding, compared: "Compared") -> None:
    overlaps: Sequence[object] = [e for e in finding.derivation.overlaps if e.by == "alignment"]
    found = measure_alignment(compared)
    if overlaps != ([] if found is None else [found]):
        raise OtherScoreError("the case states another share of aligned rows than these files have")
