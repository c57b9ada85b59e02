"""Watching subjects of a real log: every event once, in order, however long one was away."""

import json
from dataclasses import replace

import pytest

from ledger.core.bundle import format_receipt, parse_receipt
from ledger.core.dossier import verify_dossier
from ledger.core.merkle import EMPTY_FRONTIER
from ledger.errors import (
    AnswerError,
    BackdatedError,
    BundleError,
    InclusionError,
    LedgerError,
    LimitError,
    UnavailableError,
    VerificationError,
)
from ledger.light import state as state_module
from ledger.light.advance import Mark
from ledger.light.state import Watched
from ledger.light.watch import Watcher
from tests.light.house import ASSET, Follower, Road, dump, opened
from tests.support.forged_log import judge
from tests.support.log_builder import START, toy_key

LATER = toy_key(888_888)


class Watching:
    """A watcher and everything it has reported."""

    def __init__(self, follower, **members):
        self.follower = follower
        self.watcher = Watcher(follower.client, **members)
        self.pages = []

    def look(self, *subjects, is_remembered=True):
        """One round; the numbers of the events reported, by subject where there are several."""
        under = self.follower.follow().opened
        found = []
        for subject in subjects or (ASSET,):
            for page in self.watcher.find_pages(subject, under):
                self.pages.append(page)
                found += [change.n for change in page.changes]
                if is_remembered:
                    self.watcher.remember(page)
        return found

    def state(self, subject=ASSET):
        return self.follower.file.load().watched[subject]


@pytest.fixture
def watching(follower):
    return Watching(follower)


def test_the_first_look_reports_nothing_and_then_every_event_is_reported_once(watching, house):
    assert watching.look() == []
    assert watching.state().n == 1
    house.write(ASSET)
    assert watching.look() == [2]
    assert watching.look() == []
    house.write(times=2).write(ASSET, times=2).write(ASSET)
    assert watching.look() == [3, 4, 5]
    assert watching.look() == []


def test_the_past_is_reported_to_whoever_asks(follower, house):
    house.write(ASSET)
    watching = Watching(follower, is_from_start=True)
    assert watching.look() == [1, 2]
    assert watching.look() == []


def test_a_subject_that_is_not_there_is_proved_absent_and_its_first_event_reported(watching, house):
    assert watching.look(LATER) == []
    assert watching.state(LATER) == Watched(0, house.size, EMPTY_FRONTIER)
    assert watching.pages[0].state.value is None
    house.write()
    assert watching.look(LATER) == []
    house.write(LATER)
    assert watching.look(LATER) == [1]
    house.write(LATER)
    assert watching.look(LATER) == [2]


@pytest.mark.parametrize("before", range(9))
def test_every_page_is_a_dossier_that_verifies(follower, house, before):
    if before:
        house.write(ASSET, times=before)
    watching = Watching(follower)
    watching.look()
    house.write(ASSET, times=2).write(ASSET)
    assert watching.look() == [before + 2, before + 3, before + 4]
    page = watching.pages[-1]
    verify_dossier(page.dossier, follower.client.open_trusted())
    assert page.dossier.start.n == before + 1
    for change in page.changes:
        assert change.entry.signed.event.subjects == (ASSET,)
        assert parse_receipt(format_receipt(change.receipt)) == change.receipt
        assert judge(format_receipt(change.receipt), follower.client.open_trusted()) is None


def test_two_subjects_of_one_event_are_both_reported(watching, house):
    watching.look(ASSET, LATER)
    house.write(ASSET, LATER)
    assert watching.look(ASSET, LATER) == [2, 1]


# --- long absences


def make_busy(house, events):
    """The asset gets this many events in all, in four blocks with others between them, and one."""
    house.write(ASSET).write(times=20)
    for _ in range(4):
        house.write(ASSET, times=(events - 2) // 4).write(times=30)
    return house.write(ASSET)


@pytest.fixture
def busy(monkeypatch, tmp_path):
    """A house whose asset has 46 events, where a page holds 20."""
    monkeypatch.setattr("ledger.light.watch.MAX_DOSSIER_EVENTS", 20)
    monkeypatch.setattr("tests.light.house.MAX_DOSSIER_EVENTS", 20)
    with opened(tmp_path / "busy") as made:
        yield make_busy(made, 46)


def test_a_history_of_thousands_is_reported_whole_from_its_start(tmp_path):
    with opened(tmp_path / "house") as house:
        make_busy(house, 2302)
        follower = Follower(tmp_path / "client", Road(house), clock=house.clock)
        watching = Watching(follower, is_from_start=True)
        assert watching.look() == list(range(1, 2303))
        assert [len(page.changes) for page in watching.pages] == [1000, 302, 1000]


def test_a_long_history_is_reported_whole_from_its_start(busy, tmp_path):
    follower = Follower(tmp_path / "client", Road(busy), clock=busy.clock)
    watching = Watching(follower, is_from_start=True)
    assert watching.look() == list(range(1, 47))
    assert [len(page.changes) for page in watching.pages] == [20, 6, 20]
    assert [page.dossier is None for page in watching.pages] == [True, True, False]
    opened_note = follower.client.open_trusted()
    for page in watching.pages[:2]:
        for change in (page.changes[0], page.changes[-1]):
            assert judge(format_receipt(change.receipt), opened_note) is None
    assert watching.look() == []


def test_after_a_long_absence_nothing_is_missing(busy, tmp_path):
    road = Road(busy)
    follower = Follower(tmp_path / "client", road, clock=busy.clock)
    watching = Watching(follower)
    sizes = [block.size for block in busy.store.iterate_blocks()]
    road.answers["checkpoint"] = busy.store.read_checkpoint(sizes[3])
    watching.look()
    known = watching.state().n
    del road.answers["checkpoint"]
    road.asked.clear()
    assert watching.look() == list(range(known + 1, 47))
    asked = [path for path in road.asked if path.startswith("v1/dossier/")]
    assert f"v1/dossier/{ASSET}?size={busy.size}&from={known}" == asked[0]


def test_the_first_look_at_a_long_history_asks_for_one_event(busy, tmp_path):
    road = Road(busy)
    watching = Watching(Follower(tmp_path / "client", road, clock=busy.clock))
    assert watching.look() == []
    assert watching.state().n == 46
    assert f"v1/dossier/{ASSET}?size={busy.size}&from=45" in road.asked
    assert watching.state().frontier.root() == watching.pages[0].state.value.history


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize("died_at", [0, 1, 2])
def test_killed_between_report_and_memory_nothing_is_lost(busy, tmp_path, died_at):
    """Reported again perhaps, never not at all."""
    follower = Follower(tmp_path / "client", Road(busy), clock=busy.clock)
    first = Watching(follower, is_from_start=True)
    reported = []
    pages = first.watcher.find_pages(ASSET, follower.follow().opened)
    for number, page in enumerate(pages):
        reported.append([change.n for change in page.changes])
        if number == died_at:
            break  # after the report, before it is remembered
        first.watcher.remember(page)
    again = Watching(follower, is_from_start=True).look()
    assert again[: len(reported[-1])] == reported[-1]
    assert {*range(1, 47)} == {n for page in reported for n in page} | set(again)
    assert Watching(follower, is_from_start=True).look() == []


@pytest.mark.parametrize("count", [1, 3, 19, 20])
def test_a_page_of_which_only_a_part_was_posted_goes_on_there(busy, tmp_path, count):
    follower = Follower(tmp_path / "client", Road(busy), clock=busy.clock)
    watching = Watching(follower, is_from_start=True)
    page = next(watching.watcher.find_pages(ASSET, follower.follow().opened))
    for reported in sorted({max(1, count - 1), count}):
        watching.watcher.remember_change(page, reported)
    assert watching.state().n == count
    assert Watching(follower).look()[:2] == [count + 1, count + 2]


# --- nodes that lie


def cut(house, n):
    """The dossier with an event left out."""

    def change(data):
        document = json.loads(data)
        del document["events"][n]
        return dump(document)

    return change


@pytest.mark.parametrize("n", [0, 1, 2])
def test_an_event_left_out_of_a_page_is_noticed_and_nothing_is_reported(watching, house, road, n):
    watching.look()
    house.write(ASSET, times=3)
    road.answers["v1/dossier/"] = cut(house, n)
    before = watching.state()
    with pytest.raises(BundleError):
        watching.look()
    assert watching.state() == before
    del road.answers["v1/dossier/"]
    assert watching.look() == [2, 3, 4]


def test_a_node_that_answers_with_an_older_state_is_noticed(watching, house, road):
    older = house.answer(f"v1/state/{ASSET}?size={house.size}")
    watching.look()
    house.write(ASSET)
    road.answers["v1/state/"] = older
    with pytest.raises(AnswerError, match="not under the"):
        watching.look()


def test_two_states_under_one_checkpoint_are_noticed(watching, house, road):
    watching.look(ASSET)
    house.write(ASSET, LATER)
    size = house.size
    document = json.loads(house.answer(f"v1/dossier/{ASSET}?size={size}&from=1"))
    document["state"]["value"] = dict(document["state"]["value"], n=3)
    road.answers["v1/dossier/"] = dump(document)
    with pytest.raises(VerificationError):
        watching.look(ASSET)


def test_a_history_that_was_rewritten_is_noticed(watching, house):
    watching.look()
    known = watching.state()
    other = EMPTY_FRONTIER.append(bytes(32))
    remember(watching, replace(known, frontier=other))
    house.write(ASSET)
    with pytest.raises(BundleError, match="are not those seen before"):
        watching.look()


def test_a_history_that_shrank_is_noticed(watching, house):
    watching.look()
    remember(watching, Watched(2, 0, EMPTY_FRONTIER.extend([bytes(32)] * 2)))
    house.write()
    with pytest.raises(BundleError, match="had 2 events and is now shown with 1"):
        watching.look()


def test_a_subject_that_vanished_is_noticed(watching, house):
    watching.look(LATER)
    remember(watching, Watched(1, 0, EMPTY_FRONTIER.append(bytes(32))), LATER)
    house.write()
    with pytest.raises(BundleError, match="now shown with 0"):
        watching.look(LATER)


def test_another_history_of_the_same_length_is_noticed(watching, house):
    watching.look()
    remember(watching, Watched(1, 0, EMPTY_FRONTIER.append(bytes(32))))
    house.write()
    with pytest.raises(BundleError, match="are not those seen before"):
        watching.look()


def remember(watching, watched, subject=ASSET):
    """Put something else into the client's memory."""
    file = watching.follower.file
    state = file.load()
    file.save(replace(state, watched={**state.watched, subject: watched}))


def edit(change):
    """An answer whose JSON is changed in place."""

    def edited(data):
        document = json.loads(data)
        change(document)
        return dump(document)

    return edited


def swap(document):
    events = document["events"]
    events[3], events[4] = events[4], events[3]


LIES = {
    "an event left out": lambda d: d["events"].pop(5),
    "the first one left out": lambda d: d["events"].pop(0),
    "an event twice": lambda d: d["events"].__setitem__(5, d["events"][4]),
    "two exchanged": swap,
    "none at all": lambda d: d.update(events=[]),
    "another subject": lambda d: d.update(subject=LATER),
    "another start": lambda d: d.update({"from": 7}),
    "another index": lambda d: d["events"][5].update(index=0),
    "another path": lambda d: d["events"][5].update(path=d["events"][6]["path"]),
}


@pytest.mark.parametrize("name", LIES)
def test_of_a_long_history_nothing_is_reported_until_all_of_it_is_proved(busy, tmp_path, name):
    road = Road(busy)
    watching = Watching(Follower(tmp_path / "c", road, clock=busy.clock), is_from_start=True)
    road.answers[f"v1/dossier/{ASSET}?size={busy.size}&from=20"] = edit(LIES[name])
    with pytest.raises(VerificationError):
        watching.look()
    reported = [page.after.n for page in watching.pages]
    assert reported in ([], [20]), "what the first part holds is proved by then"
    assert reported == [] or name == "another path"
    road.answers.clear()
    rest = watching.look()
    assert rest == list(range(1 + sum(reported), 47))


def test_a_node_that_answers_differently_the_second_time_is_noticed(busy, tmp_path):
    road = Road(busy)
    watching = Watching(Follower(tmp_path / "c", road, clock=busy.clock), is_from_start=True)
    seen = []

    def lie_later(data):
        seen.append(data)
        return data if len(seen) == 1 else edit(swap)(data)

    road.answers[f"v1/dossier/{ASSET}?size={busy.size}&from=20"] = lie_later
    with pytest.raises(AnswerError, match="two answers"):
        watching.look()


def test_a_backdated_event_of_a_watched_subject_is_refused(watching, house):
    watching.look()
    house.write(ASSET)
    watching.follower.follow()
    file = watching.follower.file
    late = Mark(1, START + 3_600_000)
    file.save(replace(file.load(), marks=(late,)))
    with pytest.raises(BackdatedError):
        watching.look()


def test_a_backdated_event_of_a_long_history_is_refused(busy, tmp_path):
    follower = Follower(tmp_path / "c", Road(busy), clock=busy.clock)
    watching = Watching(follower, is_from_start=True)
    follower.follow()
    file = follower.file
    file.save(replace(file.load(), marks=(Mark(0, START + 3_600_000),)))
    with pytest.raises(BackdatedError):
        watching.look()
    assert watching.pages == []


def test_under_the_same_checkpoint_nothing_is_asked_for_twice(watching, house, road):
    watching.look(ASSET, LATER)
    house.write(ASSET)
    assert watching.look(ASSET, LATER) == [2]
    road.asked.clear()
    assert watching.look(ASSET, LATER) == []
    assert road.asked == ["checkpoint"]


def test_too_many_subjects_for_one_file_are_refused(watching, monkeypatch):
    monkeypatch.setattr("ledger.light.watch.MAX_WATCHED", 1)
    watching.look(ASSET)
    with pytest.raises(LimitError):
        watching.look(LATER)
    assert state_module.MAX_WATCHED > 1


def test_two_watchers_of_other_subjects_may_share_a_file(follower, house):
    one, two = Watching(follower), Watching(follower)
    one.look(ASSET)
    two.look(LATER)
    house.write(ASSET).write(LATER)
    assert (one.look(ASSET), two.look(LATER)) == ([2], [1])


def test_while_another_uses_the_file_nothing_is_remembered(watching, house):
    watching.look()
    house.write(ASSET)
    under = watching.follower.follow().opened
    (page,) = watching.watcher.find_pages(ASSET, under)
    with watching.follower.file.hold(), pytest.raises(UnavailableError):
        watching.watcher.remember(page)
    assert watching.state().n == 1


def test_a_receipt_of_another_event_does_not_pass_for_a_change(watching, house):
    watching.look()
    house.write(ASSET, times=2)
    watching.look()
    one, two = watching.pages[-1].changes
    opened_note = watching.follower.client.open_trusted()
    wrong = replace(one.receipt, leaf=two.receipt.leaf, content=two.receipt.content)
    assert issubclass(judge(format_receipt(wrong), opened_note), LedgerError)
    assert judge(format_receipt(wrong), opened_note) is InclusionError
