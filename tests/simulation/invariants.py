"""What has to hold after every event and every block, whatever was tried.

`EVENT_CHECKS` look at the states that one event touched, before and after it; `SWEEPS` at all
states. They compare with the model, which knows nothing of the rules.
"""

from collections import Counter
from itertools import pairwise

import msgspec

from contracts.chain import Grant, find_break, find_chain
from contracts.intervals import current, parse_intervals
from contracts.odrl import (
    ACTIONS,
    Situation,
    evaluate,
    next_terms,
    parse_policy,
    restriction_terms,
)
from contracts.records import parse_state_record
from contracts.rulebook import STATES
from ledger.core.state import parse_state
from tests.simulation.model import terms_of
from tests.simulation.terms import PURPOSES, REGIONS, SCENES, USES

RIGHTS_CHANGE = {"registration.record", "registration.revoke"}
BARRED_BY_FREEZE = {
    "grant.issue",
    "grant.accept",
    "delivery.send",
    "usage.record",
    "usage.batch",
    "encumbrance.create",
}
ONE_AT_A_TIME = {"status", "vouchers"}
DEEPEST, DEEPEST_OF_PUBLIC = 8, 2
SITUATIONS = 6


def check_event(stage, model, moment):
    """Take one accepted event into the model, and hold its subjects against every invariant."""
    for check in LEGAL:
        check(model, moment)
    model.apply(moment.event, moment.index, moment.time)
    for check in EVENT_CHECKS:
        check(model, moment)
    for key in changed(moment, "grant"):
        check_grant(stage, model, key, moment.time)


def changed(moment, kind):
    """The subjects of one type, with the states after the event."""
    return {key: state for key, state in moment.after.items() if key.startswith(f"{kind}/")}


# --- before the event: may it be there at all?


def check_nothing_happens_to_frozen_assets(model, moment):
    kind, body = moment.event.kind, moment.event.body
    asset = body.get("asset")
    if kind in {"grant.accept", "usage.record", "usage.batch"}:
        asset = model.grants[body["grant"]]["asset"]
    is_transfer = kind == "registration.file" and body["type"] == "transfer"
    if kind == "registration.record":
        is_transfer = model.registrations[body["registration"]]["type"] == "transfer"
    if kind in BARRED_BY_FREEZE or is_transfer:
        assert not model.is_frozen(asset), f"{kind} on {asset}, which is frozen"


def check_moved_rights_are_there_and_not_pledged(model, moment):
    if moment.event.kind != "registration.record":
        return
    registration = model.registrations[moment.event.body["registration"]]
    asset = registration["asset"]
    for giver, _, right in registration["moves"]:
        assert (giver, right) in model.in_force(asset, moment.time), f"{giver} moves {right} twice"
        assert not model.pledgees(asset, giver, right), f"{right} of {giver} moves while pledged"


def check_the_actor_may_act(model, moment):
    party = moment.event.actor
    if party in model.parties:
        assert model.is_active(party), f"{party} acts while {model.parties[party]['status']}"


def check_acts_under_grants_need_them_alive(model, moment):
    kind, body, time = moment.event.kind, moment.event.body, moment.time
    if kind in {"delivery.send", "usage.record", "usage.batch"}:
        assert model.is_alive(body["grant"], time), f"{kind} under the dead {body['grant']}"
    if kind == "grant.accept":
        assert model.grants[body["grant"]]["status"] == "offered"
    if kind == "grant.issue" and "parent" in body:
        assert model.is_alive(body["parent"], time), f"a grant under the dead {body['parent']}"
    if kind == "grant.issue" and "parent" not in body:
        held = model.in_force(body["asset"], time)
        assert (moment.event.actor, "operate") in held, "a grant without a right to operate"


# --- after the event


def check_every_subject_has_a_state(model, moment):
    assert set(moment.after) == set(moment.event.subjects)
    assert None not in moment.after.values()
    for state in moment.after.values():
        parse_state_record(STATES[state.type], state)


def check_tuples_are_the_models(model, moment):
    """Who holds what, on which terms, from whom; and one entry for a holder and a right."""
    for key, state in changed(moment, "asset").items():
        shown = open_tuples(state)
        named = Counter((one["holder"], one["right"]) for one, _ in shown)
        assert set(named.values()) <= {1}, f"{key}: one holder has one right twice"
        found = {
            (one["holder"], one["right"]): (terms_of(one), one.get("from"), index)
            for one, index in shown
        }
        expected = {
            at: (one["terms"], one["from"], one["index"])
            for at, one in model.assets[key]["tuples"].items()
        }
        assert found == expected, f"{key}: {found}, not {expected}"


def check_rights_are_conserved(model, moment):
    """A tuple comes by a record, ends by a revocation, and moves without a change of its terms."""
    kind, body = moment.event.kind, moment.event.body
    for key, state in changed(moment, "asset").items():
        old, new = bag(moment.before[key]), bag(state)
        is_first = kind == "registration.record" and not old
        if is_first:
            assert new == Counter(map(terms_of, body["rights"]))
        elif kind == "registration.revoke":
            assert not new
        else:
            assert old == new, f"{key}: {kind} changed the rights that there are"
        if kind not in RIGHTS_CHANGE and moment.before[key] is not None:
            assert open_tuples(moment.before[key]) == open_tuples(state)


def check_parties_count_their_tuples(model, moment):
    for key, state in changed(moment, "party").items():
        assert state.body["tuples"] == model.held[key], f"{key} counts {state.body['tuples']}"


def check_every_right_has_a_basis(model, moment):
    """An open tuple was named, word for word, by the record that stands at its index."""
    for key, state in changed(moment, "asset").items():
        for one, index in open_tuples(state):
            _, event = model.events[index]
            assert event.kind == "registration.record", f"{key}: a right by {event.kind}"
            assert event.body["asset"] == key
            assert one in event.body["rights"], f"{key}: a right that no record names"


def check_one_voucher_at_most(model, moment):
    for key, state in changed(moment, "asset").items():
        live = current(parse_intervals(state.body["vouchers"]))
        asset = model.assets[key]
        expected = [] if asset["number"] is None else [asset["number"]]
        assert [one["number"] for one in live] == expected
        assert [one["until"] for one in live] == ([asset["until"]] if expected else [])
        assert live or not open_tuples(state), f"{key} has rights without a voucher"
    for key, state in changed(moment, "voucher").items():
        (status,) = current(parse_intervals(state.body["status"]))
        assert status == model.statuses[key.partition("/")[2]]


def check_holds_are_the_models(model, moment):
    for key, state in changed(moment, "asset").items():
        pledges = current(parse_intervals(state.body["pledges"]))
        freezes = current(parse_intervals(state.body["freezes"]))
        assert {one["encumbrance"] for one in pledges} == model.assets[key]["pledges"]
        assert {one["order"] for one in freezes} == model.assets[key]["freezes"]


def check_intervals_are_well_formed(model, moment):
    for key, state in moment.after.items():
        for name in STATES[state.type].interval_lists:
            before = moment.before[key]
            check_list(key, name, state.body, [] if before is None else before.body[name])


def check_list(key, name, body, old):
    """Closed intervals stay as they were and leave only from the oldest end, with a mark."""
    listed = parse_intervals(body[name])
    where = f"{key} {name}"
    assert len(listed) <= 64, where
    for one in listed:
        assert one.end is None or one.start <= one.end, where
    if name in ONE_AT_A_TIME:
        assert sum(one.end is None for one in listed) <= 1, where
        for one, after in pairwise(listed):
            assert one.end is not None, where
            assert one.end <= after.start, where
    kept = {(one.index, repr(one.value)): one for one in listed}
    assert len(kept) == len(listed), f"{where}: an interval twice"
    mark = body.get("complete_from", {}).get(name)
    for one in parse_intervals(old):
        now = kept.get((one.index, repr(one.value)))
        if now is None:
            assert mark is not None, f"{where}: something was dropped without a mark"
            assert (one.start if one.end is None else one.end) <= mark, where
        else:
            assert one.start == now.start, where
            assert one.end in (None, now.end), f"{where}: a closed interval was rewritten"


def check_meters(model, moment):
    """Meters go up, by what the event says, and stay within the counts of the policy."""
    for key, state in changed(moment, "grant").items():
        old = {} if moment.before[key] is None else moment.before[key].body["meters"]
        new, one = state.body["meters"], model.grants[key]
        for act, units in old.items():
            assert new[act] >= units, f"{key}: the meter of {act} went back"
        onward = {act: units for act, units in new.items() if act in {"distribute", "grantUse"}}
        assert sum(onward.values()) == one["children"], f"{key} counts {onward} grants below"
        assert {act: n for act, n in new.items() if act not in onward} == dict(one["meters"])
        assert state.body["periods"] == one["periods"]
        for act in new:
            assert any(
                reaches(rule, act) and tally(rule, new) <= limit_of(rule)
                for rule in one["policy"]["permission"]
            ), f"{key}: {act} goes beyond its count"


def check_depth(model, moment):
    for key, state in changed(moment, "grant").items():
        one, body = model.grants[key], state.body
        is_public = model.assets[one["asset"]]["class"] == "public"
        assert body["depth"] == one["depth"] == len(model.chain(key))
        assert one["depth"] <= (DEEPEST_OF_PUBLIC if is_public else DEEPEST)
        if one["parent"] is not None:
            parent = model.grants[one["parent"]]
            assert (parent["grantee"], parent["asset"]) == (one["grantor"], one["asset"])
        named = ("asset", "grantor", "grantee", "parent", "policy")
        assert {name: body[name] for name in named} == {name: one[name] for name in named}
        assert current(parse_intervals(body["status"])) == (one["status"],)


LEGAL = (
    check_nothing_happens_to_frozen_assets,
    check_moved_rights_are_there_and_not_pledged,
    check_the_actor_may_act,
    check_acts_under_grants_need_them_alive,
)
EVENT_CHECKS = (
    check_every_subject_has_a_state,
    check_tuples_are_the_models,
    check_rights_are_conserved,
    check_parties_count_their_tuples,
    check_every_right_has_a_basis,
    check_one_voucher_at_most,
    check_holds_are_the_models,
    check_intervals_are_well_formed,
    check_meters,
    check_depth,
)


# --- grants, as of now


def check_grant(stage, model, key, time):
    """A grant that the rules take for alive goes up to a right in force, and only then."""
    chain = find_chain(stage, key)
    broken = find_break(stage, chain, time)
    said = "alive" if broken is None else broken.code
    is_alive = model.is_alive(key, time)
    assert (broken is None) == is_alive, f"{key} is {said}, the model says {is_alive}"


def check_attenuation(stage, model, key, plan, random, time):
    """What a grant permits in a random situation, everything above it permits too."""
    grant = stage.state(Grant, key)
    own = parse_policy(grant.policy).terms
    asset = stage.read(grant.asset)
    outer = [restriction_terms(asset.body["fields"].get("restrictions"))]
    for above in model.chain(key)[1:]:
        outer.append(parse_policy(model.grants[above]["policy"]).terms)
    handed = None
    if grant.parent is not None:
        handed = next_terms(parse_policy(model.grants[grant.parent]["policy"]), grant.via)
    for situation in situations(random, plan, time):
        if evaluate(own, situation).verdict != "permitted":
            continue
        found = [evaluate(each, situation).verdict for each in outer]
        assert found[0] != "prohibited", f"{key} permits what is restricted: {situation}"
        assert set(found[1:]) <= {"permitted"}, f"{key} is wider than above: {situation}"
        assert handed is None or evaluate(handed, situation).verdict == "permitted", situation


def situations(random, plan, time):
    """Acts with and without stated facts, now, soon and far in the future."""
    for _ in range(SITUATIONS):
        facts = {}
        if random.random() < 0.8:
            facts["purpose"] = random.choice(plan.purposes or PURPOSES)
        if random.random() < 0.8:
            facts["spatial"] = random.choice(plan.regions or REGIONS)
        if random.random() < 0.8:
            facts["muniment:scene"] = random.choice(plan.scenes or SCENES)
        act = random.choice([*plan.acts, *plan.usable, *ACTIONS])
        yield Situation(act, time + random.choice([0, 86_400_000, 10**11]), facts, {})


# --- after a block, and now and then of everything


def check_block(stage, model, touched):
    """The store holds, for every subject touched, as many events as the model counted."""
    head = stage.sequencer.head
    assert head.map_root.size == len(model.touched), "as many subjects as were ever named"
    for key in touched:
        stored = stage.store.read_stored_state(head.map_root, key)
        found = None if stored is None else parse_state(msgspec.json.decode(stored.raw))
        assert (0 if found is None else found.n) == model.touched[key], f"history of {key}"
        assert (None if found is None else found.state) == stage.read(key), f"state of {key}"


def sweep(stage, model, plans, random):
    """Every invariant that speaks of all states at once, or that time alone may break."""
    check_block(stage, model, model.touched)
    bags = Counter()
    for key in model.assets:
        bags.update(bag(stage.read(key)))
    assert bags == +model.rights, "rights in all came or went"
    holders = Counter(party for one in model.assets.values() for party, _ in one["tuples"])
    for key in model.parties:
        assert stage.read(key).body["tuples"] == holders[key] == model.held[key]
    for number, status in model.statuses.items():
        shown = current(parse_intervals(stage.read(f"voucher/{number}").body["status"]))
        live = {one["number"] for one in model.assets.values()}
        assert shown == (status,), number
        assert (status == "valid") == (number in live), number
    for key, plan in plans.items():
        check_grant(stage, model, key, stage.time)
        if model.is_alive(key, stage.time):
            check_attenuation(stage, model, key, plan, random, stage.time)


# --- reading states and policies without the rules


def open_tuples(state):
    """The tuples in force with the index of each."""
    listed = [] if state is None else state.body["tuples"]
    return [(one["value"], one["index"]) for one in listed if one["to"] is None]


def bag(state):
    """How often each terms of a right are there, whoever holds it."""
    return Counter(terms_of(one) for one, _ in open_tuples(state))


def reaches(rule, act):
    named = rule["action"] if isinstance(rule["action"], list) else [rule["action"]]
    return act in named or ("use" in named and act in USES)


def tally(rule, meters):
    return sum(units for act, units in meters.items() if reaches(rule, act))


def limit_of(rule):
    limits = [
        one["rightOperand"]
        for one in rule.get("constraint", ())
        if one.get("leftOperand") == "count"
    ]
    return min(limits, default=2**53)
