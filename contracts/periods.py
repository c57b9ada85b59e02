"""How long each step of a registration may take: the only place where a deadline is computed.

Every end is the first instant that is outside. Days are those of contracts.clocks: the day on
which something happens does not count, n working days end at 24:00 of the n-th, and a day that a
pause touches is not used up.

Spec: domain, section 2; Art. 17, 24, 25 and 28.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from contracts.clocks import DAY_MS, Calendar, Pause, deadline_with_pauses
from contracts.edges import PAUSED
from contracts.profile import Clocks
from ledger.core.types import UnixMillis

if TYPE_CHECKING:
    from contracts.procedure import Registration

ENTRY_DAYS: Final = 1
"""Working days after its publication within which a notice is entered; our rule, of no profile."""
MEND_DAYS: Final = 1
"""Working days at least that an applicant has to mend what was returned; our rule too."""


@dataclass(frozen=True, slots=True)
class Periods:
    """The clocks of one profile over the published calendar.

    Args:
        clocks: Lengths in working days; 0 is no such clock.
        calendar: The published years from the one in which something began.
        offset_minutes: Of the profile's days, east of UTC.
    """

    clocks: Clocks
    calendar: Calendar
    offset_minutes: int

    def silence_end(self, filed: UnixMillis) -> UnixMillis | None:
        """From when silence means accepted: 00:00 of the working day after the last to answer on.

        Args:
            filed: When it was filed, or mended after a return.

        Returns:
            None if the profile has no such clock, or the calendar does not reach so far (Art. 17).
        """
        days = self.clocks.acceptance
        after = self._end(filed, days + 1) if days else None
        return None if after is None else UnixMillis(after - DAY_MS)

    def notice_end(self, published_at: UnixMillis) -> UnixMillis | None:
        """The first instant after a public notice.

        Args:
            published_at: When it was published in the system that it names.

        Returns:
            None if the profile has no such clock, or the calendar does not reach so far (Art. 24).
        """
        return self._end(published_at, self.clocks.notice)

    def entry_end(self, published_at: UnixMillis) -> UnixMillis | None:
        """Until when a public notice is entered on the ledger: by the end of the next working day.

        Args:
            published_at: When it was published in the system that it names.

        Returns:
            None if the calendar does not reach so far (Art. 24).
        """
        return self._end(published_at, ENTRY_DAYS)

    def objection_end(self, objected: UnixMillis) -> UnixMillis | None:
        """Until when an objection is to be investigated.

        Args:
            objected: When it was raised.

        Returns:
            None if the profile has no such clock, or the calendar does not reach so far (Art. 25).
        """
        return self._end(objected, self.clocks.objection)

    def notify_end(self, filed: UnixMillis) -> UnixMillis | None:
        """Until when the right-holders are to be told of a later objection.

        Args:
            filed: When the complete objection was filed.

        Returns:
            None if the profile has no such clock, or the calendar does not reach so far (Art. 29).
        """
        return self._end(filed, self.clocks.notify)

    def mend_end(self, returned: UnixMillis) -> UnixMillis:
        """Until when at least an application that is returned may be mended.

        Args:
            returned: When it was returned.

        Returns:
            The end of the next working day; where the calendar does not reach so far, 24 hours
            later (Art. 17).
        """
        return self._end(returned, MEND_DAYS) or UnixMillis(returned + DAY_MS)

    def completion_end(
        self, registration: "Registration", *, resumed: UnixMillis | None = None
    ) -> UnixMillis | None:
        """Until when a registration is to be recorded, counted from its acceptance.

        Days of a supplement, of the public notice and of an objection do not count; an extension
        adds its length (Art. 28). An acceptance by silence has to be in its status already.

        Args:
            registration: Its state.
            resumed: Reckon as if a clock that stands still ran again from this instant.

        Returns:
            None if the profile has no such clock, it is not accepted, the clock stands still and no
            `resumed` is given, the calendar does not reach so far, or the state is so full that its
            beginning was dropped.
        """
        days = self.clocks.completion
        marks = registration.complete_from
        accepted = next((e.start for e in registration.status if e.value == "accepted"), None)
        if not days or accepted is None or (marks is not UNSET and "status" in marks):
            return None
        days += self.clocks.extension * registration.extensions
        return self._end(accepted, days, tuple(_find_pauses(registration, resumed)))

    def _end(
        self, start: UnixMillis, days: int, pauses: tuple[Pause, ...] = ()
    ) -> UnixMillis | None:
        if days == 0:
            return None
        return deadline_with_pauses(start, days, pauses, self.calendar, self.offset_minutes)


def _find_pauses(registration: "Registration", resumed: UnixMillis | None) -> Iterator[Pause]:
    for each in registration.status:
        if each.value in PAUSED:
            yield each.start, resumed if each.end is None else each.end
    if registration.notice is not None and registration.notice_end is not None:
        published = UnixMillis(registration.notice.published_at)
        yield published, UnixMillis(registration.notice_end)
