"""The numbers of a report, member by member.

Spec: Art. 11 and 12; docs/exports.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from contracts.encumbrance import Encumbrance
from contracts.foundation import Ledger
from contracts.identity import Party
from contracts.intervals import current
from contracts.procedure import Registration
from contracts.records import Intervals
from contracts.standing import read_pending
from contracts.supervision import Order
from contracts.title import Asset, Voucher
from ledger.core.subjects import SELF
from ledger.core.types import Json, JsonObject, UnixMillis
from node.exports.fold import FoldedStates
from node.exports.tally import EventTally, Period, RegistrationTally


def count_everything(states: FoldedStates, period: Period, events: EventTally) -> dict[str, Json]:
    """The members of a report that are counted.

    Args:
        states: After the last event of the period.
        period: Not empty, and not before the ledger was opened.
        events: Of the period.
    """
    tally = RegistrationTally(states, period, events)
    for key, registration in states.iterate(Registration):
        tally.add(key, registration)
    return {
        "ledger": _describe_ledger(states),
        "registrations": {
            "standing": _nested(tally.standing),
            "steps": _nested(tally.steps),
        },
        "durations": {
            "answer": tally.answer.describe(),
            "completion": tally.completion.describe(),
            "investigation": tally.investigation.describe(),
        },
        "late": {
            name: tally.late[name]
            for name in ("objection_open", "objection_resolved", "open", "recorded")
        },
        "decisions": {
            "objections": events.count_said("registration.resolve"),
            "later_objections": events.count_said("objection.conclude"),
            "refusals": events.count_said("registration.refuse"),
            "revocations": events.count_said("registration.revoke"),
        },
        "vouchers": _describe_vouchers(states, period, events),
        "assets": _describe_assets(states),
        "burdens": {
            "freezes": _count_status(order.status for _, order in states.iterate(Order)),
            "pledges": _count_status(each.status for _, each in states.iterate(Encumbrance)),
        },
        "parties": _describe_parties(states),
        "events": _plain(events.kinds),
    }


def _describe_ledger(states: FoldedStates) -> JsonObject:
    ledger = states.find(Ledger, SELF)
    if ledger is None:
        raise AssertionError("the first event of a log opens its ledger")
    catalogue = ledger.catalogue
    return {
        "name": ledger.name,
        "profile": ledger.profile.name,
        "registrar": ledger.registrar,
        "scheme": "TEST" if catalogue is None else f"SJ{catalogue.region}{catalogue.digit}",
    }


def _describe_vouchers(states: FoldedStates, period: Period, events: EventTally) -> JsonObject:
    standing: Counter[str] = Counter()
    expired = 0
    for _, voucher in states.iterate(Voucher):
        status = str(current(voucher.status)[-1])
        if status == "valid" and voucher.valid_until <= period.as_of:
            ended = _find_expiry(states, voucher)
            is_expired = ended is not None and ended <= period.as_of
            status = "expired" if is_expired else "renewal_pending"
            expired += is_expired and ended is not None and period.holds(ended)
        standing[status] += 1
    recorded = events.said
    return {
        "period": {
            "cancelled": recorded["registration.record", "cancelled"],
            "expired": expired,
            "issued": recorded["registration.record", "issued"],
            "revoked": events.kinds["registration.revoke"],
            "superseded": recorded["registration.record", "superseded"],
        },
        "standing": _plain(standing),
    }


def _find_expiry(states: FoldedStates, voucher: Voucher) -> UnixMillis | None:
    """When a voucher that nobody ended ran out; None: a renewal keeps it in force (Art. 36)."""
    until = UnixMillis(voucher.valid_until)
    asset = states.find(Asset, voucher.asset)
    pending = None if asset is None else read_pending(states, asset, until)
    if pending is None or not pending.holds_at(until):
        return until
    return pending.end


def _describe_assets(states: FoldedStates) -> JsonObject:
    levels: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    frozen = pledged = disputed = registered = 0
    for _, asset in states.iterate(Asset):
        frozen += bool(current(asset.freezes))
        pledged += bool(current(asset.pledges))
        disputed += bool(current(asset.disputes))
        if asset.voucher is None or asset.classification is None:
            continue
        registered += 1
        levels[asset.classification.level] += 1
        classes[asset.classification.data_class] += 1
    return {
        "by_class": _plain(classes),
        "by_level": _plain(levels),
        "disputed": disputed,
        "frozen": frozen,
        "pledged": pledged,
        "registered": registered,
    }


def _describe_parties(states: FoldedStates) -> JsonObject:
    kinds: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for _, party in states.iterate(Party):
        kinds[party.kind] += 1
        statuses[str(current(party.status)[-1])] += 1
    return {"by_kind": _plain(kinds), "by_status": _plain(statuses)}


def _count_status(lists: Iterable[Intervals]) -> JsonObject:
    return _plain(Counter(str(current(status)[-1]) for status in lists))


def _plain(counted: Mapping[str, int]) -> JsonObject:
    return {name: counted[name] for name in sorted(counted)}


def _nested(counted: Mapping[str, Counter[str]]) -> JsonObject:
    named: dict[str, Json] = {name: _plain(counted[name]) for name in sorted(counted)}
    return named
