"""What a case says, one thing after another, beside what its verified proofs show.

Spec: our formats, section 7, "case"; tracing, section 4.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from contracts.identity import Party
from contracts.records import parse_state_record
from contracts.title import Asset, voucher_key
from ledger.core.types import JsonObject, SubjectKey
from ledger.errors import BundleError
from node.tracing.bounds import share_bound
from node.tracing.caseproofs import Proved
from node.tracing.deliveries import Flow, list_candidates, read_flow
from node.tracing.finding import MAX_CANDIDATES, Candidate, Finding, Named
from node.tracing.hands import list_sources
from node.tracing.legality import (
    ask_about,
    choose_named,
    format_clause,
    is_spent,
    list_unscored,
)

_UNSCORED: Final = {"chance": None, "pattern": None, "made_from": (), "invented_found": None}
"""What the log does not say of a delivery."""


def _verify_asset(finding: Finding, proved: Proved) -> None:
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


def _verify_voucher(finding: Finding, proved: Proved, asset: Asset) -> None:
    number = finding.voucher
    ever = [value["number"] for each in asset.vouchers if isinstance(value := each.value, dict)]
    newest = str(ever[-1]) if ever else None
    if number != newest or proved.voucher != (None if number is None else voucher_key(number)):
        raise BundleError("the voucher in the case is not the asset's newest one")


def _record_of(content: JsonObject) -> str | None:
    """Digest of the fingerprint record that an opened content names; None: there is none."""
    fingerprint = content.get("fingerprint")
    return str(fingerprint.get("record")) if isinstance(fingerprint, dict) else None


def verify_deliveries(finding: Finding, proved: Proved) -> None:
    """That the candidates are the deliveries of the asset: none left out, none added.

    Raises:
        BundleError: They are others.
    """
    if proved.flow is None:
        raise BundleError("the case has no history of the asset to hold its deliveries to")
    candidates = finding.attribution.candidates
    listed = [replace(e, **_UNSCORED) for e in candidates]
    if listed != list_candidates(proved.flow):
        raise BundleError("the history of the asset shows other deliveries than the finding")
    sources = list_sources(proved.flow, {}, "")
    for each in candidates:
        whole = {None} if finding.attribution.against is None else set()
        if not {*each.made_from} <= {*whole, *sources[each.delivery]}:
            raise BundleError(f"the sender of {each.delivery} had no such copy to make it from")


def _verify_naming(finding: Finding, proved: Proved) -> None:
    """That the table of chances names whom the finding names.

    Raises:
        BundleError: It names others.
    """
    told = finding.attribution
    scored = [each for each in told.candidates if each.chance is not None]
    for each in told.candidates:
        if len({each.chance is None, each.pattern is None, not each.made_from}) > 1:
            raise BundleError("a delivery has a chance if and only if it was scored by a pattern")
        if each.invented_found is not None:
            _verify_invented(each, each.invented_found)
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


def _verify_invented(one: Candidate, found: int) -> None:
    """That the rows found were scored, and are no more than were invented.

    Raises:
        BundleError: They are others.
    """
    if one.chance is None or not one.invented or found > one.invented:
        raise BundleError(f"more rows were found that were invented for {one.delivery} than can be")


def _verify_weighed(finding: Finding, proved: Proved) -> None:
    """That the numbers beside the chances can be: rows that the file has, a copy that there was.

    Raises:
        BundleError: They cannot.
    """
    told = finding.attribution
    if told.rows > (finding.suspect.rows or 0):
        raise BundleError("more rows were weighed than the file has")
    is_seen = any(each.invented_found for each in told.candidates)
    if finding.named and not told.rows and not told.marks and not is_seen:
        raise BundleError("a delivery is named, and no row or mark of the file was weighed")
    copy, flow = told.against, proved.flow
    if copy is not None and flow is not None and flow.find(copy) is None:
        raise BundleError("the file was compared with the copy of no delivery of the asset")


def _verify_named(finding: Finding, proved: Proved) -> None:
    """That each named delivery was made before the act, and its marks committed to with it.

    Raises:
        BundleError: It was not.
    """
    for named, history in zip(finding.named, proved.histories, strict=True):
        candidate = find_candidate(finding, named)
        flow = read_flow((event.index, event.entry) for event in history.events)
        if history.state.subject != named.delivery or history.start is not None:
            raise BundleError(f"the case does not hold the history of {named.delivery}")
        bare = replace(candidate, **_UNSCORED, source=None)
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


def _verify_legality(finding: Finding, proved: Proved) -> None:
    """That the question was the right one, and that the finding repeats its answer.

    Raises:
        BundleError: Another question, or another answer.
    """
    asset = finding.derivation.asset
    for named, check in zip(finding.named, proved.checks, strict=True):
        candidate = find_candidate(finding, named)
        asked = ask_about(candidate, SubjectKey(str(asset)), finding.act.at)
        if check.inquiry != asked:
            raise BundleError(f"the verdict is not about the recipient of {named.delivery}")
        answer = check.answer
        told = (named.verdict, named.is_spent, named.clause)
        if told != (answer.verdict, is_spent(answer), format_clause(answer)):
            raise BundleError(f"the grants make the act {answer.verdict}, not {named.verdict}")


def _verify_dates(finding: Finding, proved: Proved) -> None:
    """That the date of the act comes from where the finding says.

    Raises:
        BundleError: It does not.
    """
    del proved
    act = finding.act
    expected = {"found": finding.custody.at, "traced": finding.made_at}.get(act.source, act.at)
    if act.at != expected:
        raise BundleError("the date of the act is not the one that the finding says it took")


def _verify_names(finding: Finding, proved: Proved) -> None:
    """That parties are called what their states call them.

    Raises:
        BundleError: One is called something else.
    """
    for named, bundle in zip(finding.names, proved.parties, strict=True):
        value = bundle.value
        state = None if value is None else parse_state_record(Party, value.state)
        if state is None or (bundle.subject, state.name) != (named.party, named.name):
            raise BundleError(f"{named.party} is not called {named.name}")


def find_candidate(finding: Finding, named: Named) -> Candidate:
    """The candidate that is named.

    Raises:
        BundleError: There is none.
    """
    try:
        return finding.find(named.delivery)
    except LookupError as exc:
        raise BundleError(f"{named.delivery} is named and no candidate") from exc


CHECKS: Final[tuple[tuple[str, str, Callable[[Finding, Proved], None]], ...]] = (
    ("asset", "it is what the finding says", _verify_asset),
    ("deliveries", "none left out, none added", verify_deliveries),
    ("naming", "follows from the table of chances", _verify_naming),
    ("weighed", "no more than the file has", _verify_weighed),
    ("named", "delivered and marked before the act", _verify_named),
    ("legality", "as the grants had it at the date of the act", _verify_legality),
    ("dates", "as the finding says where it took them", _verify_dates),
    ("names", "as the parties' states have them", _verify_names),
)
"""Name, what it shows when it holds, and the check."""
