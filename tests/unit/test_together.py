"""Events that go together: one block, one reading of the clock, all or none."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.errors import LimitError, RejectedError, SignatureError, StoreFailedError
from ledger.sequencer import Accepted, Refused, Sequencer, Submission
from ledger.submission import TOGETHER, find_refusal
from tests.support.ledgers import AUDITOR, RULES, FakeClock, put
from tests.support.log_builder import START
from tests.support.memory_store import MemoryStore
from tests.unit.test_sequencer import MINUTE, Fixture

LATE = {"at": START, "until": START + MINUTE}


@pytest.fixture
def it(tmp_path):
    made = Fixture(tmp_path)
    yield made
    AUDITOR.audit(made.store, MemoryStore())


class Ticking(FakeClock):
    """A minute passes with each reading."""

    def now(self):
        self.pass_time(MINUTE)
        return super().now() - MINUTE


def together(it, *events):
    return it.sequencer.submit_together([Submission(signed) for signed in events])


def spoil(signed):
    (one,) = signed.signatures
    flipped = bytes([one.sig[0] ^ 1]) + one.sig[1:]
    object.__setattr__(one, "sig", flipped)
    return signed


REFUSED = {
    "a rule": (lambda: put(2, kind="toy.refuse"), RejectedError),
    "its time": (lambda: put(2, at=START - 2 * MINUTE, until=START - 1), RejectedError),
    "its signature": (lambda: spoil(put(2)), SignatureError),
}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", REFUSED)
def test_one_that_is_refused_keeps_all_of_them_out_and_is_named(it, name, place):
    make, error = REFUSED[name]
    events = [put(10), put(11)]
    events.insert(place, make())
    outcomes = together(it, *events)
    assert [isinstance(one, Refused) for one in outcomes] == [True] * 3
    assert type(outcomes[place].error) is error
    others = [one.error for i, one in enumerate(outcomes) if i != place]
    assert {one.reason for one in others} == {TOGETHER}
    assert all(f"event {place + 1} " in str(one) for one in others)
    assert find_refusal(outcomes) is outcomes[place].error
    assert it.store.read_head().size == 0
    assert [one.index for one in it.submit(put(10), put(11))] == [0, 1]


def test_what_is_accepted_is_one_block(it):
    outcomes = together(it, put(1), put(2), put(1))
    assert [one.index for one in outcomes] == [0, 1, 0]
    assert [one.is_duplicate for one in outcomes] == [False, False, True]
    assert find_refusal(outcomes) is None
    assert together(it, put(1), put(2)) == [Accepted(i, 3, is_duplicate=True) for i in range(2)]
    assert together(it) == []
    assert [seal.count for seal in it.seals()] == [2]


def test_a_clock_that_moves_on_meanwhile_leaves_no_half(tmp_path):
    """The second event may be written until a minute after START: the first reading decides."""
    it = Fixture(tmp_path)
    clock = Ticking(START)
    sequencer = Sequencer(it.store, RULES, clock, it.signer)  # it reads the clock once itself
    outcomes = sequencer.submit_together([Submission(put(1)), Submission(put(2, **LATE))])
    assert [one.index for one in outcomes] == [0, 1]
    outcomes = sequencer.submit_together([Submission(put(3)), Submission(put(4, **LATE))])
    assert outcomes[1].error.reason == "event_expired"
    assert find_refusal(outcomes) is outcomes[1].error
    assert it.store.read_head().size == 3


def test_more_than_a_block_holds_is_refused_whole(it):
    outcomes = together(it, *(put(n) for n in range(1001)))
    assert isinstance(outcomes[1000].error, LimitError)
    assert {one.error.reason for one in outcomes[:1000]} == {TOGETHER}
    assert it.store.read_head().size == 0


def test_what_has_to_end_its_block_comes_last(it):
    last = put(2, kind="toy.last")
    outcomes = together(it, last, put(1))
    assert isinstance(outcomes[1].error, LimitError)
    assert it.store.read_head().size == 0
    assert [one.index for one in together(it, put(1), last)] == [0, 1]


def test_others_that_wait_are_neither_taken_nor_kept_out(it):
    it.sequencer._writer.acquire()
    with ThreadPoolExecutor(2) as pool:
        single = pool.submit(it.submit, put(1))
        group = pool.submit(together, it, put(2), put(3, kind="toy.refuse"))
        while not it.sequencer._queue:
            pass
        it.sequencer._writer.release()
        assert isinstance(single.result()[0], Accepted)
        assert find_refusal(group.result()).reason == "refused"
    assert [seal.count for seal in it.seals()] == [1]


def test_a_failed_write_is_raised_and_stops_the_sequencer(it):
    append = it.store.append

    def fail(*args, **kwargs):
        raise StoreFailedError("disk full")

    it.store.append = fail
    with pytest.raises(StoreFailedError):
        together(it, put(1), put(2))
    it.store.append = append
    with pytest.raises(StoreFailedError):
        together(it, put(1), put(2))
    assert it.store.read_head().size == 0
