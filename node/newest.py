"""The states that files prove, and how a newer one stands to an older one of the same subject."""

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.core.bundle import STATE, StateBundle, parse_state_bundle
from ledger.core.types import Json, JsonObject
from ledger.errors import BundleError

_PROVED_MEMBERS: Final = ("state", "asset", "states", "dossiers", "proof")
"""Where the bundles of our formats hold the bundles that they prove or rest on."""


def find_states_in(value: JsonObject) -> Iterator[StateBundle]:
    """The states that a JSON file proves; what a credential or an event says is none.

    Args:
        value: Verified.
    """
    if value.get("format") == STATE:
        yield parse_state_bundle(value)
        return
    for name in _PROVED_MEMBERS:
        for member in _as_list(value.get(name)):
            if isinstance(member, dict) and "format" in member:
                yield from find_states_in(member)


def size_of(bundle: StateBundle) -> int:
    """Leaves of the log that a state is proved under."""
    return bundle.receipt.proof.index + 1


def verify_growth(old: StateBundle, new: StateBundle) -> None:
    """Check that a subject's history only grew, as far as two states of it tell.

    Args:
        old: Verified.
        new: Verified, of the same subject and of a log at least as long.

    Raises:
        BundleError: The subject vanished, or its history became another.
    """
    before, after = old.value, new.value
    if before is None:
        return
    if after is None:
        raise BundleError(f"{old.subject} is proved absent, and once was there")
    is_other = after.n == before.n and before.history != after.history
    if after.n < before.n or is_other:
        raise BundleError(f"{old.subject} has another history than before")


def _as_list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else [value]
