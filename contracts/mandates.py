"""Agents: `party.undertake` registers a mandate, and its holder then files for who gave it.

A mandate names the agent, the types of registration that it covers, and until when; principal and
agent sign it, and the principal alone takes it back. As long as it is in force, the agent alone
files, answers and withdraws such registrations for its principal; it never signs for it anything
else. Without a registered mandate an agent may still file, but the applicants sign too.

Spec: domain, sections 2 and 4; Art. 16.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import format_instant
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import read_ledger
from contracts.identity import (
    HexDigest,
    Party,
    PartyKey,
    refuse_if_exited,
    refuse_if_recovering,
    settle_recovery,
)
from contracts.intervals import close_interval, current, open_interval
from contracts.profile import RegistrationType
from contracts.records import Record
from ledger.core.types import JsonObject, SubjectKey, UnixMillis

MAX_MANDATES = 16
"""In force at once, of one party."""


class Agent(Record, frozen=True, kw_only=True):
    """Who files for the applicants, and by what right (Art. 16).

    Args:
        party: The agent, who is the event's actor.
        mandate: Digest of the mandate, 64 hex digits.
    """

    party: PartyKey
    mandate: HexDigest


class Undertake(Body, frozen=True, kw_only=True):
    """`party.undertake`: a mandate for an agent, who signs too, or (with `end`) taken back.

    Args:
        agent: Who may file for the actor.
        mandate: Digest of the mandate.
        types: Of registration that it covers, sorted.
        until: First instant at which it is over, Unix milliseconds.
        end: It is over now; `types` and `until` are left out.
    """

    kind: ClassVar[str] = "party.undertake"

    agent: PartyKey
    mandate: HexDigest
    types: Annotated[tuple[RegistrationType, ...], Meta(min_length=1, max_length=5)] | UnsetType = (
        UNSET
    )
    until: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    end: Literal[True] | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [actor]

    @override
    def signers(self, context: Context) -> Signers:
        agents = {self.agent: 1} if self.end is UNSET else {}
        return Signers({context.actor: 1} | agents)

    @override
    def apply(self, context: Context) -> Changes:
        party = settle_recovery(context.need(Party, context.actor), context)
        return {
            context.actor: self._give(context, party)
            if self.end is UNSET
            else self._end(context, party)
        }

    def _give(self, context: Context, party: Party) -> Party:
        until = self._check_members(context)
        refuse_if_recovering(context, context.actor, party)
        _check_agent(context, self.agent)
        party = _close_those_over(party, context.time)
        in_force = _mandates(party)
        if any(self._is_named(value) for value in in_force) or len(in_force) >= MAX_MANDATES:
            refuse(
                "many_mandates",
                f"a mandate is registered once, and at most {MAX_MANDATES} are in force: end one "
                "first with end",
                f"同一授权委托书仅登记一次，同时有效的最多 {MAX_MANDATES} 份：请先终止（end）",
                "Art. 16",
            )
        given: JsonObject = {
            "agent": self.agent,
            "mandate": self.mandate,
            "types": list(self.types or ()),
            "until": until,
        }
        opened = open_interval(party.mandates, given, context.time, context.index)
        return replace(party, mandates=opened)

    def _end(self, context: Context, party: Party) -> Party:
        party = _close_those_over(party, context.time)
        named = [value for value in _mandates(party) if self._is_named(value)]
        if not named:
            refuse(
                "no_mandate",
                f"{context.actor} has no such mandate of {self.agent} in force: name agent and "
                "digest of one that is",
                f"{context.actor} 没有对 {self.agent} 的该项有效授权：请列明有效授权的代理人与摘要",
                "Art. 16",
            )
        return replace(party, mandates=close_interval(party.mandates, named[0], context.time))

    def _is_named(self, value: JsonObject) -> bool:
        return (value["agent"], value["mandate"]) == (self.agent, self.mandate)

    def _check_members(self, context: Context) -> UnixMillis:
        """Until when the mandate is given, if it says that and what it covers.

        Raises:
            RejectedError: It does not.
        """
        types = list(self.types or ())
        until = 0 if self.until is UNSET else self.until
        if not types or types != sorted(set(types)) or until <= context.time:
            refuse(
                "mandate_members",
                "a mandate says which types of registration it covers, sorted and none twice, and "
                f"until when, later than {format_instant(context.time)}",
                "授权须列明所涉登记类型（排序且不重复）与期限，期限须晚于 "
                f"{format_instant(context.time)}",
                "Art. 16",
            )
        return UnixMillis(until)


def has_mandate(
    context: Context, principal: SubjectKey, agent: SubjectKey, covers: str, digest: str = ""
) -> bool:
    """Whether an agent may act for a party in registrations of a type now.

    Args:
        context: Of the event.
        principal: Whose mandate it would be; one that is suspended, has left or has its keys
            recovered gives none.
        agent: Who acts.
        covers: Type of registration.
        digest: Of the mandate; empty: of any.
    """
    party = context.find(Party, principal)
    if party is None or not party.is_active or party.recovery is not None:
        return False
    return any(
        value["agent"] == agent
        and digest in ("", value["mandate"])
        and covers in _list(value["types"])
        and not _is_over(value, context.time)
        for value in _mandates(party)
    )


def _check_agent(context: Context, agent: SubjectKey) -> None:
    """Let a party be an agent that is there, another, and not the one who decides.

    Raises:
        RejectedError: It is not.
    """
    refuse_if_exited(agent, context.need(Party, agent))
    ledger = read_ledger(context)
    is_registrar = agent == ledger.registrar and not ledger.profile.is_solo
    if agent == context.actor or is_registrar:
        refuse(
            "own_agent",
            "an agent is another party, and never the registrar: name whoever is to file for you",
            "代理人须为其他主体，且不得为登记机构：请指明代为申请的主体",
            "Art. 10, 16",
        )


def _mandates(party: Party) -> list[JsonObject]:
    return [value for value in current(party.mandates) if isinstance(value, dict)]


def _close_those_over(party: Party, time: UnixMillis) -> Party:
    """The party with the mandates that ran out closed, each as of its own end."""
    mandates = party.mandates
    for value in _mandates(party):
        if _is_over(value, time):
            mandates = close_interval(mandates, value, UnixMillis(_until(value)))
    return replace(party, mandates=mandates)


def _is_over(value: JsonObject, time: UnixMillis) -> bool:
    return _until(value) <= time


def _until(value: JsonObject) -> int:
    until = value["until"]
    return until if isinstance(until, int) else 0


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
