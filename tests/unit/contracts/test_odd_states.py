"""States of a dishonest operator: proved and signed, and of no shape that the rules ever make."""

import json

import pytest

from contracts.certificate import create_certificate
from contracts.check import CheckBundle, format_check, judge_check, parse_check, work_out
from contracts.evidence import ProofSet
from contracts.lists import list_key
from contracts.queries import (
    Query,
    QueryBundle,
    answer_query,
    format_query,
    judge_query,
    parse_query,
)
from contracts.verdict import Question, Report
from ledger.core.bundle import format_state_bundle
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.core.state import State, StateValue
from ledger.errors import BundleError, LimitError
from tests.support.forgery import POLICY, Forgery
from tests.support.grants import LogFacts, ask, inquiry, issue, permit, registered
from tests.support.log_builder import LOG
from tests.support.world import World


def held(value):
    """An interval list with this value, in force ever since."""
    return [{"value": value, "from": 0, "to": None, "index": 0}]


class Scene:
    """ann's asset, licensed to ben; and what a ledger signs instead of their states."""

    def __init__(self):
        self.world = world = World()
        self.ann, self.ben = (world.enroll(name) for name in ("ann", "ben"))
        self.application = registered(world, self.ann)
        self.asset = self.application.asset
        self.grant = issue(world, self.application, self.ann, self.ben, permit("read"))
        self.states = world.all_states()
        self.entry = world.log.leaves[self.application.index]
        self.now = world.time - 1000

    def proofs(self, *keys, **bent):
        """States of these subjects, where there are any; the last with these members instead."""
        values = {key: self.states[key] for key in keys if key in self.states}
        last = values[keys[-1]]
        values[keys[-1]] = State(last.type, {**last.body, **bent})
        forgery = Forgery(
            [self.entry],
            {key: StateValue(state, bytes(32), 1, 0, self.now) for key, state in values.items()},
            self.now,
        )
        note = forgery.note(LOG)
        return ProofSet(tuple(forgery.state(key, note) for key in keys), ())

    def check(self, person, action, *keys, **bent):
        """Verify a check whose last state is bent; gives the verdict."""
        bundle = CheckBundle(
            inquiry(self.world, person, self.application, action, self.now),
            ask(self.world, person, self.application, action, self.now),
            self.proofs(*keys, **bent),
        )
        report = Report()
        judge_check(parse_check(in_file(format_check(bundle))), POLICY, Question(now=0), report)
        return report.status

    def query(self, answer=None, **bent):
        """Verify who holds the asset, by its bent state; by default the honest answer is shown."""
        query = Query(topic="holders", subject=self.asset, at=self.now)
        shown = answer or answer_query(LogFacts(self.world.log), query)
        bundle = QueryBundle(query, shown, self.proofs(self.asset, **bent))
        report = Report()
        judge_query(parse_query(in_file(format_query(bundle))), POLICY, Question(now=0), report)
        return report.status


def in_file(value):
    return decode_bundle(json.dumps(value).encode(), max_bytes=MAX_DOSSIER_BYTES)


@pytest.fixture(scope="module")
def scene():
    return Scene()


ODD = "not of the shape that the rules make"
ASSETS = {
    "a right tuple that is empty": {"tuples": held({})},
    "a right tuple that is a text": {"tuples": held("x")},
    "a right tuple without its holder": {"tuples": held({"right": "use"})},
    "a voucher that is empty": {"vouchers": held({})},
    "a voucher without a number": {"vouchers": held({"until": 2**50})},
}
RIGHTS = {
    "a right tuple without its right": {"tuples": held({"holder": "?"})},
    "a right that there is not": {"tuples": held({"holder": "?", "right": "own"})},
    "a right that is a list": {"tuples": held({"holder": "?", "right": [1]})},
}


def whose(bent, person):
    """The same with a person in place of the question mark."""
    return json.loads(json.dumps(bent).replace('"?"', json.dumps(person.party)))


def test_the_honest_states_verify(scene):
    assert scene.check(scene.ann, "read", scene.ann.party, scene.asset) == "permitted"
    assert scene.check(scene.ben, "read", scene.ben.party, scene.asset, scene.grant) == "permitted"
    assert scene.query() == "answered"


@pytest.mark.parametrize("name", ASSETS | RIGHTS)
def test_a_check_by_an_odd_asset_is_refused(scene, name):
    bent = whose((ASSETS | RIGHTS)[name], scene.ann)
    with pytest.raises(BundleError, match=ODD):
        scene.check(scene.ann, "read", scene.ann.party, scene.asset, **bent)


def test_a_check_by_an_odd_pledge_is_refused(scene):
    lists = [list_key(name, "all") for name in ("negative", "positive", "important-data")]
    keys = (scene.ann.party, *lists, scene.asset)
    assert scene.check(scene.ann, "transfer", *keys) == "permitted"
    with pytest.raises(BundleError, match=ODD):
        scene.check(scene.ann, "transfer", *keys, pledges=held({}))


@pytest.mark.parametrize("name", ["a voucher that is empty", "a voucher without a number"])
def test_a_check_of_a_grant_by_an_odd_asset_is_refused(scene, name):
    keys = (scene.ben.party, scene.grant, scene.asset)
    with pytest.raises(BundleError, match=ODD):
        scene.check(scene.ben, "read", *keys, **ASSETS[name])


def test_a_check_by_a_grant_that_never_had_a_status_is_refused(scene):
    with pytest.raises(BundleError, match=ODD):
        scene.check(scene.ben, "read", scene.ben.party, scene.asset, scene.grant, status=[])


@pytest.mark.parametrize("name", ["a voucher that is empty", "a voucher without a number"])
def test_a_query_by_an_odd_asset_is_refused(scene, name):
    with pytest.raises(BundleError, match=ODD):
        scene.query(**ASSETS[name])


def test_an_answer_that_shows_an_odd_state_as_it_is_is_refused(scene):
    tuples = [{"holder": scene.ann.party, "right": "use"}]
    voucher = scene.world.asset(scene.application).voucher
    shown = {"voucher": voucher, "rights": tuples, "freezes": [], "pledges": []}
    with pytest.raises(BundleError, match=ODD):
        scene.query({"status": "answered", **shown}, tuples=held(tuples[0]))


@pytest.mark.parametrize(
    "bent", [{"tuples": held({"right": "own"})}, {"freezes": held({})}, {"pledges": held({})}]
)
def test_no_certificate_is_written_of_an_odd_answer(scene, bent):
    name = next(iter(bent))
    member = "rights" if name == "tuples" else name
    answer = {"status": "answered", "rights": [], member: [bent[name][0]["value"]]}
    query = Query(topic="holders", subject=scene.asset, at=scene.now)
    bundle = QueryBundle(query, answer, scene.proofs(scene.asset))
    with pytest.raises(BundleError, match=ODD):
        create_certificate(format_query(bundle))


def test_no_certificate_is_written_of_an_odd_voucher(scene):
    key = f"voucher/{scene.world.asset(scene.application).voucher}"
    assert create_certificate(format_state_bundle(scene.proofs(key).states[0]))
    with pytest.raises(BundleError, match=ODD):
        create_certificate(format_state_bundle(scene.proofs(key, status=[]).states[0]))
    with pytest.raises(LimitError):
        create_certificate(format_state_bundle(scene.proofs(key, valid_until=2**53 - 1).states[0]))


ODDITIES = {
    "a member that is not there": lambda: {}["x"],
    "a list that is too short": lambda: [].pop(),
    "a value of another type": lambda: 1 < "x",
}


@pytest.mark.parametrize("name", ODDITIES)
def test_what_cannot_be_worked_out_is_refused(name):
    with pytest.raises(BundleError, match=ODD):
        work_out(ODDITIES[name])


def test_nothing_else_than_an_odd_shape_is_taken_for_one():
    with pytest.raises(ZeroDivisionError):
        work_out(lambda: 1 // 0)
    assert work_out(lambda: 1) == 1
