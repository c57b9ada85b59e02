"""Published lists: who publishes which, whole versions one after another, and deadlines from them."""

import pytest

from contracts.lists import PublishedList, list_key
from ledger.errors import MalformedError
from tests.support.people import CALENDARS, ms
from tests.support.world import World


def listed(part="2028", version=1, content=None, name="calendar"):
    calendar = {"year": int(part), "off": [], "work": []} if part.isdigit() else {}
    return {
        "list": name,
        "part": part,
        "version": version,
        "content": calendar if content is None else content,
    }


@pytest.mark.parametrize("role", ["registrar", "regulator"])
def test_registrar_and_regulator_publish_calendars(world, role):
    actor = getattr(world, role)
    world.do("list.publish", listed(), actor)
    state = world.state(PublishedList, list_key("calendar", "2028"))
    assert (state.publisher, state.version) == (actor.party, 1)
    assert state.content == {"year": 2028, "off": [], "work": []}


def test_the_regulator_publishes_any_other_list(world):
    world.do("list.publish", listed("1", name="others", content={"a": [1]}), world.regulator)
    assert world.state(PublishedList, list_key("others", "1")).content == {"a": [1]}


@pytest.mark.parametrize("who", ["operator", "registrar", "applicant"])
def test_nobody_else_publishes_any_other_list(world, who):
    actor = world.enroll("ann") if who == "applicant" else getattr(world, who)
    assert world.refused("list.publish", listed("1", name="negative"), actor) == "wrong_role"


@pytest.mark.parametrize("who", ["operator", "applicant"])
def test_nobody_else_publishes_a_calendar(world, who):
    actor = world.enroll("ann") if who == "applicant" else getattr(world, who)
    assert world.refused("list.publish", listed(), actor) == "wrong_role"


def test_versions_follow_each_other_without_gaps(world):
    for version in (1, 3):
        body = listed("2026", version)
        assert world.refused("list.publish", body, world.registrar) == "wrong_version"
    world.publish_calendar("2026", 2)
    assert world.state(PublishedList, list_key("calendar", "2026")).version == 2
    assert world.refused("list.publish", listed("2028", 2), world.registrar) == "wrong_version"


def test_a_part_of_a_calendar_is_the_calendar_of_that_year(world):
    body = listed("2028", content={"year": 2029, "off": [], "work": []})
    assert world.refused("list.publish", body, world.registrar) == "wrong_part"


def test_a_calendar_that_is_none_is_malformed(world):
    body = listed("2028", content={"year": 2028, "off": ["2028-01-01"], "work": []})
    event = world.event("list.publish", body, world.registrar)
    with pytest.raises(MalformedError, match="Saturday"):
        world.log.builder().add(world.sign(event, world.registrar.key), world.time)


MOVED = {
    "a holiday that was": ("2026-10-01", "off", False),
    "a new holiday": ("2026-10-05", "off", True),
    "a Saturday that was worked": ("2026-10-10", "work", False),
    "a new Saturday that is worked": ("2026-10-17", "work", True),
    "yesterday": ("2026-11-02", "off", True),
}


def moved(day, member, is_new):
    content = {name: days for name, days in CALENDARS["2026"].items() if name != "year"}
    days = set(content[member]) | {day} if is_new else set(content[member]) - {day}
    return {"year": 2026, **content, member: sorted(days)}


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("role", ["registrar", "regulator"])
def test_a_new_version_of_a_calendar_leaves_the_days_that_are_over(world, name, role):
    world.time = ms("2026-11-03T00:00")
    body = listed("2026", 2, moved(*MOVED[name]))
    assert world.refused("list.publish", body, getattr(world, role)) == "past_days"


def test_a_new_version_of_a_calendar_changes_today_and_the_days_to_come(world):
    world.time = ms("2026-11-03T23:59")
    content = moved("2026-11-03", "off", is_new=True)
    content["work"] = [*content["work"], "2026-11-07"]
    world.do("list.publish", listed("2026", 2, content), world.registrar)
    assert world.state(PublishedList, list_key("calendar", "2026")).content == content


def test_a_calendar_that_comes_late_says_what_the_days_that_are_over_were():
    world = World("national-2026", is_open=False)
    world.open()
    world.publish_calendar("2026")
    assert world.state(PublishedList, list_key("calendar", "2026")).version == 1


def test_a_suspended_publisher_is_refused(world):
    body = {"party": world.registrar.party, "ground": "under inquiry"}
    world.do("party.suspend", body, world.regulator)
    assert world.refused("list.publish", listed(), world.registrar) == "suspended"


def test_a_newer_version_counts_from_then_on(world):
    ann = world.enroll("ann")
    before = world.file(ann)
    more = CALENDARS["2026"] | {"off": ["2026-10-01", "2026-10-02", "2026-11-03"]}
    world.do("list.publish", listed("2026", 2, more), world.registrar)
    after = world.file(ann)
    assert world.registration(before).deadline == ms("2026-11-06T00:00")
    assert world.registration(after).deadline == ms("2026-11-09T00:00")
