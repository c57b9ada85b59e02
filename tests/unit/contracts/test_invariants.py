"""What holds after any events in any order: rights, counts, histories, and one state root for all."""

import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from contracts.intervals import current, parse_intervals
from contracts.records import parse_state_record
from contracts.rulebook import STATES
from ledger.core.canonical import encode_canonical
from ledger.core.subjects import subject_type
from ledger.errors import RejectedError
from tests.support.playing import MOVES, Play

ROOT = Path(__file__).resolve().parents[3]
GAMES = [(profile, seed) for profile in ("solo", "national-2026") for seed in range(4)]
EFFECTS = {"registration.record": "opened", "registration.revoke": "closed"}


def of_type(states, kind):
    return {key: state for key, state in states.items() if subject_type(key) == kind}


def raw_tuples(state):
    return [] if state is None else list(state.body["tuples"])


def check_subjects(event, before, after):
    """Exactly the event's subjects change, and none is removed."""
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed <= set(event.subjects)
    assert set(before) | set(event.subjects) == set(after)


def check_tuples(event, before, after):
    """Tuples come by a record and end by a revocation, of the named asset alone."""
    for key, state in of_type(after, "asset").items():
        old, new = raw_tuples(before.get(key)), raw_tuples(state)
        if key != event.body.get("asset") or event.kind not in EFFECTS:
            assert old == new
        elif EFFECTS[event.kind] == "opened":
            assert new[: len(old)] == old
            opened = [encode_canonical(each["value"]) for each in new[len(old) :]]
            assert opened == [encode_canonical(right) for right in event.body["rights"]]
            assert all(each["to"] is None for each in new[len(old) :])
        else:
            assert [each | {"to": None} for each in new] == [each | {"to": None} for each in old]
            assert all(each["to"] is not None for each in new)


def check_counts(after):
    """Each party's counter is the number of open tuples that name it."""
    counted = Counter(
        right["holder"]
        for state in of_type(after, "asset").values()
        for right in current(parse_intervals(state.body["tuples"]))
    )
    shown = {key: state.body["tuples"] for key, state in of_type(after, "party").items()}
    assert shown == {key: counted.get(key, 0) for key in shown}


def check_intervals(before, after):
    """What was closed stays as it was; what was open is open still or closed, not rewritten."""
    for key, state in after.items():
        for name in STATES[state.type].interval_lists:
            old = list(before[key].body[name]) if key in before else []
            new = list(state.body[name])
            assert [each | {"to": 0} for each in new[: len(old)]] == [
                each | {"to": 0} for each in old
            ]
            for was, now in zip(old, new, strict=False):
                assert was["to"] is None or was == now


def check_vouchers(after):
    """An asset has at most one voucher in force, which names it back; series have no gaps."""
    vouchers = of_type(after, "voucher")
    valid = {
        (state.body["asset"], key.partition("/")[2])
        for key, state in vouchers.items()
        if current(parse_intervals(state.body["status"])) == ("valid",)
    }
    live = {
        (key, state.body["voucher"])
        for key, state in of_type(after, "asset").items()
        if state.body["voucher"] is not None
    }
    assert valid == live
    for key, state in of_type(after, "series").items():
        prefix = key.replace("series/", "voucher/")
        numbers = sorted(each for each in vouchers if each.startswith(prefix))
        assert numbers == [f"{prefix}{n:04}" for n in range(1, state.body["last"] + 1)]


def check_all(before, event, after):
    check_subjects(event, before, after)
    check_tuples(event, before, after)
    check_intervals(before, after)
    check_counts(after)
    check_vouchers(after)
    for state in after.values():
        parse_state_record(STATES[state.type], state)


@cache
def game(profile, seed):
    return Play(seed, profile, check_all).play(160)


@pytest.mark.parametrize(("profile", "seed"), GAMES)
def test_every_event_leaves_what_has_to_hold(profile, seed):
    played = game(profile, seed)
    assert sum(played.seen.values()) > 40
    assert sum(played.refused.values()) > 10


def test_the_games_play_every_move_and_meet_many_refusals():
    seen, refused = Counter(), Counter()
    for each in GAMES:
        seen += game(*each).seen
        refused += game(*each).refused
    assert set(seen) == {move.__name__ for move in MOVES}
    assert {"wrong_step", "wrong_role", "wrong_signers", "suspended"} <= set(refused)


def test_a_refused_event_leaves_every_state_as_it_was():
    played = game("national-2026", 0)
    world, before = played.world, played.world.all_states()
    body = {"party": world.operator.party, "ground": "x"}
    with pytest.raises(RejectedError):
        world.do("party.suspend", body, world.registrar)
    assert world.all_states() == before


def run(profile, seed, hash_seed):
    command = [sys.executable, "-m", "tests.support.playing", profile, str(seed)]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("profile", ["solo", "national-2026"])
def test_two_interpreters_with_other_hash_seeds_agree_on_every_root(profile):
    first, second = (run(profile, 11, hash_seed) for hash_seed in (1, 2))
    assert first == second
    assert first.count("\n") > 30
