"""Chains of title from a registry: what became of an asset, a holder's rights, or a grant.

Spec: surfaces, `trace`; domain, sections 1 and 5.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from contracts.chain import Grant, Hop, find_break, find_chain
from contracts.check import read_issues
from contracts.delivery import Delivery, Send
from contracts.force import objects_at
from contracts.identity import Party
from contracts.intervals import Interval, current
from contracts.queries import Query, answer_query
from contracts.recording import RecordRegistration
from contracts.records import parse_record
from contracts.title import Asset, voucher_key
from ledger.core.entry import Entry
from ledger.core.subjects import derive_id
from ledger.core.types import JsonObject, SubjectKey, UnixMillis
from ledger.errors import NotFoundError
from node.answers import StoredFacts
from node.registry import Registry
from node.render.chain import ChainStep, Detail
from node.render.chain import Party as Side

_ENDED: Final = "ended"
_IN_FORCE: Final = "in-force"


def name_of(registry: Registry, key: SubjectKey) -> str:
    """What people call a subject; its key where it has no public name."""
    listing = registry.store.read_listing(key)
    return listing.label if listing is not None and listing.label else str(key)


def status_of(registry: Registry, key: SubjectKey) -> str:
    """What became of a grant by now: `offered`, `live`, `expired`, `revoked` or `dead`.

    Raises:
        NotFoundError: There is no such grant.
    """
    return _grant_status(StoredFacts(registry.prover()), key, registry.clock.now())


def find_grants(registry: Registry, about: Sequence[SubjectKey], limit: int) -> list[SubjectKey]:
    """Grants that concern all of these assets and parties; all grants if none is named."""
    if not about:
        return list(registry.find_subjects("grant/", limit))
    facts = StoredFacts(registry.prover())
    first, *others = about
    named = [registry.search(first, kind="grant", limit=limit)]
    keys = sorted({key for found in named for key, _ in found})
    return [key for key in keys if set(others) <= _concerned(facts, key)]


def find_live_grants(registry: Registry, party: SubjectKey, asset: SubjectKey) -> list[SubjectKey]:
    """The grants of an asset that a party has got and that are alive now."""
    facts, now = StoredFacts(registry.prover()), registry.clock.now()
    issued = read_issues(facts.read_events(party))
    keys = [key for key, each in issued if (each.grantee, each.asset) == (party, asset)]
    return [key for key in keys if _grant_status(facts, key, now) == "live"]


def count_below(registry: Registry, key: SubjectKey) -> int:
    """How many grants hang below one, alive by now.

    Raises:
        TypeError: Never; the answer lists grants.
    """
    query = Query(topic="below", subject=key, at=registry.clock.now())
    answer = answer_query(StoredFacts(registry.prover()), query)
    grants = answer["grants"]
    if not isinstance(grants, list):
        raise TypeError("the answer lists grants")
    return sum(isinstance(one, dict) and one["status"] == "alive" for one in grants[1:])


class Tracer:
    """Draws chains of title out of a registry's states and histories, as of one checkpoint.

    Args:
        registry: Read only.
        time: As of when statuses are told.
    """

    def __init__(self, registry: Registry, time: UnixMillis) -> None:
        self._registry = registry
        self._facts = StoredFacts(registry.prover())
        self._time = time

    def trace_asset(self, key: SubjectKey) -> ChainStep:
        """Everything that became of an asset.

        Raises:
            NotFoundError: There is no such asset.
        """
        asset = self._need_asset(key)
        events = self._facts.read_events(key)
        deliveries = _group_deliveries(events)
        grants = read_issues(events)
        below = {
            above: [child for child, issue in grants if issue.parent == above]
            for above, _ in grants
        }
        roots = [child for child, issue in grants if not isinstance(issue.parent, str)]
        rights = self._trace_rights(asset, key, roots, below, deliveries)
        holds = [
            *(self._trace_hold(each, "pledge", "encumbrance") for each in asset.pledges),
            *(self._trace_hold(each, "freeze", "order") for each in asset.freezes),
        ]
        vouchers = [self._trace_voucher(each) for each in asset.vouchers]
        return self._asset_step(key, asset, events, (*vouchers, *rights, *holds))

    def trace_grant(self, key: SubjectKey) -> ChainStep:
        """The chain from the right down to a grant, and everything below it.

        Raises:
            NotFoundError: There is no such grant.
        """
        chain = find_chain(self._facts, key)
        if not chain:
            raise NotFoundError(f"there is no {key} on this ledger")
        asset_key = chain[0].grant.asset
        asset = self._need_asset(asset_key)
        step = self._trace_below(key)
        for hop in chain[1:]:
            step = self._grant_step(hop, (step,))
        top = chain[-1].grant
        held = [
            each
            for each in asset.tuples
            if isinstance(each.value, dict)
            and (each.value["holder"], each.value["right"]) == (top.grantor, "operate")
        ]
        right = self._right_step(asset_key, held[0], (step,)) if held else step
        return self._asset_step(asset_key, asset, self._facts.read_events(asset_key), (right,))

    def trace_holder(self, key: SubjectKey) -> ChainStep:
        """A party's rights and the grants that it has got.

        Raises:
            NotFoundError: There is no such party.
        """
        party = self._facts.find(Party, key)
        if party is None:
            raise NotFoundError(f"there is no {key} on this ledger")
        events = self._facts.read_events(key)
        assets = {
            parse_record(RecordRegistration, entry.signed.event.body).asset: None
            for entry in events
            if entry.signed.event.kind == RecordRegistration.kind
        }
        held = [self._trace_held(asset, key) for asset in assets]
        grants = [
            self._trace_below(grant) for grant, issue in read_issues(events) if issue.grantee == key
        ]
        return ChainStep(
            subject=key,
            kind="party",
            title=self._name(key),
            status=str(current(party.status)[-1]),
            index=party.status[0].index,
            time=events[0].time if events else None,
            parties=(),
            details=(),
            children=(*held, *grants),
        )

    def _trace_held(self, key: SubjectKey, holder: SubjectKey) -> ChainStep:
        asset = self._need_asset(key)
        rights = tuple(
            self._right_step(key, each, ())
            for each in asset.tuples
            if isinstance(each.value, dict) and each.value["holder"] == holder
        )
        return self._asset_step(key, asset, self._facts.read_events(key), rights)

    def _trace_rights(
        self,
        asset: Asset,
        key: SubjectKey,
        roots: Sequence[SubjectKey],
        below: Mapping[SubjectKey, Sequence[SubjectKey]],
        deliveries: Mapping[SubjectKey, Sequence[SubjectKey]],
    ) -> list[ChainStep]:
        """Right tuples, those that were transferred under those that they came from."""

        def grants_of(holder: SubjectKey) -> list[ChainStep]:
            mine = [one for one in roots if self._need_grant(one).grantor == holder]
            return [self._grant_tree(one, below, deliveries) for one in mine]

        def step(interval: Interval) -> ChainStep:
            value = _as_object(interval)
            holder, right = SubjectKey(str(value["holder"])), value["right"]
            later = [
                each
                for each in asset.tuples
                if _as_object(each).get("from") == holder
                and _as_object(each)["right"] == right
                and interval.end is not None
                and each.start >= interval.end
            ]
            children = [step(each) for each in later[:1]]
            if right == "operate":
                children = [*grants_of(holder), *children]
            return self._right_step(key, interval, tuple(children))

        return [step(each) for each in asset.tuples if "from" not in _as_object(each)]

    def _grant_tree(
        self,
        key: SubjectKey,
        below: Mapping[SubjectKey, Sequence[SubjectKey]],
        deliveries: Mapping[SubjectKey, Sequence[SubjectKey]],
    ) -> ChainStep:
        children = [self._trace_delivery(one) for one in deliveries.get(key, ())]
        children += [self._grant_tree(one, below, deliveries) for one in below.get(key, ())]
        return self._grant_step(Hop(key, self._need_grant(key)), tuple(children))

    def _trace_below(self, key: SubjectKey) -> ChainStep:
        events = self._facts.read_events(key)
        deliveries = _group_deliveries(events).get(key, [])
        children = [self._trace_delivery(one) for one in deliveries]
        children += [
            self._trace_below(child) for child, issue in read_issues(events) if issue.parent == key
        ]
        return self._grant_step(Hop(key, self._need_grant(key)), tuple(children))

    def _grant_step(self, hop: Hop, children: tuple[ChainStep, ...]) -> ChainStep:
        grant = hop.grant
        used: list[Detail] = [(action, str(n)) for action, n in sorted(grant.meters.items())]
        return ChainStep(
            subject=hop.key,
            kind="grant",
            title=str(grant.policy.get("type", "")),
            status=_grant_status(self._facts, hop.key, self._time),
            index=grant.status[0].index,
            time=grant.status[0].start,
            parties=(self._side("grantor", grant.grantor), self._side("grantee", grant.grantee)),
            details=tuple(used),
            children=children,
        )

    def _trace_delivery(self, key: SubjectKey) -> ChainStep:
        delivery = self._facts.find(Delivery, key)
        if delivery is None:
            raise NotFoundError(f"there is no {key} on this ledger")
        return ChainStep(
            subject=key,
            kind="delivery",
            title="",
            status=str(current(delivery.status)[-1]),
            index=delivery.status[0].index,
            time=delivery.status[0].start,
            parties=(
                self._side("sender", delivery.sender),
                self._side("recipient", delivery.recipient),
            ),
            details=(("copy", delivery.copy.root),),
            children=(),
        )

    def _right_step(
        self, key: SubjectKey, interval: Interval, children: tuple[ChainStep, ...]
    ) -> ChainStep:
        value = _as_object(interval)
        holder = self._side("holder", SubjectKey(str(value["holder"])))
        before = value.get("from")
        source = [self._side("from", SubjectKey(before))] if isinstance(before, str) else []
        return ChainStep(
            subject=key,
            kind="transfer" if source else "right",
            title=str(value["right"]),
            status=_IN_FORCE if interval.holds_at(self._time) else _ENDED,
            index=interval.index,
            time=interval.start,
            parties=(*source, holder),
            details=(("basis", str(value["basis"])),),
            children=children,
        )

    def _trace_voucher(self, interval: Interval) -> ChainStep:
        value = _as_object(interval)
        until = value["until"]
        is_over = isinstance(until, int) and until <= self._time
        held = "expired" if is_over else "valid"
        return ChainStep(
            subject=voucher_key(str(value["number"])),
            kind="voucher",
            title=str(value["number"]),
            status=held if interval.holds_at(self._time) else _ENDED,
            index=interval.index,
            time=interval.start,
            parties=(),
            details=(),
            children=(),
        )

    def _trace_hold(self, interval: Interval, kind: str, member: str) -> ChainStep:
        value = _as_object(interval)
        holder = value.get("holder")
        sides = (self._side("pledgor", SubjectKey(holder)),) if isinstance(holder, str) else ()
        rights = value.get("rights", [])
        named = ", ".join(map(str, rights)) if isinstance(rights, list) else ""
        return ChainStep(
            subject=SubjectKey(str(value[member])),
            kind=kind,
            title=named,
            status=_IN_FORCE if interval.holds_at(self._time) else "released",
            index=interval.index,
            time=interval.start,
            parties=sides,
            details=(),
            children=(),
        )

    def _asset_step(
        self,
        key: SubjectKey,
        asset: Asset,
        events: Sequence[Entry],
        children: tuple[ChainStep, ...],
    ) -> ChainStep:
        status = "frozen" if objects_at(asset.freezes, self._time) else "registered"
        return ChainStep(
            subject=key,
            kind="asset",
            title=self._name(key),
            status=status if asset.voucher else "filed",
            index=None,
            time=events[0].time if events else None,
            parties=tuple(self._side("applicant", each) for each in asset.parties),
            details=(),
            children=children,
        )

    def _need_asset(self, key: SubjectKey) -> Asset:
        asset = self._facts.find(Asset, key)
        if asset is None:
            raise NotFoundError(f"there is no {key} on this ledger")
        return asset

    def _need_grant(self, key: SubjectKey) -> Grant:
        grant = self._facts.find(Grant, key)
        if grant is None:
            raise NotFoundError(f"there is no {key} on this ledger")
        return grant

    def _side(self, role: str, key: SubjectKey) -> Side:
        return role, key, self._name(key)

    def _name(self, key: SubjectKey) -> str:
        return name_of(self._registry, key)


def _grant_status(facts: StoredFacts, key: SubjectKey, time: UnixMillis) -> str:
    chain = find_chain(facts, key)
    if not chain:
        raise NotFoundError(f"there is no {key} on this ledger")
    broken = find_break(facts, chain, time)
    if broken is None:
        return "live"
    if broken.subject != key:
        return "dead"
    return broken.code.removeprefix("grant_").replace("_", "-")


def _concerned(facts: StoredFacts, key: SubjectKey) -> set[SubjectKey]:
    grant = facts.find(Grant, key)
    return set() if grant is None else {grant.asset, grant.grantor, grant.grantee}


def _group_deliveries(events: Iterable[Entry]) -> dict[SubjectKey, list[SubjectKey]]:
    """The deliveries that some events opened, by the grant that they were made under."""
    found: dict[SubjectKey, list[SubjectKey]] = {}
    for entry in events:
        event = entry.signed.event
        if event.kind == Send.kind:
            key = derive_id("delivery", actor=event.actor, nonce=event.nonce)
            found.setdefault(parse_record(Send, event.body).grant, []).append(key)
    return found


def _as_object(interval: Interval) -> JsonObject:
    if not isinstance(interval.value, dict):
        raise TypeError("tuples, vouchers, pledges and freezes are objects")
    return interval.value
