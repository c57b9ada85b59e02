"""What `ledger/self` says: the profile, who runs the ledger, and the rules in force."""

from typing import Annotated, ClassVar

from msgspec import Meta
from typing_extensions import override

from contracts.engine import Context
from contracts.numbering import Scheme
from contracts.profile import Profile
from contracts.records import Intervals, Record, StateRecord, whole
from ledger.core.rules import Listing
from ledger.core.subjects import SELF
from ledger.core.types import DidKey, SubjectKey


class Catalogue(Record, frozen=True):
    """A registrar's entry in the national catalogue.

    Args:
        name: As published there.
        region: Two digits.
        digit: Of the registrar within its region.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    region: Annotated[str, whole("[0-9]{2}")]
    digit: Annotated[str, whole("[0-9]")]


class Ledger(StateRecord, frozen=True, kw_only=True):
    """State of `ledger/self`.

    Args:
        log: Verifier key that the log signs with now.
        log_keys: This one and those it had before, each by the event that named it.
        former: Registrars that left to a successor.
    """

    state_type: ClassVar[str] = "ledger/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("rules", "log_keys")
    kept_longest: ClassVar[tuple[str, ...]] = ("log_keys",)

    name: str
    suite: str
    catalogue: Catalogue | None
    profile: Profile
    rules: Intervals
    operator: SubjectKey
    registrar: SubjectKey
    regulator: SubjectKey
    node: DidKey
    log: str
    log_keys: Intervals
    former: tuple[SubjectKey, ...]

    @property
    def known_logs(self) -> tuple[str, ...]:
        """Verifier keys of the log, the current one last."""
        return tuple(str(each.value) for each in self.log_keys)

    @property
    def scheme(self) -> Scheme:
        """Whose certificate numbers this ledger gives out."""
        if self.catalogue is None:
            return Scheme("TEST")
        return Scheme(f"SJ{self.catalogue.region}{self.catalogue.digit}")

    @override
    def describe(self, key: SubjectKey) -> Listing:
        return Listing(self.name, "open", (self.profile.name,))


def read_ledger(context: Context) -> Ledger:
    """The ledger's own state; every event but the first may rely on it."""
    return context.need(Ledger, SELF)
