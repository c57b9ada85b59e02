"""By what duties are reckoned in the tests: the desk of a world, at any time."""

from contracts.clocks import create_calendar, parse_calendar
from contracts.duties import Desk
from contracts.periods import Periods
from tests.support.people import CALENDARS


def desk(world, time=None, years=tuple(CALENDARS)):
    """The desk of a world, at its present time unless told.

    Args:
        world: Whose profile and people it has.
        time: The instant asked about.
        years: Whose calendars are published.
    """
    profile = world.profile
    calendar = create_calendar(parse_calendar(CALENDARS[year]) for year in years)
    return Desk(
        registrar=world.registrar.party,
        regulator=world.regulator.party,
        periods=Periods(profile.clocks, calendar, profile.offset_minutes),
        now=world.time if time is None else time,
    )
