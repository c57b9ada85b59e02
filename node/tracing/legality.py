"""Whether anybody allowed it: the recipients of named deliveries before the ledger's grants.

Spec: domain, section 5; tracing, section 4.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from contracts.check import CheckBundle
from contracts.permission import Answer, Inquiry
from ledger.core.types import SubjectKey, UnixMillis
from node.answers import prove_act
from node.registryapi import Proofs
from node.tracing.deliveries import Dispatch, Flow
from node.tracing.finding import ACTION, Candidate, Clause, Named


@dataclass(frozen=True, slots=True)
class Judged:
    """A named delivery, and the proof of what its recipient was allowed."""

    named: Named
    check: CheckBundle


def ask_about(one: Dispatch | Candidate, asset: SubjectKey, at: int) -> Inquiry:
    """The question that a leak comes to: might whoever got this copy hand it on, then?"""
    recipient = one.recipient if isinstance(one, Candidate) else one.body.recipient
    return Inquiry(party=recipient, asset=asset, action=ACTION, at=at, facts={})


def format_clause(answer: Answer) -> Clause:
    """The words that an answer rests on, as a finding quotes them."""
    clause = answer.clause
    return Clause(
        code=clause.code, subject=clause.subject, path=clause.path, en=clause.en, zh=clause.zh
    )


def is_spent(answer: Answer) -> bool:
    """Whether a permission is for a number of acts, all of which are recorded by now."""
    return answer.count is not None and answer.count.remaining == 0


def choose_named(
    flow: Flow, candidates: Sequence[Candidate], threshold: int
) -> tuple[list[SubjectKey], list[SubjectKey]]:
    """The deliveries that a file came from, and those that it only came through.

    A copy that was handed on carries the marks of every hand. So a delivery is cleared where one
    further down is at or below the threshold too: that one explains all of its marks.

    Args:
        flow: Of the asset.
        candidates: Scored.
        threshold: Chance at which a delivery is named.

    Returns:
        Named and cleared deliveries, each in the order of the log.
    """
    struck = {c.delivery for c in candidates if c.chance is not None and c.chance <= threshold}
    named: list[SubjectKey] = []
    cleared: list[SubjectKey] = []
    for one in flow.dispatches:
        if one.key in struck:
            below = {each.key for each in flow.find_onward(one)}
            (cleared if below & struck else named).append(one.key)
    return named, cleared


def list_unscored(flow: Flow, one: Dispatch, scored: Set[SubjectKey]) -> tuple[SubjectKey, ...]:
    """Onward deliveries that nobody could hold against the file, as their keys were not at hand."""
    return tuple(each.key for each in flow.find_onward(one) if each.key not in scored)


def judge_named(
    prover: Proofs, flow: Flow, key: SubjectKey, scored: Set[SubjectKey], at: UnixMillis
) -> Judged:
    """What hangs below a named delivery, and whether its recipient might distribute the data.

    Args:
        prover: Of the checkpoint that everything is proved under.
        flow: Of the asset.
        key: The delivery.
        scored: Deliveries that were scored.
        at: Date of the act.

    Raises:
        LookupError: There is no such delivery.
        LimitError: The proof is more than one file holds.
    """
    one = flow.find(key)
    if one is None:
        raise LookupError(f"{key} is no delivery of the asset")
    check = prove_act(prover, ask_about(one, one.body.asset, at))
    named = Named(
        delivery=key,
        onward=tuple(each.key for each in flow.find_onward(one)),
        unscored=list_unscored(flow, one, scored),
        verdict=check.answer.verdict,
        is_spent=is_spent(check.answer),
        clause=format_clause(check.answer),
    )
    return Judged(named, check)
