"""Following a real log: what moves the trusted checkpoint, and each way in which nothing does."""

import json
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest

from ledger.core.fork import decode_fork, verify_fork
from ledger.core.hashing import hash_leaf
from ledger.core.tiles import encode_entry_bundle
from ledger.errors import (
    AnswerError,
    BackdatedError,
    BundleError,
    ConsistencyError,
    CorruptionError,
    ForkError,
    FrozenError,
    LimitError,
    MalformedError,
    MapProofError,
    NotFoundError,
    OriginError,
    QuorumError,
    RollbackError,
    SignatureError,
    StoreFailedError,
    UnavailableError,
)
from ledger.light.advance import MAX_CACHE_MS, MAX_MARKS, Mark, Outcome
from ledger.light.client import LightClient
from ledger.light.state import StateFile
from tests.light.house import ASSET, Follower, ForgedTree, House, Road, dump, policy
from tests.support.ledgers import FakeClock
from tests.support.log_builder import START, toy_key

MINUTE = 60_000


def test_first_contact_then_growth_then_nothing_new(follower, house):
    first = follower.follow()
    assert (first.outcome, first.opened.body.size) == ("first", house.size)
    house.write(times=5)
    grown = follower.follow()
    assert (grown.outcome, grown.opened.body.size) == ("advanced", house.size)
    assert follower.follow().outcome == "same"
    assert follower.client.open_trusted() == grown.opened


def test_growth_is_proved_from_tiles_and_never_taken_from_the_node(follower, house, road):
    follower.follow()
    house.write(times=300).write(times=5)
    road.asked.clear()
    assert follower.follow().outcome == "advanced"
    assert {path.split("/")[0] for path in road.asked} == {"checkpoint", "tile"}


def test_newer_cosignatures_of_the_same_size_are_taken_over(follower, house):
    before = follower.follow()
    house.clock.pass_time(3 * MINUTE)
    house.publish()
    after = follower.follow()
    assert (after.outcome, after.as_of) == ("same", before.as_of + 3 * MINUTE)
    assert follower.client.open_trusted().data == house.published


def test_before_the_first_contact_nothing_is_trusted(follower):
    with pytest.raises(NotFoundError, match="follow the log first"):
        follower.client.open_trusted()


def test_with_quorum_none_the_time_is_the_operator_s(tmp_path, house, road):
    follower = Follower(tmp_path / "other", road, quorum=False)
    house.clock.pass_time(MINUTE)
    assert follower.follow().as_of == house.store.read_head().time
    assert follower.file.load().marks == ()


# --- a node that contradicts itself


@pytest.fixture
def twin(house, tmp_path):
    """Another node with the log's key, whose log is the same so far."""
    made = house.fork(tmp_path / "twin")
    yield made
    made.close()


def forked(follower, road, other):
    road.house = other
    with pytest.raises(ForkError) as caught:
        follower.follow()
    assert follower.file.evidence_path.read_bytes() == caught.value.evidence
    return decode_fork(caught.value.evidence)


def test_a_fork_of_the_same_size_leaves_both_notes_as_evidence(follower, house, road, twin):
    house.write(times=3)
    follower.follow()
    fork = forked(follower, road, twin.write(times=3))
    assert {fork.first, fork.second} == {house.published, twin.published}
    first, second = verify_fork(fork, policy())
    assert first.body.size == second.body.size == house.size


@pytest.mark.parametrize("more", [2, 260], ids=["a little", "across a tile"])
def test_a_longer_fork_is_proved_by_what_it_begins_with(follower, house, road, twin, more):
    house.write(times=3)
    follower.follow()
    fork = forked(follower, road, twin.write(times=3 + more))
    assert (fork.first, fork.second) == (house.published, twin.published)
    verify_fork(fork, policy())


def test_a_shorter_fork_is_proved_where_the_longer_history_is_still_served(
    follower, house, road, twin
):
    house.write(times=9)
    follower.follow()
    road.house = house
    road.answers["checkpoint"] = twin.write(times=3).published
    with pytest.raises(ForkError) as caught:
        follower.follow()
    fork = decode_fork(caught.value.evidence)
    assert (fork.first, fork.second) == (twin.published, house.published)
    verify_fork(fork, policy())


def test_a_fork_is_found_even_if_no_witness_has_cosigned_it(follower, house, road, twin):
    house.write(times=3)
    follower.follow()
    twin.write(times=3, cosigned=False).publish(is_cosigned=False)
    verify_fork(forked(follower, road, twin), policy())


def test_after_a_fork_nothing_is_followed_until_the_evidence_is_put_away(
    follower, house, road, twin
):
    house.write(times=3)
    follower.follow()
    forked(follower, road, twin.write(times=3))
    road.house = house
    with pytest.raises(ForkError):
        follower.follow()
    follower.file.evidence_path.unlink()
    assert follower.follow().outcome == "same"


def test_the_first_evidence_is_kept(follower, house, road, twin):
    house.write(times=3)
    follower.follow()
    forked(follower, road, twin.write(times=3))
    kept = follower.file.evidence_path.read_bytes()
    assert follower.file.keep_evidence(b"other").read_bytes() == kept


def test_a_shorter_log_without_proof_is_a_rollback(follower, house, road, twin):
    house.write(times=9)
    follower.follow()
    road.house = twin
    with pytest.raises(RollbackError, match="does not show"):
        follower.follow()
    assert not follower.file.evidence_path.exists()
    assert follower.client.open_trusted().body.size == house.size


def test_an_older_checkpoint_of_the_same_history_may_come_from_a_cache(follower, house, road):
    older = house.published
    house.write(times=9)
    follower.follow()
    road.answers["checkpoint"] = older
    stayed = follower.follow()
    assert (stayed.outcome, stayed.opened.body.size) == ("older", house.size)
    house.clock.pass_time(MAX_CACHE_MS)
    assert follower.follow().outcome == "older"


def test_an_older_checkpoint_that_no_cache_explains_is_a_rollback(follower, house, road):
    older = house.published
    house.write(times=9)
    follower.follow()
    road.answers["checkpoint"] = older
    house.clock.pass_time(MAX_CACHE_MS + 1)
    with pytest.raises(RollbackError, match="it lost or hides"):
        follower.follow()
    del road.answers["checkpoint"]
    assert follower.follow().outcome == "same"


def test_a_frozen_node_is_told_from_a_quiet_one_by_cosignatures(follower, house):
    follower.follow(max_age_ms=MINUTE)
    house.clock.pass_time(MINUTE + 1000)
    with pytest.raises(FrozenError, match="nothing newer than 61 s"):
        follower.follow(max_age_ms=MINUTE)
    house.publish()
    assert follower.follow(max_age_ms=MINUTE).outcome == "same"


# --- times


def test_an_entry_dated_before_a_cosignature_without_it_is_refused(follower, house):
    house.clock.pass_time(11 * MINUTE)
    house.publish()  # cosigned now, without the entry that comes
    follower.follow()
    house.clock.set_by(-11 * MINUTE)
    house.write(times=2, cosigned=False).publish(at=START + 12 * MINUTE)
    before = follower.file.load()
    with pytest.raises(BackdatedError, match=f"leaf {before.marks[-1].size} is dated 6[56]. s"):
        follower.follow()
    assert follower.file.load() == before


def test_a_seal_dated_before_a_cosignature_without_it_is_refused(follower, house):
    follower.follow()
    house.write(times=3)
    state = follower.file.load()
    late = Mark(house.size - 1, START + 20 * MINUTE)
    follower.file.save(replace(state, marks=(*state.marks, late)))
    with pytest.raises(BackdatedError, match=f"leaf {house.size - 1} is dated"):
        follower.follow()


def test_a_clock_as_far_behind_as_the_sequencer_allows_is_no_backdating(follower, house):
    house.clock.pass_time(9 * MINUTE)
    house.publish()
    follower.follow()
    house.clock.set_by(-9 * MINUTE)
    house.write(times=2, cosigned=False).publish(at=START + 10 * MINUTE)
    assert follower.follow().outcome == "advanced"


@pytest.mark.parametrize("is_first", [True, False], ids=["at first", "later"])
def test_a_witness_whose_clock_is_ahead_accuses_nobody_and_freshens_nothing(
    follower, house, is_first
):
    if not is_first:
        follower.follow()
    house.publish(at=house.clock.now() + 365 * 24 * 60 * MINUTE)
    follower.follow()
    house.write(times=3)
    assert follower.follow().outcome == "advanced"
    house.publish(at=house.clock.now() + 365 * 24 * 60 * MINUTE)
    follower.follow()
    follower.clock.pass_time(30 * MINUTE)
    with pytest.raises(FrozenError):
        follower.follow(max_age_ms=10 * MINUTE)


def test_a_seal_later_than_those_who_have_seen_it_is_refused(follower, house):
    house.clock.pass_time(10 * MINUTE)
    house.write(times=2, cosigned=False).publish(at=START)
    with pytest.raises(BundleError, match="after the newest cosignature"):
        follower.follow()


# --- what is offered


def test_another_log_is_not_followed(follower, house, road):
    other = house.published.replace(b"example.org/ledger", b"example.org/another")
    road.answers["checkpoint"] = other
    with pytest.raises(OriginError, match=r"example\.org/another, and the policy trusts"):
        follower.follow()


def test_a_file_of_another_log_is_not_continued(follower, house):
    follower.follow()
    data = follower.file.path.read_bytes()
    follower.file.path.write_bytes(data.replace(b"example.org/ledger", b"example.org/another"))
    with pytest.raises(OriginError, match=r"example\.org/another is followed here"):
        follower.follow()


OFFERS = {
    "nothing": (b"", MalformedError),
    "not a note": (b"hello\n", MalformedError),
    "a page of HTML": (b"<html>login</html>\n\n\xe2\x80\x94 x\n", MalformedError),
    "too large": (b"x" * 70_000, LimitError),
}


@pytest.mark.parametrize("name", OFFERS)
def test_what_is_no_checkpoint_is_refused(follower, road, name):
    road.answers["checkpoint"], error = OFFERS[name]
    with pytest.raises(error):
        follower.follow()
    assert follower.file.load().trusted is None


def test_a_checkpoint_that_the_log_has_not_signed_is_refused(follower, house, road):
    at = house.published.index(b"ledger ") + len(b"ledger ") + 20
    spoilt = bytearray(house.published)
    spoilt[at] = ord("A") if spoilt[at] != ord("A") else ord("B")
    road.answers["checkpoint"] = bytes(spoilt)
    with pytest.raises(SignatureError):
        follower.follow()


def test_a_checkpoint_without_the_quorum_moves_nothing(follower, house):
    follower.follow()
    house.write(times=2, cosigned=False).publish(is_cosigned=False)
    with pytest.raises(QuorumError):
        follower.follow()
    assert follower.client.open_trusted().body.size < house.size


# --- tiles and leaves


def flip(data):
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize("path", ["tile/0/", "tile/1/"])
def test_a_lying_tile_proves_nothing(follower, house, road, path):
    house.write(times=300)
    follower.follow()
    house.write(times=300)
    road.answers[path] = flip
    with pytest.raises((ConsistencyError, AnswerError)) as caught:
        follower.follow()
    assert not isinstance(caught.value, ForkError)
    del road.answers[path]
    assert follower.follow().outcome == "advanced"


def test_a_lying_tile_of_a_longer_log_is_no_proof_of_growth_and_no_fork(follower, house, road):
    follower.follow()
    old = follower.client.open_trusted()
    house.write(times=9)
    road.answers["tile/0/"] = lambda data: flip(data[:32]) + data[32:]
    with pytest.raises(ConsistencyError) as caught:
        follower.follow()
    assert (caught.value.old.encode(), caught.value.new.encode()) == (old.data, house.published)
    assert not follower.file.evidence_path.exists()


TILES = {
    "truncated": lambda data: data[:-1],
    "a hash short": lambda data: data[:-32],
    "empty": lambda data: b"",
    "a hash more": lambda data: data + bytes(32),
}


@pytest.mark.parametrize("name", TILES)
def test_a_tile_of_another_length_is_refused(follower, house, road, name):
    follower.follow()
    house.write(times=9)
    road.answers["tile/0/"] = TILES[name]
    with pytest.raises(AnswerError):
        follower.follow()


def test_a_tile_that_is_not_served_proves_nothing(follower, house, road):
    follower.follow()
    house.write(times=9)
    road.answers["tile/0/"] = NotFoundError("gone")
    with pytest.raises(ConsistencyError):
        follower.follow()


def test_a_full_tile_serves_where_the_partial_one_is_gone(follower, house, road):
    house.write(times=100)
    older = house.published
    road.answers["checkpoint"] = older
    house.write(times=300)

    def answer(path):
        if ".p/" in path:
            raise NotFoundError(path)
        return House.answer(house, path)

    house.answer = answer
    assert follower.follow().outcome == "first"


BUNDLES = {
    "another leaf": lambda data: data.replace(b'"height":1', b'"height":2'),
    "a leaf of another length": lambda data: data.replace(b'"height":1', b'"height":11'),
    "cut off": lambda data: data[:-1],
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("name", BUNDLES)
def test_entries_that_the_tile_does_not_name_are_refused(follower, road, name):
    road.answers["tile/entries/"] = BUNDLES[name]
    with pytest.raises(AnswerError):
        follower.follow()
    assert follower.file.load().trusted is None


class SignedTree:
    """Any leaves under a checkpoint that the log's key signed: a house that serves them."""

    def __init__(self, *leaves):
        self.leaves = leaves
        self.tree = ForgedTree(0)
        self.tree.hashes = [hash_leaf(leaf) for leaf in leaves]
        self.tree.tiles = {(0, 0): b"".join(self.tree.hashes)}

    def answer(self, path):
        if path == "checkpoint":
            return self.tree.note(len(self.leaves))
        if path.startswith("tile/entries/"):
            return encode_entry_bundle(self.leaves)
        return self.tree.tiles[0, 0]


def test_an_empty_log_is_not_followed(follower, road):
    road.house = SignedTree()
    with pytest.raises(AnswerError, match="this one is empty"):
        follower.follow()


def test_a_log_that_does_not_end_in_a_seal_is_not_followed(follower, house, road):
    road.house = SignedTree(*house.store.read_leaves(0, 1))
    with pytest.raises(AnswerError, match="does not end in a seal"):
        follower.follow()


def test_a_seal_in_another_s_place_is_no_end(follower, house, road):
    road.house = SignedTree(*house.store.read_leaves(1, 2))
    with pytest.raises(AnswerError, match="does not end in a seal"):
        follower.follow()


def test_a_log_of_something_else_is_not_followed(follower, road):
    road.house = SignedTree(b"hello")
    with pytest.raises(AnswerError, match="no leaf of a ledger of ours"):
        follower.follow()


def test_an_unreachable_node_changes_nothing(follower, house, road):
    follower.follow()
    before = follower.file.load()
    road.answers[""] = UnavailableError("nobody answers")
    with pytest.raises(UnavailableError):
        follower.follow()
    assert follower.file.load() == before


# --- states and histories


def test_a_state_and_an_absence_are_proved_under_the_trusted_checkpoint(follower, house):
    trusted = follower.follow().opened
    house.write(ASSET)  # the node is further by now
    assert follower.client.fetch_state(ASSET, trusted).value.n == 1
    assert follower.client.fetch_state(toy_key(99), trusted).value is None


def test_a_state_under_another_checkpoint_is_refused(follower, house, road):
    trusted = follower.follow().opened
    house.write(ASSET)
    road.answers["v1/state/"] = house.answer(f"v1/state/{ASSET}?size={house.size}")
    with pytest.raises(AnswerError, match="not under the"):
        follower.client.fetch_state(ASSET, trusted)


def change_value(data):
    return data.replace(b'"sets": 1', b'"sets": 2')


def test_a_wrong_state_is_refused(follower, road):
    trusted = follower.follow().opened
    road.answers["v1/state/"] = change_value
    with pytest.raises(MapProofError):
        follower.client.fetch_state(ASSET, trusted)


def test_another_subject_s_state_is_refused(follower, house, road):
    trusted = follower.follow().opened
    road.answers["v1/state/"] = house.answer(f"v1/state/{toy_key(2)}?size={house.size}")
    with pytest.raises(AnswerError, match="not about"):
        follower.client.fetch_state(ASSET, trusted)


def test_a_claimed_absence_of_what_is_there_is_refused(follower, house, road):
    trusted = follower.follow().opened
    document = json.loads(house.answer(f"v1/state/{ASSET}?size={house.size}"))
    road.answers["v1/state/"] = dump(document | {"value": None})
    with pytest.raises(MapProofError):
        follower.client.fetch_state(ASSET, trusted)


def test_a_dossier_with_an_event_left_out_is_refused(follower, house, road):
    house.write(ASSET).write(ASSET)
    trusted = follower.follow().opened
    assert len(follower.client.fetch_dossier(ASSET, trusted).events) == 3
    document = json.loads(house.answer(f"v1/dossier/{ASSET}?size={house.size}"))
    del document["events"][1]
    road.answers["v1/dossier/"] = dump(document)
    with pytest.raises(BundleError):
        follower.client.fetch_dossier(ASSET, trusted)


def test_another_subject_s_dossier_is_refused(follower, house, road):
    trusted = follower.follow().opened
    road.answers["v1/dossier/"] = house.answer(f"v1/dossier/{toy_key(2)}?size={house.size}")
    with pytest.raises(AnswerError, match="not about"):
        follower.client.fetch_dossier(ASSET, trusted)


def test_a_dossier_page_from_elsewhere_is_refused(follower, house, road):
    house.write(ASSET).write(ASSET)
    trusted = follower.follow().opened
    road.answers["v1/dossier/"] = house.answer(f"v1/dossier/{ASSET}?size={house.size}&from=2")
    with pytest.raises(AnswerError, match="from 2 on, not from 1"):
        follower.client.fetch_dossier(ASSET, trusted, 1)


# --- the file


def test_two_clients_cannot_use_one_file_at_once(follower):
    with follower.file.hold(), pytest.raises(UnavailableError, match="another process"):
        follower.follow()


def test_a_client_waits_a_little_for_another_one(follower):
    follower.follow()
    patient = StateFile(follower.file.path, patience_s=5)
    with ExitStack() as stack:
        stack.enter_context(follower.file.hold())
        timer = threading.Timer(0.2, stack.close)
        timer.start()
        with patient.hold(), pytest.raises(UnavailableError, match="another process"):
            follower.follow()
        timer.join()
    assert follower.follow().outcome is Outcome.SAME


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b'{"format":"muniment/light/v1"}', b"\xff"],
    ids=["empty", "no member", "few members", "not text"],
)
def test_a_damaged_file_is_said_to_be_damaged(follower, data):
    follower.follow()
    follower.file.path.write_bytes(data)
    with pytest.raises(CorruptionError, match="damaged"):
        follower.follow()


WATCHED = {"n": 1, "size": 2, "frontier": ["ab" * 32]}
DAMAGES = {
    "a note that is none": {"note": "hello"},
    "a note of another type": {"note": 7},
    "a negative time": {"seen_at": -1},
    "marks of another type": {"marks": {}},
    "a mark of three": {"marks": [[1, 2, 3]]},
    "a mark of texts": {"marks": [["1", "2"]]},
    "too many marks": {"marks": [[1, 2]] * (MAX_MARKS + 1)},
    "watched of another type": {"watched": []},
    "a subject that is none": {"watched": {"cat/x": WATCHED}},
    "a frontier too short": {"watched": {ASSET: WATCHED | {"frontier": []}}},
    "a frontier too long": {"watched": {ASSET: WATCHED | {"n": 2, "frontier": ["ab" * 32] * 2}}},
    "a frontier of other hashes": {"watched": {ASSET: WATCHED | {"frontier": ["ab"]}}},
    "a frontier of another type": {"watched": {ASSET: WATCHED | {"frontier": "ab"}}},
    "a count without end": {"watched": {ASSET: WATCHED | {"n": 2**53 - 1}}},
    "a member more": {"more": 1},
    "another format": {"format": "muniment/light/v2"},
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_file_with_something_else_in_it_is_damaged(follower, name):
    follower.follow()
    document = json.loads(follower.file.path.read_bytes())
    follower.file.path.write_bytes(dump(document | {"watched": {ASSET: WATCHED}}))
    assert follower.file.load().watched[ASSET].n == 1
    follower.file.path.write_bytes(dump(document | DAMAGES[name]))
    with pytest.raises(CorruptionError, match="damaged"):
        follower.file.load()


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff"], ids=["empty", "no fork", "no text"])
def test_evidence_that_is_none_is_not_taken_for_a_fork(follower, data):
    follower.follow()
    follower.file.evidence_path.write_bytes(data)
    with pytest.raises(CorruptionError, match="no fork evidence"):
        follower.follow()


def test_a_lock_that_cannot_be_made_is_not_waited_for(tmp_path):
    file = StateFile(tmp_path / "missing" / "light.state", patience_s=60)
    with pytest.raises(StoreFailedError), file.hold():
        pass


def test_the_file_is_written_as_it_is_read(follower, house):
    follower.follow()
    state = follower.file.load()
    follower.file.save(state)
    assert follower.file.load() == state
    assert StateFile(follower.file.path).load() == state


def test_a_crash_before_the_file_is_replaced_leaves_the_old_one(follower, house, monkeypatch):
    follower.follow()
    before = follower.file.load()
    house.write(times=2)

    class Crash(BaseException):
        pass

    def crash(*_):
        raise Crash

    monkeypatch.setattr("pathlib.Path.rename", crash)
    with pytest.raises(Crash):
        follower.follow()
    monkeypatch.undo()
    assert follower.file.load() == before
    assert follower.follow().outcome == "advanced"


def test_a_client_with_a_stricter_policy_does_not_take_over_what_another_trusted(
    tmp_path, house, road
):
    loose = Follower(tmp_path / "loose", road, quorum=False)
    house.publish(is_cosigned=False)
    loose.follow()
    strict = LightClient(policy(), Road(house), loose.file, FakeClock())
    with pytest.raises(QuorumError):
        strict.open_trusted()
