"""Chains of title from a registry: what became of an asset, a holder's rights, or a grant.

Spec: surfaces, `trace`; domain, sections 1 and 5.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from contracts.authorisations import recorded_assets
from contracts.chain import Grant, Hop, find_chain
from contracts.check import read_issues
from contracts.clocks import describe_instant
from contracts.delivery import Delivery, Send
from contracts.encumbrance import Encumbrance
from contracts.force import as_object, follow_right, objects_at
from contracts.identity import Party
from contracts.intervals import Interval, values_at
from contracts.records import Intervals, StateT, parse_record
from contracts.standing import standing_tuples, standing_voucher
from contracts.supervision import Order
from contracts.title import Asset, Voucher, source_keys, voucher_key
from ledger.core.entry import Entry
from ledger.core.subjects import derive_id
from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import NotFoundError
from node.answers import StoredFacts
from node.chainmarks import list_markers, list_marks
from node.granted import name_of, tell_status
from node.registryapi import RegistryApi
from node.render.chain import ChainStep, Detail
from node.render.chain import Party as Side

NOT_YET: Final = "not-yet"
ENDED: Final = "ended"
IN_FORCE: Final = "in-force"
_OVER: Final = frozenset(("cancelled", "lifted", "released", "revoked", "superseded"))
"""Statuses that end a voucher, a grant, a pledge or a freeze."""


class Tracer:
    """Draws chains of title out of a registry's states and histories, as of one checkpoint.

    Args:
        registry: Read only.
        time: As of when statuses are told.
    """

    def __init__(self, registry: RegistryApi, time: UnixMillis) -> None:
        self._registry = registry
        self._prover = registry.prover()
        self._facts = StoredFacts(self._prover)
        self._time = time
        self._names: dict[SubjectKey, str] = {}

    def trace_asset(self, key: SubjectKey) -> ChainStep:
        """Everything that became of an asset.

        Raises:
            NotFoundError: There is no such asset.
        """
        asset = self._need(Asset, key)
        events = self._facts.read_events(key)
        trees = _Trees(events)
        grants = {root: self._grant_tree(root, trees) for root in trees.roots}
        vouchers = [self._trace_voucher(each) for each in asset.vouchers]
        holds = [
            *(self._trace_pledge(each) for each in asset.pledges),
            *(self._trace_freeze(each) for each in asset.freezes),
        ]
        rights = self._trace_rights(key, asset, grants)
        return self._asset_step(key, asset, (*vouchers, *rights, *holds))

    def trace_grant(self, key: SubjectKey) -> ChainStep:
        """The chain from the right down to a grant, and everything below it.

        Raises:
            NotFoundError: There is no such grant.
        """
        chain = find_chain(self._facts, key)
        if not chain:
            raise NotFoundError(f"there is no {key} on this ledger")
        asset_key = chain[0].grant.asset
        asset = self._need(Asset, asset_key)
        step = self._trace_below(key)
        for hop in chain[1:]:
            step = self._grant_step(hop, (step,))
        hands = _find_hands(asset, chain[-1].grant)
        moved: tuple[ChainStep, ...] = ()
        for each in reversed(hands[1:]):
            moved = (self._right_step(asset_key, asset, each, moved),)
        if hands:
            step = self._right_step(asset_key, asset, hands[0], (step, *moved))
        return self._asset_step(asset_key, asset, (step,))

    def trace_holder(self, key: SubjectKey) -> ChainStep:
        """A party's rights and the grants that it has got.

        Raises:
            NotFoundError: There is no such party.
        """
        party = self._need(Party, key)
        events = self._facts.read_events(key)
        held = [self._trace_held(asset, key) for asset in recorded_assets(events)]
        grants = [
            self._trace_below(grant) for grant, issue in read_issues(events) if issue.grantee == key
        ]
        return ChainStep(
            subject=key,
            kind="party",
            title=self._name(key),
            status=self._at(party.status),
            index=party.status[0].index,
            time=self._opened_at(key),
            parties=(),
            details=(),
            children=self._leave_out((*held, *grants)),
        )

    def _trace_held(self, key: SubjectKey, holder: SubjectKey) -> ChainStep:
        asset = self._need(Asset, key)
        rights = tuple(
            self._right_step(key, asset, each, ())
            for each in asset.tuples
            if as_object(each).get("holder") == holder
        )
        return self._asset_step(key, asset, rights)

    def _trace_rights(
        self, key: SubjectKey, asset: Asset, grants: dict[SubjectKey, ChainStep]
    ) -> list[ChainStep]:
        """Right tuples with the grants that rest on them, then what they became by transfer.

        What rests on a tuple that the state does not hold any more stands by itself.
        """
        below: dict[int, list[ChainStep]] = defaultdict(list)
        loose: list[ChainStep] = []
        for root, step in grants.items():
            hands = _find_hands(asset, self._need(Grant, root))
            (below[asset.tuples.index(hands[0])] if hands else loose).append(step)
        tops: list[ChainStep] = []
        for place in reversed(range(len(asset.tuples))):  # a transfer comes after its source
            step = self._right_step(key, asset, asset.tuples[place], tuple(below[place]))
            source = _find_source(asset.tuples, place)
            # Those of one source are met newest first, and its grants are there already.
            at = 0 if source is None else sum(each.kind == "grant" for each in below[source])
            (tops if source is None else below[source]).insert(at, step)
        return [*tops, *loose]

    def _grant_tree(self, key: SubjectKey, trees: "_Trees") -> ChainStep:
        children = [self._trace_delivery(one) for one in trees.deliveries[key]]
        children += [self._grant_tree(one, trees) for one in trees.below[key]]
        return self._grant_step(Hop(key, self._need(Grant, key)), tuple(children))

    def _trace_below(self, key: SubjectKey) -> ChainStep:
        trees = _Trees(self._facts.read_events(key))
        children = [self._trace_delivery(one) for one in trees.deliveries[key]]
        children += [self._trace_below(child) for child in trees.below[key]]
        return self._grant_step(Hop(key, self._need(Grant, key)), tuple(children))

    def _grant_step(self, hop: Hop, children: tuple[ChainStep, ...]) -> ChainStep:
        grant = hop.grant
        return ChainStep(
            subject=hop.key,
            kind="grant",
            title=str(grant.policy.get("type", "")),
            status=tell_status(self._facts, hop.key, self._time)[0],
            index=grant.status[0].index,
            time=grant.status[0].start,
            parties=(self._side("grantor", grant.grantor), self._side("grantee", grant.grantee)),
            details=(*self._list_meters(hop), *self._list_end(_find_over(grant.status))),
            children=children,
        )

    def _list_meters(self, hop: Hop) -> tuple[Detail, ...]:
        """What was recorded under a grant; a state has but the newest counters."""
        value = self._prover.read_state(hop.key)
        if value is None or value.time > self._time:
            return ()
        return tuple((action, str(n)) for action, n in sorted(hop.grant.meters.items()))

    def _trace_delivery(self, key: SubjectKey) -> ChainStep:
        delivery = self._need(Delivery, key)
        return ChainStep(
            subject=key,
            kind="delivery",
            title="",
            status=self._at(delivery.status),
            index=delivery.status[0].index,
            time=delivery.status[0].start,
            parties=(
                self._side("sender", delivery.sender),
                self._side("recipient", delivery.recipient),
                *(self._side(role, each) for role, each in list_markers(delivery)),
            ),
            details=(("copy", delivery.copy.root), *list_marks(delivery)),
            children=(),
        )

    def _right_step(
        self, key: SubjectKey, asset: Asset, interval: Interval, children: tuple[ChainStep, ...]
    ) -> ChainStep:
        value = as_object(interval)
        holder = self._side("holder", SubjectKey(str(value["holder"])))
        before = value.get("from")
        source = [self._side("from", SubjectKey(before))] if isinstance(before, str) else []
        details = [("basis", str(value["basis"])), *(("source", s) for s in source_keys(value))]
        is_in_force = interval in standing_tuples(self._facts, asset, self._time)
        return ChainStep(
            subject=key,
            kind="transfer" if source else "right",
            title=str(value["right"]),
            status=IN_FORCE if is_in_force else self._over(interval, "expired", ENDED),
            index=interval.index,
            time=interval.start,
            parties=(*source, holder),
            details=(*details, *self._list_right_end(asset, interval)),
            children=children,
        )

    def _trace_voucher(self, interval: Interval) -> ChainStep:
        number = str(as_object(interval)["number"])
        status = self._need(Voucher, voucher_key(number)).status
        return ChainStep(
            subject=voucher_key(number),
            kind="voucher",
            title=number,
            status=self._voucher_status(number),
            index=interval.index,
            time=interval.start,
            parties=(),
            details=self._list_end(_find_over(status)),
            children=(),
        )

    def _voucher_status(self, number: str) -> str:
        voucher = self._need(Voucher, voucher_key(number))
        status = self._at(voucher.status)
        if status != "valid" or self._time < voucher.valid_until:
            return status
        asset = self._need(Asset, voucher.asset)
        is_live = standing_voucher(self._facts, asset, self._time) == number
        return status if is_live else "expired"

    def _trace_pledge(self, interval: Interval) -> ChainStep:
        key = SubjectKey(str(as_object(interval)["encumbrance"]))
        pledge = self._need(Encumbrance, key)
        sides = (self._side("pledgor", pledge.pledgor), self._side("pledgee", pledge.pledgee))
        step = self._hold_step(key, interval, pledge.status)
        status = self._over(interval, IN_FORCE, "released")
        title = ", ".join(pledge.rights)
        return replace(step, kind="pledge", title=title, status=status, parties=sides)

    def _trace_freeze(self, interval: Interval) -> ChainStep:
        key = SubjectKey(str(as_object(interval)["order"]))
        order = self._need(Order, key)
        step = self._hold_step(key, interval, order.status)
        status = self._over(interval, IN_FORCE, "lifted")
        sides = (self._side("regulator", order.regulator),)
        return replace(step, kind="freeze", status=status, parties=sides)

    def _hold_step(self, key: SubjectKey, interval: Interval, status: Intervals) -> ChainStep:
        """What a pledge and a freeze have in common."""
        return ChainStep(
            subject=key,
            kind="",
            title="",
            status="",
            index=interval.index,
            time=interval.start,
            parties=(),
            details=self._list_end(_find_over(status)),
            children=(),
        )

    def _list_right_end(self, asset: Asset, interval: Interval) -> tuple[Detail, ...]:
        """When a tuple ended, and the event that also ended or replaced its voucher."""
        if interval.end is None or interval.end > self._time:
            return ()
        for each in asset.vouchers:
            if each.end == interval.end:
                voucher = self._need(Voucher, voucher_key(str(as_object(each)["number"])))
                return self._list_end(_find_over(voucher.status))
        return (("ended", describe_instant(interval.end)),)

    def _list_end(self, over: Interval | None) -> tuple[Detail, ...]:
        """When something ended and by which event, if it has by the time asked about."""
        if over is None or over.start > self._time:
            return ()
        return (("ended", f"{describe_instant(over.start)} #{over.index}"),)

    def _asset_step(
        self, key: SubjectKey, asset: Asset, children: tuple[ChainStep, ...]
    ) -> ChainStep:
        opened = self._opened_at(key)
        return ChainStep(
            subject=key,
            kind="asset",
            title=self._name(key),
            status=NOT_YET if opened > self._time else self._asset_status(asset),
            index=None,
            time=opened,
            parties=tuple(self._side("applicant", each) for each in asset.parties),
            details=(),
            children=self._leave_out(children),
        )

    def _leave_out(self, steps: Iterable[ChainStep]) -> tuple[ChainStep, ...]:
        """The steps, at every depth, that had been taken by the time asked about."""
        return tuple(
            replace(step, children=self._leave_out(step.children))
            for step in steps
            if step.time is None or step.time <= self._time
        )

    def _asset_status(self, asset: Asset) -> str:
        if objects_at(asset.freezes, self._time):
            return "frozen"
        if standing_voucher(self._facts, asset, self._time) is not None:
            return "registered"
        had = [each for each in asset.vouchers if each.start <= self._time]
        return self._voucher_status(str(as_object(had[-1])["number"])) if had else "filed"

    def _at(self, status: Intervals) -> str:
        """What a list of statuses says of the time asked about."""
        held = values_at(status, self._time)
        return str(held[-1]) if held else NOT_YET

    def _over(self, interval: Interval, held: str, over: str) -> str:
        """One word if an interval holds at the time asked about, another if it has ended."""
        if interval.start > self._time:
            return NOT_YET
        return held if interval.holds_at(self._time) else over

    def _opened_at(self, key: SubjectKey) -> UnixMillis:
        """Ledger time of a subject's first event."""
        return self._facts.read_events(key)[0].time

    def _need(self, cls: type[StateT], key: SubjectKey) -> StateT:
        state = self._facts.find(cls, key)
        if state is None:
            raise NotFoundError(f"there is no {key} on this ledger")
        return state

    def _side(self, role: str, key: SubjectKey) -> Side:
        return role, key, self._name(key)

    def _name(self, key: SubjectKey) -> str:
        if key not in self._names:
            self._names[key] = name_of(self._registry, key)
        return self._names[key]


class _Trees:
    """The grants and deliveries that some events opened.

    Args:
        events: Of an asset, or of a grant.
    """

    def __init__(self, events: Iterable[Entry]) -> None:
        self.roots: list[SubjectKey] = []
        self.below: dict[SubjectKey, list[SubjectKey]] = defaultdict(list)
        self.deliveries: dict[SubjectKey, list[SubjectKey]] = defaultdict(list)
        events = list(events)
        for grant, issue in read_issues(events):
            siblings = self.below[issue.parent] if isinstance(issue.parent, str) else self.roots
            siblings.append(grant)
        for event in (entry.signed.event for entry in events):
            if event.kind == Send.kind:
                key = derive_id("delivery", actor=event.actor, nonce=event.nonce)
                self.deliveries[parse_record(Send, event.body).grant].append(key)


def _find_hands(asset: Asset, root: Grant) -> Sequence[Interval]:
    """The right that a grant without a parent was issued from, hand to hand."""
    return follow_right(asset, root.grantor, "operate", root.status[0].index)


def _find_over(status: Intervals) -> Interval | None:
    """The status that ended something for good; None while there is none."""
    return next((each for each in status if each.value in _OVER), None)


def _find_source(tuples: Intervals, place: int) -> int | None:
    """Place of the tuple that another came from by transfer; None: it did not, or it is gone."""
    moved = as_object(tuples[place])
    if "from" not in moved:
        return None
    for i in reversed(range(place)):
        value = as_object(tuples[i])
        if (value["holder"], value["right"]) == (moved["from"], moved["right"]):
            return i
    return None
