"""What a report counts, from a log in memory under the real rules, at times that the test sets."""

import pytest

from contracts.rulebook import RULES_NAME
from ledger.core.checkpoint import Checkpoint
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import hash_tree
from ledger.errors import CorruptionError, NotFoundError, RejectedError, ReplayError
from node.exports.fold import fold_log
from node.exports.report import Asked, describe_report
from node.exports.tally import Durations, EventTally
from tests.support.log_builder import ORIGIN
from tests.support.people import MS_PER_DAY, ms
from tests.support.procedure import MEMBERS
from tests.support.world import World

OBJECTION = MEMBERS["object"]


class Leaves:
    """The leaves of a world's log, as a store gives them."""

    def __init__(self, leaves):
        self._leaves = leaves

    def read_leaves(self, start, stop):
        return self._leaves[start:stop]


def checkpoint(leaves):
    return Checkpoint(ORIGIN, len(leaves), hash_tree(map(hash_leaf, leaves)))


def report(world, start=None, end=None):
    """The document of a report of the whole log."""
    asked = Asked(*(None if each is None else ms(each) for each in (start, end)))
    events = EventTally(asked.start or 0)
    leaves = world.log.leaves
    folded = fold_log(
        Leaves(leaves), checkpoint(leaves), {RULES_NAME: world.log.rules}, asked.end, events,
        lambda _: None,
    )  # fmt: skip
    return describe_report(folded, checkpoint(leaves), asked, events).document


@pytest.fixture
def world():
    return World("national-2026")


@pytest.fixture
def applicant(world):
    return world.enroll("applicant")


def pass_to(world, text):
    assert ms(text) >= world.time
    world.time = ms(text)


def steps(document, of_type="initial"):
    return document["registrations"]["steps"][of_type]


def standing(document, of_type="initial"):
    return document["registrations"]["standing"][of_type]


def test_a_registration_is_counted_with_its_durations(world, applicant):
    application = world.file(applicant)
    pass_to(world, "2026-11-04T09:00")
    world.step(application, "accept")
    pass_to(world, "2026-11-05T09:00")
    world.publish(application)
    world.record(application)
    document = report(world)
    assert steps(document) == {"accepted": 1, "filed": 1, "published": 1, "recorded": 1}
    assert standing(document) == {"recorded": 1}
    assert document["durations"]["answer"]["median"] == 2
    # accepted on Wednesday the 4th, noticed from Thursday the 5th to the 12th, recorded on the 13th
    assert document["durations"]["completion"]["median"] == 1
    assert document["late"] == dict.fromkeys(document["late"], 0)
    assert document["vouchers"] == {
        "period": {"cancelled": 0, "expired": 0, "issued": 1, "revoked": 0, "superseded": 0},
        "standing": {"valid": 1},
    }
    assert document["assets"]["registered"] == 1
    assert document["events"]["registration.record"] == 1


def test_silence_is_counted_as_overdue_also_before_anybody_writes_it_down(world, applicant):
    one, two = world.file(applicant), world.file(applicant)
    pass_to(world, "2026-11-05T23:59:59")
    world.publish_calendar("2026", version=2)
    assert standing(report(world)) == {"filed": 2}
    pass_to(world, "2026-11-06T00:00")
    world.publish_calendar("2026", version=3)
    document = report(world)
    assert steps(document) == {"accepted": 2, "accepted_by_silence": 2, "filed": 2}
    assert standing(document) == {"accepted": 2}
    world.step(one, "withhold", reason="trade secret")
    document = report(world)
    assert steps(document) == {
        "accepted": 2, "accepted_by_silence": 2, "filed": 2, "withheld": 1,
    }  # fmt: skip
    assert standing(document) == {"accepted": 1, "confidential": 1}
    assert document["durations"]["answer"]["count"] == 0, "nobody answered"
    assert world.registration(two).status[-1].value == "filed"


def test_returns_are_counted_with_what_became_of_them(world, applicant):
    lapsed, mended, fresh = (world.file(applicant) for _ in range(3))
    pass_to(world, "2026-11-03T10:00")
    for application in (lapsed, mended):
        world.step(application, "return", missing=["summary"], until=ms("2026-11-06T00:00"))
    world.step(mended, "supplement", applicant, answer="ab" * 32)
    world.step(mended, "accept")
    world.step(fresh, "accept")
    pass_to(world, "2026-11-06T00:00")
    world.publish_calendar("2026", version=2)
    document = report(world)
    assert steps(document) == {
        "accepted": 2, "corrected": 1, "filed": 3, "lapsed": 1, "returned": 2,
    }  # fmt: skip
    assert standing(document) == {"accepted": 2, "lapsed": 1}
    assert document["durations"]["answer"] == {
        "count": 4, "max": 1, "median": 1, "min": 0, "p90": 1, "unknown": 0,
    }  # fmt: skip
    before = report(world, end="2026-11-06T00:00")
    assert standing(before) == {"accepted": 2, "returned": 1}
    assert "lapsed" not in steps(before)
    after = report(world, start="2026-11-06T00:00")
    assert steps(after) == {"lapsed": 1}


def test_refusals_and_ends_are_counted_by_ground(world, applicant):
    refused, withdrawn, terminated = (world.file(applicant) for _ in range(3))
    for application in (refused, terminated):
        world.step(application, "accept")
    world.step(refused, "refuse", ground="22-2", reasons="source unlawful")
    world.step(withdrawn, "withdraw", applicant)
    world.step(terminated, "terminate", reasons="cannot be cleared up")
    document = report(world)
    assert document["decisions"]["refusals"] == {"22-2": 1}
    assert standing(document) == {"refused": 1, "terminated": 1, "withdrawn": 1}
    assert steps(document) == {
        "accepted": 2, "filed": 3, "refused": 1, "terminated": 1, "withdrawn": 1,
    }  # fmt: skip


def test_objections_are_counted_with_outcomes_durations_and_delays(world, applicant):
    stranger = world.enroll("stranger")
    quick, slow, waiting, gone = (world.file(applicant) for _ in range(4))
    for application in (quick, slow, waiting, gone):
        world.step(application, "accept")
        world.step(application, "publish", fields=application.statutory, **world.notice())
        world.step(application, "object", stranger, **OBJECTION)
    pass_to(world, "2026-11-03T10:00")
    world.step(gone, "withdraw", applicant)
    world.step(quick, "resolve", outcome="dismissed", reasons="unfounded")
    pass_to(world, "2026-11-16T23:59:59")  # 24:00 of the tenth working day is too late
    assert late(report(world)) == {}
    pass_to(world, "2026-11-17T00:00")
    world.step(slow, "resolve", outcome="upheld", reasons="founded")
    document = report(world)
    assert document["decisions"]["objections"] == {"dismissed": 1, "upheld": 1}
    assert document["durations"]["investigation"] == {
        "count": 2, "max": 11, "median": 1, "min": 1, "p90": 11, "unknown": 0,
    }  # fmt: skip
    assert late(document) == {"objection_open": 1, "objection_resolved": 1}
    assert steps(document)["objected"] == 4
    assert standing(document) == {"objected": 1, "published": 1, "refused": 1, "withdrawn": 1}


def late(document):
    return {name: count for name, count in document["late"].items() if count}


def test_what_is_completed_late_or_not_at_all_is_overdue(world, applicant):
    done, left = world.file(applicant), world.file(applicant)
    for application in (done, left):
        world.step(application, "accept")
        world.step(application, "withhold", reason="trade secret")
    pass_to(world, "2026-11-16T23:59:59")
    world.publish_calendar("2026", version=2)
    assert late(report(world)) == {}
    pass_to(world, "2026-11-17T00:00")
    world.record(done)
    document = report(world)
    assert late(document) == {"open": 1, "recorded": 1}
    assert document["durations"]["completion"]["max"] == 11


def test_an_extension_is_no_delay_and_no_shorter_duration(world, applicant):
    application = world.file(applicant)
    world.step(application, "accept")
    world.step(application, "withhold", reason="trade secret")
    world.step(application, "extend", reason="great size")
    pass_to(world, "2026-11-30T23:00")
    world.record(application)
    document = report(world)
    assert late(document) == {}
    assert document["durations"]["completion"]["max"] == 20


def test_where_the_calendar_ends_a_duration_is_unknown(world, applicant):
    pass_to(world, "2027-12-31T10:00")
    application = world.file(applicant)
    pass_to(world, "2028-01-04T10:00")
    world.step(application, "accept")
    assert report(world)["durations"]["answer"] == {
        "count": 0, "max": None, "median": None, "min": None, "p90": None, "unknown": 1,
    }  # fmt: skip


def test_later_types_and_vouchers_are_counted(world, applicant):
    application, number = world.register(applicant)
    world.later(application, "change", applicant)
    world.later(application, "cancellation", applicant)
    document = report(world)
    assert document["registrations"]["standing"] == {
        "cancellation": {"recorded": 1}, "change": {"recorded": 1}, "initial": {"recorded": 1},
    }  # fmt: skip
    assert document["vouchers"]["period"] == {
        "cancelled": 1, "expired": 0, "issued": 2, "revoked": 0, "superseded": 1,
    }  # fmt: skip
    assert document["vouchers"]["standing"] == {"cancelled": 1, "superseded": 1}
    assert document["assets"]["registered"] == 0
    assert number != world.asset(application).voucher


def test_a_voucher_expires_in_the_period_in_which_its_validity_ends(world, applicant):
    _, number = world.register(applicant)
    world.time = world.voucher(number).valid_until + MS_PER_DAY
    world.publish_calendar("2026", version=2)
    document = report(world, start="2031-01-01T00:00")
    assert document["vouchers"] == {
        "period": {"cancelled": 0, "expired": 1, "issued": 0, "revoked": 0, "superseded": 0},
        "standing": {"expired": 1},
    }
    assert report(world, end="2031-01-01T00:00")["vouchers"]["standing"] == {"valid": 1}


def test_a_voucher_stays_in_force_while_its_renewal_is_undecided(world, applicant):
    application, number = world.register(applicant)
    world.wait_for_renewal(application)
    renewal = world.file_later(application, "renewal", applicant)
    end = world.voucher(number).valid_until
    world.time = end + MS_PER_DAY
    world.publish_calendar("2026", version=2)
    document = report(world, start="2031-06-01T00:00")
    assert document["vouchers"]["standing"] == {"renewal_pending": 1}
    assert document["vouchers"]["period"]["expired"] == 0
    world.step(renewal, "withdraw", applicant)
    document = report(world, start="2031-06-01T00:00")
    assert document["vouchers"]["standing"] == {"expired": 1}
    assert document["vouchers"]["period"]["expired"] == 1
    at_end = report(world, end="2031-11-12T00:00")
    assert at_end["vouchers"]["standing"] == {"renewal_pending": 1}


def test_freezes_and_revocations_are_counted(world, applicant):
    application, number = world.register(applicant)
    body = {"asset": application.asset, "voucher": number, "ground": "inquiry"}
    world.do("order.freeze", body, world.regulator)
    document = report(world)
    assert document["assets"]["frozen"] == 1
    assert document["burdens"] == {"freezes": {"in-force": 1}, "pledges": {}}
    world.revoke(application, number)
    document = report(world)
    assert document["decisions"]["revocations"] == {"by-law": 1}
    assert document["vouchers"]["standing"] == {"revoked": 1}


def test_a_period_counts_what_happened_in_it_and_stands_where_it_ended(world, applicant):
    application = world.file(applicant)
    world.step(application, "accept")
    pass_to(world, "2026-12-01T10:00")
    world.step(application, "withhold", reason="trade secret")
    november = report(world, start="2026-11-01T00:00", end="2026-12-01T00:00")
    december = report(world, start="2026-12-01T00:00", end="2027-01-01T00:00")
    assert steps(november) == {"accepted": 1, "filed": 1}
    assert standing(november) == {"accepted": 1}
    assert november["period"]["as_of"] == ms("2026-12-01T00:00") - 1
    assert steps(december) == {"withheld": 1}
    assert standing(december) == {"confidential": 1}
    assert december["period"]["as_of"] < ms("2026-12-02T00:00"), "no later than the log knows"
    assert december["events"] == {"registration.withhold": 1}
    assert november["log"] == december["log"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-12-01T00:00", "2026-11-01T00:00"),
        ("2026-11-02T10:00", "2026-11-02T10:00"),
        ("2036-01-01T00:00", None),
        (None, "2020-01-01T00:00"),
    ],
)
def test_a_period_of_which_the_log_has_nothing_is_refused(world, start, end):
    with pytest.raises(RejectedError) as caught:
        report(world, start, end)
    assert caught.value.reason == "empty_period"


def test_nothing_that_people_said_is_in_a_report(world):
    person = world.enroll("王小明", kind="natural")
    application = world.file(person, members={"title": "标题", "summary": "概述"})
    world.step(application, "accept")
    world.step(application, "refuse", ground="22-4", reasons="理由")
    text = str(report(world))
    assert not any(word in text for word in ("王小明", "标题", "概述", "理由"))


# The log that it is made from


def fold(world, leaves, point=None, rules=None):
    known = {RULES_NAME: world.log.rules} if rules is None else rules
    return fold_log(
        Leaves(leaves), point or checkpoint(leaves), known, None, EventTally(0), lambda _: None
    )


def test_leaves_that_are_not_those_of_the_checkpoint_are_refused(world, applicant):
    leaves = list(world.log.leaves)
    honest = checkpoint(leaves)
    leaves[1] = leaves[1].replace(b'"time":', b'"time":1', 1)
    with pytest.raises((ReplayError, CorruptionError)):
        fold(world, leaves, honest)
    with pytest.raises(ReplayError, match="not those of the checkpoint"):
        fold(world, world.log.leaves[:-2], honest)


def test_a_log_that_ends_within_a_block_is_refused(world):
    leaves = world.log.leaves[:-1]
    with pytest.raises(CorruptionError, match="no block ends at the size"):
        fold(world, leaves)


def test_an_event_that_the_rules_refuse_is_refused(world):
    with pytest.raises(ReplayError, match="the rules refuse the event of leaf 0"):
        fold(world, world.log.leaves[2:])


def test_what_is_no_leaf_is_refused(world):
    with pytest.raises(CorruptionError, match="cannot be read"):
        fold(world, [b"{}"])


def test_rules_that_this_program_lacks_are_named(world):
    with pytest.raises(NotFoundError, match=RULES_NAME):
        fold(world, world.log.leaves, rules={})


# Percentiles


@pytest.mark.parametrize(
    ("days", "median", "p90"),
    [([5], 5, 5), ([1, 2], 1, 2), ([3, 1, 2], 2, 3), (list(range(1, 11)), 5, 9)],
)
def test_percentiles_are_those_of_the_nearest_rank(days, median, p90):
    durations = Durations()
    for each in days:
        durations.add(each)
    described = durations.describe()
    assert (described["median"], described["p90"]) == (median, p90)
    assert (described["min"], described["max"]) == (min(days), max(days))
