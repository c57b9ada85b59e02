"""Whether a voucher is in force: every status, its precedence, and the dates around each boundary."""

import json

import pytest

from contracts.clocks import end_of_validity
from contracts.records import parse_state_record
from contracts.title import Asset, Voucher
from contracts.verdict import LATER_DATE, MARKS_THEN
from contracts.voucher import STATUS_ORDER, voucher_status
from tests.support.forgery import QUORUM, WITNESSES, honest_parts, interval, judge
from tests.support.people import MS_PER_DAY
from tests.support.world import World

HONEST = honest_parts()
FROM, UNTIL = HONEST.voucher.body["valid_from"], HONEST.voucher.body["valid_until"]
CHANGE, PROVED = FROM + 10 * MS_PER_DAY, FROM + 20 * MS_PER_DAY
"""When a status changes, and the seal's time under which everything is proved."""


def parts_at(time=PROVED, **asset):
    parts = honest_parts()
    parts.time = time
    parts.set_asset(**asset)
    return parts


def ended(status):
    return [interval("valid", FROM, CHANGE), interval(status, CHANGE)]


def status_on(parts, as_of, **question):
    report = judge(parts.bundle(), as_of=as_of, **({"now": PROVED} | question))
    assert report.is_authentic
    assert report.is_in_force == (report.status == "valid")
    return report.status


# Dates


@pytest.mark.parametrize(
    ("date", "status"),
    [
        (0, "not-yet"),
        (FROM - 1, "not-yet"),
        (FROM, "valid"),
        (PROVED, "valid"),
        (UNTIL - 1, "valid"),
        (UNTIL, "expired"),
        (UNTIL + MS_PER_DAY, "expired"),
    ],
)
def test_a_voucher_is_in_force_from_its_start_to_its_end(date, status):
    assert status_on(parts_at(), date) == status


@pytest.mark.parametrize(("now", "status"), [(UNTIL - 1, "valid"), (UNTIL, "expired")])
def test_without_a_date_expiry_goes_by_the_verifiers_clock(now, status):
    assert status_on(parts_at(), None, now=now) == status


def test_a_clock_that_is_behind_makes_no_voucher_of_the_past_a_future_one():
    assert status_on(parts_at(), None, now=FROM - 1) == "not-yet"


@pytest.mark.parametrize("status", STATUS_ORDER)
def test_a_status_holds_from_its_instant_and_the_earlier_one_before(status):
    parts = parts_at()
    parts.set_voucher(status=ended(status))
    assert status_on(parts, CHANGE - 1) == "valid"
    assert status_on(parts, CHANGE) == status
    assert status_on(parts, None) == status
    assert status_on(parts, UNTIL) == status


def test_a_freeze_holds_while_it_lasts():
    parts = parts_at(freezes=[interval("order/x", CHANGE, CHANGE + MS_PER_DAY)])
    assert status_on(parts, CHANGE - 1) == "valid"
    assert status_on(parts, CHANGE) == "frozen"
    assert status_on(parts, CHANGE + MS_PER_DAY - 1) == "frozen"
    assert status_on(parts, CHANGE + MS_PER_DAY) == "valid"


def test_rights_that_moved_leave_the_voucher_superseded():
    parts = honest_parts()
    tuples = [dict(each) for each in parts.asset.body["tuples"]]
    tuples[0] |= {"to": CHANGE}
    parts = parts_at(tuples=tuples)
    assert status_on(parts, CHANGE - 1) == "valid"
    assert status_on(parts, CHANGE) == "superseded"


def test_a_right_that_is_not_there_leaves_no_voucher_in_force():
    assert status_on(parts_at(tuples=[]), PROVED) == "superseded"


def test_other_holders_rights_do_not_matter():
    tuples = [*honest_parts().asset.body["tuples"], interval({"holder": "party/x"}, FROM, CHANGE)]
    assert status_on(parts_at(tuples=tuples), PROVED) == "valid"


# Precedence: revoked, cancelled, superseded, not-yet, expired, frozen, valid

FROZEN = {"freezes": [interval("order/x", FROM - MS_PER_DAY)]}


@pytest.mark.parametrize("status", STATUS_ORDER)
@pytest.mark.parametrize("date", [CHANGE, UNTIL])
def test_an_end_comes_before_expiry_and_freezes(status, date):
    parts = parts_at(**FROZEN)
    parts.set_voucher(status=ended(status))
    assert status_on(parts, date) == status


@pytest.mark.parametrize("first", range(len(STATUS_ORDER)))
def test_of_several_ends_the_gravest_counts(first):
    named = STATUS_ORDER[first:]
    parts = parts_at()
    parts.set_voucher(status=[interval(one, FROM) for one in reversed(named)])
    assert status_on(parts, PROVED) == named[0]


@pytest.mark.parametrize(
    ("date", "status"),
    [(FROM - 1, "not-yet"), (FROM, "frozen"), (UNTIL - 1, "frozen"), (UNTIL, "expired")],
)
def test_not_yet_and_expired_come_before_frozen(date, status):
    assert status_on(parts_at(**FROZEN), date) == status


def test_the_order_is_that_of_the_surfaces():
    assert STATUS_ORDER == ("revoked", "cancelled", "superseded")


# What the states no longer say


def test_a_date_before_the_kept_intervals_is_unknown_and_never_in_force():
    for kind, name in (("voucher", "status"), ("asset", "tuples"), ("asset", "freezes")):
        parts = parts_at()
        change = parts.set_voucher if kind == "voucher" else parts.set_asset
        change(complete_from={name: CHANGE})
        assert status_on(parts, CHANGE - 1) == "unknown"
        assert status_on(parts, CHANGE) == "valid"


@pytest.mark.parametrize("name", ["pledges", "disputes", "notes"])
def test_marks_that_the_state_no_longer_keeps_are_said_to_be_unchecked(name):
    parts = parts_at()
    parts.set_asset(complete_from={name: CHANGE})
    for date, is_named in ((CHANGE - 1, True), (CHANGE, False)):
        report = judge(parts.bundle(), as_of=date, now=PROVED)
        assert report.status == "valid"
        assert (MARKS_THEN in report.not_checked) is is_named


def test_a_list_without_any_status_is_unknown():
    parts = parts_at()
    parts.set_voucher(status=[interval("valid", CHANGE)])
    assert status_on(parts, CHANGE - 1) == "unknown"
    assert status_on(parts, CHANGE) == "valid"


# Dates after the proof


def test_a_date_after_the_proof_is_answered_as_of_the_proof_and_said_so():
    parts = parts_at(freezes=[interval("order/x", PROVED + 1)])
    report = judge(parts.bundle(), as_of=PROVED + MS_PER_DAY, now=PROVED)
    assert (report.status, LATER_DATE in report.not_checked) == ("valid", True)
    report = judge(parts.bundle(), as_of=PROVED, now=PROVED)
    assert LATER_DATE not in report.not_checked
    report = judge(parts.bundle(), now=PROVED + MS_PER_DAY)
    assert LATER_DATE not in report.not_checked


def test_with_a_quorum_the_proof_reaches_as_far_as_its_cosignatures():
    parts = parts_at()
    seen = PROVED // 1000 + 60
    parts.cosigned = [(WITNESSES[0], seen + 9), (WITNESSES[1], seen)]
    assert judge(parts.bundle(), QUORUM, now=PROVED).as_of == seen * 1000
    for date, is_later in ((seen * 1000, False), (seen * 1000 + 1, True)):
        report = judge(parts.bundle(), QUORUM, as_of=date, now=PROVED)
        assert (LATER_DATE in report.not_checked) is is_later


def test_a_cosignature_in_the_same_second_proves_the_seal_itself():
    parts = parts_at(time=FROM + 999)
    parts.cosigned = [(witness, FROM // 1000) for witness in WITNESSES]
    report = judge(parts.bundle(), QUORUM, now=FROM + 999)
    assert (report.as_of, report.status) == (FROM // 1000 * 1000, "valid")
    report = judge(parts.bundle(), QUORUM, as_of=FROM + 999, now=FROM + 999)
    assert LATER_DATE not in report.not_checked


# The national system's evidence time


def test_under_the_national_system_force_begins_with_its_evidence():
    world = World("national-2026")
    application = world.published(world.enroll("ann"))
    stored = world.time
    national = {"system": "n", "record": "R", "digest": "e1" * 32, "evidence_time": stored}
    until = end_of_validity(stored, years=5)
    world.time += 2 * MS_PER_DAY
    number = world.record(application, valid_from=stored, valid_until=until, national=national)
    bundle = json.loads(json.dumps(world.bundle(application, number)))
    for date, status in ((stored - 1, "not-yet"), (stored, "valid"), (until, "expired")):
        assert judge(bundle, as_of=date, now=world.time).status == status


# Marks

MARKS = {"pledged": "pledges", "disputed": "disputes", "noted": "notes"}


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_shown_while_it_lasts_and_does_not_end_the_force(mark):
    parts = parts_at(**{MARKS[mark]: [interval("x", CHANGE, CHANGE + MS_PER_DAY)]})
    for date, marks in ((CHANGE - 1, []), (CHANGE, [mark]), (CHANGE + MS_PER_DAY, [])):
        report = judge(parts.bundle(), as_of=date, now=PROVED)
        assert (report.marks, report.status) == (marks, "valid")


def test_several_marks_are_shown_together():
    lists = {name: [interval("x", FROM)] for name in MARKS.values()}
    assert judge(parts_at(**lists).bundle(), now=PROVED).marks == ["pledged", "disputed", "noted"]


# The pure function


def test_status_is_judged_by_two_dates():
    parts = parts_at()
    voucher = parse_state_record(Voucher, parts.voucher)
    asset = parse_state_record(Asset, parts.asset)
    number = parts.body["number"]
    assert voucher_status(number, voucher, asset, UNTIL, PROVED) == "expired"
    assert voucher_status(number, voucher, asset, PROVED, PROVED) == "valid"
    assert voucher_status(number, voucher, asset, PROVED, FROM - 1) == "not-yet"
