"""The signer's memory: one history is signed, whatever is put under its feet."""

import json
import stat
import threading

import pytest

from ledger.core.canonical import encode_canonical
from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.hashing import EMPTY_ROOT, hash_leaf
from ledger.core.merkle import hash_tree
from ledger.core.note import open_note
from ledger.errors import CorruptionError, ExistsError, RollbackError, StoreFailedError
from ledger.files import hold_lock
from ledger.signer import CheckpointSigner, mark_restored
from tests.support.ledgers import LOG_KEY, LOG_VERIFIER
from tests.support.log_builder import ORIGIN


class Tree:
    """A log of so many leaves; another label is another log."""

    def __init__(self, label=b"leaf"):
        self.label = label
        self.asked = []

    def root(self, size):
        return hash_tree([hash_leaf(self.label + b"%d" % n) for n in range(size)])

    def root_at(self, size):
        self.asked.append(size)
        return self.root(size)


TREE, OTHER = Tree(), Tree(b"other")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.signed"


@pytest.fixture
def signer(path):
    made = CheckpointSigner(LOG_KEY, ORIGIN, path)
    made.begin()
    return made


def sign(signer, size, tree=TREE):
    return signer.sign(size, tree.root(size), tree.root_at)


def check(signer, size, tree=TREE):
    signer.check(size, tree.root_at)


def checkpoint(size, tree=TREE, origin=ORIGIN):
    return Checkpoint(origin, size, tree.root(size))


def remembered(path):
    content = json.loads(path.read_bytes())
    return content["size"], content["root"]


def test_a_signed_note_verifies_and_is_remembered(signer, path):
    assert remembered(path) == (0, EMPTY_ROOT.hex())
    for size in (1, 2, 7, 7, 300):
        note = sign(signer, size)
        offered = parse_signed_checkpoint(note)
        open_note(offered.note, [LOG_VERIFIER])
        assert offered.body == checkpoint(size)
        assert remembered(path) == (size, TREE.root(size).hex())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_size_is_signed_again_alike_and_not_written_again(signer, path):
    first = sign(signer, 5)
    before = path.stat().st_ino
    assert sign(signer, 5) == first
    assert path.stat().st_ino == before


def test_a_signature_is_given_only_after_the_memory_is_written(signer, path):
    """Were the file not written, a crash now would let another history be signed."""
    path.parent.chmod(0o700)

    class Watching:
        did = LOG_KEY.did
        public_key = LOG_KEY.public_key

        def sign(self, message):
            assert remembered(path)[0] == 9
            return LOG_KEY.sign(message)

    watched = CheckpointSigner(Watching(), ORIGIN, path)
    assert sign(watched, 9)


def test_nothing_is_signed_when_the_memory_cannot_be_written(signer, path, monkeypatch):
    def fail(*args):
        raise StoreFailedError("disk full")

    monkeypatch.setattr("ledger.signer.replace_file", fail)
    monkeypatch.setattr(type(LOG_KEY), "sign", lambda *args: pytest.fail("it signed"))
    with pytest.raises(StoreFailedError):
        sign(signer, 3)
    assert remembered(path)[0] == 0


def test_an_empty_log_is_never_signed(signer):
    with pytest.raises(AssertionError):
        sign(signer, 0)


def test_a_ledger_is_begun_once(signer, path):
    sign(signer, 4)
    with pytest.raises(ExistsError):
        signer.begin()
    assert remembered(path)[0] == 4


ROLLBACKS = {
    "a shorter log": (3, TREE),
    "an empty log": (0, TREE),
    "another log as long": (5, OTHER),
    "another log that grew past it": (50, OTHER),
    "an empty log of another": (0, OTHER),
}


@pytest.mark.parametrize("name", ROLLBACKS)
def test_neither_checked_nor_signed_over(signer, path, name):
    size, tree = ROLLBACKS[name]
    sign(signer, 5)
    before = path.read_bytes()
    with pytest.raises(RollbackError):
        check(signer, size, tree)
    if size:
        with pytest.raises(RollbackError):
            sign(signer, size, tree)
    assert path.read_bytes() == before
    check(signer, 5)
    assert sign(signer, 6)


def test_the_root_is_recomputed_at_the_size_that_was_signed(signer):
    sign(signer, 5)
    tree = Tree()
    check(signer, 50, tree)
    assert tree.asked == [5]


def test_a_writer_whose_root_is_not_the_store_s_gets_no_signature(signer, path):
    with pytest.raises(RollbackError):
        signer.sign(5, OTHER.root(5), TREE.root_at)
    assert remembered(path)[0] == 0


def test_a_missing_file_is_refused_even_over_an_empty_log(signer, path):
    path.unlink()
    for size in (0, 1, 100):
        with pytest.raises(RollbackError, match="no-other-copy"):
            check(signer, size)
    with pytest.raises(RollbackError):
        sign(signer, 1)
    assert not path.exists()


GOOD = {
    "format": "muniment/signer/v1",
    "origin": ORIGIN,
    "restored": False,
    "root": "00" * 32,
    "size": 1,
}
DAMAGED = {
    "empty": b"",
    "truncated": encode_canonical(GOOD)[:-1],
    "zeros": bytes(150),
    "not canonical": json.dumps(GOOD).encode(),
    "too long": encode_canonical(GOOD) + b" " * 5000,
    "a list": b"[]",
    "another format": encode_canonical(GOOD | {"format": "muniment/signer/v2"}),
    "a member more": encode_canonical(GOOD | {"more": 1}),
    "a member less": encode_canonical({k: v for k, v in GOOD.items() if k != "restored"}),
    "a negative size": encode_canonical(GOOD | {"size": -1}),
    "a size that is true": encode_canonical(GOOD | {"size": True}),
    "a size in text": encode_canonical(GOOD | {"size": "1"}),
    "a short root": encode_canonical(GOOD | {"root": "00"}),
    "a root that is a number": encode_canonical(GOOD | {"root": 0}),
    "an origin that is a number": encode_canonical(GOOD | {"origin": 0}),
    "a restored that is a number": encode_canonical(GOOD | {"restored": 0}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_and_kept(signer, path, name):
    path.write_bytes(DAMAGED[name])
    with pytest.raises(CorruptionError, match="damaged"):
        check(signer, 10)
    with pytest.raises(CorruptionError, match="damaged"):
        sign(signer, 10)
    with pytest.raises(CorruptionError, match="damaged"):
        signer.adopt(checkpoint(5), 10, TREE.root_at)
    mark_restored(path)
    assert path.read_bytes() == DAMAGED[name]


def test_a_file_that_cannot_be_read_is_no_missing_file(signer, path):
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreFailedError, match="cannot read"):
        check(signer, 0)


def test_the_file_of_another_origin_is_refused(signer, path):
    sign(signer, 5)
    other = CheckpointSigner(LOG_KEY, "example.org/another", path)
    for use in (check, sign):
        with pytest.raises(RollbackError, match="/another"):
            use(other, 5)


# after a restore


def test_after_a_restore_nothing_is_signed_until_a_checkpoint_is_adopted(signer, path):
    sign(signer, 5)
    mark_restored(path)
    for use in (check, sign):
        with pytest.raises(RollbackError, match="restored"):
            use(signer, 5)
    signer.adopt(checkpoint(5), 5, TREE.root_at)
    check(signer, 5)
    assert sign(signer, 6)


def test_marking_keeps_what_was_signed(signer, path):
    sign(signer, 5)
    mark_restored(path)
    mark_restored(path)
    assert remembered(path) == (5, TREE.root(5).hex())
    signer.adopt(checkpoint(3), 8, TREE.root_at)
    assert remembered(path) == (5, TREE.root(5).hex()), "it knows of a newer one than it was given"


def test_marking_a_missing_file_makes_none(path):
    mark_restored(path)
    assert not path.exists()


def test_a_newer_checkpoint_from_elsewhere_is_taken_up(path):
    signer = CheckpointSigner(LOG_KEY, ORIGIN, path)
    signer.adopt(checkpoint(7), 9, TREE.root_at)
    assert remembered(path) == (7, TREE.root(7).hex())
    with pytest.raises(RollbackError):
        check(signer, 6)
    assert sign(signer, 9)


NOT_ADOPTED = {
    "one the store does not reach": (checkpoint(10), 9),
    "one of another history": (checkpoint(7, OTHER), 9),
    "one of another origin": (checkpoint(7, TREE, "example.org/another"), 9),
}


@pytest.mark.parametrize("name", NOT_ADOPTED)
def test_not_adopted_is(signer, path, name):
    offered, size = NOT_ADOPTED[name]
    sign(signer, 2)
    before = path.read_bytes()
    for is_only_copy in (False, True):
        with pytest.raises(RollbackError):
            signer.adopt(offered, size, TREE.root_at, is_only_copy=is_only_copy)
    assert path.read_bytes() == before


def test_an_old_store_is_adopted_only_by_saying_that_it_is_the_only_copy(signer, path):
    sign(signer, 100)
    mark_restored(path)
    with pytest.raises(RollbackError, match="100 were signed"):
        signer.adopt(checkpoint(80), 80, TREE.root_at)
    with pytest.raises(RollbackError, match="restored"):
        check(signer, 80)
    signer.adopt(checkpoint(80), 80, TREE.root_at, is_only_copy=True)
    check(signer, 80)
    assert remembered(path)[0] == 80


def test_an_old_store_that_grew_again_is_not_adopted_either(signer):
    sign(signer, 100)
    with pytest.raises(RollbackError, match="replaced"):
        signer.adopt(checkpoint(120, OTHER), 120, OTHER.root_at)


# two at once


def test_two_stores_that_share_the_key_never_both_get_a_signature(signer, path):
    """Each reads the memory, checks and writes it in one step."""
    sign(signer, 10)
    fork = {}

    class Slow(Tree):
        def root_at(self, size):
            waiting.wait(0.2)
            return super().root_at(size)

    class Fork(Slow):
        def root(self, size):
            return TREE.root(size) if size <= 10 else OTHER.root(size)

    waiting = threading.Event()

    def attempt(name, tree):
        try:
            fork[name] = signer.sign(20, tree.root(20), tree.root_at)
        except RollbackError as exc:
            fork[name] = exc

    threads = [
        threading.Thread(target=attempt, args=args) for args in (("a", Slow()), ("b", Fork()))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = sorted(type(outcome).__name__ for outcome in fork.values())
    assert kinds == ["RollbackError", "bytes"]


def test_signing_waits_for_the_lock(signer, path):
    done = threading.Event()

    def attempt():
        sign(signer, 5)
        done.set()

    with hold_lock(path.with_name(f".{path.name}.lock"), "x"):
        thread = threading.Thread(target=attempt)
        thread.start()
        assert not done.wait(0.05)
        assert remembered(path)[0] == 0
    thread.join()
    assert remembered(path)[0] == 5
