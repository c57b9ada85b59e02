"""What published lists say of the data in a registry: at filing, and again when a list changes.

A list changes nothing by itself. A scan says which registered data it concerns now, and which live
grants hang on that data, for the regulator and the grantors to act on.

Spec: domain, sections 2 and 7.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contracts.classification import (
    Lists,
    Match,
    find_listed,
    list_version,
    read_newest_lists,
)
from contracts.title import Asset, Classification
from ledger.core.types import SubjectKey
from node.answers import StoredFacts
from node.granted import find_grants, tell_status
from node.registryapi import RegistryApi

MAX_SCANNED: Final = 1_000_000
NO_ASSET: Final = SubjectKey("asset/" + "a" * 26)
"""Of data that is only being filed: no entry can name it yet."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Registered data that an entry of a list concerns.

    Args:
        asset: Which.
        registration: The newest one that was recorded.
        voucher: Its live voucher.
        title: As published; empty if it was not.
        match: The entry.
        grants: Live grants of it, the newest first.
    """

    asset: SubjectKey
    registration: SubjectKey
    voucher: str
    title: str
    match: Match
    grants: tuple[SubjectKey, ...]


def read_lists_now(registry: RegistryApi) -> Lists:
    """The newest version of each list."""
    return read_newest_lists(StoredFacts(registry.prover()))


def read_list_version(registry: RegistryApi) -> str:
    """What a classification names in `list_version` now."""
    return list_version(read_lists_now(registry))


def find_warnings(registry: RegistryApi, stated: Classification) -> Sequence[Match]:
    """Which entries would stand against data at its record, by what its form says.

    Args:
        registry: Of the ledger.
        stated: As the form has it.
    """
    return find_listed(read_lists_now(registry), NO_ASSET, stated)


def scan_lists(registry: RegistryApi, names: Iterable[str] = ()) -> list[Finding]:
    """All data with a live voucher that an entry of the lists concerns now.

    Args:
        registry: Read only.
        names: Of the lists; all of them if there is none.

    Returns:
        In the order of the assets' keys.
    """
    lists, wanted = read_lists_now(registry), set(names)
    found: list[Finding] = []
    for key in registry.find_subjects("asset/", MAX_SCANNED):
        asset = registry.need_state(Asset, key)
        if asset.voucher is None or asset.classification is None:
            continue
        title = str(asset.fields.get("title", ""))
        found += [
            Finding(key, asset.registration, asset.voucher, title, match, ())
            for match in find_listed(lists, key, asset.classification)
            if not wanted or match.list in wanted
        ]
    return [replace(each, grants=_live_grants(registry, each.asset)) for each in found]


def _live_grants(registry: RegistryApi, asset: SubjectKey) -> tuple[SubjectKey, ...]:
    facts, now = StoredFacts(registry.prover()), registry.clock.now()
    return tuple(
        key
        for key, _ in find_grants(registry, [asset])
        if tell_status(facts, key, now)[0] == "live"
    )
