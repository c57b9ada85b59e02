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
from contracts.rulebook import KINDS, STATES
from ledger.core.canonical import encode_canonical
from ledger.core.subjects import subject_type
from ledger.errors import RejectedError
from tests.support.playing import MOVES, Play

ROOT = Path(__file__).resolve().parents[3]
GAMES = [(profile, seed) for profile in ("solo", "national-2026") for seed in range(4)]
STEPS = 400
CONSTANT = {
    "grant": ("grantor", "grantee", "asset", "parent", "via", "depth", "policy"),
    "delivery": ("grant", "asset", "sender", "recipient", "copy", "marks", "escrow"),
    "encumbrance": ("asset", "pledgor", "pledgee", "rights", "secures"),
    "order": ("asset", "regulator", "ground", "document"),
    "attestation": ("asset", "issuer", "type", "document", "statement", "level", "valid_until"),
    "filing": ("asset", "filer", "recipient", "grant", "purpose", "document", "until"),
    "objection": ("asset", "voucher", "by", "reason", "evidence"),
}
"""What a state of this type says once and for all."""
NOT_PLAYED = {"ledger.open", "ledger.upgrade", "list.publish", "registration.file"}
"""Before the game, or under another name."""


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
    """Tuples come by a record, move by a transfer and end by a revocation, of one asset alone."""
    for key, state in of_type(after, "asset").items():
        old, new = raw_tuples(before.get(key)), raw_tuples(state)
        if key != event.body.get("asset") or event.kind not in EFFECTS:
            assert old == new
        else:
            EFFECTS[event.kind](event, old, new)


def check_record(event, old, new):
    """All tuples named are there afterwards, and what was there before and is not has moved."""
    if "cancels" in event.body:
        check_revocation(event, old, new)
        return
    kept, opened = new[: len(old)], new[len(old) :]
    assert [each | {"to": None} for each in kept] == [each | {"to": None} for each in old]
    assert bag(each["value"] for each in new if each["to"] is None) == bag(event.body["rights"])
    assert all(each["to"] is None for each in opened)
    closed = [one for one, was in zip(kept, old, strict=True) if one != was]
    if "supersedes" not in event.body:
        assert not closed
        return
    if not event.body["parties"]:  # a change
        assert old == new
        return
    assert 0 < len(opened) == len(closed)
    assert bag(map(terms_of, opened)) == bag(map(terms_of, closed))
    givers = {one["value"]["holder"] for one in closed}
    assert all(one["value"]["from"] in givers for one in opened)


def check_revocation(event, old, new):
    assert [each | {"to": None} for each in new] == [each | {"to": None} for each in old]
    assert all(each["to"] is not None for each in new)


def check_confirmation(event, old, new):
    """A declared holder opens tuples of its own; every other stays."""
    opened = new[len(old) :]
    assert new[: len(old)] == old
    assert bag((one["value"]["holder"], one["value"]["right"]) for one in opened) == bag(
        (event.actor, right) for right in event.body["rights"]
    )


EFFECTS = {
    "registration.record": check_record,
    "registration.revoke": check_revocation,
    "registration.confirm": check_confirmation,
}


def terms_of(interval):
    return {n: one for n, one in interval["value"].items() if n not in {"holder", "from"}}


def bag(values):
    return Counter(map(encode_canonical, values))


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
        (key, value["number"])
        for key, state in of_type(after, "asset").items()
        for value in current(parse_intervals(state.body["vouchers"]))
    }
    assert valid == live
    for key, state in of_type(after, "series").items():
        prefix = key.replace("series/", "voucher/")
        numbers = sorted(each for each in vouchers if each.startswith(prefix))
        assert numbers == [f"{prefix}{n:04}" for n in range(1, state.body["last"] + 1)]


def check_constants(before, after):
    """Who granted what to whom is written once; so is what was delivered, pledged and ordered."""
    for key, state in after.items():
        names = CONSTANT.get(subject_type(key), ()) if key in before else ()
        assert [state.body[n] for n in names] == [before[key].body[n] for n in names]


def check_holds(after):
    """An asset's pledges and freezes are the encumbrances and orders in force on it."""
    kinds = (("encumbrance", "pledges"), ("order", "freezes"))
    for kind, name in kinds:
        in_force = {
            (state.body["asset"], key)
            for key, state in of_type(after, kind).items()
            if current(parse_intervals(state.body["status"])) == ("in-force",)
        }
        shown = {
            (key, value[kind])
            for key, state in of_type(after, "asset").items()
            for value in current(parse_intervals(state.body[name]))
        }
        assert shown == in_force


def check_filings(after):
    """What deliveries rest on in an asset's state are filings that nobody ended."""
    filings = of_type(after, "filing")
    for asset in of_type(after, "asset").values():
        for value in current(parse_intervals(asset.body["filings"])):
            body = filings[value["filing"]].body
            assert current(parse_intervals(body["status"])) == ("in-force",)
            assert (value["recipient"], value["until"]) == (body["recipient"], body["until"])


def check_disputes(after):
    """An asset's disputes are the open objections to it, and upheld ones until they are settled."""
    stages = {
        (state.body["asset"], key): current(parse_intervals(state.body["status"]))[0]
        for key, state in of_type(after, "objection").items()
    }
    settled = {pair for pair, stage in stages.items() if stage in {"dismissed", "withdrawn"}}
    upheld = {pair for pair, stage in stages.items() if stage == "upheld"}
    shown = {
        (key, value["objection"])
        for key, state in of_type(after, "asset").items()
        for value in current(parse_intervals(state.body["disputes"]))
    }
    assert stages.keys() - settled - upheld <= shown <= stages.keys() - settled
    assets = of_type(after, "asset")
    assert all(current(parse_intervals(assets[key].body["vouchers"])) for key, _ in shown & upheld)


def check_grants(before, after):
    """A grant hangs one below its parent, of the same asset; its meters never go back."""
    for key, state in of_type(after, "grant").items():
        body, parent = state.body, after.get(state.body["parent"])
        above = (body["asset"], body["grantor"], body["depth"] - 1)
        if parent is None:
            assert (body["parent"], body["via"], body["depth"]) == (None, None, 1)
        else:
            named = (parent.body["asset"], parent.body["grantee"], parent.body["depth"])
            assert named == above
        for name in ("meters", "periods"):
            old = before[key].body[name] if key in before else {}
            assert all(body[name].get(act, 0) >= units for act, units in old.items())


def check_deliveries(after):
    """Copies are marked within what their grants disclose; onward ones there have an escrow."""
    for state in of_type(after, "delivery").values():
        grant, marks = after[state.body["grant"]].body, state.body["marks"]
        bounds = {
            one["leftOperand"].partition(":")[2]: one["rightOperand"]
            for duty in grant["policy"].get("obligation", [])
            for one in duty.get("constraint", [])
        }
        if marks is not None:
            assert marks["e"] <= bounds.get("withheldShare", 0)
            assert marks["g"] == 0 or marks["g"] >= bounds["rowsPerMark"]
            assert marks.get("canaries", 0) <= bounds.get("inventedRows", 0)
        if bounds and grant["parent"] is not None:
            assert None not in (marks, state.body["escrow"])


def check_all(before, event, after):
    check_subjects(event, before, after)
    check_tuples(event, before, after)
    check_intervals(before, after)
    check_counts(after)
    check_vouchers(after)
    check_constants(before, after)
    check_holds(after)
    check_disputes(after)
    check_filings(after)
    check_grants(before, after)
    check_deliveries(after)
    for state in after.values():
        parse_state_record(STATES[state.type], state)


@cache
def game(profile, seed):
    return Play(seed, profile, check_all).play(STEPS)


def last_states(profile, seed):
    return game(profile, seed).world.all_states()


@pytest.mark.parametrize(("profile", "seed"), GAMES)
def test_every_event_leaves_what_has_to_hold(profile, seed):
    played = game(profile, seed)
    assert sum(played.seen.values()) > 40
    assert sum(played.refused.values()) > 10


def test_the_games_play_every_move_and_meet_many_refusals():
    seen, kinds, refused = Counter(), Counter(), Counter()
    for each in GAMES:
        seen += game(*each).seen
        kinds += game(*each).kinds
        refused += game(*each).refused
    assert set(seen) == {move.__name__ for move in MOVES}
    later = ("transfer", "change", "cancellation")
    types = {"registration.file initial"}
    types |= {f"registration.{step} {name}" for step in ("file", "record") for name in later}
    assert set(kinds) == set(KINDS) - NOT_PLAYED | types
    assert {"wrong_step", "wrong_role", "wrong_signers", "suspended"} <= set(refused)
    assert {"frozen", "pledged", "right_not_held", "no_operate_right"} <= set(refused)
    assert {"no_permission", "one_sided", "wider_than_parent", "onward_act"} <= set(refused)
    assert "not_disclosed" in refused
    sent = [each for key in GAMES for each in of_type(last_states(*key), "delivery").values()]
    assert {state.body["marks"] is None for state in sent} == {True, False}
    assert any((state.body["marks"] or {}).get("canaries") for state in sent)


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
