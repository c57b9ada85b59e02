"""What stands on an asset besides its voucher, and what was corrected since a record."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.force import as_object, objects_at
from contracts.intervals import Interval
from contracts.notes import Correct
from contracts.records import Intervals
from contracts.standing import standing_tuples
from contracts.title import Asset
from ledger.core.types import JsonObject, LeafIndex, SubjectKey, UnixMillis
from node.answers import StoredFacts
from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that stands beside a registration now.

    Args:
        kind: `note`, `dispute`, `freeze` or `pledge`.
        value: What the asset's state says of it.
        since: From when on.
        index: Log index of the event that put it there.
    """

    kind: str
    value: JsonObject
    since: UnixMillis
    index: LeafIndex


@dataclass(frozen=True, slots=True)
class Beside:
    """What an asset carries now.

    Args:
        rights: Right tuples in force, perhaps by an undecided renewal.
        declared: Those of holders who are named and have not signed.
        marks: Notes, disputes, freezes and pledges.
    """

    rights: tuple[JsonObject, ...]
    declared: tuple[JsonObject, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A slip of the registrar, mended since the record.

    Args:
        index: Log index.
        time: When.
        members: What was corrected: `classification`, `notice`, `national`.
        reasons: In words.
    """

    index: LeafIndex
    time: UnixMillis
    members: tuple[str, ...]
    reasons: str


def read_beside(registry: RegistryApi, asset: Asset) -> Beside:
    """What an asset carries at the registry's clock.

    Args:
        registry: Which has it.
        asset: In its newest state.
    """
    now = registry.clock.now()
    rights = standing_tuples(StoredFacts(registry.prover()), asset, now)
    kept = {
        "note": asset.notes,
        "dispute": asset.disputes,
        "freeze": asset.freezes,
        "pledge": asset.pledges,
    }
    return Beside(
        rights=tuple(map(as_object, rights)),
        declared=tuple(objects_at(asset.declared, now)),
        marks=tuple(mark for kind, each in kept.items() for mark in _list_marks(kind, each)),
    )


def read_live_beside(registry: RegistryApi, key: SubjectKey, number: str | None) -> Beside | None:
    """What an asset carries now, where this voucher is its live one; else None.

    Args:
        registry: Which has it.
        key: Of the asset.
        number: Of the voucher; None: there is none.
    """
    asset = registry.need_state(Asset, key)
    return read_beside(registry, asset) if number and asset.voucher == number else None


def read_corrections(registry: RegistryApi, key: SubjectKey) -> Iterator[Correction]:
    """The corrections of a registration, oldest first; one read for each of its events."""
    for index, entry in registry.iterate_events(key):
        if entry.signed.event.kind == Correct.kind:
            body = entry.signed.event.body
            members = sorted({"classification", "notice", "national"} & body.keys())
            yield Correction(index, entry.time, tuple(members), str(body["reasons"]))


def _list_marks(kind: str, intervals: Intervals) -> Iterator[Mark]:
    for each in intervals:
        if each.end is None:
            yield Mark(kind, _as_value(each), each.start, LeafIndex(each.index))


def _as_value(interval: Interval) -> JsonObject:
    return as_object(interval) or {"key": str(interval.value)}
