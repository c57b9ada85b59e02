"""Rights that outlive their voucher: while a renewal that was filed in time is undecided.

An asset names the registration of its newest renewal. Whoever asks for the rights at an instant
after the voucher expired looks there whether it was undecided then; once it is recorded, the asset
alone says so. A renewal follows the asset: where a transfer or a change was recorded meanwhile, it
keeps the voucher of that one in force.

Spec: domain, section 2; Art. 36.
"""

from contracts.clauses import States
from contracts.edges import OPEN_STATUSES
from contracts.force import Pending, live_voucher, tuples_in_force
from contracts.intervals import Interval
from contracts.procedure import Registration
from contracts.title import Asset
from ledger.core.types import UnixMillis


def read_pending(states: States, asset: Asset, time: UnixMillis) -> Pending | None:
    """The renewal that may keep an expired voucher in force at an instant; None: there is none.

    Args:
        states: As of the newest block; the renewal is among the facts that the answer rests on.
        asset: In its newest state.
        time: The instant asked about.
    """
    if asset.renewal is None or live_voucher(asset, time) is not None:
        return None
    registration = states.find(Registration, asset.renewal)
    return None if registration is None else find_pending(registration)


def standing_voucher(states: States, asset: Asset, time: UnixMillis) -> str | None:
    """Number of the voucher that was in force at an instant, perhaps by a renewal; or None."""
    return live_voucher(asset, time, read_pending(states, asset, time))


def standing_tuples(states: States, asset: Asset, time: UnixMillis) -> list[Interval]:
    """The right tuples in force at an instant, perhaps by a renewal, with their intervals."""
    return tuples_in_force(asset, time, read_pending(states, asset, time))


def find_pending(registration: Registration) -> Pending:
    """From when to when a renewal was undecided.

    Args:
        registration: In its newest state.
    """
    newest = registration.status[-1]
    end = None if newest.value in OPEN_STATUSES else newest.start
    if newest.value == "returned" and registration.deadline is not None:
        end = UnixMillis(registration.deadline)  # not mended until then, it has lapsed
    return Pending(registration.status[0].start, end)
