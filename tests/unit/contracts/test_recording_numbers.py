"""Numbers and validity: the next of the month, whole seconds, and whose word completes."""

import pytest

from contracts.clocks import end_of_validity
from contracts.series import Series
from ledger.core.state import State
from ledger.errors import LimitError, MalformedError, RejectedError
from tests.support.people import MS_PER_DAY, Person, claim, ms
from tests.support.world import World


def with_states(world, states):
    """The log as if it had other states; they are seen by the rules alone."""
    view, builder = {**world.all_states(), **states}, world.log.builder()
    builder.read = view.get
    world.log.builder = lambda: builder


# Numbers (annex 6)


def test_numbers_run_without_gaps_and_refused_ones_are_not_used_up(world):
    numbers = []
    for n in range(3):
        application = world.published(world.enroll(f"p{n}"))
        assert world.record_refused(application, rights=[claim(Person("x"))]) == "declared_holder"
        numbers.append(world.record(application))
    assert numbers == ["SJ3212026110001", "SJ3212026110002", "SJ3212026110003"]


def test_a_record_with_another_number_is_told_the_next(solo):
    first, second = solo.published(solo.operator), solo.published(solo.operator)
    body = solo.record_body(second)
    assert solo.record(first) == body["number"] == "TEST2026110001"
    event = solo.event("registration.record", body, solo.registrar)
    signed = solo.sign(event, solo.registrar.key)
    assert solo.refuse(signed) == "series_moved"
    with pytest.raises(RejectedError, match="TEST2026110002"):
        solo.write(signed)
    assert solo.record(second) == "TEST2026110002"


@pytest.mark.parametrize(
    "number", ["TEST2026110003", "TEST2026110001", "TEST2026100002", "TEST2027110002"]
)
def test_only_the_next_number_is_taken(solo, number):
    solo.register(solo.operator)
    application = solo.published(solo.operator)
    assert solo.record_refused(application, number=number) == "series_moved"


def test_numbers_of_another_scheme_are_not_the_next(solo, world):
    application = solo.published(solo.operator)
    assert solo.record_refused(application, number="SJ3212026110001") == "series_moved"
    application = world.published(world.enroll("ann"))
    for number in ("TEST2026110001", "SJ3222026110001", "SJ3312026110001"):
        assert world.record_refused(application, number=number) == "series_moved"


def test_the_month_turns_at_midnight_in_china(solo):
    applications = [solo.published(solo.operator) for _ in range(4)]
    numbers = []
    for text in (
        "2026-11-30T15:59:58.999Z",
        "2026-11-30T15:59:59.999Z",
        "2026-11-30T16:00:00.999Z",
        "2026-12-31T16:00:00.999Z",
    ):
        solo.time = ms(text)
        numbers.append(solo.record(applications.pop()))
    assert numbers == ["TEST2026110001", "TEST2026110002", "TEST2026120001", "TEST2027010001"]
    assert solo.state(Series, "series/TEST202611").last == 2


def test_a_credential_signed_before_the_month_turned_is_signed_again(solo):
    application = solo.published(solo.operator)
    solo.time = ms("2026-11-30T23:59:59.000")
    body = solo.record_body(application)
    solo.time = ms("2026-12-01T00:00:00.000")
    event = solo.event("registration.record", body, solo.registrar)
    assert solo.refuse(solo.sign(event, solo.registrar.key)) == "series_moved"
    assert solo.record(application) == "TEST2026120001"


def test_the_ten_thousandth_of_a_month_is_refused(solo, monkeypatch):
    application = solo.published(solo.operator)
    body = solo.record_body(application, number="TEST2026119999")
    monkeypatch.setattr(solo, "_check_next_block", lambda builder: None)
    with_states(solo, {"series/TEST202611": State("series/1", {"last": 9_999})})
    assert solo.refused("registration.record", body, solo.registrar) == "series_full"


@pytest.mark.parametrize("number", ["TEST2026130001", "TEST2026110000", "TEST1926110001"])
def test_what_is_no_number_is_refused(solo, number):
    application = solo.published(solo.operator)
    body = solo.record_body(application) | {"number": number}
    subjects = [application.registration]
    event = solo.event("registration.record", body, solo.registrar, subjects=subjects)
    assert solo.refuse(solo.sign(event, solo.registrar.key)) == "number"


@pytest.mark.parametrize("number", ["TEST2026110001\n", "test2026110001", "TEST202611001", ""])
def test_what_has_not_even_the_form_of_a_number_is_malformed(solo, number):
    application = solo.published(solo.operator)
    body = solo.record_body(application) | {"number": number}
    with pytest.raises(MalformedError):
        solo.do("registration.record", body, solo.registrar)


# Validity (Art. 26)


@pytest.mark.parametrize(
    ("recorded", "until"),
    [
        ("2026-11-22T10:00", "2031-11-23T00:00"),
        ("2026-11-22T00:00:00", "2031-11-23T00:00"),
        ("2026-11-22T23:59:59", "2031-11-23T00:00"),
        ("2028-02-29T10:00", "2033-03-01T00:00"),
        ("2027-12-31T10:00", "2033-01-01T00:00"),
    ],
)
def test_validity_ends_at_the_latest_with_the_day_five_years_on(recorded, until):
    world = World(time=ms(recorded) - 60_000)
    application = world.published(world.operator)
    world.time = ms(recorded)
    assert end_of_validity(ms(recorded), years=5) == ms(until)
    for late in (1000, MS_PER_DAY):
        assert world.record_refused(application, valid_until=ms(until) + late) == "validity"
    world.record(application, valid_until=ms(until))


@pytest.mark.parametrize("years", [1, 3])
def test_the_profile_says_how_many_years(years):
    world = World(max_years=years)
    application = world.published(world.operator)
    latest = end_of_validity(world.time, years=years)
    assert world.record_refused(application, valid_until=latest + 1000) == "validity"
    world.record(application, valid_until=latest)


def test_validity_is_at_least_a_second_and_in_whole_ones(solo):
    application = solo.published(solo.operator)
    now = solo.time
    assert now % 1000 == 0
    for until in (now, now - 1000, now + 1, now + 1500, 0):
        assert solo.record_refused(application, valid_until=until) == "validity"
    for start in (now + 1, now - 999):
        assert solo.record_refused(application, valid_from=start) == "validity"
    solo.record(application, valid_until=now + 1000)


def test_validity_does_not_outlast_the_term_of_a_right(solo):
    application = solo.published(solo.operator)
    until = solo.time + 30 * MS_PER_DAY
    rights = [claim(solo.operator), claim(solo.operator, "use", until=until)]
    assert solo.record_refused(application, rights=rights) == "validity"
    assert solo.record_refused(application, rights=rights, valid_until=until + 1000) == "validity"
    solo.record(application, rights, valid_until=until)


def test_a_term_beyond_the_longest_validity_lengthens_nothing(solo):
    application = solo.published(solo.operator)
    latest = end_of_validity(solo.time, years=5)
    rights = [claim(solo.operator, until=latest + MS_PER_DAY)]
    assert solo.record_refused(application, rights=rights, valid_until=latest + 1000) == "validity"
    solo.record(application, rights)


@pytest.mark.parametrize(("late", "is_taken"), [(-121, False), (-120, True), (0, True)])
def test_valid_from_is_at_most_two_minutes_ahead(solo, late, is_taken):
    check_valid_from(solo, late * 1000, is_taken)


@pytest.mark.parametrize(("late", "is_taken"), [(600, True), (601, False), (3600, False)])
def test_valid_from_is_at_most_ten_minutes_back(solo, late, is_taken):
    check_valid_from(solo, late * 1000, is_taken)


@pytest.mark.parametrize(("late", "is_taken"), [(-120_000, True), (-120_001, False)])
def test_two_minutes_are_two_minutes_to_the_millisecond(solo, late, is_taken):
    check_valid_from(solo, late, is_taken)


@pytest.mark.parametrize(("late", "is_taken"), [(600_000, True), (600_001, False)])
def test_ten_minutes_are_ten_minutes_to_the_millisecond(solo, late, is_taken):
    check_valid_from(solo, late, is_taken)


def check_valid_from(world, late, is_taken):
    """Record `late` milliseconds after a valid_from in whole seconds."""
    application = world.published(world.operator)
    start = ms("2026-11-20T10:00")
    world.time = start + late
    if is_taken:
        number = world.record(application, valid_from=start)
        assert world.voucher(number).valid_from == start + late
    else:
        assert world.record_refused(application, valid_from=start) == "valid_from"


def test_a_valid_from_beyond_all_years_is_no_date(solo):
    application = solo.published(solo.operator)
    body = solo.record_body(application) | {"valid_from": 2**53 - 1}
    event = solo.event("registration.record", body, solo.registrar)
    with pytest.raises(LimitError):
        solo.log.builder().add(solo.sign(event, solo.registrar.key), solo.time)


# The national system (Art. 26)


def evidence(time, **changes):
    return {"system": "n", "record": "R-1", "digest": "e1" * 32, "evidence_time": time} | changes


def test_validity_runs_from_the_evidence_and_so_do_voucher_and_rights(world):
    application = world.published(world.enroll("ann"))
    stored = world.time
    world.time += 2 * MS_PER_DAY
    until = end_of_validity(stored, years=5)
    number = world.record(
        application, valid_from=stored, valid_until=until, national=evidence(stored)
    )
    voucher, asset = world.voucher(number), world.asset(application)
    assert voucher.valid_from == voucher.status[0].start == stored
    assert {each.start for each in asset.tuples} == {stored}
    assert world.registration(application).status[-1].start == stored + 2 * MS_PER_DAY


def test_the_national_evidence_is_there_not_in_the_future_and_the_start_of_validity(world):
    application = world.published(world.enroll("ann"))
    now = world.time
    for start, national in (
        (now, None),
        (now + 1000, evidence(now + 1000)),
        (now, evidence(now + 1000)),
        (now + 1000, evidence(now)),
    ):
        body = world.record_body(application, valid_from=start)
        body = body | {"national": national} if national else without_national(body)
        assert (
            world.refused("registration.record", body, world.registrar, *world.officers)
            == "national"
        )
    world.record(application, valid_from=now, national=evidence(now))


def without_national(body):
    return {name: member for name, member in body.items() if name != "national"}


def test_a_ledger_of_its_own_takes_no_national_evidence(solo):
    application = solo.published(solo.operator)
    national = evidence(solo.time)
    assert solo.record_refused(application, national=national) == "valid_from"
