"""The chain of grants from one grant up to the right it rests on, and whether it is alive.

A grant is alive at an instant while it is live itself, its terms have not run out, everything above
it is alive, and the `operate` right at the top is in force; of public data, while also everybody in
it is admitted (contracts.publicdata). Nothing below what ended needs an event of its own to end.

Spec: domain, sections 4 and 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, NoReturn

from typing_extensions import override

from contracts.clauses import Clause as Clause
from contracts.clauses import States as States
from contracts.clauses import fill_clause
from contracts.engine import refuse
from contracts.force import Pending, as_object, follow_right, is_known, tuples_in_force
from contracts.intervals import Interval, current, values_at
from contracts.odrl import Policy, is_within_term, parse_policy
from contracts.odrl.policy import list_atoms
from contracts.publicdata import find_root_break, find_tier_break, is_public
from contracts.records import AnyObject, Intervals, StateRecord, whole
from contracts.standing import read_pending
from contracts.title import Asset
from ledger.core.rules import Listing
from ledger.core.types import SubjectKey, UnixMillis

MAX_GRANT_DEPTH: Final = 8
UNKNOWN: Final = frozenset({"unknown_chain", "unknown_then"})
"""Codes of clauses that say that it cannot be told, not that it was not so."""
GrantKey = Annotated[SubjectKey, whole("grant/[a-z2-7]{26}")]


class Grant(StateRecord, frozen=True, kw_only=True):
    """State of `grant/<id>`.

    Args:
        grantor: Who gave it.
        grantee: Who may.
        asset: What is licensed.
        parent: The grantor's own grant; None: it rests on his right to operate.
        via: Clause of the parent's policy that allows it, such as `permission/1`.
        depth: 1 = directly under a right.
        policy: As issued.
        status: Intervals of `offered`, `live`, `revoked`.
        meters: Units recorded so far, by ODRL action; onward grants count as `distribute` or
            `grantUse`.
        periods: End of the newest recorded period of usage, by action, Unix milliseconds.
    """

    state_type: ClassVar[str] = "grant/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status",)

    grantor: SubjectKey
    grantee: SubjectKey
    asset: SubjectKey
    parent: SubjectKey | None
    via: str | None
    depth: int
    policy: AnyObject
    status: Intervals
    meters: Mapping[str, int]
    periods: Mapping[str, int]

    @override
    def describe(self, key: SubjectKey) -> Listing:
        terms = (self.asset, self.grantor, self.grantee, *([self.parent] if self.parent else []))
        return Listing(str(self.policy.get("type")), str(current(self.status)[-1]), terms)


@dataclass(frozen=True, slots=True)
class Hop:
    """One grant of a chain."""

    key: SubjectKey
    grant: Grant


def find_chain(states: States, key: SubjectKey) -> Sequence[Hop]:
    """The grant and everything above it, the grant first; at most MAX_GRANT_DEPTH."""
    chain: list[Hop] = []
    above: SubjectKey | None = key
    while above is not None and len(chain) < MAX_GRANT_DEPTH:
        grant = states.find(Grant, above)
        if grant is None:
            break
        chain.append(Hop(above, grant))
        above = grant.parent
    return chain


def find_break(
    states: States, chain: Sequence[Hop], time: UnixMillis, *, is_offer: bool = False
) -> Clause | None:
    """Why a chain is not alive at an instant, seen from the right downwards; None: it is.

    Args:
        states: As of the newest block.
        chain: From find_chain, not empty.
        time: The instant asked about.
        is_offer: The lowest grant is still an offer, and that is as it should be; its term may be
            still to come.
    """
    top = chain[-1].grant
    asset = states.find(Asset, top.asset)
    if top.parent is not None or asset is None:
        return _clause("unknown_chain", chain[-1].key, "parent")
    broken = _find_root_break(states, asset, top, time)
    for hop in reversed(chain):
        if broken is not None:
            break
        broken = _find_end(hop, time, is_offer=is_offer and hop is chain[0])
        if broken is None and is_public(asset):
            issued, depth = hop.grant.status[0].index, hop.grant.depth
            broken = find_tier_break(states, hop.grant.grantee, depth, issued, time)
    return broken


def find_root(
    asset: Asset, top: Grant, time: UnixMillis, pending: Pending | None = None
) -> Interval | None:
    """The tuple in force at an instant that a grant without a parent rests on.

    Args:
        asset: Of the grant.
        top: Rests on a right to operate: the grantor's, or that of who took it over since.
        time: The instant asked about.
        pending: The renewal that may keep the asset's voucher in force.
    """
    in_force = tuples_in_force(asset, time, pending)
    return next((each for each in _follow_root(asset, top) if each in in_force), None)


def find_grantor(states: States, grant: Grant) -> SubjectKey:
    """Who stands in the grantor's place now: he himself, or who took the right behind it over.

    Args:
        states: As of the newest block.
        grant: With a parent it stays the grantor's own, since grants are not transferred.
    """
    asset = states.find(Asset, grant.asset) if grant.parent is None else None
    hands = [] if asset is None else _follow_root(asset, grant)
    return SubjectKey(str(as_object(hands[-1])["holder"])) if hands else grant.grantor


def list_turns(policy: Policy) -> list[UnixMillis]:
    """The instants at which what a policy permits or prohibits may change, sorted."""
    constraints = [
        *(rule.constraints for rule in policy.terms.permissions),
        *(rule.constraints for rule in policy.terms.prohibitions),
    ]
    numbers = {
        atom.number
        for each in constraints
        for atom in list_atoms(each)
        if atom.operand == "dateTime"
    }
    return sorted({UnixMillis(number + after) for number in numbers for after in (0, 1)})


def need_live_chain(
    states: States, key: SubjectKey, time: UnixMillis, *, is_offer: bool = False
) -> Sequence[Hop]:
    """The chain of a grant that is alive.

    Raises:
        RejectedError: It is not, or there is no such grant; says which hop ended it.
    """
    chain = find_chain(states, key)
    if not chain:
        refuse(
            "unknown_subject",
            f"there is no {key} on this ledger",
            f"本账本上没有 {key}",
            "formats 2",
        )
    broken = find_break(states, chain, time, is_offer=is_offer)
    if broken is not None:
        refuse_clause(broken)
    return chain


def refuse_clause(clause: Clause) -> NoReturn:
    """Refuse the event with the words of a clause.

    Raises:
        RejectedError: Always.
    """
    place = f"{clause.subject} {clause.path}".rstrip()
    refuse(clause.code, clause.en, clause.zh, f"{place}; domain 5")


def _find_root_break(states: States, asset: Asset, top: Grant, time: UnixMillis) -> Clause | None:
    if not all(is_known(asset, name, time) for name in ("tuples", "vouchers")):
        return _clause("unknown_then", top.asset, "tuples")
    if not _follow_root(asset, top):
        return _clause("unknown_then", top.asset, "tuples")
    root = find_root(asset, top, time, read_pending(states, asset, time))
    if root is None:
        return _clause("no_operate_right", top.asset, "tuples")
    if not is_public(asset):
        return None
    return find_root_break(states, SubjectKey(str(as_object(root)["holder"])), time)


def _find_end(hop: Hop, time: UnixMillis, *, is_offer: bool) -> Clause | None:
    if not is_known(hop.grant, "status", time):
        return _clause("unknown_then", hop.key, "status")
    held = values_at(hop.grant.status, time)
    if ("offered" if is_offer else "live") not in held:
        return _clause(f"grant_{held[-1]}" if held else "grant_not_yet", hop.key, "status")
    policy = parse_policy(hop.grant.policy)
    if is_within_term(policy, time):
        return None
    later = [turn for turn in list_turns(policy) if turn > time]
    if not any(is_within_term(policy, turn) for turn in later):
        return _clause("grant_expired", hop.key, "policy")
    return None if is_offer else _clause("grant_not_begun", hop.key, "policy")


def _follow_root(asset: Asset, top: Grant) -> Sequence[Interval]:
    """The right that a grant was issued from, hand to hand; empty if the list lacks it."""
    return follow_right(asset, top.grantor, "operate", top.status[0].index)


_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "unknown_chain": (
        "{0} rests on something that is not known here: show the whole chain",
        "{0} 所依据的上级授权未知：请出示完整授权链",
    ),
    "unknown_then": (
        "the state of {0} does not reach back so far: ask its dossier",
        "{0} 的状态未保留至该日期：请查阅其完整历史（dossier）",
    ),
    "no_operate_right": (
        "the right to operate {0} that the chain rests on was not in force: register or renew it",
        "授权链所依据的 {0} 经营权当时不在有效状态：请先登记或续期",
    ),
    "grant_offered": (
        "{0} was an offer that nobody had accepted: the grantee accepts it first",
        "{0} 当时仍是未被接受的要约：须先由被授权方接受",
    ),
    "grant_live": (
        "{0} was live already",
        "{0} 当时已生效",
    ),
    "grant_revoked": (
        "{0} had been revoked: ask its grantor for a new one",
        "{0} 当时已被撤回：请向授权方重新取得授权",
    ),
    "grant_not_yet": (
        "{0} had not been issued yet",
        "{0} 当时尚未授予",
    ),
    "grant_not_begun": (
        "the term of {0} had not begun, or was interrupted: wait for the date that it names",
        "{0} 的期限当时尚未开始或处于间断：请待其所定日期",
    ),
    "grant_expired": (
        "the term of {0} was over: ask its grantor for a new one",
        "{0} 的期限当时已届满：请向授权方重新取得授权",
    ),
}


def _clause(code: str, subject: SubjectKey, path: str) -> Clause:
    return fill_clause(_SENTENCES, code, subject, path)
