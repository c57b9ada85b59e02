"""Makes a finding out of what was measured and what the ledger knows, with the proofs of it.

Measuring looks at files and keys; what is here looks at the ledger alone: which deliveries there
are, who got them, what hangs below a named one, and what the grants allowed at the act's date.

Spec: tracing, sections 3 and 4; domain, section 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec.structs

from contracts.clocks import describe_instant
from contracts.identity import Party
from contracts.records import parse_state_record
from contracts.title import Asset
from ledger.core.bundle import StateBundle
from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import InputError, RejectedError
from node.issuing import read_content
from node.registryapi import Proofs, RegistryApi
from node.tracing.bounds import share_bound
from node.tracing.casefile import Evidence, prove_asset
from node.tracing.casehistory import History
from node.tracing.deliveries import Flow, list_candidates, read_flow
from node.tracing.finding import (
    FINDING,
    MAX_CANDIDATES,
    METHOD,
    WORDS,
    Act,
    Attribution,
    Candidate,
    Custody,
    Derivation,
    Finding,
    Outcome,
    PartyName,
    Place,
    SuspectFile,
    Why,
)
from node.tracing.hands import Sources
from node.tracing.legality import Judged, choose_named, judge_named

MAX_NAMES: Final = 50


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, besides the file.

    Args:
        made_at: Now, by the machine's clock.
        version: Of the program.
        viewer: Whose marking keys may be used; None: nobody's.
        signer: Who signs the case; None: nobody.
        bound: Chance of naming any innocent delivery, as a finding has it.
        custody: How the file was come by.
        act_at: Date of the act; None: not stated.
    """

    made_at: UnixMillis
    version: str
    viewer: SubjectKey | None
    bound: int
    custody: Custody = field(default_factory=Custody)
    signer: SubjectKey | None = None
    act_at: UnixMillis | None = None

    @property
    def act(self) -> Act:
        """The act that is judged: at the date stated, else when the file was found, else now."""
        if self.act_at is not None:
            return Act(at=self.act_at, source="stated")
        if self.custody.at is not None:
            return Act(at=self.custody.at, source="found")
        return Act(at=self.made_at, source="traced")


@dataclass(frozen=True, slots=True)
class Measured:
    """What files and keys say.

    Args:
        suspect: The file.
        derivation: From which asset.
        chances: Chance and pattern of each delivery that was scored.
        sources: The copies that each of them was scored as made from; None: the original.
        why: Why none was scored; empty if some were.
        rows: Rows of the file that were found in the original.
        marks: Marked cells among them.
        invented: Of deliveries for which rows were invented, how many of these are in the file.
        against: The delivery with whose copy the file was compared; None: with the original.
    """

    suspect: SuspectFile
    derivation: Derivation
    chances: Mapping[SubjectKey, tuple[int, str]] = field(default_factory=dict)
    sources: Sources = field(default_factory=dict)
    why: Why = ""
    rows: int = 0
    marks: int = 0
    invented: Mapping[SubjectKey, int] = field(default_factory=dict)
    against: SubjectKey | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """A finding with the proofs that it rests on.

    Args:
        finding: What was found.
        evidence: Its proofs; None: it is about no asset.
        fault: Why the file was not read as a table; None: it was, or nobody asked.
    """

    finding: Finding
    evidence: Evidence | None
    fault: InputError | None = None


def compose(
    registry: RegistryApi, prover: Proofs, measured: Measured, request: Request
) -> Composed:
    """The finding that measurements and ledger make together.

    Args:
        registry: Read only.
        prover: Of the checkpoint that everything is proved under.
        measured: What files and keys say.
        request: What was asked.

    Raises:
        RejectedError: A named delivery was made after the date of the act.
        LimitError: A proof is more than one file holds.
    """
    key, anchor = measured.derivation.asset, prover.anchor
    finding = Finding(
        format=FINDING,
        version=request.version,
        words=WORDS,
        made_at=request.made_at,
        log=Place(origin=registry.origin, size=anchor.size, time=anchor.time),
        viewer=request.viewer,
        signer=None,
        title=None,
        voucher=None,
        is_opened=False,
        suspect=measured.suspect,
        custody=request.custody,
        derivation=measured.derivation,
        attribution=_attribute((), measured, request, history=None, cleared=(), is_named=False),
        act=request.act,
        named=(),
        names=(),
    )
    if key is None:
        return Composed(finding, None)
    return _compose_asset(registry, prover, key, (finding, measured, request))


def _compose_asset(
    registry: RegistryApi,
    prover: Proofs,
    key: SubjectKey,
    begun: tuple[Finding, Measured, Request],
) -> Composed:
    finding, measured, request = begun
    number, title = _describe_asset(prover, key)
    is_opened = number is not None and bool(read_content(registry, key))
    size = prover.anchor.size
    flow = read_flow(each for each in registry.iterate_events(key) if each[0] < size)
    candidates = [_put_chance(each, measured) for each in list_candidates(flow)]
    is_listed = len(candidates) <= MAX_CANDIDATES
    evidence = prove_asset(registry, prover, key, number, is_opened=is_opened, is_whole=is_listed)
    threshold = share_bound(request.bound, len(measured.chances))
    named, cleared = choose_named(flow, candidates, threshold)
    scored, act_at = measured.chances.keys(), UnixMillis(finding.act.at)
    judged = [judge_named(prover, flow, each, scored, act_at) for each in named]
    _check_order(flow, judged, finding.act.at)
    attribution = _attribute(
        tuple(candidates),
        measured,
        request,
        history=evidence.history,
        cleared=tuple(cleared),
        is_named=bool(named),
    )
    first = (finding.viewer, request.signer)
    parties = _list_parties(first, candidates, [*named, *cleared])
    names, states = _name_parties(prover, parties)
    finding = msgspec.structs.replace(
        finding,
        signer=request.signer,
        title=title,
        voucher=number,
        is_opened=is_opened,
        attribution=attribution,
        named=tuple(each.named for each in judged),
        names=names,
    )
    deliveries = tuple(prover.prove_history(each) for each in named)
    checks = tuple(each.check for each in judged)
    signer = None if request.signer is None else prover.prove_state(request.signer)
    whole = replace(evidence, deliveries=deliveries, checks=checks, parties=states, signer=signer)
    return Composed(finding, whole)


def _attribute(
    candidates: tuple[Candidate, ...],
    measured: Measured,
    request: Request,
    *,
    history: History | None,
    cleared: tuple[SubjectKey, ...],
    is_named: bool,
) -> Attribution:
    scored = len(measured.chances)
    outcome: Outcome = "named" if is_named else "none" if scored else "not-scored"
    why: Why = "" if is_named else "too-weak" if scored else measured.why
    return Attribution(
        outcome=outcome,
        why=why,
        method=METHOD,
        bound=request.bound,
        threshold=share_bound(request.bound, scored),
        scored=scored,
        rows=measured.rows,
        marks=measured.marks,
        against=measured.against,
        is_whole=history is not None,
        earlier=0 if history is None else len(history.earlier),
        candidates=_limit(candidates),
        cleared=cleared,
    )


def _limit(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """As many candidates as a finding lists: those that score best, in the order of the log."""
    ranked = sorted(candidates, key=lambda each: 1 if each.chance is None else each.chance)
    kept = {each.delivery for each in ranked[:MAX_CANDIDATES]}
    return tuple(each for each in candidates if each.delivery in kept)


def _describe_asset(prover: Proofs, key: SubjectKey) -> tuple[str | None, str | None]:
    """Number of the newest voucher of an asset, and its published title."""
    value = prover.read_state(key)
    if value is None:
        return None, None
    asset = parse_state_record(Asset, value.state)
    ever = [each.value["number"] for each in asset.vouchers if isinstance(each.value, dict)]
    title = asset.fields.get("title")
    return (str(ever[-1]) if ever else None), (title if isinstance(title, str) else None)


def _put_chance(candidate: Candidate, measured: Measured) -> Candidate:
    scored = measured.chances.get(candidate.delivery)
    if scored is None:
        return candidate
    used = measured.sources[candidate.delivery]
    found = measured.invented.get(candidate.delivery)
    chance, pattern = scored
    return msgspec.structs.replace(
        candidate, chance=chance, pattern=pattern, made_from=used, invented_found=found
    )


def _check_order(flow: Flow, judged: Sequence[Judged], at: int) -> None:
    """Refuse an act before the delivery that it is said to have come from.

    Raises:
        RejectedError: Reason `act_before_delivery`.
    """
    for each in judged:
        one = flow.find(each.named.delivery)
        if one is not None and one.time > at:
            day, made = describe_instant(UnixMillis(at)), describe_instant(one.time)
            raise RejectedError(
                "act_before_delivery",
                f"the act is dated {day}, and {one.key}, from which the file came, was made on "
                f"{made}: give the right date with --act-date or --found-at",
                f"行为日期为 {day}，而文件所来自的 {one.key} 于 {made} 方才交付："
                "请用 --act-date 或 --found-at 给出正确日期",
                rule="tracing 4",
            )


def _list_parties(
    first: Sequence[SubjectKey | None], candidates: Sequence[Candidate], keys: Sequence[SubjectKey]
) -> list[SubjectKey]:
    """Parties that a report speaks of: who traced, then those of what is named or cleared first."""
    told = sorted(candidates, key=lambda each: each.delivery not in keys)
    sides = [(each.sender, each.recipient, each.marked_by) for each in told]
    found = [*first, *(party for each in sides for party in each)]
    return list(dict.fromkeys(party for party in found if party is not None))[:MAX_NAMES]


def _name_parties(
    prover: Proofs, parties: Sequence[SubjectKey]
) -> tuple[tuple[PartyName, ...], tuple[StateBundle, ...]]:
    """Public names of parties, each with the state that proves it."""
    names, states = [], []
    for key in parties:
        bundle = prover.prove_state(key)
        state = None if bundle.value is None else parse_state_record(Party, bundle.value.state)
        if state is not None and isinstance(state.name, str):
            names.append(PartyName(party=key, name=state.name))
            states.append(bundle)
    return tuple(names), tuple(states)
