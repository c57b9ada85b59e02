"""A log that tlog-scales writes and signs, cosigned by our witness and followed by our light client.

Its leaves are those of a ledger of ours, since a light client reads the times in them.
"""

from hashlib import sha256

import pytest

from ledger.core.addcheckpoint import hash_origin
from ledger.core.fork import decode_fork, verify_fork
from ledger.core.policy import Log, Policy, Witness
from ledger.errors import AnswerError, ConflictError, ForkError, QuorumError, RollbackError
from ledger.light.advance import MAX_CACHE_MS
from ledger.light.client import LightClient
from ledger.light.fetch import FolderFetcher
from ledger.light.state import StateFile
from tests.interop.scales import ScalesLog
from tests.light.house import opened
from tests.support.ledgers import LOG_VERIFIER, FakeClock
from tests.support.log_builder import ORIGIN
from tests.support.note_signers import log_signer
from tests.support.witnesses import serving, witness_key

SEED = sha256(b"the log's key").digest()
KEY = witness_key("witness.example/scales")
POLICY = Policy((Log(LOG_VERIFIER),), (Witness(b"w", KEY.verifier),), (), b"w")
SIZES = (2, 6, 260, 600)


class Signer:
    key = LOG_VERIFIER


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Leaves of a ledger of ours, cut where checkpoints may be."""
    with opened(tmp_path_factory.mktemp("leaves") / "house") as house:
        cuts = []
        for times in (1, 3, 253, 339):
            house.write(times=times)
            cuts.append(house.size)
        leaves = house.store.read_leaves(0, house.size)
    assert cuts == list(SIZES)
    return [leaves[start:stop] for start, stop in zip((0, *cuts), cuts, strict=False)]


class Trio:
    """Their log, our witness, our light client."""

    def __init__(self, folder, witness, clock):
        self.log = ScalesLog(folder / "log", ORIGIN, SEED)
        self.witness, self.clock = witness, clock
        self.file = StateFile(folder / "light.state")
        self.cosigned = 0

    def follow(self, log=None):
        fetcher = FolderFetcher((log or self.log).folder)
        return LightClient(POLICY, fetcher, self.file, self.clock).follow_once()

    def grow(self, leaves):
        self.log.append(leaves)
        self.log.publish(self.witness.add_checkpoint(self.log.request(self.cosigned)))
        self.cosigned = self.log.size


@pytest.fixture
def trio(tmp_path):
    clock = FakeClock()
    with serving(tmp_path / "witness", Signer(), key=KEY, clock=clock) as witness:
        yield Trio(tmp_path, witness, clock)


def test_it_is_cosigned_and_followed_at_every_step(trio, steps):
    outcomes = []
    for step in steps:
        trio.grow(step)
        outcomes.append(trio.follow())
    assert [each.outcome for each in outcomes] == ["first", "advanced", "advanced", "advanced"]
    assert [each.opened.body.size for each in outcomes] == list(SIZES)
    assert trio.follow().outcome == "same"
    assert trio.witness.read_checkpoint(hash_origin(ORIGIN)) == trio.log.checkpoint.read_bytes()


def test_it_is_followed_over_steps_that_were_missed(trio, steps):
    trio.grow(steps[0])
    trio.follow()
    for step in steps[1:]:
        trio.grow(step)
    assert trio.follow().opened.body.size == SIZES[-1]


def test_without_the_witness_it_is_not_believed(trio, steps):
    trio.log.append(steps[0])
    with pytest.raises(QuorumError):
        trio.follow()


def test_a_fork_that_it_writes_convicts_it(trio, steps, tmp_path):
    trio.grow(steps[0])
    trio.grow(steps[1])
    trio.follow()
    other = ScalesLog(tmp_path / "other", ORIGIN, SEED)
    other.append([*steps[0], *steps[2], *steps[3]])
    with pytest.raises(ForkError) as caught:
        trio.follow(other)
    (evidence,) = tmp_path.glob("*.fork.json")
    first, second = verify_fork(decode_fork(evidence.read_bytes()), Policy(POLICY.logs))
    assert [first.body.size, second.body.size] == [SIZES[1], other.size]
    assert caught.value.code == "fork"


def test_our_witness_says_where_it_stands_and_refuses_the_fork(trio, steps, tmp_path):
    trio.grow(steps[0])
    trio.grow(steps[1])
    other = ScalesLog(tmp_path / "other", ORIGIN, SEED)
    other.append([*steps[0], *steps[2]])
    with pytest.raises(ConflictError) as caught:
        trio.witness.add_checkpoint(other.request(SIZES[0]))
    assert caught.value.size_now == SIZES[1]


def test_an_older_state_of_it_is_a_rollback(trio, steps, tmp_path):
    trio.grow(steps[0])
    trio.grow(steps[1])
    old = trio.log.checkpoint.read_bytes()
    trio.grow(steps[2])
    trio.follow()
    trio.log.checkpoint.write_bytes(old)
    assert trio.follow().outcome == "older"
    trio.clock.pass_time(MAX_CACHE_MS + 1)
    with pytest.raises(RollbackError):
        trio.follow()


def test_a_log_of_leaves_that_are_not_ours_is_told_apart(tmp_path):
    """Cosigned it may be: a witness does not look at leaves. There is no ledger to follow."""
    signer = log_signer(ORIGIN, "of theirs")
    log = ScalesLog(tmp_path / "log", ORIGIN, sha256(b"of theirs").digest())
    policy = Policy((Log(signer.key),), POLICY.witnesses, (), b"w")
    with serving(tmp_path / "witness", signer, key=KEY) as witness:
        log.append([b"one", b"two"])
        log.publish(witness.add_checkpoint(log.request(0)))
    file = StateFile(tmp_path / "light.state")
    with pytest.raises(AnswerError):
        LightClient(policy, FolderFetcher(log.folder), file, FakeClock()).follow_once()
