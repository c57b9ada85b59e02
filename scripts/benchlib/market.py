"""A registered asset with its licensees: signed grants, deliveries and usage to be measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count, pairwise

from msgspec import UNSET

from contracts.delivery import Copy, Send
from contracts.engine import Body
from contracts.grant import Issue
from contracts.odrl import PROFILE
from contracts.party import Enroll
from contracts.usage import Usage
from ledger.core.event import encode_signed_event
from ledger.core.subjects import derive_id, derive_party, format_urn
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.keys import SigningKey
from scripts.benchlib.world import Desk

HOPS = 4
"""As many grants as can stand below each other: an event has no depth for the terms of more."""
_YEAR_MS = 366 * 24 * 3600 * 1000
_FREE_LEVELS = 2
_ONWARD = ("distribute", "grantUse", "transfer")


@dataclass(frozen=True)
class Actor:
    """A party with its key."""

    party: SubjectKey
    key: SigningKey


@dataclass(frozen=True)
class Licence:
    """A grant that both sides signed."""

    giver: Actor
    taker: Actor
    key: SubjectKey


class Market:
    """Everybody who has something to do with one asset; one market in a registry.

    Args:
        desk: Of the registry.
        asset: The operator has the right to operate it.
    """

    def __init__(self, desk: Desk, asset: SubjectKey) -> None:
        self._desk, self._asset = desk, asset
        self._registry = registry = desk.registry
        self._owner = Actor(registry.ledger.operator, registry.ring.load("operator"))
        self._target = format_urn(registry.origin, asset)
        self._end = UnixMillis(registry.clock.now() + _YEAR_MS)
        self._seeds = count()

    def grant_each(self, amount: int) -> list[Licence]:
        """As many grants that rest on the right itself, each to a new party."""
        return self._grant_all(self._enroll(amount))

    def grant_again(self, amount: int) -> list[Licence]:
        """As many grants that rest on the right itself, all to one new party."""
        return self._grant_all(self._enroll(1) * amount)

    def grant_chain(self) -> list[Licence]:
        """HOPS grants below each other, from the right downwards, each to a new party."""
        issued = []
        parent = None
        hops = pairwise([self._owner, *self._enroll(HOPS)])
        for below, (giver, taker) in enumerate(hops, start=1):
            one = self._issue(giver, taker, make_terms(self._end, HOPS - below), parent)
            issued.append(one)
            parent = one[1].key
        return self._write(issued)

    def deliver(self, licences: Sequence[Licence]) -> list[bytes]:
        """A delivery under each of these grants."""
        return [self._deliver(licence) for licence in licences]

    def use(self, licence: Licence, amount: int, start: UnixMillis) -> list[bytes]:
        """As many records of use, each of one unit in one millisecond; the grant has none yet."""
        return [
            self._sign(
                Usage(
                    grant=licence.key,
                    action="use",
                    count=1,
                    total=number + 1,
                    start=start + number,
                    end=start + number + 1,
                    purpose="research",
                ),
                licence.taker,
            )
            for number in range(amount)
        ]

    def _enroll(self, amount: int) -> list[Actor]:
        actors, wires = [], []
        for _ in range(amount):
            key = SigningKey(sha256(b"bench licensee %d" % next(self._seeds)).digest())
            actor = Actor(derive_party([key.did]), key)
            body = Enroll(keys=(key.did,), party_kind="legal", name="Bench Licensee Ltd")
            actors.append(actor)
            wires.append(self._sign(body, actor))
        self._desk.write(wires)
        return actors

    def _grant_all(self, takers: Sequence[Actor]) -> list[Licence]:
        terms = make_terms(self._end, 1)
        return self._write([self._issue(self._owner, taker, terms, None) for taker in takers])

    def _write(self, issued: Sequence[tuple[bytes, Licence]]) -> list[Licence]:
        self._desk.write([wire for wire, _ in issued])
        return [licence for _, licence in issued]

    def _issue(
        self, giver: Actor, taker: Actor, terms: JsonObject, parent: SubjectKey | None
    ) -> tuple[bytes, Licence]:
        policy = {
            "type": "Agreement",
            "profile": PROFILE,
            "conflict": "prohibit",
            "target": self._target,
            "assigner": giver.party,
            "assignee": taker.party,
            **terms,
        }
        above = UNSET if parent is None else parent
        body = Issue(asset=self._asset, grantee=taker.party, policy=policy, parent=above)
        event = self._registry.build_event(giver.party, body)
        signed = self._registry.sign_event(event, [giver.key, taker.key])
        key = derive_id("grant", actor=giver.party, nonce=event.nonce)
        return encode_signed_event(signed), Licence(giver, taker, key)

    def _deliver(self, licence: Licence) -> bytes:
        copy = Copy(form="salted-blocks/1", root=sha256(licence.key.encode()).hexdigest(), count=1)
        body = Send(grant=licence.key, asset=self._asset, recipient=licence.taker.party, copy=copy)
        return self._sign(body, licence.giver)

    def _sign(self, body: Body, actor: Actor) -> bytes:
        event = self._registry.build_event(actor.party, body)
        return encode_signed_event(self._registry.sign_event(event, [actor.key]))


def make_terms(end: UnixMillis, onward: int, level: int = 0) -> JsonObject:
    """Terms as people write them: use for two purposes until a date, and so many hops onward.

    Args:
        end: First instant after the term.
        onward: How many hops may follow, each on the terms of the hop before.
        level: Next policies around these terms. From the second on an event has no depth left for
            constraints; what stands around the terms holds on.
    """
    term: list[Json] = [_compare("dateTime", "lt", end)]
    limits = [*term, _compare("purpose", "isAnyOf", ["research", "risk-control"])]
    permissions = [_permit("use", limits if level < _FREE_LEVELS else [])]
    if onward:
        permissions.append(_permit("distribute", term if level < _FREE_LEVELS else []))
    if onward > 1:
        following = {"action": "nextPolicy", "target": make_terms(end, onward - 1, level + 1)}
        permissions[-1]["duty"] = [following]
    return {
        "permission": [*permissions],
        "prohibition": [{"action": ["grantUse", "transfer"] if onward else [*_ONWARD]}],
        "obligation": [{"action": "acceptTracking"}],
    }


def _permit(action: str, constraints: list[Json]) -> JsonObject:
    return {"action": action, **({"constraint": constraints} if constraints else {})}


def _compare(operand: str, operator: str, right: Json) -> JsonObject:
    return {"leftOperand": operand, "operator": operator, "rightOperand": right}
