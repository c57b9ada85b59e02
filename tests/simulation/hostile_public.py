"""What hostile people try with public data.

Each function proposes one event that has to be refused, for one of its reasons; or None if there is
nothing of the kind to try now.
"""

from dataclasses import replace

from tests.simulation import licensing
from tests.simulation.crowd import may
from tests.simulation.terms import most_of, narrowed


def paid_welfare(sim):
    """Public data for public welfare, for money; or by who is no authorised body."""
    asset = sim.pick(
        sim.valid,
        lambda key: sim.model.assets[key]["class"] == "public" and not sim.model.is_frozen(key),
    )
    if asset is None:
        return None
    held = sorted(sim.model.in_force(asset, sim.time))
    holders = [h for h, right in held if right == "operate" and sim.is_active(h)]
    if not holders:
        return None
    grantor = sim.random.choice(holders)
    plan = licensing.plan_for(sim, asset, grantor)
    plan = replace(plan, template=None, onward=None, duties=("compensate",))
    is_root = grantor in sim.model.roots
    reasons = may("must_be_free" if is_root else "not_authorised")
    return licensing.root_grant(sim, "paid welfare", asset, grantor, plan, reasons, kind="Offer")


def public_without_scene(sim):
    """Public data for a purpose, but in any scene."""
    found = _public_licensor(sim)
    if found is None:
        return None
    asset, grantor = found
    plan = replace(licensing.plan_for(sim, asset, grantor), template=None, onward=None, scenes=())
    return licensing.root_grant(
        sim, "public without scene", asset, grantor, plan, may("scene_missing"), kind="Offer"
    )


def public_to_a_stranger(sim):
    """Public data to somebody who is admitted to no tier."""
    found = _public_licensor(sim)
    taker = found and sim.somebody(
        lambda party: sim.is_active(party) and not sim.model.may_take(found[0], party, 1),
        but=found[1],
    )
    if not taker:
        return None
    plan = licensing.plan_for(sim, *found)
    parts = *found, taker.party
    reasons = may("not_admitted")
    return licensing.grant(sim, "public to a stranger", parts, plan, "Offer", reasons=reasons)


def _public_licensor(sim):
    """Public data and a body that may license it now."""
    asset = sim.pick(
        sim.valid,
        lambda key: (
            sim.model.assets[key]["class"] == "public"
            and not sim.model.is_frozen(key)
            and licensing.operators(sim, key)
        ),
    )
    return asset and (asset, sim.random.choice(licensing.operators(sim, asset)))


def third_tier(sim):
    """Public data, one hop too deep."""
    key = sim.pick(sim.alive, lambda one: _is_second_tier(sim, one))
    if key is None:
        return None
    plan = narrowed(sim.random, most_of(sim.plans[key]))
    return licensing.child(sim, "third tier", key, plan, may("too_deep"))


def _is_second_tier(sim, key):
    one, plan = sim.model.grants[key], sim.plans[key]
    is_public = sim.model.assets[one["asset"]]["class"] == "public"
    has_more = plan.onward is not None and (plan.onward[1] or 99) > one["children"]
    return is_public and one["depth"] == 2 and has_more and licensing.is_alive(sim, key)


MOVES = {
    paid_welfare: 2,
    third_tier: 2,
    public_without_scene: 2,
    public_to_a_stranger: 2,
}
