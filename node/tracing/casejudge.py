"""Holds what a case finds against its proofs: it may say nothing that they contradict.

Scores and shares are not worked out again: that takes the suspect, the original and the marking
keys. All else is: which deliveries there were, who signed for which copy and when, what was
committed to before the act, which deliveries a table of chances names, and what the grants allowed.

Spec: our formats, section 7, "case"; tracing, section 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from contracts.check import CheckBundle, parse_check
from contracts.chinese import ZH
from contracts.clocks import describe_instant
from contracts.identity import Party
from contracts.records import parse_state_record
from contracts.title import Asset, voucher_key
from contracts.verdict import Report
from contracts.voucher import parse_voucher
from ledger.core.bundle import StateBundle, parse_state_bundle
from ledger.core.dossier import Dossier, parse_dossier
from ledger.core.types import JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError
from node.judges import Ask
from node.pack import CASE
from node.packparts import Parts
from node.render.tracereport import render_report
from node.render.tracewords import tell_outcome
from node.tracing.bounds import share_bound, show_chance
from node.tracing.casepaths import (
    HISTORY_PATH,
    OPENING_PATH,
    VOUCHER_PATH,
    check_path,
    delivery_path,
    list_paths,
    name_path,
)
from node.tracing.deliveries import Flow, list_candidates, read_flow
from node.tracing.finding import (
    FINDING_FILE,
    MAX_CANDIDATES,
    REPORT_FILES,
    Candidate,
    Finding,
    Named,
)
from node.tracing.legality import (
    ask_about,
    choose_named,
    format_clause,
    is_spent,
    list_unscored,
)

SCORES: Final = "scores"
SHARES: Final = "shares of the file"
CUSTODY: Final = "custody of the file"
LEFT_OUT: Final = "deliveries left out"


@dataclass(frozen=True, slots=True)
class _Proved:
    """What the verified parts of a case show.

    Args:
        asset: State of the asset; None: the case proves none.
        voucher: Key of the voucher in the case; None: there is none.
        contents: What the registered files were committed to as, by the openings.
        flow: Every delivery of the asset; None: its whole history is not in the case.
        histories: Of the named deliveries, in their order.
        checks: On their recipients, likewise.
        parties: States of the parties that are called by name, likewise.
    """

    asset: StateBundle | None
    voucher: SubjectKey | None
    contents: tuple[JsonObject, ...]
    flow: Flow | None
    histories: tuple[Dossier, ...]
    checks: tuple[CheckBundle, ...]
    parties: tuple[StateBundle, ...]


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
        if parts.reports:
            raise BundleError(f"{min(parts.reports)} lies in a case without {FINDING_FILE}")
        return
    report.check("parts", "those that the finding speaks of", lambda: _check_paths(form, parts))
    report.check("one checkpoint", "under all proofs", lambda: _verify_place(finding, found))
    proved = _gather(finding, parts)
    for name, detail, verify in _CHECKS:
        report.check(name, detail, partial(verify, finding, proved))
    report.check("reports", "say what the finding says", lambda: _verify_reports(finding, parts))
    suspect = ask.suspect
    if suspect is not None:
        digest = suspect.fingerprint.digest
        report.check("data", "this is the file of the case", lambda: _verify_file(finding, digest))
    report.note_unchecked(SCORES, SHARES, CUSTODY)
    if not finding.attribution.is_whole:
        report.note_unchecked(LEFT_OUT)
    report.shown = [*report.shown, *_show(finding)]


def _gather(finding: Finding, parts: Parts) -> _Proved:
    history = parse_dossier(parts.read(HISTORY_PATH)) if finding.attribution.is_whole else None
    voucher = None if finding.voucher is None else parse_voucher(parts.read(VOUCHER_PATH))
    flow, asset = None, None if voucher is None else voucher.asset
    if history is not None:
        flow = read_flow((event.index, event.entry) for event in history.events)
        asset = history.state
    numbers = range(1, len(finding.named) + 1)
    values = [one["value"] for _, openings in parts.openings for one in openings]
    return _Proved(
        asset=asset,
        voucher=None if voucher is None else voucher.state.subject,
        contents=tuple(value for value in values if isinstance(value, dict)),
        flow=flow,
        histories=tuple(parse_dossier(parts.read(delivery_path(n))) for n in numbers),
        checks=tuple(parse_check(parts.read(check_path(n))) for n in numbers),
        parties=tuple(
            parse_state_bundle(parts.read(name_path(n))) for n in range(1, len(finding.names) + 1)
        ),
    )


def _check_paths(form: str, parts: Parts) -> None:
    finding = parts.finding
    if form != CASE or finding is None:
        raise BundleError(f"a finding makes a case, and this is a {form}")
    wanted = list_paths(finding)
    there = {FINDING_FILE, *parts.reports, *parts.documents, *parts.opening_paths}
    others = {*parts.packs, *parts.texts, *parts.stated}
    openings = [OPENING_PATH] if finding.is_opened else []
    is_placed = parts.opening_paths == openings and parts.reports.keys() <= wanted
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


def _verify_asset(finding: Finding, proved: _Proved) -> None:
    """Which asset it is, what it is called, and what it was registered as.

    Raises:
        BundleError: Another one, or it was registered as something else.
    """
    asset, derivation = proved.asset, finding.derivation
    if asset is None or asset.value is None or asset.subject != derivation.asset:
        raise BundleError("the case does not prove the asset that the finding names")
    state = parse_state_record(Asset, asset.value.state)
    _verify_voucher(finding, proved, state)
    title = state.fields.get("title")
    if finding.title != (title if isinstance(title, str) else None):
        raise BundleError("the asset was published under another title")
    digests = {str(content.get("digest")) for content in proved.contents} | {*state.digests}
    steps = {step.rung: step.outcome for step in derivation.steps}
    if (finding.suspect.digest in digests) != (steps.get("exact") == "match"):
        raise BundleError("whether the file is the registered one is not as the finding says")
    records = {_record_of(content) for content in proved.contents} or {None}
    if derivation.record not in records:
        raise BundleError("another fingerprint record was committed to at registration")


def _verify_voucher(finding: Finding, proved: _Proved, asset: Asset) -> None:
    number = finding.voucher
    ever = [value["number"] for each in asset.vouchers if isinstance(value := each.value, dict)]
    newest = str(ever[-1]) if ever else None
    if number != newest or proved.voucher != (None if number is None else voucher_key(number)):
        raise BundleError("the voucher in the case is not the asset's newest one")


def _record_of(content: JsonObject) -> str | None:
    """Digest of the fingerprint record that an opened content names; None: there is none."""
    fingerprint = content.get("fingerprint")
    return str(fingerprint.get("record")) if isinstance(fingerprint, dict) else None


def _verify_deliveries(finding: Finding, proved: _Proved) -> None:
    """That the candidates are the deliveries of the asset: none left out, none added.

    Raises:
        BundleError: They are others.
    """
    if proved.flow is None:
        return
    listed = [replace(each, chance=None, pattern=None) for each in finding.attribution.candidates]
    if listed != list_candidates(proved.flow):
        raise BundleError("the history of the asset shows other deliveries than the finding")


def _verify_naming(finding: Finding, proved: _Proved) -> None:
    """That the table of chances names whom the finding names.

    Raises:
        BundleError: It names others.
    """
    told = finding.attribution
    scored = [each for each in told.candidates if each.chance is not None]
    if any((each.chance is None) != (each.pattern is None) for each in told.candidates):
        raise BundleError("a delivery has a chance if and only if it was scored by a pattern")
    is_listed = told.scored == len(scored) or (
        not told.is_whole and told.scored > len(scored) and len(told.candidates) == MAX_CANDIDATES
    )
    if not is_listed or told.threshold != share_bound(told.bound, told.scored):
        raise BundleError("the threshold is not the bound shared among the deliveries scored")
    named = [each.delivery for each in finding.named]
    struck = [e.delivery for e in scored if e.chance is not None and e.chance <= told.threshold]
    if proved.flow is not None:
        expected = choose_named(proved.flow, told.candidates, told.threshold)
        is_right = (named, list(told.cleared)) == expected
    else:
        is_right = sorted([*named, *told.cleared]) == sorted(struck)
    outcome = "named" if named else "none" if scored else "not-scored"
    if not is_right or told.outcome != outcome or bool(told.why) == bool(named):
        raise BundleError("the table of chances names other deliveries than the finding")


def _verify_weighed(finding: Finding, proved: _Proved) -> None:
    """That the numbers beside the chances can be: rows that the file has, a copy that there was.

    Raises:
        BundleError: They cannot.
    """
    told = finding.attribution
    if told.rows > (finding.suspect.rows or 0):
        raise BundleError("more rows were weighed than the file has")
    if finding.named and not told.rows and not told.marks:
        raise BundleError("a delivery is named, and no row or mark of the file was weighed")
    copy, flow = told.against, proved.flow
    if copy is not None and flow is not None and flow.find(copy) is None:
        raise BundleError("the file was compared with the copy of no delivery of the asset")


def _verify_named(finding: Finding, proved: _Proved) -> None:
    """That each named delivery was made before the act, and its marks committed to with it.

    Raises:
        BundleError: It was not.
    """
    for named, history in zip(finding.named, proved.histories, strict=True):
        candidate = _find_candidate(finding, named)
        flow = read_flow((event.index, event.entry) for event in history.events)
        if history.state.subject != named.delivery or history.start is not None:
            raise BundleError(f"the case does not hold the history of {named.delivery}")
        bare = replace(candidate, chance=None, pattern=None, source=None)
        if [bare] != list_candidates(flow):
            raise BundleError(f"the log has another {named.delivery} than the finding")
        if any(one.body.asset != finding.derivation.asset for one in flow.dispatches):
            raise BundleError(f"{named.delivery} is of another asset")
        if not candidate.is_marked:
            raise BundleError(f"{named.delivery} commits to no marking key: nothing names it")
        if candidate.time > finding.act.at:
            raise BundleError(f"{named.delivery} was made after the act, and its marks with it")
        _verify_onward(finding, named, proved.flow)


def _verify_onward(finding: Finding, named: Named, flow: Flow | None) -> None:
    one = None if flow is None else flow.find(named.delivery)
    if flow is None or one is None:
        return
    scored = {e.delivery for e in finding.attribution.candidates if e.chance is not None}
    onward = tuple(each.key for each in flow.find_onward(one))
    if (named.onward, named.unscored) != (onward, list_unscored(flow, one, scored)):
        raise BundleError(f"the log has other deliveries below {named.delivery}")


def _verify_legality(finding: Finding, proved: _Proved) -> None:
    """That the question was the right one, and that the finding repeats its answer.

    Raises:
        BundleError: Another question, or another answer.
    """
    asset = finding.derivation.asset
    for named, check in zip(finding.named, proved.checks, strict=True):
        candidate = _find_candidate(finding, named)
        asked = ask_about(candidate, SubjectKey(str(asset)), finding.act.at)
        if check.inquiry != asked:
            raise BundleError(f"the verdict is not about the recipient of {named.delivery}")
        answer = check.answer
        told = (named.verdict, named.is_spent, named.clause)
        if told != (answer.verdict, is_spent(answer), format_clause(answer)):
            raise BundleError(f"the grants make the act {answer.verdict}, not {named.verdict}")


def _verify_dates(finding: Finding, proved: _Proved) -> None:
    """That the date of the act comes from where the finding says.

    Raises:
        BundleError: It does not.
    """
    del proved
    act = finding.act
    expected = {"found": finding.custody.at, "traced": finding.made_at}.get(act.source, act.at)
    if act.at != expected:
        raise BundleError("the date of the act is not the one that the finding says it took")


def _verify_names(finding: Finding, proved: _Proved) -> None:
    """That parties are called what their states call them.

    Raises:
        BundleError: One is called something else.
    """
    for named, bundle in zip(finding.names, proved.parties, strict=True):
        value = bundle.value
        state = None if value is None else parse_state_record(Party, value.state)
        if state is None or (bundle.subject, state.name) != (named.party, named.name):
            raise BundleError(f"{named.party} is not called {named.name}")


_CHECKS: Final[tuple[tuple[str, str, Callable[[Finding, _Proved], None]], ...]] = (
    ("asset", "it is what the finding says", _verify_asset),
    ("deliveries", "none left out, none added", _verify_deliveries),
    ("naming", "follows from the table of chances", _verify_naming),
    ("weighed", "no more than the file has", _verify_weighed),
    ("named", "delivered and marked before the act", _verify_named),
    ("legality", "as the grants had it at the date of the act", _verify_legality),
    ("dates", "as the finding says where it took them", _verify_dates),
    ("names", "as the parties' states have them", _verify_names),
)


def _verify_reports(finding: Finding, parts: Parts) -> None:
    for language, path in REPORT_FILES.items():
        if parts.reports[path] != render_report(finding, language).encode():
            raise BundleError(f"{path} is not the report of {FINDING_FILE}: make the case anew")


def _verify_file(finding: Finding, digest: str) -> None:
    if finding.suspect.digest != digest:
        raise BundleError(f"this is not the file of the case: its SHA-256 is {digest}")


def _find_candidate(finding: Finding, named: Named) -> Candidate:
    try:
        return finding.find(named.delivery)
    except LookupError as exc:
        raise BundleError(f"{named.delivery} is named and no candidate") from exc


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
        chance = _find_candidate(finding, named).chance
        rows += [
            ("named", named.delivery),
            ("chance", "" if chance is None else show_chance(chance)),
            ("verdict", named.verdict),
            ("because", named.clause.en),
            (f"because{ZH}", named.clause.zh),
        ]
    return rows
