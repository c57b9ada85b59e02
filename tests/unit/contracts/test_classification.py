"""Published lists: their form, what they match, and what they stop."""

import pytest

from contracts.classification import (
    LISTS,
    MAX_LISTED,
    Lists,
    find_bar,
    find_listed,
    level_of,
    list_version,
    parse_list,
    read_newest_lists,
)
from contracts.lists import PublishedList, list_key
from contracts.records import parse_record
from contracts.title import LEVEL_ORDER, Classification
from ledger.errors import LimitError, MalformedError, RejectedError
from tests.support.assessments import entry, list_body, publish_list
from tests.support.grants import (
    LogFacts,
    accept,
    accept_refused,
    grant_state,
    issue,
    issue_refused,
    registered,
    send,
    send_refused,
)
from tests.support.people import claim
from tests.support.transfers import JUDGMENT
from tests.support.world import World

KEY, OTHER = f"asset/{'a' * 26}", f"asset/{'b' * 26}"
TERMS = {"industry": "transport", "class": "enterprise", "level": "general-1", "asset": KEY}
"""What the data of these tests is, as entries name it."""


@pytest.fixture
def world(solo):
    return solo


def content(*entries):
    return {"entries": [*entries]}


def data(world, **changes):
    return parse_record(Classification, world.classification(**changes))


def lists(world):
    found = read_newest_lists(LogFacts(world.log))
    assert isinstance(found, Lists)
    return found


def bar(world, key=KEY, **changes):
    match = find_bar(lists(world), key, data(world, **changes))
    return match and match.entry.id


# The form


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_as_it_was_published(name):
    read = parse_list(name, content(entry("a", industry="I65"), entry("b", asset=KEY)))
    assert [(each.id, each.terms) for each in read] == [
        ("a", {("industry", "I65")}),
        ("b", {("asset", KEY)}),
    ]
    assert parse_list(name, content()) == ()


MANGLINGS = {
    "no object": [],
    "no entries": {},
    "another member": content() | {"part": "all"},
    "entries that are none": {"entries": {}},
    "no id": content({"reason": "x", "industry": "I65"}),
    "an empty id": content(entry("", industry="I65")),
    "a long id": content(entry("n" * 41, industry="I65")),
    "an id with a blank": content(entry("N 1", industry="I65")),
    "an id with a line end": content(entry("N-1\n", industry="I65")),
    "no reason": content({"id": "N-1", "industry": "I65"}),
    "an empty reason": content(entry(reason="", industry="I65")),
    "a long reason": content(entry(reason="x" * 201, industry="I65")),
    "nothing to match": content(entry()),
    "an unknown member": content(entry(industry="I65", region="32")),
    "an empty industry": content(entry(industry="")),
    "a long industry": content(entry(industry="x" * 81)),
    "null for a member": content(entry(industry=None)),
    "another class": content(entry(**{"class": "state"})),
    "another level": content(entry(level="general-5")),
    "something else than an asset": content(entry(asset="voucher/TEST2026110001")),
    "one id twice": content(entry(industry="I65"), entry(industry="G54")),
    "too many": content(*(entry(f"N-{n}", industry="I65") for n in range(MAX_LISTED + 1))),
}


@pytest.mark.parametrize("wrong", MANGLINGS.values(), ids=MANGLINGS.keys())
def test_a_list_of_another_form_is_not_read(wrong):
    with pytest.raises((MalformedError, LimitError)):
        parse_list("negative", wrong)


def test_a_list_has_at_most_15_kib():
    full = [entry(f"N-{n}", reason="x" * 200, industry="I65") for n in range(80)]
    parse_list("negative", content(*full[:50]))
    with pytest.raises(LimitError, match="15360"):
        parse_list("negative", content(*full))


def test_an_entry_of_the_catalogue_names_no_level():
    levelled = content(entry(level="general-4", industry="I65"))
    parse_list("negative", levelled)
    parse_list("positive", levelled)
    with pytest.raises(MalformedError, match="level"):
        parse_list("important-data", levelled)


# Publishing


@pytest.mark.parametrize("name", LISTS)
def test_the_regulator_publishes_and_versions_follow_each_other(name):
    world = World("national-2026")
    for version in (1, 2):
        time = world.time
        publish_list(world, name, entry(industry="I65"))
        state = world.state(PublishedList, list_key(name, "all"))
        assert (state.version, state.since, state.publisher) == (
            version,
            time,
            world.regulator.party,
        )
    body = list_body(world, name, version=4)
    assert world.refused("list.publish", body, world.regulator) == "wrong_version"


@pytest.mark.parametrize("name", LISTS)
def test_nobody_else_publishes(name):
    world = World("national-2026")
    body = list_body(world, name)
    for actor in (world.registrar, world.operator, world.enroll("ann")):
        assert world.refused("list.publish", body, actor) == "wrong_role"


@pytest.mark.parametrize("name", LISTS)
def test_it_has_one_part(world, name):
    body = list_body(world, name, part="2026")
    assert world.refused("list.publish", body, world.regulator) == "wrong_part"


@pytest.mark.parametrize("name", LISTS)
def test_what_has_another_form_is_not_published(world, name):
    body = list_body(world, name, content=content(entry()))
    with pytest.raises(MalformedError, match="N-1"):
        world.do("list.publish", body, world.regulator)


# Matching


@pytest.mark.parametrize("named", TERMS)
def test_what_an_entry_names_has_to_be_equal(world, named):
    publish_list(world, "negative", entry(**{named: TERMS[named]}))
    assert bar(world) == "N-1"
    others = {"industry": "I65", "class": "public", "level": "general-2"}
    changed = {} if named == "asset" else {named: others[named]}
    assert bar(world, OTHER if named == "asset" else KEY, **changed) is None


def test_an_industry_matches_whole_and_as_it_is_written(world):
    publish_list(world, "negative", entry(industry="I65"))
    assert bar(world, industry="I65") == "N-1"
    for other in ("I6", "I652", "i65", "I65 "):
        assert bar(world, industry=other) is None


def test_all_that_an_entry_names_has_to_be_equal(world):
    publish_list(world, "negative", entry(**TERMS))
    assert bar(world) == "N-1"
    assert bar(world, OTHER) is None
    for changed in ({"industry": "I65"}, {"class": "public"}, {"level": "general-2"}):
        assert bar(world, **changed) is None


def test_the_first_entry_that_matches_is_named(world):
    publish_list(
        world,
        "negative",
        entry("a", industry="I65"),
        entry("b", industry="transport"),
        entry("c", **{"class": "enterprise"}),
    )
    assert bar(world) == "b"


def test_a_new_version_replaces_the_old_one_wholly(world):
    publish_list(world, "negative", entry("a", industry="transport"))
    publish_list(world, "negative", entry("b", **{"class": "enterprise"}))
    assert bar(world) == "b"
    publish_list(world, "negative")
    assert bar(world) is None


LIFTED = {
    "the same": ({"industry": "transport"}, {"industry": "transport"}, False),
    "more": ({"industry": "transport"}, {"industry": "transport", "asset": KEY}, True),
    "all": ({"industry": "transport"}, TERMS, True),
    "something else": ({"industry": "transport"}, {"asset": KEY, "class": "enterprise"}, False),
    "less": ({"industry": "transport", "class": "enterprise"}, {"industry": "transport"}, False),
    "more, of another": ({"industry": "transport"}, {"industry": "transport", "asset": OTHER}, False),
}  # fmt: skip


@pytest.mark.parametrize(("negative", "positive", "is_lifted"), LIFTED.values(), ids=LIFTED.keys())
def test_a_positive_entry_lifts_a_negative_one_that_it_narrows(
    world, negative, positive, is_lifted
):
    publish_list(world, "negative", entry(**negative))
    publish_list(world, "positive", entry("P-1", **positive))
    assert (bar(world) is None) == is_lifted


def test_what_one_positive_entry_does_not_narrow_still_bars(world):
    publish_list(
        world, "negative", entry("a", industry="transport"), entry("b", **{"class": "enterprise"})
    )
    publish_list(world, "positive", entry("P-1", industry="transport", level="general-1"))
    assert bar(world) == "b"


@pytest.mark.parametrize("level", LEVEL_ORDER)
def test_what_the_catalogue_lists_is_important_at_least(world, level):
    publish_list(world, "important-data", entry(industry="transport"))
    found = level_of(lists(world), KEY, data(world, level=level))
    assert found == (level if level == "core" else "important")
    assert level_of(lists(world), KEY, data(world, level=level, industry="I65")) == level


def test_the_version_of_the_catalogue_is_what_a_classification_names(world):
    assert list_version(lists(world)) == "none"
    publish_list(world, "negative")
    assert list_version(lists(world)) == "none"
    for version in ("1", "2"):
        publish_list(world, "important-data")
        assert list_version(lists(world)) == version


def test_what_concerns_data_is_its_bar_and_what_makes_it_important(world):
    publish_list(world, "negative", entry("n", industry="transport"))
    publish_list(world, "important-data", entry("c", industry="transport"))
    found = find_listed(lists(world), KEY, data(world))
    assert [(each.list, each.version, each.entry.id) for each in found] == [
        ("negative", 1, "n"),
        ("important-data", 1, "c"),
    ]
    stated = find_listed(lists(world), KEY, data(world, level="important"))
    assert [each.list for each in stated] == ["negative"]
    assert find_listed(lists(world), KEY, data(world, industry="I65")) == ()


# What is recorded


def outcome(world, person, **changes):
    application = world.published(person)
    classification = world.classification(**changes)
    try:
        world.record(application, [claim(person)], classification=classification)
    except RejectedError as exc:
        return exc.reason
    return "recorded"


def test_data_on_the_negative_list_is_not_recorded(world, people):
    publish_list(world, "negative", entry(industry="transport"))
    assert outcome(world, people[0]) == "negative_list"
    assert outcome(world, people[0], industry="I65") == "recorded"
    publish_list(world, "positive", entry("P-1", industry="transport", level="general-1"))
    assert outcome(world, people[0]) == "recorded"
    assert outcome(world, people[0], level="general-2") == "negative_list"


def test_the_refusal_names_the_entry_and_the_version(world, people):
    publish_list(world, "negative")
    publish_list(world, "negative", entry("N-7.b", industry="transport"))
    application = world.published(people[0])
    body = world.record_body(application)
    event = world.event("registration.record", body, world.registrar)
    signed = world.sign(event, *world.officers)
    assert world.refuse(signed) == "negative_list"
    with pytest.raises(RejectedError) as caught:
        world.write(signed)
    assert "version 2, entry N-7.b" in caught.value.en
    assert "第 2 版条目 N-7.b" in caught.value.zh
    assert application.asset in caught.value.en
    assert caught.value.rule == "list/negative:all; domain 2"


def test_a_classification_names_the_catalogue_it_was_held_against(world, people):
    for wrong in ("", "1", "2026"):
        assert outcome(world, people[0], list_version=wrong) == "list_version"
    assert outcome(world, people[0]) == "recorded"
    publish_list(world, "important-data")
    for wrong in ("none", "0", "2", "01"):
        assert outcome(world, people[0], list_version=wrong) == "list_version"
    assert outcome(world, people[0], list_version="1") == "recorded"


def test_what_the_catalogue_lists_is_recorded_as_important_alone(world, people):
    publish_list(world, "important-data", entry("C-1", industry="transport"))
    for level in LEVEL_ORDER[:4]:
        assert outcome(world, people[0], list_version="1", level=level) == "catalogue_level"
    assert outcome(world, people[0], list_version="1", level="important") == "recorded"
    assert outcome(world, people[0], list_version="1", industry="I65") == "recorded"


def test_what_is_recorded_stays_when_a_list_changes(world, people):
    asset = registered(world, people[0])
    before = world.asset(asset)
    publish_list(world, "negative", entry(asset=asset.asset))
    publish_list(world, "important-data", entry(asset=asset.asset))
    assert world.asset(asset) == before
    assert world.transfer(asset, (people[0], people[1], "hold"), ground=JUDGMENT)


# What is licensed and delivered


def test_data_on_the_negative_list_is_not_licensed(world, people, asset):
    offered = issue(world, asset, *people[:2], kind="Offer")
    live = issue(world, asset, people[0], people[2])
    publish_list(world, "negative", entry(asset=asset.asset))
    assert issue_refused(world, asset, *people[:2]) == "negative_list"
    assert accept_refused(world, offered, people[1]) == "negative_list"
    assert grant_state(world, live).status[-1].value == "live"
    publish_list(world, "negative")
    accept(world, offered, people[1])
    issue(world, asset, *people[:2])


def test_data_on_the_negative_list_is_not_delivered(world, people, asset):
    grant = issue(world, asset, *people[:2])
    publish_list(world, "negative", entry(asset=asset.asset))
    assert send_refused(world, grant, people[0]) == "negative_list"
    publish_list(world, "positive", entry("P-1", asset=asset.asset, **{"class": "enterprise"}))
    assert send(world, grant, people[0])


def test_a_list_of_other_data_stops_nothing(world, people, asset):
    publish_list(world, "negative", entry(industry="I65"), entry("N-2", asset=OTHER))
    grant = issue(world, asset, *people[:2])
    assert send(world, grant, people[0])


def test_what_the_catalogue_lists_later_is_delivered_under_a_filing(world, people, asset):
    grant = issue(world, asset, *people[:2])
    send(world, grant, people[0])
    publish_list(world, "important-data", entry(asset=asset.asset))
    assert send_refused(world, grant, people[0]) == "important_filing"
