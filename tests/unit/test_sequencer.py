"""The one writer: order, duplicates, refusals, clocks, limits, threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.entry import Seal, decode_leaf
from ledger.core.event import Signature
from ledger.core.note import open_note
from ledger.errors import (
    ConflictError,
    CorruptionError,
    LimitError,
    MalformedError,
    RejectedError,
    RollbackError,
    SignatureError,
    StoreFailedError,
    UnavailableError,
)
from ledger.sequencer import Accepted, Refused, Sequencer, Submission, _Job
from ledger.signer import CheckpointSigner
from ledger.storage.base import Table
from tests.support.ledgers import (
    AUDITOR,
    LOG_KEY,
    LOG_VERIFIER,
    RULES,
    FakeClock,
    fill,
    put,
    toy_key,
    write_block,
)
from tests.support.log_builder import AUTHOR, ORIGIN, START, Author
from tests.support.memory_store import MemoryStore
from tests.support.toy_rules import ToyRules, toy_subjects

MINUTE, HOUR = 60_000, 3_600_000


class Fixture:
    """A sequencer on a memory store, with what it was made of."""

    def __init__(self, folder, store=None):
        self.store = store or MemoryStore()
        self.clock = FakeClock()
        self.signer = CheckpointSigner(LOG_KEY, ORIGIN, folder / "log.signed")
        if not self.signer._path.exists():
            self.signer.begin()
        self.sequencer = self.open()

    def open(self):
        return Sequencer(self.store, RULES, self.clock, self.signer)

    def submit(self, *events):
        return self.sequencer.submit([Submission(signed) for signed in events])

    def seals(self):
        leaves = map(decode_leaf, self.store.read_leaves(0, 10**6))
        return [leaf for leaf in leaves if isinstance(leaf, Seal)]

    def times(self):
        return [decode_leaf(leaf).time for leaf in self.store.read_leaves(0, 10**6)]


@pytest.fixture
def it(tmp_path):
    made = Fixture(tmp_path)
    yield made
    AUDITOR.audit(made.store, MemoryStore())


def test_events_are_accepted_in_the_given_order(it):
    outcomes = it.submit(put(3), put(1), put(2))
    assert outcomes == [Accepted(i, 4, is_duplicate=False) for i in range(3)]
    assert [decode_leaf(leaf).signed.id for leaf in it.store.read_leaves(0, 3)] == [
        put(n).id for n in (3, 1, 2)
    ]
    assert it.sequencer.head == it.store.read_head()


def test_what_is_accepted_is_under_a_signed_checkpoint(it):
    for number in range(3):
        (outcome,) = it.submit(put(number))
        note = parse_signed_checkpoint(it.store.read_checkpoint())
        open_note(note.note, [LOG_VERIFIER])
        assert note.body.size == outcome.size > outcome.index
        assert note.body.root == it.store.read_head().frontier.root()


def test_nothing_is_written_for_nothing(it):
    assert it.submit() == []
    refused = it.submit(put(1, kind="toy.refuse"))
    assert isinstance(refused[0].error, RejectedError)
    assert it.store.read_head().size == 0
    assert it.store.read_checkpoint() is None


def test_a_refusal_is_for_one_event_and_leaves_no_trace(it):
    accepted, refused, last = it.submit(
        put(1, toy_key("A")), put(2, toy_key("A"), kind="toy.refuse"), put(3, toy_key("A"))
    )
    assert (accepted.index, last.index, accepted.size) == (0, 1, 3)
    assert refused.error.reason == "refused"
    assert it.store.find_event(bytes.fromhex(put(2, toy_key("A"), kind="toy.refuse").id)) is None
    assert it.store.read_history(0, 0, 9) == [0, 1]


def _unsigned(signed):
    return replace(signed, signatures=())


def _wrong_signature(signed):
    return replace(signed, signatures=(Signature(AUTHOR.did, bytes(64)),))


def _of_another_key(signed):
    other = Author("other").signature(signed.event_bytes)
    return replace(signed, signatures=(Signature(AUTHOR.did, other.sig),))


BAD = {
    "unsigned": (_unsigned(put(7)), SignatureError),
    "signed wrongly": (_wrong_signature(put(7)), SignatureError),
    "signed by another": (_of_another_key(put(7)), SignatureError),
    "expired": (put(7, until=START - 1), RejectedError),
    "from the future": (put(7, at=START + 6 * MINUTE, until=START + HOUR), RejectedError),
    "valid for too long": (put(7, until=START + 91 * 24 * HOUR), RejectedError),
    "malformed for its kind": (put(7, kind="toy.refuse"), RejectedError),
}


@pytest.mark.parametrize("name", BAD)
def test_refused_is_an_event(it, name):
    bad, error = BAD[name]
    before, outcome, after = it.submit(put(1), bad, put(2))
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, error)
    assert (before.index, after.index) == (0, 1)


def test_one_bad_signature_among_many_is_found(it):
    events = [put(number) for number in range(200)]
    events[150] = _wrong_signature(events[150])
    outcomes = it.submit(*events)
    assert [i for i, one in enumerate(outcomes) if isinstance(one, Refused)] == [150]
    assert it.store.read_head().size == 200


def test_too_large_an_event_is_refused(it):
    large = AUTHOR.sign(AUTHOR.draft("toy.put", {"keys": [toy_key(1)], "value": "x" * 48_000}))
    big = replace(large, event_bytes=large.event_bytes + b" " * 2000)
    (outcome,) = it.submit(big)
    assert isinstance(outcome.error, LimitError)


# duplicates


def test_an_event_that_is_there_gives_its_first_index_again(it):
    it.submit(put(1), put(2))
    (again,) = it.submit(put(2))
    assert again == Accepted(1, 3, is_duplicate=True)
    assert it.store.read_head().size == 3


def test_an_event_twice_in_one_call_is_written_once(it):
    first, second, third = it.submit(put(1), put(1), put(2))
    assert (first.index, second.index, third.index) == (0, 0, 1)
    assert [one.is_duplicate for one in (first, second, third)] == [False, True, False]


def test_a_duplicate_is_known_before_it_expires(it):
    it.submit(put(1))
    it.clock.pass_time(30 * 24 * HOUR)
    (again,) = it.submit(put(1))
    assert again.is_duplicate
    (new,) = it.submit(put(2))
    assert new.error.reason == "event_expired"


def test_the_same_event_with_other_signatures_is_the_same_event(it):
    it.submit(put(1))
    signed = put(1)
    other = Author("second").signature(signed.event_bytes)
    both = replace(
        signed, signatures=tuple(sorted((*signed.signatures, other), key=lambda s: s.key))
    )
    assert it.submit(both)[0].is_duplicate


def test_a_refused_event_may_come_again_and_is_then_accepted(it):
    late = put(1, at=START + 10 * MINUTE, until=START + HOUR)
    assert isinstance(it.submit(late)[0], Refused)
    it.clock.pass_time(10 * MINUTE)
    assert not it.submit(late)[0].is_duplicate


# documents


def digest(data):
    return sha256(data).hexdigest()


def test_documents_come_with_their_event_only(it):
    kept, lost = b"kept", b"lost"
    it.sequencer.submit(
        [
            Submission(put(1), {digest(kept): kept}),
            Submission(put(2, kind="toy.refuse"), {digest(lost): lost}),
        ]
    )
    assert dict(it.store.iterate_rows(Table.DOCUMENT)) == {digest(kept): kept}
    it.sequencer.submit([Submission(put(1), {digest(lost): lost}), Submission(put(3))])
    assert it.store.read_document(digest(lost)) is None, "nothing is written for a duplicate"


def test_a_document_that_its_digest_does_not_name_is_refused_with_its_event(it):
    """It would take the place of the right one for ever."""
    (outcome,) = it.sequencer.submit([Submission(put(1), {digest(b"right"): b"wrong"})])
    assert isinstance(outcome.error, MalformedError)
    assert it.store.read_head().size == 0


# blocks


def test_a_block_takes_what_is_queued_up_to_a_thousand(it):
    outcomes = it.submit(*(put(n, toy_key(n % 50)) for n in range(1234)))
    assert [seal.count for seal in it.seals()] == [1000, 234]
    assert [one.index for one in outcomes] == [n + (n >= 1000) for n in range(1234)]
    assert {one.size for one in outcomes[:1000]} == {1001}
    assert {one.size for one in outcomes[1000:]} == {1236}


def test_a_block_stays_below_4_mib(it):
    big = {"keys": [toy_key(1)], "value": "x" * 14_000}
    events = [
        AUTHOR.sign(AUTHOR.draft("toy.put", big, nonce=put(n).event.nonce)) for n in range(300)
    ]
    it.submit(*events)
    counts = [seal.count for seal in it.seals()]
    assert len(counts) == 2
    assert sum(counts) == 300
    first = it.store.read_leaves(0, counts[0] + 1)
    assert sum(map(len, first)) <= 4 * 1024 * 1024 < sum(map(len, first)) + 2 * 14_500


def test_an_event_that_ends_its_block_does(it):
    it.submit(put(1), put(2, kind="toy.last"), put(3))
    assert [seal.count for seal in it.seals()] == [2, 1]


# clocks


def test_time_never_goes_back_and_blocks_are_later_than_the_seal_before(it):
    for step in (0, 0, 5, -3, -9 * MINUTE, 0, 20 * MINUTE):
        it.clock.set_by(step)
        it.submit(put(it.store.read_head().size), put(it.store.read_head().size + 1000))
    times = it.times()
    assert times == sorted(times)
    for before, after in zip(it.seals(), it.seals()[1:], strict=False):
        assert decode_leaf(it.store.read_leaves(after.first, after.first + 1)[0]).time > before.time


def test_a_clock_9_minutes_behind_takes_the_last_leaf_s_time(it):
    it.submit(put(1))
    it.clock.set_by(-9 * MINUTE)
    it.submit(put(2))
    assert it.times() == [START, START, START + 1, START + 1]


@pytest.mark.parametrize("back", [11 * MINUTE, 10 * MINUTE + 1, 23 * HOUR])
def test_a_clock_further_behind_is_refused_until_it_is_right(it, back):
    it.submit(put(1))
    it.clock.set_by(-back)
    with pytest.raises(UnavailableError, match="behind"):
        it.submit(put(2))
    assert it.store.read_head().size == 2
    it.clock.set_by(back - 10 * MINUTE)
    assert it.submit(put(2))[0].index == 2


@pytest.mark.parametrize("hours", [25, -25])
def test_a_clock_that_jumps_25_hours_while_running_is_refused_until_restarted(it, hours):
    it.submit(put(1))
    it.clock.pass_time(48 * HOUR)
    it.clock.set_by(hours * HOUR)
    for _ in range(2):
        with pytest.raises(UnavailableError, match=f"{hours}.0 hours"):
            it.submit(put(2))
    assert it.store.read_head().size == 2
    it.sequencer = it.open()
    assert isinstance(it.submit(put(2, until=START + 80 * HOUR))[0], Accepted)


def test_a_clock_ahead_by_less_is_believed(it):
    it.clock.set_by(23 * HOUR)
    assert isinstance(it.submit(put(1))[0], Accepted)
    assert it.times()[0] == START + 23 * HOUR


def test_time_that_passes_is_no_jump(it):
    it.clock.pass_time(6 * 24 * HOUR)
    assert isinstance(it.submit(put(1))[0], Accepted)


# what was signed


def test_opening_over_an_older_store_is_refused(tmp_path):
    made = Fixture(tmp_path)
    made.submit(put(1))
    with pytest.raises(RollbackError):
        Fixture(tmp_path, MemoryStore())


def test_a_store_that_is_replaced_while_open_is_noticed_before_the_next_block(it):
    it.submit(put(1), put(2))
    honest, other = it.store, MemoryStore()
    fill(other, blocks=5, first=100)
    it.sequencer._store = other
    it.sequencer._head = other.read_head()
    with pytest.raises(RollbackError):
        it.submit(put(3))
    assert other.read_head().height == 5
    it.sequencer._store, it.sequencer._head = honest, honest.read_head()
    assert it.submit(put(3))[0].index == 3


def test_signing_again_gives_the_same_checkpoint(it):
    it.submit(put(1))
    assert it.sequencer.sign_checkpoint() == it.store.read_checkpoint()


def test_a_block_whose_writer_died_before_signing_is_signed_on_opening(it):
    it.submit(put(1))
    write_block(it.store, put(2))
    assert it.store.read_checkpoint(4) is None
    it.sequencer = it.open()
    assert parse_signed_checkpoint(it.store.read_checkpoint(4)).body.size == 4
    assert it.submit(put(2)) == [Accepted(2, 4, is_duplicate=True)]


def test_a_duplicate_that_another_process_is_just_writing_is_no_answer_yet(it):
    """Our head and our checkpoints do not cover it."""
    it.submit(put(1))
    write_block(it.store, put(2))
    with pytest.raises(ConflictError) as caught:
        it.submit(put(2))
    assert caught.value.size_now == 4
    assert it.submit(put(2)) == [Accepted(2, 4, is_duplicate=True)]
    assert parse_signed_checkpoint(it.store.read_checkpoint(4)).body.size == 4


# two at once, and failures


def test_another_process_that_appended_and_signed_is_followed(it):
    other = it.open()
    it.submit(put(1))
    (outcome,) = other.submit([Submission(put(2))])
    assert outcome == Accepted(2, 4, is_duplicate=False)
    assert it.submit(put(3))[0].index == 4


def test_another_process_may_sign_a_larger_log_before_we_sign_ours(it):
    """Its checkpoint covers our events; ours would be refused as a step back."""
    it.submit(put(1))
    append = it.store.append

    def overtaken(block, *, expected_size, documents):
        append(block, expected_size=expected_size, documents=documents)
        it.store.append = append
        it.open().submit([Submission(put(50))])

    it.store.append = overtaken
    assert it.submit(put(2)) == [Accepted(2, 6, is_duplicate=False)]
    assert parse_signed_checkpoint(it.store.read_checkpoint()).body.size == 6
    assert it.submit(put(3))[0].index == 6


def test_another_process_may_write_while_we_open(it):
    it.submit(put(1))
    write_block(it.store, put(2))
    read_checkpoint = it.store.read_checkpoint

    def overtaken(size=None):
        it.store.read_checkpoint = read_checkpoint
        it.open().submit([Submission(put(50))])

    it.store.read_checkpoint = overtaken
    it.sequencer = it.open()
    assert it.sequencer.head.size == 6
    assert it.submit(put(3))[0].index == 6


def test_another_process_that_appends_in_the_middle_wins(it):
    it.submit(put(1))
    append = it.store.append

    def interrupted(block, *, expected_size, documents):
        it.store.append = append
        write_block(it.store, put(50), put(51))
        append(block, expected_size=expected_size, documents=documents)

    it.store.append = interrupted
    with pytest.raises(ConflictError) as caught:
        it.submit(put(2), put(3))
    assert caught.value.size_now == 5
    assert [one.index for one in it.submit(put(2), put(3), put(50))] == [5, 6, 2]


def test_a_tile_that_grows_under_our_hands_is_no_corruption(it):
    it.submit(put(1))
    read_tile = it.store.read_tile

    def interrupted(level, index):
        it.store.read_tile = read_tile
        write_block(it.store, put(50))
        return read_tile(level, index)

    it.sequencer._signer.check = lambda size, root_at: None  # it would read tiles before us
    it.store.read_tile = interrupted
    with pytest.raises(ConflictError) as caught:
        it.submit(put(2))
    assert caught.value.size_now == 4
    del it.sequencer._signer.check
    assert it.submit(put(2))[0].index == 4


def test_a_contradiction_that_cannot_even_be_looked_into_stops_the_sequencer(it):
    find_event, read_head = it.store.find_event, it.store.read_head

    def contradict(event_id):
        raise CorruptionError("contradiction")

    def fail():
        raise StoreFailedError("input/output error")

    it.store.find_event, it.store.read_head = contradict, fail
    with pytest.raises(StoreFailedError):
        it.submit(put(1))
    it.store.find_event, it.store.read_head = find_event, read_head
    with pytest.raises(StoreFailedError):
        it.submit(put(1))


def test_losing_twice_in_a_row_is_survived(it):
    """Reading the new head may fail too."""
    it.submit(put(1))
    append, read_head = it.store.append, it.store.read_head

    def conflict(block, *, expected_size, documents):
        raise ConflictError(99)

    def unavailable():
        raise UnavailableError("busy")

    it.store.append, it.store.read_head = conflict, unavailable
    with pytest.raises(ConflictError):
        it.submit(put(2))
    with pytest.raises(UnavailableError):
        it.submit(put(2))
    it.store.append, it.store.read_head = append, read_head
    assert it.submit(put(2))[0].index == 2


FAILURES = [StoreFailedError("disk full"), CorruptionError("contradiction")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.code)
@pytest.mark.parametrize("place", ["append", "save_checkpoint", "find_event", "read_stored_state"])
def test_after_a_failure_the_same_sequencer_refuses_everything(it, place, failure):
    it.submit(put(1))
    call = getattr(it.store, place)

    def fail(*args, **kwargs):
        raise failure

    setattr(it.store, place, fail)
    with pytest.raises(type(failure)):
        it.submit(put(2), put(3))
    setattr(it.store, place, call)
    size = it.store.read_head().size
    for _ in range(2):
        with pytest.raises(type(failure)):
            it.submit(put(4))
        with pytest.raises(type(failure)):
            it.sequencer.sign_checkpoint()
    assert it.store.read_head().size == size
    it.sequencer = it.open()
    outcomes = it.submit(put(2), put(3), put(4))
    assert [one.index for one in outcomes] == [2, 3, 4 if size == 2 else 5]
    assert {one.is_duplicate for one in outcomes[:2]} == {size != 2}


def test_a_checkpoint_that_cannot_be_kept_stops_the_sequencer(it):
    it.submit(put(1))
    keep = it.store.save_checkpoint

    def fail(*args):
        raise StoreFailedError("disk full")

    it.store.save_checkpoint = fail
    with pytest.raises(StoreFailedError):
        it.sequencer.sign_checkpoint()
    it.store.save_checkpoint = keep
    with pytest.raises(StoreFailedError):
        it.submit(put(2))


class Interrupt(BaseException):
    """Somebody presses Ctrl-C."""


@pytest.mark.parametrize("is_after", [False, True])
def test_an_interrupt_is_passed_on_and_leaves_a_whole_block_or_none(it, is_after):
    append = it.store.append

    def interrupted(block, **kwargs):
        if is_after:
            append(block, **kwargs)
        raise Interrupt

    it.store.append = interrupted
    with pytest.raises(Interrupt):
        it.submit(put(1), put(2))
    it.store.append = append
    assert it.store.read_head().size == (3 if is_after else 0)
    outcomes = it.submit(put(1), put(2))
    assert outcomes == [Accepted(i, 3, is_duplicate=is_after) for i in range(2)]
    assert parse_signed_checkpoint(it.store.read_checkpoint()).body.size == 3


def test_others_that_wait_are_told_when_the_writer_is_interrupted(it):
    waiting = [Submission(put(n)) for n in range(3)]
    jobs = [_Job(one) for one in waiting]
    it.sequencer._queue.extend(jobs)
    append = it.store.append

    def interrupted(block, **kwargs):
        raise Interrupt

    it.store.append = interrupted
    with pytest.raises(Interrupt):
        it.submit(put(9))
    it.store.append = append
    assert all(isinstance(job.failure, UnavailableError) for job in jobs)


def test_an_interrupt_of_one_s_own_work_in_another_s_block_is_not_lost(it):
    """The block may hold only events of others; the interrupt is still this thread's."""
    it.sequencer._queue.extend(_Job(Submission(put(n, toy_key(n % 9)))) for n in range(1000))
    append = it.store.append

    def interrupted(block, **kwargs):
        raise Interrupt

    it.store.append = interrupted
    with pytest.raises(Interrupt):
        it.submit(put(5000))
    it.store.append = append
    assert it.store.read_head().size == 0


@pytest.mark.slow
def test_many_threads_each_get_the_answer_to_their_own_events(it):
    def work(thread):
        answers = []
        for turn in range(8):
            first = thread * 1000 + turn * 10
            events = [put(first + i) for i in range(1 + turn % 3)]
            bad = put(first + 9, kind="toy.refuse")
            shared = put(77)
            answers.append((events, it.submit(*events, bad, shared)))
        return answers

    with ThreadPoolExecutor(8) as pool:
        for answers in pool.map(work, range(1, 9)):
            for events, (*own, refused, shared) in answers:
                assert isinstance(refused, Refused)
                for signed, outcome in zip(events, own, strict=True):
                    leaf = it.store.read_leaves(outcome.index, outcome.index + 1)[0]
                    assert decode_leaf(leaf).signed.id == signed.id
                    assert outcome.size > outcome.index
                    assert not outcome.is_duplicate
                assert [one.index for one in own] == sorted(one.index for one in own)
                leaf = it.store.read_leaves(shared.index, shared.index + 1)[0]
                assert decode_leaf(leaf).signed.id == put(77).id
    assert it.store.read_head().size == 8 * (3 * 1 + 3 * 2 + 2 * 3) + 1 + len(it.seals())


def test_what_waits_together_shares_a_block(it):
    """Whoever gets the lock takes what is queued."""
    it.sequencer._writer.acquire()
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(it.submit, put(n), put(n + 10)) for n in range(4)]
        while len(it.sequencer._queue) < 8:
            pass
        it.sequencer._writer.release()
        outcomes = [future.result() for future in futures]
    assert [seal.count for seal in it.seals()] == [8]
    assert sorted(one.index for pair in outcomes for one in pair) == list(range(8))
    assert all(first.index < second.index for first, second in outcomes)


def test_the_block_behind_an_upgrade_is_under_the_new_rules(tmp_path):
    class Upgradable(ToyRules):
        def successor(self, states):
            key = toy_subjects(last.event)[0]
            return self if states.read(key) is None else ToyRules("toy-rules/9")

    last = AUTHOR.sign(AUTHOR.draft("toy.last", {"keys": [toy_key(9)], "value": 1}))
    made = Fixture(tmp_path)
    sequencer = Sequencer(made.store, Upgradable(), made.clock, made.signer)
    sequencer.submit([Submission(signed) for signed in (put(1), last, put(2), put(3))])
    assert [seal.rules for seal in made.seals()] == ["toy-rules/0", "toy-rules/9"]
    assert [seal.count for seal in made.seals()] == [2, 2]
