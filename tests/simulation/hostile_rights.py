"""What hostile people try with rights, pledges and orders, and what parties try that may not act.

As in `hostile_grants`: each event has to be refused.
"""

from contracts.title import tuple_values
from tests.simulation import licensing
from tests.simulation.crowd import DAY, Draft, may
from tests.simulation.terms import Plan
from tests.support.people import Person, claim
from tests.support.transfers import JUDGMENT

# --- transfers and pledges


def transfer_of_frozen(sim):
    return _transfer_against(sim, "frozen", sim.frozen())


def transfer_of_pledged(sim):
    return _transfer_against(sim, "pledged", sim.valid)


def transfer_of_moved(sim):
    """Of a right that one does not have, or has no longer."""
    return _transfer_against(sim, "right_not_held", sim.valid)


def transfer_of_expired(sim):
    return _transfer_against(sim, "expired", sim.assets)


def transfer_to_a_holder(sim):
    """To somebody who has the same right on a basis of his own."""
    return _transfer_against(sim, "already_held", sim.valid)


def _transfer_against(sim, reason, assets):
    """A transfer that all sign who have to, and that nothing but this reason stands against."""
    for _ in range(20):
        asset = sim.pick(assets, lambda key: sim.model.assets[key]["number"])
        if asset is None:
            return None
        giver, taker, _ = move = _odd_move(sim, asset)
        is_ordered = sim.random.random() < 0.3
        signing = {taker} if is_ordered else {giver, taker}
        found = sim.obstacles_of(asset, [move], is_ordered=is_ordered)
        if found == {reason} and giver != taker and all(map(sim.is_active, signing)):
            ground = JUDGMENT if is_ordered else None
            name = f"transfer against {reason}"
            return sim.file_transfer(name, asset, [move], ground, may(reason))
    return None


def transfer_twice_at_once(sim):
    """One right to two parties in one transfer."""
    asset = sim.pick(sim.valid, lambda key: sim.model.in_force(key, sim.time))
    if asset is None or sim.model.is_frozen(asset):
        return None
    giver, right = sim.random.choice(sorted(sim.model.in_force(asset, sim.time)))
    takers = [person.party for person in sim.several(2)]
    if len(takers) < 2 or giver in takers or not sim.is_active(giver):
        return None
    moves = [(giver, taker, right) for taker in takers]
    return sim.file_transfer("transfer twice at once", asset, moves, None, may("doubled_move"))


def _odd_move(sim, asset):
    """Mostly a right that is there; sometimes one that is not, or not there any more."""
    held = sorted(sim.model.assets[asset]["tuples"])
    giver, right = sim.random.choice(held)
    people = [key for key in sim.people if sim.is_active(key)]
    taker = sim.random.choice(people)
    if sim.random.random() < 0.4:
        giver = sim.random.choice(people)
    if sim.random.random() < 0.3:
        taker, right = sim.random.choice(held)
    return giver, taker, right


def record_moved_right(sim):
    """The record of a transfer whose right went elsewhere, was pledged or frozen meanwhile."""
    key = sim.pick([*sim.applications], lambda one: _is_ripe_transfer(sim, one))
    if key is None:
        return None
    application, registration = sim.applications[key], sim.model.registrations[key]
    reasons = sim.obstacles(registration)
    if not reasons or "no_voucher" in reasons:
        return None
    rights = tuple_values(sim.stage.asset(application).tuples)
    if reasons == {"held_then"}:
        rights = sim.stage.rights_after(application)
    return sim.record("record moved right", application, rights, frozenset(reasons))


def _is_ripe_transfer(sim, key):
    return bool(sim.applications[key].moves) and _is_ripe(sim, key)


def _is_ripe(sim, key):
    """Whether a registration is at the step before its record, the notice over."""
    state = sim.stage.registration(sim.applications[key])
    is_noticed = sim.model.registrations[key]["status"] in {"published", "confidential"}
    return is_noticed and sim.time // 1000 * 1000 >= (state.deadline or state.status[-1].start)


def record_more_than_filed(sim):
    """The record of a transfer that changes the terms of a right, or moves one more."""
    key = sim.pick([*sim.applications], lambda one: _is_ripe_transfer(sim, one))
    if key is None or sim.obstacles(sim.model.registrations[key]):
        return None
    application = sim.applications[key]
    rights = [dict(one) for one in sim.stage.rights_after(application)]
    odd = sim.random.choice(rights)
    odd |= sim.random.choice([{"limits": "none at all"}, {"until": sim.time + 4000 * DAY}])
    return sim.record("record more than filed", application, rights, may("wrong_rights"))


def record_out_of_order(sim):
    """With a number that is not the next."""
    number = sim.stage.next_number()
    after = f"{number[:-4]}{int(number[-4:]) % 9999 + 1:04}"
    return _odd_record(sim, "record out of order", may("series_moved"), number=after)


def record_for_longer(sim):
    """As if the years of a voucher began anew with a transfer."""
    return _odd_record(sim, "record for longer", may("validity"), longer=1000)


def _odd_record(sim, name, reasons, longer=0, **changes):
    key = sim.pick([*sim.applications], lambda one: _is_ripe_transfer(sim, one))
    if key is None or sim.obstacles(sim.model.registrations[key]):
        return None
    application, stage = sim.applications[key], sim.stage
    if longer:
        until = stage.voucher(stage.asset(application).voucher).valid_until
        changes["valid_until"] = until + longer
    return sim.record(name, application, reasons=reasons, **changes)


def record_for_the_gone(sim):
    """The record of a right of a party that has left."""
    key = sim.pick([*sim.applications], lambda one: _has_lost_an_applicant(sim, one))
    if key is None:
        return None
    application = sim.applications[key]
    gone = [one for one in application.applicants if one not in sim.staying(application)]
    rights = [claim(gone[0], "use")]
    return sim.record("record for the gone", application, rights, may("exited"))


def _has_lost_an_applicant(sim, key):
    application = sim.applications[key]
    is_whole = len(sim.staying(application)) == len(application.applicants)
    return not application.moves and not is_whole and _is_ripe(sim, key)


def second_pledge(sim):
    """Of a right that somebody has in pledge, without asking him; or of what one has not."""
    asset = sim.pick(
        sim.valid,
        lambda key: sim.model.in_force(key, sim.time) and not sim.model.is_frozen(key),
    )
    if asset is None:
        return None
    held = [key for key in sorted(sim.model.in_force(asset, sim.time)) if sim.is_active(key[0])]
    pledged = [key for key in held if sim.model.pledgees(asset, *key)]
    if pledged and sim.random.random() < 0.7:
        holder, right = sim.random.choice(pledged)
        earlier = sim.model.pledgees(asset, holder, right)
        bank = sim.somebody(lambda party: sim.is_active(party) and party not in earlier, but=holder)
        if bank is None:
            return None
        return sim.pledge(
            "second pledge", asset, holder, bank, [right], reasons=may("second_pledge")
        )
    thief = sim.somebody(lambda party: sim.is_active(party) and (party, "use") not in held)
    bank = thief and sim.somebody(sim.is_active, but=thief.party)
    if not bank:
        return None
    return sim.pledge(
        "pledge without right", asset, thief.party, bank, ["use"], reasons=may("no_right")
    )


def pledge_of_frozen(sim):
    asset = sim.pick(sim.frozen(), lambda key: sim.model.in_force(key, sim.time))
    if asset is None:
        return None
    held = [key for key in sorted(sim.model.in_force(asset, sim.time)) if sim.is_active(key[0])]
    bank = held and sim.somebody(sim.is_active, but=held[0][0])
    if not bank:
        return None
    holder, right = held[0]
    return sim.pledge("pledge of frozen", asset, holder, bank, [right], reasons=may("frozen"))


def release_wrongly(sim):
    """By another than the pledgee, or what was released before."""
    key = sim.pick([*sim.model.encumbrances])
    if key is None:
        return None
    one = sim.model.encumbrances[key]
    is_open = key in sim.model.assets[one["asset"]]["pledges"]
    if is_open:
        thief = sim.somebody(sim.is_active, but=one["pledgee"])
        if thief is None:
            return None
        return sim.release("release as a stranger", key, may("wrong_role"), thief)
    if not sim.is_active(one["pledgee"]):
        return None
    return sim.release("release twice", key, may("already_released"))


def order_wrongly(sim):
    """By who is no regulator, of a dead voucher, or lifted twice."""
    asset = sim.pick(sim.assets)
    thief = sim.somebody(sim.is_active)
    if not asset or not thief:
        return None
    body = {"asset": asset, "ground": "envy", **sim.live(asset)}
    lifted = sorted(
        set(sim.model.orders) - set().union(*(a["freezes"] for a in sim.model.assets.values()))
    )
    roll = sim.random.random()
    if roll < 0.4:
        return Draft("freeze as nobody", "order.freeze", body, thief, (), may("wrong_role"))
    regulator = sim.stage.regulator
    if roll < 0.7 and lifted:
        order = sim.random.choice(lifted)
        body = {"order": order, "asset": sim.model.orders[order]}
        body |= sim.live(body["asset"])
        reasons = may("already_lifted")
        return Draft("unfreeze twice", "order.unfreeze", body, regulator, (), reasons)
    others = [number for number in sim.recorded if number != sim.model.assets[asset]["number"]]
    if not others:
        return None
    body["voucher"] = sim.random.choice(others)
    reasons = may("not_live_voucher")
    return Draft("freeze another voucher", "order.freeze", body, regulator, (), reasons)


def revoke_dead_voucher(sim):
    dead = [number for number, status in sim.model.statuses.items() if status != "valid"]
    number = sim.pick(dead)
    if number is None:
        return None
    application = sim.recorded[number]
    body = sim.stage.revocation(application, number)
    body["parties"] = body["parties"] or [application.applicants[0].party]
    stage = sim.stage
    return Draft(
        "revoke dead voucher", "registration.revoke", body, stage.registrar, stage.officers,
        may("not_in_force"),
    )  # fmt: skip


# --- parties


def act_while_barred(sim):
    """Whatever a suspended or exited party would do, were it there."""
    key = sim.pick([*sim.people], lambda party: not sim.is_active(party))
    if key is None:
        return None
    person, reasons = sim.people[key], may(sim.model.parties[key]["status"])
    name = f"act while {sim.model.parties[key]['status']}"
    offers = [g for g in sim.grants if licensing.grantee(sim, g) == key]
    if offers and sim.random.random() < 0.7:
        body = {"grant": sim.random.choice(offers)}
        return Draft(name, "grant.accept", body, person, (), reasons)
    asset = sim.pick(sim.assets)
    taker = sim.somebody(sim.is_active, but=key)
    if asset is None or taker is None or sim.random.random() < 0.3:
        return Draft(name, "party.exit", {}, person, (), reasons)
    parts = asset, key, taker.party
    return licensing.grant(sim, name, parts, Plan(), "Offer", reasons=reasons)


def grant_to_the_barred(sim):
    """A grant to a party that is suspended or has left, or to oneself."""
    asset = licensing.find_licensable(sim)
    if asset is None:
        return None
    grantor = sim.random.choice(licensing.operators(sim, asset))
    taker = sim.somebody(lambda party: not sim.is_active(party) or party == grantor)
    if taker is None:
        return None
    plan = licensing.plan_for(sim, asset, grantor)
    return licensing.grant(
        sim, "grant to the barred", (asset, grantor, taker.party), plan, "Offer",
        reasons=may("wrong_grantee"),
    )  # fmt: skip


def leave_with_rights(sim):
    person = sim.somebody(lambda party: sim.is_active(party) and sim.model.held[party])
    if person is None:
        return None
    return Draft("leave with rights", "party.exit", {}, person, (), may("holds_rights"))


def enroll_again(sim):
    """With keys that somebody has already, or as somebody else."""
    person = sim.somebody(lambda party: True)
    if person is None:
        return None
    twin = Person(person.label, len(person.dids), person.kind)
    body, keys = sim.stage.enrolment(twin), sim.stage.enrolment_keys(twin)
    reasons = may("already_enrolled", "key_in_use", "wrong_party")
    actor = sim.random.choice([twin, person])
    return Draft("enroll again", "party.enroll", body, actor, keys, reasons)


def suspend_as_nobody(sim):
    one, other = sim.somebody(sim.is_active), sim.somebody(sim.is_active)
    if one is None or other is None or one is other:
        return None
    body = {"party": other.party, "ground": "envy"}
    return Draft("suspend as nobody", "party.suspend", body, one, (), may("wrong_role"))


def decide_as_nobody(sim):
    """A step of a registration that is the registrar's, by an applicant."""
    key = sim.pick([*sim.applications])
    thief = key and sim.somebody(sim.is_active)
    if not thief:
        return None
    body = {"registration": key}
    verb, members = sim.random.choice(
        [("accept", {}), ("withhold", {"reason": "it suits me"}), ("supplement", {"ask": "why?"})]
    )
    return Draft(
        "decide as nobody", f"registration.{verb}", body | members, thief, (), may("wrong_role")
    )


MOVES = {
    decide_as_nobody: 1,
    transfer_of_frozen: 2,
    transfer_of_pledged: 2,
    transfer_of_moved: 3,
    transfer_of_expired: 1,
    transfer_to_a_holder: 2,
    transfer_twice_at_once: 1,
    record_moved_right: 5,
    record_for_the_gone: 2,
    record_more_than_filed: 3,
    record_out_of_order: 2,
    record_for_longer: 2,
    second_pledge: 4,
    pledge_of_frozen: 1,
    release_wrongly: 2,
    order_wrongly: 3,
    revoke_dead_voucher: 1,
    act_while_barred: 4,
    grant_to_the_barred: 2,
    leave_with_rights: 2,
    enroll_again: 1,
    suspend_as_nobody: 1,
}
