"""How a voucher stands now, as the registry that has its ledger can tell."""

from dataclasses import dataclass

from contracts.force import objects_at
from contracts.standing import read_pending
from contracts.title import Asset, Voucher, voucher_key
from contracts.voucher import voucher_status
from ledger.core.types import JsonObject, SubjectKey
from node.answers import StoredFacts
from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class VoucherStanding:
    """What is to be said of a voucher besides its state.

    Args:
        status: `valid`, `not-yet`, `expired`, `frozen`, `superseded`, `cancelled` or `revoked`.
        renewal: The undecided renewal that keeps it in force although it has expired; None: none.
        declared: Right tuples of holders who are named and have not signed.
        successor: Number of the live voucher that a superseded one made way for; None: none.
    """

    status: str
    renewal: SubjectKey | None
    declared: tuple[JsonObject, ...]
    successor: str | None = None


def tell_voucher(registry: RegistryApi, number: str) -> VoucherStanding:
    """How a voucher stands at the registry's clock.

    Args:
        registry: Which has it.
        number: Of the voucher, whole.

    Raises:
        NotFoundError: There is no such voucher.
    """
    now = registry.clock.now()
    voucher = registry.need_state(Voucher, voucher_key(number))
    asset = registry.need_state(Asset, voucher.asset)
    pending = read_pending(StoredFacts(registry.prover()), asset, now)
    status = voucher_status(number, voucher, asset, now, now, pending)
    is_kept = status == "valid" and now >= voucher.valid_until
    declared = objects_at(asset.declared, now) if asset.voucher == number else []
    successor = asset.voucher if status == "superseded" else None
    return VoucherStanding(status, asset.renewal if is_kept else None, tuple(declared), successor)
