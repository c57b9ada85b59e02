"""What terms say of an act: permitted, prohibited, or not covered.

A prohibition that surely applies wins over everything. One that may apply keeps the answer from
being `permitted`. Default is deny: what no permission surely reaches is not covered.

Spec: ODRL Information Model 2.2, sections 2.6 and 2.10; domain, section 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from contracts.odrl.constraints import (
    Known,
    Truth,
    count_limit,
    list_texts,
    list_unknown,
    truth_of,
    truth_of_all,
)
from contracts.odrl.policy import (
    Atom,
    Constraint,
    Permission,
    Policy,
    Prohibition,
    Terms,
    format_duty,
)
from contracts.odrl.vocabulary import (
    ONWARD,
    SCENE,
    Verdict,
    check_action,
    check_fact,
    is_included,
    is_reached,
)
from contracts.records import Record
from ledger.core.types import JsonObject, UnixMillis

_FAILURES: Final = {"dateTime": "outside_term", "count": "beyond_count"}


@dataclass(frozen=True, slots=True)
class Situation:
    """The act that is asked about.

    Args:
        action: An action of the profile.
        time: When, Unix milliseconds.
        facts: What is stated of the act, by left operand; what is absent is unknown.
        tally: Units recorded so far, by action. An act that is about to be recorded is counted in.
    """

    action: str
    time: UnixMillis
    facts: JsonObject
    tally: Mapping[str, int]


class CountLimit(Record, frozen=True, kw_only=True):
    """The tightest limit on the number of acts, and what is recorded of it."""

    limit: int
    used: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with its grounds.

    Args:
        verdict: By these terms alone.
        code: Stable: `permitted`, `prohibited`, `may_be_prohibited`, `unknown_facts`,
            `outside_term`, `beyond_count`, `outside_constraint`, `no_permission`.
        path: Of the rule that decided; empty if none reaches the act.
        duties: What the permission asks for in return, then what the terms oblige to in any case,
            as the document has it, without `nextPolicy`, which the rules of the ledger keep.
        unknown: Operands on which it hangs, sorted.
        failed: Constraints of the nearest permission that do not hold.
        count: Of the permission at `path`, if it has a limit.
    """

    verdict: Verdict
    code: str
    path: str = ""
    duties: tuple[JsonObject, ...] = ()
    unknown: tuple[str, ...] = ()
    failed: tuple[Constraint, ...] = ()
    count: CountLimit | None = None


def evaluate(terms: Terms, situation: Situation) -> Finding:
    """What the terms say of an act.

    The first permission that surely applies is the one named; else the first that may apply, else
    the first that reaches the act.

    Raises:
        RejectedError: Reason `unknown_term` or `malformed_fact`: the situation is not one that
            these terms can be asked about.
    """
    finding = min(list_findings(terms, situation), key=_distance)
    if finding.verdict != "permitted":
        return finding
    if terms.within is not None:
        outer = evaluate(terms.within, situation)
        if outer.verdict != "permitted":
            return outer
    obligations = tuple(format_duty(each) for each in terms.obligations)
    return replace(finding, duties=(*finding.duties, *obligations))


def list_findings(terms: Terms, situation: Situation) -> list[Finding]:
    """What each rule says of an act: the prohibition that stands in its way, else each permission.

    Returns:
        At least one finding; the permissions in the order of the document. What bounds the terms
        from outside is not looked at.

    Raises:
        RejectedError: As evaluate.
    """
    check_action(situation.action)
    facts = {name: check_fact(name, fact) for name, fact in situation.facts.items()}
    barred = _find_prohibition(terms, situation.action, Known(situation.time, facts))
    if barred is not None:
        return [barred]
    found = []
    for rule in terms.permissions:
        if reaches(rule, situation.action):
            used = sum(n for act, n in situation.tally.items() if reaches(rule, act))
            found.append(_weigh(rule, Known(situation.time, facts, used)))
    return found or [Finding("not covered", "no_permission")]


def is_within_term(policy: Policy, time: UnixMillis) -> bool:
    """Whether anything can be permitted at an instant, whatever is done and where."""
    known = Known(time, {})
    return any(
        truth_of_all(each.constraints, known) is not False for each in policy.terms.permissions
    )


def purposes_of(terms: Terms) -> frozenset[str] | None:
    """All purposes that the data may be used for.

    Permissions that only hand the data on are left out: who gets it then uses it within these.

    Returns:
        None if a permission to use it does not limit the purpose, or none is there.
    """
    return _limits_of(terms, "purpose")


def list_uses(terms: Terms) -> list[Permission]:
    """The permissions to use the data, not those that only hand it on."""
    return [
        each
        for each in terms.permissions
        if any(is_included("use", act) and act not in ONWARD for act in each.actions)
    ]


def scenes_of(terms: Terms) -> frozenset[str] | None:
    """All scenes that the data may be used in; None as for purposes_of."""
    return _limits_of(terms, SCENE)


def _limits_of(terms: Terms, operand: str) -> frozenset[str] | None:
    found = [list_texts(operand, each.constraints) for each in list_uses(terms)]
    limits = [each for each in found if each is not None]
    return frozenset().union(*limits) if limits and len(limits) == len(found) else None


def reaches(rule: Permission, act: str) -> bool:
    """Whether a permission names an act, or something that it is part of and is not onward."""
    return any(is_reached(named, act) for named in rule.actions)


def _find_prohibition(terms: Terms, action: str, known: Known) -> Finding | None:
    """The prohibition that applies, else the first that may."""
    possible: Finding | None = None
    for rule in terms.prohibitions:
        reach, truth = _is_prohibited(rule, action), truth_of_all(rule.constraints, known)
        if reach and truth:
            return Finding("prohibited", "prohibited", rule.path)
        if reach is not False and truth is not False and possible is None:
            unknown = list_unknown(rule.constraints, known)
            possible = Finding("not covered", "may_be_prohibited", rule.path, unknown=unknown)
    return possible


def _is_prohibited(rule: Prohibition, action: str) -> Truth:
    """Whether a prohibition reaches an act; unknown if it reaches only a part of it."""
    if any(is_included(named, action) for named in rule.actions):
        return True
    is_part = any(is_reached(action, named) for named in rule.actions)
    return None if is_part else False


def _distance(finding: Finding) -> int:
    """How far a finding is from `permitted`: an open condition is nearer than a failed one."""
    if finding.verdict == "permitted":
        return 0
    return 1 if finding.unknown else 2


def _weigh(rule: Permission, known: Known) -> Finding:
    failed = tuple(each for each in rule.constraints if truth_of(each, known) is False)
    limit, used = count_limit(rule.constraints), known.used or 0
    count = None
    if limit is not None:
        count = CountLimit(limit=limit, used=used, remaining=max(0, limit - used))
    if failed:
        operand = failed[0].operand if isinstance(failed[0], Atom) else ""
        code = _FAILURES.get(operand, "outside_constraint")
        return Finding("not covered", code, rule.path, failed=failed, count=count)
    unknown = list_unknown(rule.constraints, known)
    if unknown:
        return Finding("not covered", "unknown_facts", rule.path, unknown=unknown, count=count)
    duties = tuple(format_duty(each) for each in rule.duties)
    return Finding("permitted", "permitted", rule.path, duties, count=count)
