"""Files that somebody swapped, lost or damaged: nothing is appended and nothing is signed."""

import shutil
from contextlib import closing

import pytest

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.merkle import read_root
from ledger.core.tiles import TileNodeReader
from ledger.errors import CorruptionError, RollbackError, UnavailableError
from ledger.files import hold_lock
from ledger.keys import SigningKey
from ledger.sequencer import Submission
from ledger.signer import CheckpointSigner
from ledger.storage.sqlite import SqliteStore
from tests.support.faults import Journal, check_home
from tests.support.ledgers import FakeClock, Home, put

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home").found()
    made.write(*(put(n) for n in range(5)))
    return made


@pytest.fixture
def other(tmp_path):
    """Another ledger of the same origin and key, longer than the first."""
    made = Home(tmp_path / "other").found()
    made.write(*(put(n) for n in range(100, 120)))
    return made


def replace_ledger(home, source):
    for suffix in ("", "-wal", "-shm"):
        companion = home.ledger.with_name(home.ledger.name + suffix)
        companion.unlink(missing_ok=True)
    shutil.copy(source, home.ledger)


def adopt(home, note=None, *, is_only_copy=False):
    with closing(SqliteStore(home.ledger)) as store:
        body = parse_signed_checkpoint(note or store.read_checkpoint()).body
        nodes = TileNodeReader(store)
        home.signer().adopt(
            body, store.read_head().size, lambda at: read_root(nodes, at), is_only_copy=is_only_copy
        )


def checkpoint_of(home):
    with closing(SqliteStore(home.ledger)) as store:
        return store.read_checkpoint()


REPLACED = {
    "another ledger's": lambda home, other: replace_ledger(home, other.ledger),
    "an empty one": lambda home, other: replace_ledger(
        home, Home(other.folder / "x").found().ledger
    ),
    "no signer file": lambda home, other: home.signed.unlink(),
    "a damaged signer file": lambda home, other: home.signed.write_bytes(b"\x00" * 100),
    "a cut signer file": lambda home, other: home.signed.write_bytes(home.signed.read_bytes()[:-1]),
    "another ledger's signer file": lambda home, other: shutil.copy(other.signed, home.signed),
    "the signer file of another origin": lambda home, other: (
        home.signed.unlink(),
        CheckpointSigner(SigningKey(bytes(32)), "example.org/x", home.signed).begin(),
    ),
}


@pytest.mark.parametrize("name", REPLACED)
def test_nothing_is_appended_or_signed_over(home, other, name):
    REPLACED[name](home, other)
    ledger, signed = home.ledger.read_bytes(), home.signed.exists() and home.signed.read_bytes()
    with pytest.raises((RollbackError, CorruptionError)) as caught:
        home.write(put(50))
    assert len(str(caught.value)) > 40, "it says what to do"
    assert home.ledger.read_bytes() == ledger
    assert (home.signed.exists() and home.signed.read_bytes()) == signed


def test_a_lost_signer_file_is_made_up_for_by_the_newest_checkpoint_of_a_witness(home, tmp_path):
    newest = checkpoint_of(home)
    home.signed.unlink()
    adopt(home, newest)
    assert home.write(put(50))[0].index == 10
    check_home(home, Journal(tmp_path / "journal"))


def test_a_checkpoint_that_the_ledger_lost_is_not_adopted(home, tmp_path):
    """The witness knows more: the copy in place is too old."""
    old = tmp_path / "old.db"
    with closing(SqliteStore(home.ledger)):
        pass
    shutil.copy(home.ledger, old)
    home.write(put(50))
    newest = checkpoint_of(home)
    replace_ledger(home, old)
    home.signed.unlink()
    with pytest.raises(RollbackError, match="newer backup"):
        adopt(home, newest)
    with pytest.raises(RollbackError):
        home.write(put(51))


def test_one_process_writes_while_the_lock_is_held(home):
    lock = home.folder / "lock"
    with hold_lock(lock, "the registry"):
        with pytest.raises(UnavailableError, match="another process"), hold_lock(lock, "x"):
            pass
        assert home.write(put(50))


@pytest.mark.parametrize(
    ("change", "is_refused"),
    [(-9 * MINUTE, False), (-11 * MINUTE, True), (23 * HOUR, False), (25 * HOUR, True)],
)
def test_a_clock_that_is_set_while_running(home, tmp_path, change, is_refused):
    clock = FakeClock()
    with home.open(clock) as (store, sequencer):
        sequencer.submit([Submission(put(60))])
        clock.set_by(change)
        size = store.read_head().size
        if is_refused:
            with pytest.raises(UnavailableError):
                sequencer.submit([Submission(put(61))])
            assert store.read_head().size == size
        else:
            assert sequencer.submit([Submission(put(61))])[0].index == size
    check_home(home, Journal(tmp_path / "journal"))


def test_after_an_unclean_stop_the_clock_may_be_behind_a_little(home):
    late, early = FakeClock(), FakeClock()
    late.pass_time(9 * MINUTE)
    home.write(put(60), clock=late)
    assert home.write(put(61), clock=early)[0].index == 12
    late.pass_time(2 * MINUTE)
    home.write(put(62), clock=late)
    with pytest.raises(UnavailableError, match="behind the last leaf"):
        home.write(put(63), clock=early)
