"""The log's key changes in a home: both keys sign once, and a crash at any step ends well."""

import shutil
import sys
from contextlib import closing

import pytest

from contracts.foundation import Ledger
from contracts.party import Admit
from contracts.rotation import LedgerKey
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.logkeys import signers_at
from ledger.core.note import create_verifier_key, format_vkey, open_note
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, Policy, parse_policy
from ledger.core.subjects import SELF
from ledger.errors import (
    CorruptionError,
    NotFoundError,
    RejectedError,
    SignatureError,
)
from ledger.keys import KeyRing
from ledger.replay import DifferenceError
from ledger.sequencer import Submission
from ledger.signer import CheckpointSigner, mark_restored
from ledger.storage.sqlite import SqliteStore
from node.home import Home
from node.logkeys import create_next_key, read_log_keys, settle_policy
from node.maintenance import (
    adopt_checkpoint,
    audit_registry,
    back_up_registry,
    rebuild_registry,
    restore_registry,
)
from node.registry import open_registry
from tests.support.faults import run
from tests.support.founding_crashes import Saboteur
from tests.support.ledgers import FakeClock
from tests.support.people import START


def quiet(*_):
    """Progress that nobody follows."""


def opened(home, clock):
    return open_registry(home, None, is_writer=True, clock=clock)


def sign(registry, body):
    party = registry.ledger.operator
    return registry.sign_event(registry.build_event(party, body), [registry.ring.load("operator")])


def submit(registry, body):
    return registry.submit([sign(registry, body)], {})[0].index


def rotate(registry):
    """Change the log's key; gives the size of the block's checkpoint."""
    return submit(registry, LedgerKey(log=format_vkey(create_next_key(registry)))) + 2


def write(registry, role="notary"):
    """Any other event, each role once; gives the size after it."""
    return submit(registry, Admit(party=registry.ledger.operator, role=role)) + 2


def signers(store, size):
    """Who of the log's keys has signed the checkpoint of this size."""
    keys = [each.key for each in read_log_keys(store)]
    note = parse_signed_checkpoint(store.read_checkpoint(size)).note
    return [format_vkey(key) for key, _ in open_note(note, keys).verified]


def audit(home):
    return audit_registry(Home(home), quiet)


@pytest.fixture
def rotated(home, clock):
    """A home whose log has another key, with a block before and two after; sizes of three."""
    with opened(home, clock) as registry:
        before, at, after = write(registry), rotate(registry), write(registry, "valuer")
    return home, (before, at, after)


# What a change does


def test_the_checkpoint_of_its_block_has_both_signatures_and_later_ones_the_new(rotated):
    home, (before, at, after) = rotated
    with closing(SqliteStore(home / "ledger.db")) as store:
        old, new = [format_vkey(each.key) for each in read_log_keys(store)]
        assert signers(store, before) == [old]
        assert signers(store, at) == [old, new]
        assert signers(store, after) == [new]
    assert audit(home).checkpoints == 4


def test_a_policy_of_the_old_key_ends_with_the_double_signed_checkpoint(rotated):
    home, (before, at, after) = rotated
    with closing(SqliteStore(home / "ledger.db")) as store:
        old, new = [each.key for each in read_log_keys(store)]
        note = {size: store.read_checkpoint(size) for size in (before, at, after)}
    for size in (before, at):
        assert open_checkpoint(Policy((Log(old),)), note[size]).body.size == size
    for size in (at, after):
        assert open_checkpoint(Policy((Log(new),)), note[size]).body.size == size
    with pytest.raises(SignatureError, match=f"key .*{new.key_id.hex()}.* new policy line"):
        open_checkpoint(Policy((Log(old),)), note[after])
    with pytest.raises(SignatureError, match=old.key_id.hex()):
        open_checkpoint(Policy((Log(new),)), note[before])
    both = Policy((Log(old), Log(new)))
    assert [open_checkpoint(both, note[size]).body.size for size in note] == list(note)


def test_the_home_trusts_the_new_key_and_keeps_the_old_line_as_a_comment(home, clock):
    path = home / "trust.policy"
    (old,) = parse_policy(path.read_bytes()).logs
    path.write_bytes(b"# mine\n" + path.read_bytes().replace(b"\nquorum", b" http://x\n\nquorum"))
    with opened(home, clock) as registry:
        rotate(registry)
        (log,) = parse_policy(path.read_bytes()).logs
        assert (log.key, log.url) == (registry.log_key, b"http://x")
    text = path.read_text()
    assert text.startswith("# mine\n#")
    assert f": log {format_vkey(old.key)} http://x\n" in text


def test_who_puts_the_old_line_back_keeps_it(rotated, clock):
    home, _ = rotated
    path = home / "trust.policy"
    path.write_text(path.read_text().replace("# the log changed this key for the next one: ", ""))
    before = path.read_bytes()
    assert len(parse_policy(before).logs) == 2
    with opened(home, clock):
        assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no policy", b"quorum none\n", None])
def test_a_policy_that_does_not_name_the_old_key_is_left_alone(rotated, content):
    home, _ = rotated
    path = home / "trust.policy"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with closing(SqliteStore(home / "ledger.db")) as store:
        assert not settle_policy(Home(home), store)
    assert (path.read_bytes() if path.exists() else None) == content


def test_a_second_change_follows_the_first(rotated, clock):
    home, _ = rotated
    with opened(home, clock) as registry:
        at = rotate(registry)
        first, second, third = registry.ledger.known_logs
        assert signers(registry.store, at) == [second, third]
        assert len({first, second, third}) == 3
    names = sorted(path.name for path in (home / "keys").glob("log*.key"))
    assert names == ["log-2.key", "log-3.key", "log.key"]
    assert audit(home).checkpoints == 5


def test_after_the_change_the_old_key_file_is_needed_by_nothing(rotated, clock):
    home, _ = rotated
    (home / "keys" / "log.key").unlink()
    with opened(home, clock) as registry:
        write(registry, "assessor")
        rotate(registry)
    assert audit(home).checkpoints == 6


def test_a_key_that_was_made_and_never_named_is_taken_again(home, clock):
    with opened(home, clock) as registry:
        first = create_next_key(registry)
        assert create_next_key(registry) == first
        rotate(registry)
        assert registry.log_key == first
        assert create_next_key(registry) != first


def test_a_file_under_the_next_name_that_is_in_use_is_passed_over(home, clock):
    with opened(home, clock) as registry:
        shutil.copy(home / "keys" / "operator.key", home / "keys" / "log-2.key")
        content = (home / "keys" / "log-2.key").read_bytes()
        (home / "keys" / "log-2.key").write_bytes(content.replace(b'"operator"', b'"log-2"'))
        rotate(registry)
        assert registry.log_key.public_key == registry.ring.load("log-3").public_key


# What is refused


def test_no_event_names_a_key_that_is_not_here(home, clock, tmp_path):
    """Were it written, nothing could be signed ever after."""
    elsewhere = KeyRing(tmp_path / "elsewhere", None).create("log")
    with opened(home, clock) as registry:
        old, size = registry.log_key, registry.read_end().size
        vkey = format_vkey(create_verifier_key(old.name, old.algorithm, elsewhere.public_key))
        with pytest.raises(RejectedError) as caught:
            registry.submit([sign(registry, LedgerKey(log=vkey))], {})
        assert caught.value.reason == "log_key_missing"
        assert registry.read_end().size == size
        write(registry)


def test_a_change_goes_by_no_other_home(home, clock):
    with opened(home, clock) as registry:
        (home / "keys" / "log.key").unlink()
        with pytest.raises(RejectedError) as caught:
            create_next_key(registry)
        assert caught.value.reason == "log_key_missing"


def test_a_home_that_lost_its_new_key_does_not_open(rotated, clock):
    home, _ = rotated
    (home / "keys" / "log-2.key").unlink()
    with pytest.raises(CorruptionError, match="backup"), opened(home, clock):
        pytest.fail("it opened")


def forge(home, size, secret_name):
    """Sign the checkpoint of this size again, by one key alone."""
    with closing(SqliteStore(home / "ledger.db")) as store:
        note = parse_signed_checkpoint(store.read_checkpoint(size))
        origin, key = note.body.origin, KeyRing(home / "keys", None).load(secret_name)
        path = home / "forged.signed"
        signer = CheckpointSigner(key, origin, path)
        signer.begin()
        store.save_checkpoint(size, signer.sign(size, note.body.root, lambda _: note.body.root))


FORGED = {
    "the block of the change by the old key alone": (1, "log"),
    "the block of the change by the new key alone": (1, "log-2"),
    "a later block by the old key": (2, "log"),
    "an earlier block by the new key": (0, "log-2"),
}


@pytest.mark.parametrize("name", FORGED)
def test_an_audit_finds_a_checkpoint_signed_by_the_wrong_key(rotated, name):
    home, sizes = rotated
    which, key = FORGED[name]
    forge(home, sizes[which], key)
    with pytest.raises(DifferenceError) as caught:
        audit(home)
    assert (caught.value.where, caught.value.what) == (f"checkpoint {sizes[which]}", "note")
    with pytest.raises(DifferenceError, match="note"):
        rebuild_registry(Home(home), quiet)


def test_an_audit_finds_a_policy_that_trusts_the_old_key_alone(rotated):
    home, _ = rotated
    path = home / "trust.policy"
    lines = path.read_text().splitlines()
    path.write_text(lines[0].partition(": ")[2] + "\nquorum none\n")
    with pytest.raises(DifferenceError, match=r"trust\.policy"):
        audit(home)


def test_the_signer_signs_nothing_when_one_of_two_keys_is_missing(rotated):
    home, (_, at, _) = rotated
    with closing(SqliteStore(home / "ledger.db")) as store:
        keys, body = read_log_keys(store), parse_signed_checkpoint(store.read_checkpoint(at)).body
    path = home / "other.signed"
    new = KeyRing(home / "keys", None).load("log-2")
    signer = CheckpointSigner(new, body.origin, path)
    signer.begin()
    before = path.read_bytes()
    with pytest.raises(NotFoundError, match="is not here"):
        signer.sign(at, body.root, lambda _: body.root, signers_at(keys, at))
    assert path.read_bytes() == before


# Backups


def test_a_backup_holds_all_keys_and_signs_on_after_a_restore(rotated, clock, tmp_path):
    home, (_, at, after) = rotated
    back_up_registry(Home(home), tmp_path / "backup")
    fresh = Home(tmp_path / "fresh")
    restore_registry(tmp_path / "backup", fresh, quiet)
    mark_restored(fresh.signer)
    with closing(SqliteStore(fresh.ledger)) as store:
        note, double = store.read_checkpoint(after), store.read_checkpoint(at)
    for each in (double, note):
        adopt_checkpoint(fresh, None, each)
    with opened(fresh.path, clock) as registry:
        write(registry, "assessor")
    assert audit(fresh.path).checkpoints == 5


def test_a_checkpoint_by_the_old_key_alone_is_not_adopted_after_the_change(rotated):
    home, (_, _, after) = rotated
    forge(home, after, "log")
    with closing(SqliteStore(home / "ledger.db")) as store:
        forged = store.read_checkpoint(after)
    with pytest.raises(SignatureError):
        adopt_checkpoint(Home(home), None, forged)


def test_a_rebuild_knows_both_keys(rotated):
    home, _ = rotated
    result = rebuild_registry(Home(home), quiet)
    assert len(result.log_keys) == 2
    assert audit(home) == audit(home)


# Crashes


STEPS = {
    SqliteStore: ("append", "save_checkpoint"),
    CheckpointSigner: ("sign",),
}
"""What the file operations that Python sees do not show: before and after each a step is counted."""


def interrupt(home, n):
    """Change the key in a process that is killed at its n-th step, if it takes so many."""
    saboteur = Saboteur(home, n, "kill")

    def watched(method):
        def call(*args, **kwargs):
            saboteur("open", (str(home),))
            result = method(*args, **kwargs)
            saboteur("open", (str(home),))
            return result

        return call

    def work():
        with opened(home, FakeClock(START)) as registry:
            for cls, names in STEPS.items():
                for name in names:
                    setattr(cls, name, watched(getattr(cls, name)))
            sys.addaudithook(saboteur)
            rotate(registry)

    return run(work)


def check_after(home, clock):
    """Opening again ends the change, or leaves it undone; then everything goes on."""
    with opened(home, clock) as registry:
        keys = read_log_keys(registry.store)
        head = registry.read_end().size
        for each in keys[1:]:
            at = each.since + 2
            assert signers(registry.store, at) == [format_vkey(key.key) for key in keys]
        assert registry.store.read_checkpoint(head) is not None
        (trusted,) = parse_policy((home / "trust.policy").read_bytes()).logs
        assert trusted.key == keys[-1].key
        is_changed = len(keys) == 2
        if not is_changed:
            rotate(registry)
        write(registry)
        assert len(registry.need_state(Ledger, SELF).known_logs) == 2
    assert len(list((home / "keys").glob("log*.key"))) == 2, "no key was made in vain"
    audit(home)
    return is_changed


def test_a_change_killed_at_any_step_ends_well(home, tmp_path, clock):
    """Before the commit nothing has changed; after it the change is completed on opening."""
    seen = []
    for n in range(1, 100):
        copy = tmp_path / str(n)
        shutil.copytree(home, copy)
        code = interrupt(copy, n)
        seen.append(check_after(copy, clock))
        if code == 0:
            break
    assert n > 12, "there were steps to die at"
    assert seen == sorted(seen), "once committed it stays"
    assert set(seen) == {False, True}


def test_a_process_that_dies_leaves_the_policy_to_the_next_one(home, clock):
    """The last step: everything is signed, and the home's policy still names the old key."""
    policy = (home / "trust.policy").read_bytes()
    with opened(home, clock) as registry:
        rotate(registry)
    (home / "trust.policy").write_bytes(policy)
    assert check_after(home, clock)


def test_an_answer_that_was_lost_is_given_again(home, clock):
    with opened(home, clock) as registry:
        event = sign(registry, LedgerKey(log=format_vkey(create_next_key(registry))))
        (first,) = registry.submit_each([Submission(event)])
        (again,) = registry.submit_each([Submission(event)])
        assert (again.index, again.is_duplicate) == (first.index, True)
