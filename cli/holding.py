"""The voucher that an event about a pledge or a freeze has to name."""

from msgspec import UNSET, UnsetType

from contracts.title import Asset
from ledger.core.types import SubjectKey
from node.registryapi import RegistryApi


def find_live_voucher(registry: RegistryApi, asset: SubjectKey) -> str | UnsetType:
    """Number of an asset's live voucher, for the body of an event about it; unset if it has none.

    Raises:
        NotFoundError: There is no such asset.
    """
    return registry.need_state(Asset, asset).voucher or UNSET
