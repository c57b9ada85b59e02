"""The form: committed to wholly, opened in part, and nothing of people ever."""

import pytest

from contracts.forms import (
    INITIAL_MEMBERS,
    OPENABLE_MEMBERS,
    RESTRICTIONS_CAP,
    STATUTORY_MEMBERS,
    SUMMARY_CAP,
    TITLE_CAP,
)
from ledger.errors import MalformedError
from tests.support.people import Person

SALT = "B" * 42 + "A"


@pytest.fixture
def world(solo):
    return solo


def refuse_form(world, change):
    body = world.filing(world.draft(), world.operator)
    application = change(body["application"])
    return world.refused("registration.file", body | {"application": application}, world.operator)


def renamed(before, after):
    return lambda form: {after if name == before else name: v for name, v in form.items()}


def without(name):
    return lambda form: {each: v for each, v in form.items() if each != name}


def with_more(*names):
    return lambda form: form | dict.fromkeys(names, form["title"])


# Commitments


def test_the_three_statutory_members_may_be_opened_and_are_part_of_the_form():
    assert set(STATUTORY_MEMBERS) < set(OPENABLE_MEMBERS) < set(INITIAL_MEMBERS)


def test_what_may_name_people_is_never_opened():
    assert not {"applicants", "agent", "evidence", "rights", "prior"} & set(OPENABLE_MEMBERS)


@pytest.mark.parametrize("name", INITIAL_MEMBERS)
def test_every_member_is_committed_to(world, name):
    assert refuse_form(world, without(name)) == "form_members"
    assert refuse_form(world, renamed(name, name + "s")) == "form_members"


def test_no_other_member_is(world):
    for name in ("contact", "Title", "content", "content0", "titles"):
        assert refuse_form(world, with_more(name)) == "form_members"


CONTENT = {
    "none": without("content.0"),
    "from one": renamed("content.0", "content.1"),
    "a gap": with_more("content.2"),
    "a leading zero": with_more("content.01"),
    "a word": with_more("content.x"),
    "nothing": with_more("content."),
    "101 files": with_more(*(f"content.{n}" for n in range(101))),
}


@pytest.mark.parametrize("name", CONTENT)
def test_content_is_counted_from_zero_without_gaps(world, name):
    assert refuse_form(world, CONTENT[name]) == "content"


def test_a_hundred_files_are_one_asset(world):
    application = world.file(world.operator, files=100)
    assert len(world.asset(application).content) == 100


@pytest.mark.parametrize(
    "commitment",
    [
        {"$commit": "A" * 42},
        {"$commit": "A" * 44},
        {"$commit": "A" * 42 + "="},
        {"$commit": "A" * 43 + "\n"},
        {"$commit": "A" * 43, "value": 1},
        {"commit": "A" * 43},
        "A" * 43,
        None,
    ],
)
def test_a_commitment_is_one_digest(world, commitment):
    with pytest.raises(MalformedError):
        refuse_form(world, lambda form: form | {"title": commitment})


# Openings


@pytest.fixture
def accepted(world):
    application = world.file(world.operator, members={"industry": "G54", "agent": "Ann"})
    world.step(application, "accept")
    return application


def refuse_opening(world, application, **fields):
    fields = application.statutory | fields
    return world.step_refused(application, "publish", fields=fields)


def test_what_is_opened_is_shown_by_the_registration_and_then_by_the_asset(world, accepted):
    fields = accepted.statutory | {"industry": accepted.openings["industry"]}
    world.step(accepted, "publish", fields=fields)
    shown = {"title": "Parking 2026", "summary": "Occupancy by hour", "restrictions": "none"}
    assert world.registration(accepted).fields == shown | {"industry": "G54"}
    assert not world.asset(accepted).fields
    world.record(accepted)
    assert world.asset(accepted).fields == shown | {"industry": "G54"}


@pytest.mark.parametrize("name", STATUTORY_MEMBERS)
def test_every_statutory_member_is_opened(world, accepted, name):
    fields = {k: v for k, v in accepted.statutory.items() if k != name}
    assert world.step_refused(accepted, "publish", fields=fields) == "statutory_members"


CLOSED = sorted({*INITIAL_MEMBERS, "content.0", "contact"} - set(OPENABLE_MEMBERS))


@pytest.mark.parametrize("name", CLOSED)
def test_nothing_else_is_opened(world, accepted, name):
    opening = accepted.openings.get(name, {"salt": SALT, "value": None})
    assert refuse_opening(world, accepted, **{name: opening}) == "not_openable"


def test_an_absent_member_opens_as_null(world, accepted):
    fields = accepted.statutory | {"volume": accepted.openings["volume"]}
    world.step(accepted, "publish", fields=fields)
    assert world.registration(accepted).fields["volume"] is None


WRONG_OPENINGS = {
    "another value": lambda one: one | {"value": "Parking 2027"},
    "no value": lambda one: one | {"value": None},
    "another salt": lambda one: one | {"salt": SALT},
}


@pytest.mark.parametrize("name", WRONG_OPENINGS)
def test_an_opening_that_was_not_committed_to_is_refused(world, accepted, name):
    title = WRONG_OPENINGS[name](accepted.openings["title"])
    assert refuse_opening(world, accepted, title=title) == "wrong_opening"


def test_an_opening_of_another_member_is_refused(world, accepted):
    swapped = {"title": accepted.openings["summary"], "summary": accepted.openings["title"]}
    assert refuse_opening(world, accepted, **swapped) == "wrong_opening"


def test_a_commitment_made_for_another_filer_does_not_open(world):
    ann = world.enroll("ann")
    openings = world.draft()
    copied = world.filing(openings, world.operator)["application"]
    application = world.file(ann, application=copied)
    world.step(application, "accept")
    application.openings = openings
    assert refuse_opening(world, application) == "wrong_opening"


def test_a_salt_with_spare_bits_is_malformed(world, accepted):
    title = accepted.openings["title"] | {"salt": "B" * 43}
    with pytest.raises(MalformedError, match="spelling"):
        world.step(accepted, "publish", fields=accepted.statutory | {"title": title})


def lengths(cap):
    return [(0, False), (1, True), (cap, True), (cap + 1, False)]


@pytest.mark.parametrize(("length", "is_taken"), lengths(TITLE_CAP))
def test_a_title_has_1_to_200_characters_of_any_script(world, length, is_taken):
    check_length(world, "title", "数" * length, is_taken)


@pytest.mark.parametrize(("length", "is_taken"), lengths(SUMMARY_CAP))
def test_a_summary_has_1_to_2000_characters_of_any_script(world, length, is_taken):
    check_length(world, "summary", "据" * length, is_taken)


RESTRICTIONS = {
    "text": ("限" * RESTRICTIONS_CAP, True),
    "a longer text": ("限" * (RESTRICTIONS_CAP + 1), False),
    "members": ({"region": "区" * (RESTRICTIONS_CAP - 13)}, True),
    "longer members": ({"region": "区" * (RESTRICTIONS_CAP - 12)}, False),
    "none": (None, True),
    "an empty text": ("", True),
}


@pytest.mark.parametrize("name", RESTRICTIONS)
def test_restrictions_have_at_most_2000_characters(world, name):
    value, is_taken = RESTRICTIONS[name]
    check_length(world, "restrictions", value, is_taken)


@pytest.mark.parametrize("value", [None, 1, ["x"], {"en": "x"}])
@pytest.mark.parametrize("name", ["title", "summary"])
def test_title_and_summary_are_text(world, name, value):
    check_length(world, name, value, False)


def check_length(world, name, value, is_taken):
    application = world.file(world.operator, members={name: value})
    world.step(application, "accept")
    if not is_taken:
        assert refuse_opening(world, application) == "form_length"
        return
    world.step(application, "publish", fields=application.statutory)
    assert world.registration(application).fields[name] == value


def test_the_largest_form_goes_all_the_way(world):
    members = {"title": "数" * TITLE_CAP, "summary": "据" * SUMMARY_CAP}
    ann = world.enroll("ann")
    application = world.published(ann, files=100, members=members)
    number = world.record(application)
    world.revoke(application, number)
    assert world.voucher(number).status[-1].value == "revoked"


def test_a_natural_person_registers_without_a_name_in_the_log(world):
    ann = world.enroll("ann", kind="natural")
    world.register(ann)
    assert Person("ann", kind="natural").name != "ann"
    assert not any(b'"ann' in leaf or b"ann Ltd" in leaf for leaf in world.log.leaves)
