"""Changes: the description may become another, and nothing else does."""

import pytest

from contracts.changing import changed_fields
from contracts.forms import CHANGEABLE, INITIAL_MEMBERS, OPENABLE_MEMBERS
from contracts.intervals import current
from ledger.errors import BundleError
from tests.support.forgery import judge
from tests.support.grants import ask, issue, permit
from tests.support.holds import freeze
from tests.support.people import MS_PER_DAY
from tests.support.transfers import play
from tests.support.world import World

AFTER = {"summary": "Occupancy by the quarter of an hour", "temporal": {"start": "2026-01-01"}}


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param)


def test_what_was_opened_takes_the_place_of_what_stood_there(world):
    ann, ben, _, application, number = play(world)
    before = world.asset(application).fields
    _, second = world.later(application, "change", ann, ben, after=AFTER)
    after = world.asset(application).fields
    assert after == {**before, **AFTER}
    assert world.voucher(second).valid_until == world.voucher(number).valid_until


def test_the_new_voucher_verifies_and_the_old_one_is_superseded(solo):
    ann, ben, _, application, number = play(solo)
    before = solo.time
    filed, second = solo.later(application, "change", ann, ben, after=AFTER)
    new = judge(solo.bundle(filed, second), now=solo.time)
    assert (new.failure, new.status, new.is_in_force) == (None, "valid", True)
    fields = filed.credential["credentialSubject"]["fields"]
    assert fields["summary"] == AFTER["summary"]
    old = solo.bundle(application, number)
    assert judge(old, now=solo.time).status == "superseded"
    assert judge(old, now=solo.time, as_of=before).status == "valid"


def test_a_voucher_that_shows_the_description_before_the_change_is_found_out(solo):
    ann, ben, _, application, _ = play(solo)
    filed = solo.reviewed_later(application, "change", ann, ben, after=AFTER)
    solo._opened_fields = lambda key: dict(solo.asset(application).fields)
    second = solo.record(filed)
    with pytest.raises(BundleError, match="other members"):
        judge(solo.bundle(filed, second), now=solo.time)


# What may change


@pytest.mark.parametrize("name", CHANGEABLE)
def test_every_member_of_the_description_may_change(solo, name):
    ann, ben, _, application, _ = play(solo)
    value = {"start": "2026-01-01"} if name == "temporal" else "another"
    solo.later(application, "change", ann, ben, after={name: value})
    assert solo.asset(application).fields[name] == value


NEVER = [*sorted(set(INITIAL_MEMBERS) - set(CHANGEABLE)), "content", "content.0", "holder"]


@pytest.mark.parametrize("name", NEVER)
def test_nothing_else_may(solo, name):
    ann, ben, _, application, _ = play(solo)
    after = {"summary": "other", name: "another"}
    filed = solo.file_later(application, "change", ann, ben, after=after)
    solo.step(filed, "accept")
    assert solo.step_refused(filed, "publish", fields=filed.statutory) == "not_changeable"


def test_right_holder_rights_source_and_content_are_among_what_never_changes():
    assert {"applicants", "rights", "source", "stage", "basis", "restrictions"} <= set(NEVER)
    assert set(CHANGEABLE) <= set(OPENABLE_MEMBERS)


WRONG = {
    "nothing": {},
    "a text": "summary",
    "a list": ["summary"],
    "an empty title": {"title": ""},
    "a title that is too long": {"title": "t" * 201},
    "a summary that is too long": {"summary": "s" * 2001},
    "a summary that is no text": {"summary": 5},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_change_opens_is_a_description(solo, name):
    ann, ben, _, application, _ = play(solo)
    filed = solo.file_later(application, "change", ann, ben, after=WRONG[name])
    solo.step(filed, "accept")
    reason = solo.step_refused(filed, "publish", fields=filed.statutory)
    assert reason == (
        "not_changeable" if name in {"nothing", "a text", "a list"} else "form_length"
    )


def test_where_only_the_applicant_is_called_otherwise_the_description_stays(solo):
    ann, ben, _, application, _ = play(solo)
    before = solo.asset(application).fields
    names = {"after": {"name": "Ann and Daughters Ltd"}}
    solo.later(application, "change", ann, ben, after=None, applicants=names)
    assert solo.asset(application).fields == before
    assert solo.party(ann).name == ann.name, "a party's name is not the registration's to change"


def test_the_members_after_and_title_are_opened_and_no_other(solo):
    ann, ben, _, application, _ = play(solo)
    filed = solo.file_later(application, "change", ann, ben)
    solo.step(filed, "accept")
    less = {"title": filed.openings["title"]}
    assert solo.step_refused(filed, "publish", fields=less) == "statutory_members"
    for name in ("applicants", "before", "evidence", "agent"):
        more = {**filed.statutory, name: filed.openings[name]}
        assert solo.step_refused(filed, "publish", fields=more) == "not_openable"
    wrong = {**filed.statutory, "after": {**filed.openings["after"], "value": {"volume": "1"}}}
    assert solo.step_refused(filed, "publish", fields=wrong) == "wrong_opening"


def test_it_is_filed_under_the_title_that_stands(solo):
    ann, ben, _, application, _ = play(solo)
    filed = solo.file_later(application, "change", ann, ben, title="Another title")
    solo.step(filed, "accept")
    assert solo.step_refused(filed, "publish", fields=filed.statutory) == "wrong_title"


def test_a_change_whose_notice_was_withheld_opens_nothing(world):
    ann, ben, _, application, number = play(world)
    before = world.asset(application).fields
    filed = world.file_later(application, "change", ann, ben)
    world.step(filed, "accept")
    world.step(filed, "withhold", reason="a secret of trade")
    world.record(filed)
    assert world.asset(application).fields == before
    assert current(world.voucher(number).status) == ("superseded",)


def test_changed_fields_takes_objects_only():
    assert changed_fields({"title": "a"}, {"after": {"title": "b"}, "title": "a"}) == {"title": "b"}
    assert changed_fields({"title": "a"}, {"after": None}) == {"title": "a"}
    assert changed_fields({"title": "a"}, {}) == {"title": "a"}


# When


def test_what_has_expired_or_is_frozen_is_not_changed(world):
    ann, ben, _, application, number = play(world)
    freeze(world, application)
    assert world.file_later_refused(application, "change", ann, ben) == "frozen"
    world.time = world.voucher(number).valid_until
    assert world.file_later_refused(application, "change", ann, ben) == "frozen"


@pytest.mark.parametrize("after", [0, 1, MS_PER_DAY])
def test_an_expired_voucher_is_not_changed(world, after):
    ann, ben, _, application, number = play(world)
    world.time = world.voucher(number).valid_until + after
    assert world.file_later_refused(application, "change", ann, ben) == "expired"


@pytest.mark.parametrize("more", [-1000, 1000])
def test_the_end_of_validity_stays(solo, more):
    ann, ben, _, application, number = play(solo)
    filed = solo.reviewed_later(application, "change", ann, ben)
    until = solo.voucher(number).valid_until + more
    assert solo.record_refused(filed, valid_until=until) == "validity"
    solo.record(filed)


def test_grants_do_not_notice_a_change(solo):
    ann, ben, cy, application, _ = play(solo)
    issue(solo, application, ann, cy, permit("read"))
    solo.later(application, "change", ann, ben)
    assert ask(solo, cy, application, "read").verdict == "permitted"
