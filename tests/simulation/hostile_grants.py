"""What hostile people try with grants.

Each function proposes one event that has to be refused, for one of its reasons; or None if there is
nothing of the kind to try now.
"""

from dataclasses import replace

from ledger.core.subjects import format_urn
from tests.simulation import licensing
from tests.simulation.crowd import DAY, Draft, may
from tests.simulation.terms import Plan, most_of, narrowed, policy_of, widenings
from tests.support.log_builder import ORIGIN

DEAD = may(
    "grant_offered",
    "grant_revoked",
    "grant_expired",
    "no_operate_right",
    "unknown_then",
    "not_authorised",
    "not_admitted",
    "tier_suspended",
    "too_deep",
)

# --- grants


def wider_grant(sim):
    """Onward, but with more than the grantor has to give."""
    key = sim.pick(sim.alive, lambda one: licensing.may_go_on(sim, one))
    if key is None:
        return None
    most = most_of(sim.plans[key])
    name, change = sim.random.choice([*widenings(most).items()])
    wide = replace(most, template=None, **change)
    return licensing.child(sim, f"wider grant: {name}", key, wide, may("wider_than_parent"))


def wider_than_the_right(sim):
    """From the holder of a right, against its restrictions or beyond its term."""
    asset = licensing.find_licensable(sim)
    if asset is None:
        return None
    grantor = sim.random.choice(licensing.operators(sim, asset))
    plan = licensing.plan_for(sim, asset, grantor)
    ends = sim.model.assets[asset]["tuples"][grantor, "operate"]["until"]
    if ends is not None:
        wide = replace(plan, template=None, until=ends + 1)
    elif not licensing.may_be_resold(sim, asset):
        wide = replace(plan, template=None, banned=(), onward=("distribute", 1, None))
    else:
        return None
    reasons = may("wider_than_parent")
    return licensing.root_grant(sim, "wider than the right", asset, grantor, wide, reasons)


def onward_without_right(sim):
    """Below a grant that hands nothing on."""
    key = sim.pick(
        sim.alive, lambda one: licensing.is_alive(sim, one) and sim.plans[one].onward is None
    )
    if key is None:
        return None
    plan = Plan(acts=("read",), until=sim.plans[key].until)
    return licensing.child(
        sim, "onward without right", key, plan, may("no_permission", "prohibited")
    )


def one_copy_too_many(sim):
    """Below a grant whose count of onward grants is used up."""
    key = sim.pick(sim.alive, lambda one: _is_used_up(sim, one))
    if key is None:
        return None
    plan = narrowed(sim.random, most_of(sim.plans[key]))
    return licensing.child(sim, "one copy too many", key, plan, may("beyond_count"))


def _is_used_up(sim, key):
    onward = sim.plans[key].onward
    is_counted = onward is not None and onward[1] is not None
    children = sim.model.grants[key]["children"]
    return is_counted and children >= onward[1] and licensing.is_alive(sim, key)


def below_a_dead_grant(sim):
    key = sim.pick(sim.grants, lambda one: is_dead(sim, one))
    if key is None:
        return None
    plan = Plan(acts=("read",))
    return licensing.child(sim, "below a dead grant", key, plan, DEAD)


def is_dead(sim, key):
    """Whether a grant is dead whose grantee could act, if it were alive."""
    return licensing.is_free_to_act(sim, key) and not sim.model.is_alive(key, sim.time)


def below_anothers_grant(sim):
    key = sim.pick(sim.grants, lambda one: licensing.is_free_to_act(sim, one))
    thief = sim.somebody(sim.is_active, but=key and licensing.grantee(sim, key))
    taker = thief and sim.somebody(sim.is_active, but=thief.party)
    if not key or not taker:
        return None
    parts = sim.model.grants[key]["asset"], thief.party, taker.party
    plan = Plan(acts=("read",))
    return licensing.grant(
        sim, "below another's grant", parts, plan, "Offer", parent=key, reasons=may("wrong_parent")
    )


def grant_without_right(sim):
    asset = sim.pick(sim.valid, lambda key: not sim.model.is_frozen(key))
    if asset is None:
        return None
    holders = sim.model.in_force(asset, sim.time)
    thief = sim.somebody(lambda party: sim.is_active(party) and (party, "operate") not in holders)
    if thief is None:
        return None
    reasons = may("no_operate_right")
    return licensing.root_grant(
        sim, "grant without right", asset, thief.party, Plan(acts=("read",)), reasons
    )


def grant_of_frozen(sim):
    asset = sim.pick(sim.frozen(), lambda key: licensing.operators(sim, key))
    if asset is None:
        return None
    grantor = sim.random.choice(licensing.operators(sim, asset))
    plan = Plan(acts=("read",), until=sim.time + DAY)
    return licensing.root_grant(sim, "grant of frozen", asset, grantor, plan, may("frozen"))


def one_sided_duties(sim):
    """A Set that wants something of the other side."""
    found = _licensor(sim)
    if found is None:
        return None
    (asset, grantor), taker = found
    rules = {"permission": [{"action": "read", "duty": [{"action": "delete"}]}]}
    return _odd_policy(sim, "one-sided duties", (asset, grantor, taker), rules, may("one_sided"))


def unknown_terms(sim):
    found = _licensor(sim)
    if found is None:
        return None
    (asset, grantor), taker = found
    rules = sim.random.choice(
        [
            {"permission": [{"action": "exploit"}]},
            {"permission": [{"action": "read"}], "inheritFrom": "x"},
            {
                "permission": [
                    {
                        "action": "read",
                        "constraint": [
                            {"leftOperand": "mood", "operator": "eq", "rightOperand": "good"}
                        ],
                    }
                ]
            },
        ]
    )
    return _odd_policy(sim, "unknown terms", (asset, grantor, taker), rules, may("unknown_term"))


def _licensor(sim):
    asset = licensing.find_licensable(sim)
    if asset is None:
        return None
    grantor = sim.random.choice(licensing.operators(sim, asset))
    taker = sim.somebody(sim.is_active, but=grantor)
    return None if taker is None else ((asset, grantor), taker.party)


def _odd_policy(sim, name, parts, rules, reasons):
    policy = {"type": "Set", "profile": "urn:muniment:odrl:1", "conflict": "prohibit"}
    policy |= {"target": format_urn(ORIGIN, parts[0]), **rules}
    return licensing.grant(sim, name, parts, Plan(), "Set", reasons=reasons, policy=policy)


def policy_about_others(sim):
    """A policy that names another asset, or other parties than the event."""
    found = _licensor(sim)
    if found is None:
        return None
    (asset, grantor), taker = found
    target = sim.random.choice([format_urn(ORIGIN, asset), format_urn("elsewhere.org", asset)])
    giver = taker if target == format_urn(ORIGIN, asset) else grantor
    policy = policy_of(Plan(), "Offer", target, giver, taker)
    return licensing.grant(
        sim, "policy about others", (asset, grantor, taker), Plan(), "Offer",
        reasons=may("wrong_parts"), policy=policy,
    )  # fmt: skip


def back_in_a_circle(sim):
    """Below a grant, to somebody above in its chain, who would get a new count."""
    key = sim.pick(sim.alive, lambda one: licensing.may_go_on(sim, one))
    if key is None:
        return None
    one = sim.model.grants[key]
    above = [sim.model.grants[each]["grantor"] for each in sim.model.chain(key)]
    taker = sim.pick(above, sim.is_active)
    if taker is None or taker == one["grantee"]:
        return None
    parts = one["asset"], one["grantee"], taker
    plan = narrowed(sim.random, most_of(sim.plans[key]))
    return licensing.grant(
        sim, "back in a circle", parts, plan, "Offer", parent=key, reasons=may("circle")
    )


def term_already_over(sim):
    """A grant whose terms ended before it."""
    found = _licensor(sim)
    if found is None:
        return None
    (asset, grantor), taker = found
    plan = Plan(acts=("read",), until=sim.time - sim.random.choice([0, 1, DAY]))
    reasons = may("term_over")
    parts = asset, grantor, taker
    return licensing.grant(sim, "term already over", parts, plan, "Offer", reasons=reasons)


def accept_twice(sim):
    key = sim.pick(sim.grants, lambda one: _is_settled(sim, one))
    if key is None:
        return None
    actor = sim.people[licensing.grantee(sim, key)]
    return Draft("accept twice", "grant.accept", {"grant": key}, actor, (), may("not_offered"))


def _is_settled(sim, key):
    is_open = sim.model.grants[key]["status"] == "offered"
    return not is_open and sim.is_active(licensing.grantee(sim, key))


def accept_anothers_offer(sim):
    key = sim.pick(sim.grants, lambda one: sim.model.grants[one]["status"] == "offered")
    thief = key and sim.somebody(sim.is_active, but=licensing.grantee(sim, key))
    if not thief:
        return None
    reasons = may("not_offered")
    return Draft("accept another's offer", "grant.accept", {"grant": key}, thief, (), reasons)


def accept_too_late(sim):
    """An offer under a frozen asset, past its term, or below what is dead."""
    key = sim.pick(
        sim.grants,
        lambda one: (
            sim.model.grants[one]["status"] == "offered"
            and sim.is_active(licensing.grantee(sim, one))
            and not licensing.stands(sim, one)
        ),
    )
    if key is None:
        return None
    actor = sim.people[licensing.grantee(sim, key)]
    is_frozen = sim.model.is_frozen(sim.model.grants[key]["asset"])
    reasons = may("frozen") if is_frozen else DEAD | may("offer_lapsed")
    return Draft("accept too late", "grant.accept", {"grant": key}, actor, (), reasons)


def revoke_as_a_stranger(sim):
    key = sim.pick(sim.grants)
    thief = key and sim.somebody(sim.is_active, but=sim.model.grantor(key))
    if not thief:
        return None
    return licensing.revocation(sim, "revoke as a stranger", key, thief.party, may("wrong_role"))


def revoke_twice(sim):
    key = sim.pick(
        sim.grants,
        lambda one: (
            sim.model.grants[one]["status"] == "revoked" and sim.is_active(sim.model.grantor(one))
        ),
    )
    if key is None:
        return None
    by = sim.model.grantor(key)
    return licensing.revocation(sim, "revoke twice", key, by, may("already_revoked"))


def revoke_what_was_sold(sim):
    """By the grantor, after somebody took over the right behind the grant."""
    key = sim.pick(sim.grants, lambda one: is_sold(sim, one))
    if key is None:
        return None
    by = sim.model.grants[key]["grantor"]
    return licensing.revocation(sim, "revoke what was sold", key, by, may("wrong_role"))


def is_sold(sim, key):
    """Whether the grantor transferred the right behind a grant, and may act."""
    grantor = sim.model.grants[key]["grantor"]
    return sim.model.grantor(key) != grantor and sim.is_active(grantor)


MOVES = {
    wider_grant: 6,
    wider_than_the_right: 3,
    onward_without_right: 4,
    one_copy_too_many: 4,
    below_a_dead_grant: 3,
    below_anothers_grant: 2,
    grant_without_right: 3,
    grant_of_frozen: 2,
    one_sided_duties: 1,
    unknown_terms: 1,
    policy_about_others: 1,
    back_in_a_circle: 2,
    term_already_over: 1,
    accept_twice: 3,
    accept_anothers_offer: 2,
    accept_too_late: 3,
    revoke_as_a_stranger: 2,
    revoke_twice: 1,
    revoke_what_was_sold: 1,
}
