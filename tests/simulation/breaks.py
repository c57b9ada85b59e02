"""What the invariants have to notice: one thing wrong at a time, in the states or in the events.

Each break is a move that makes an honest event, the check that must fail, and what is changed: the
moment of the event, or the model as it was before.
"""

import copy
from dataclasses import dataclass, replace

from tests.simulation import honest, invariants, licensing
from tests.simulation.crowd import DAY


@dataclass(frozen=True)
class Break:
    """Either `moment` changes what the event did, or `model` what was known before it."""

    move: object
    check: object
    moment: object = None
    model: object = None


def body_of(kind, edit):
    """A change of the state of the first subject of a type."""

    def change(moment):
        key = next(key for key in moment.after if key.startswith(f"{kind}/"))
        body = copy.deepcopy(moment.after[key].body)
        edit(body)
        state = replace(moment.after[key], body=body)
        return replace(moment, after=moment.after | {key: state})

    return change


def open_tuple(body):
    return next(one for one in body["tuples"] if one["to"] is None)


def give_to_nobody(body):
    one = copy.deepcopy(open_tuple(body))
    one["value"]["holder"] = f"party/{'a' * 26}"
    body["tuples"].append(one)


def double(body):
    body["tuples"].append(open_tuple(body))


def change_terms(body):
    open_tuple(body)["value"]["limits"] = "none at all"


def count_one_more(body):
    body["tuples"] += 1


def open_another_voucher(body):
    last = next(one for one in body["vouchers"] if one["to"] is None)
    body["vouchers"].append(last | {"value": last["value"] | {"number": "SJ321202601"}})


def forget_pledges(body):
    body["pledges"] = [one for one in body["pledges"] if one["to"] is not None]


def begin_earlier(body):
    body["tuples"][0]["from"] -= 1


def drop_the_oldest(body):
    body["tuples"].pop(0)


def meter_back(body):
    body["meters"] = dict.fromkeys(body["meters"], 0)


def one_hop_more(body):
    body["depth"] += 1


def without_its_first_subject(moment):
    return replace(moment, after=dict([*moment.after.items()][1:]))


def freeze(model, moment):
    model.assets[moment.event.body["asset"]]["freezes"].add("order/of-nobody")


def suspend(model, moment):
    model.parties[moment.event.actor]["status"] = "suspended"


def pledge(model, moment):
    registration = model.registrations[moment.event.body["registration"]]
    giver, _, right = registration["moves"][0]
    model.encumbrances["x"] = {"pledgor": giver, "pledgee": giver, "rights": [right]}
    model.assets[registration["asset"]]["pledges"].add("x")


def move_before(model, moment):
    registration = model.registrations[moment.event.body["registration"]]
    giver, _, right = registration["moves"][0]
    del model.assets[registration["asset"]]["tuples"][giver, right]


def kill(model, moment):
    model.grants[moment.event.body["grant"]]["status"] = "revoked"


def take_the_right(model, moment):
    model.assets[moment.event.body["asset"]]["tuples"].clear()


def record_transfer(sim):
    """The record of a transfer, sooner or later."""
    draft = honest.advance(sim)
    return draft if draft is not None and draft.name == "record transfer" else None


BREAKS = {
    "a right from nowhere": Break(
        honest.pledge, invariants.check_tuples_are_the_models, body_of("asset", give_to_nobody)
    ),
    "one right twice": Break(
        honest.pledge, invariants.check_tuples_are_the_models, body_of("asset", double)
    ),
    "a right on other terms": Break(
        honest.pledge, invariants.check_rights_are_conserved, body_of("asset", change_terms)
    ),
    "a right that no record names": Break(
        honest.pledge, invariants.check_every_right_has_a_basis, body_of("asset", change_terms)
    ),
    "a party that counts one right more": Break(
        licensing.issue,
        invariants.check_parties_count_their_tuples,
        body_of("party", count_one_more),
    ),
    "two vouchers at a time": Break(
        honest.pledge, invariants.check_one_voucher_at_most, body_of("asset", open_another_voucher)
    ),
    "a pledge forgotten": Break(
        honest.pledge, invariants.check_holds_are_the_models, body_of("asset", forget_pledges)
    ),
    "an interval rewritten": Break(
        honest.pledge, invariants.check_intervals_are_well_formed, body_of("asset", begin_earlier)
    ),
    "an interval dropped without a mark": Break(
        honest.pledge, invariants.check_intervals_are_well_formed, body_of("asset", drop_the_oldest)
    ),
    "a meter that went back": Break(
        licensing.use, invariants.check_meters, body_of("grant", meter_back)
    ),
    "a grant one hop deeper": Break(
        licensing.issue, invariants.check_depth, body_of("grant", one_hop_more)
    ),
    "a subject without a state": Break(
        honest.pledge, invariants.check_every_subject_has_a_state, without_its_first_subject
    ),
    "a grant of a frozen asset": Break(
        licensing.issue, invariants.check_nothing_happens_to_frozen_assets, model=freeze
    ),
    "an act of a suspended party": Break(
        honest.pledge, invariants.check_the_actor_may_act, model=suspend
    ),
    "a pledged right that moves": Break(
        record_transfer, invariants.check_moved_rights_are_there_and_not_pledged, model=pledge
    ),
    "a right that moves twice": Break(
        record_transfer, invariants.check_moved_rights_are_there_and_not_pledged, model=move_before
    ),
    "usage under a dead grant": Break(
        licensing.use, invariants.check_acts_under_grants_need_them_alive, model=kill
    ),
    "a grant without a right": Break(
        licensing.issue, invariants.check_acts_under_grants_need_them_alive, model=take_the_right
    ),
}


def find_draft(sim, move):
    """What a move proposes; goes on playing, in time too, until there is occasion for it."""
    sim.stage.pass_time(1)
    for _ in range(300):
        sim.look_around()
        draft = move(sim)
        if draft is not None:
            return draft
        sim.block(8)
        sim.stage.pass_time(DAY)
    raise AssertionError(f"no occasion for {move.__name__}")


def make_moment(sim, move):
    """An honest act of a kind with its moment: executed but not looked at."""
    act = sim.sign(find_draft(sim, move))
    return act, sim.stage.perform(sim.number, act)
