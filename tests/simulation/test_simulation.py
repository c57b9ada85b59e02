"""Ten years of a registry with a hundred parties, hostile ones among them, in some seconds."""

import copy
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from ledger.core.policy import Log, Policy
from ledger.errors import LedgerError
from tests.simulation import honest, hostile_grants, licensing, spoiled
from tests.simulation.breaks import BREAKS, find_draft, make_moment
from tests.simulation.crowd import DAY
from tests.simulation.invariants import check_attenuation, check_block, check_grant, sweep
from tests.simulation.moves import HONEST, HOSTILE
from tests.simulation.simulation import BrokenError, Simulation
from tests.simulation.verdicts import (
    MANGLINGS,
    answer_from_file,
    ask,
    compare,
    compare_with_then,
    is_refused,
    mangle,
    prove,
)
from tests.support.note_signers import log_signer
from tests.support.people import START

SEED = 20261125
EVENTS = 2_000
QUESTIONS = 1_000
BUSY_MOVES = {
    honest.enroll: 10,
    honest.admit: 4,
    honest.file: 5,
    honest.advance: 80,
    honest.transfer: 25,
    honest.judgment: 15,
    honest.pledge: 8,
    honest.release: 25,
    honest.freeze: 5,
    honest.unfreeze: 40,
    honest.suspend: 1,
    honest.lift: 6,
    licensing.issue: 8,
    licensing.accept: 5,
    licensing.hand_on: 5,
    licensing.use: 4,
    licensing.deliver: 2,
}
"""Of people who transfer, pledge and freeze a few assets all the time."""
AT_ONCE = {"notice": 0, "acceptance": 0, "completion": 0}
pytestmark = pytest.mark.slow


def play(folder, seed=SEED, events=EVENTS, moves=HONEST, **limits):
    return Simulation(folder, seed, events, moves, HOSTILE, **limits).play()


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Ten years; only looked at."""
    sim = play(tmp_path_factory.mktemp("years"))
    yield sim
    sim.stage.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A few months among few, to play on."""
    sim = play(tmp_path_factory.mktemp("months"), 1, 500, BUSY_MOVES, crowd=8, assets=4, years=1)
    yield sim
    sim.stage.close()


def test_ten_years_of_random_events_keep_every_invariant(played):
    refused = sum(played.refused.values())
    assert played.number >= EVENTS
    assert EVENTS * 0.15 < refused < EVENTS * 0.25
    assert played.time - START > 5 * 365 * DAY
    assert len(played.people) >= 80


def test_nearly_everything_honest_and_hostile_was_tried(played):
    assert len(set(HONEST) - played.tried) <= 1
    assert len(set(HOSTILE) - played.tried) <= 5
    assert len({reason for _, reason in played.refused}) >= 30


def test_the_audit_of_the_ledger_is_clean(played):
    result = played.stage.audit()
    assert result.size == played.stage.sequencer.head.size
    assert result.state_root == played.stage.sequencer.head.map_root.root


def test_a_thousand_verdicts_follow_from_a_file_alone(played):
    found = compare(played, Random(SEED), QUESTIONS)
    assert min(found[each] for each in ("permitted", "prohibited", "not covered")) >= 100
    grounds = {"own_right", "frozen", "inactive", "restricted", "no_operate_right", "grant_revoked"}
    assert grounds <= set(found)


def test_what_was_answered_on_the_day_is_answered_of_it_at_the_end(played):
    compared = compare_with_then(played)
    assert min(compared[each] for each in ("permitted", "prohibited", "not covered")) >= 20
    assert compared["left out"] <= 20


def test_every_mangled_file_is_refused(played):
    random, store = Random(SEED), played.stage.store
    sizes = [block.size for block in store.iterate_blocks()]
    older = played.stage.prover(sizes[-40])
    mangled = Counter()
    for _ in range(40):
        file = prove(played, ask(played, random))
        answer_from_file(played, file)
        for name, changed in mangle(played, file, older):
            assert is_refused(played, changed), (name, file["inquiry"])
            mangled[name] += 1
    assert set(mangled) == set(MANGLINGS)
    assert min(mangled.values()) >= 5


def test_lists_that_overflow_keep_every_invariant_too(tmp_path):
    limits = {"crowd": 5, "assets": 1, "years": 2, "clocks": AT_ONCE}
    sim = play(tmp_path, 4, 1_600, BUSY_MOVES, **limits)
    shortened = {
        name for state in sim.stage.states.values() for name in state.body.get("complete_from", {})
    }
    assert {"freezes", "pledges", "vouchers"} <= shortened
    compare(sim, Random(SEED), 20)
    compared = compare_with_then(sim)
    assert 0 < compared["left out"] < compared.total()
    sim.stage.audit()
    sim.stage.close()


def test_a_seed_gives_the_same_ledger_again_and_another_seed_another(tmp_path):
    roots = []
    for number, seed in enumerate([5, 5, 6]):
        folder = tmp_path / str(number)
        folder.mkdir()
        sim = play(folder, seed, 120)
        roots.append(sim.stage.sequencer.head.frontier.root())
        sim.stage.close()
    assert roots[0] == roots[1] != roots[2]


# --- the invariants can fail


@pytest.mark.parametrize("name", BREAKS)
def test_an_invariant_notices(name, small):
    one = BREAKS[name]
    act, moment = make_moment(small, one.move)
    if one.model is not None:
        before = copy.deepcopy(small.model)
        one.check(small.model, moment)
        one.model(small.model, moment)
        with pytest.raises(AssertionError):
            one.check(small.model, moment)
        small.model = before
    small.take(moment)
    if act.then is not None:
        act.then(moment.event)
    if one.moment is not None:
        one.check(small.model, moment)
        with pytest.raises(AssertionError):
            one.check(small.model, one.moment(moment))
    small.perform([])


def test_a_history_that_lacks_an_event_is_noticed(small):
    check_block(small.stage, small.model, [small.assets[0]])
    small.model.touched[small.assets[0]] += 1
    with pytest.raises(AssertionError):
        check_block(small.stage, small.model, [small.assets[0]])
    small.model.touched[small.assets[0]] -= 1


def test_a_right_that_came_into_the_world_is_noticed(small):
    asset = next(key for key in small.assets if small.model.assets[key]["tuples"])
    (terms, *_) = (one["terms"] for one in small.model.assets[asset]["tuples"].values())
    small.model.rights[terms] += 1
    with pytest.raises(AssertionError, match="rights in all"):
        sweep(small.stage, small.model, small.plans, small.random)
    small.model.rights[terms] -= 1


def find_grant(sim, test):
    """One that passes; goes on playing until there is one."""
    sim.stage.pass_time(1)
    for _ in range(200):
        for key in sim.grants:
            if test(key):
                return key
        sim.block(8)
        sim.stage.pass_time(DAY)
    raise AssertionError("no such grant")


def has_more(sim, key):
    """Whether a grant is alive and permits more than to keep an index."""
    return sim.model.is_alive(key, sim.time) and "use" in sim.plans[key].acts


def test_a_dead_grant_that_counts_as_alive_is_noticed(small):
    key = find_grant(small, lambda one: small.model.is_alive(one, small.time))
    small.model.grants[key]["status"] = "revoked"
    with pytest.raises(AssertionError, match="the model says False"):
        check_grant(small.stage, small.model, key, small.time)
    small.model.grants[key]["status"] = "live"


def test_a_grant_wider_than_the_one_above_it_is_noticed(small):
    model = small.model
    child = find_grant(small, lambda one: model.grants[one]["parent"] and has_more(small, one))
    parent = small.model.grants[small.model.grants[child]["parent"]]
    policy = parent["policy"]
    permission = [{"action": "index"}, *policy["permission"][1:]]
    parent["policy"] = policy | {"permission": permission}
    random = Random(1)
    try:
        with pytest.raises(AssertionError, match="wider than above"):
            for _ in range(100):
                check_attenuation(
                    small.stage, small.model, child, small.plans[child], random, small.time
                )
    finally:
        parent["policy"] = policy


def test_an_accepted_event_that_was_to_be_refused_is_noticed(tmp_path):
    sim = play(tmp_path, 7, 100)
    wrong = replace(find_draft(sim, honest.file), reasons=frozenset({"frozen"}))
    with pytest.raises(BrokenError, match="None, not frozen"):
        sim.perform([lambda: sim.sign(wrong)])


def test_a_refused_event_that_was_to_be_accepted_is_noticed_with_seed_number_and_event(tmp_path):
    sim = play(tmp_path, 7, 100)
    draft = spoiled.of_another_ledger(sim, find_draft(sim, honest.file))
    with pytest.raises(BrokenError) as caught:
        sim.perform([lambda: sim.sign(draft)])
    assert f"seed 7, event {sim.number} (file)" in str(caught.value)
    assert '"log": "elsewhere.org/ledger"' in str(caught.value)


def test_a_refusal_for_another_reason_is_noticed(tmp_path):
    sim = play(tmp_path, 7, 100)
    draft = replace(find_draft(sim, hostile_grants.unknown_terms), reasons=frozenset({"frozen"}))
    with pytest.raises(BrokenError, match="unknown_term, not frozen"):
        sim.perform([lambda: sim.sign(draft)])


def test_the_policy_of_another_log_does_not_believe_the_file(played):
    file = prove(played, ask(played, Random(2)))
    stranger = Policy((Log(log_signer("elsewhere.org/ledger").key),), ())
    with pytest.raises(LedgerError):
        answer_from_file(played, file, stranger)
