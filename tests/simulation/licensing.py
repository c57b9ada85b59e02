"""What honest people do under a right to operate: grant, accept, hand on, deliver, use, revoke.

As in `honest`: each function proposes one event that the rules have to accept, or None.
"""

from ledger.core.subjects import format_urn
from tests.simulation.crowd import DAY, Draft
from tests.simulation.terms import (
    BELOW,
    MARKED,
    PURPOSES,
    REGIONS,
    USES,
    most_of,
    narrowed,
    one_sided,
    policy_of,
    random_plan,
)
from tests.support.grants import marks
from tests.support.log_builder import ORIGIN

MAX_DEPTH = 8


def issue(sim, name="grant", reasons=frozenset()):
    """A grant that rests on a right."""
    asset = find_licensable(sim)
    if asset is None:
        return None
    grantor = sim.random.choice(operators(sim, asset))
    return root_grant(sim, name, asset, grantor, plan_for(sim, asset, grantor), reasons=reasons)


def find_licensable(sim):
    """An asset that somebody may license now."""
    return sim.pick(sim.valid, lambda key: not sim.model.is_frozen(key) and operators(sim, key))


def operators(sim, asset):
    """The active holders of a right to operate, if they may license it."""
    model, state = sim.model, sim.model.assets[asset]
    return [
        holder
        for holder, right in sorted(model.in_force(asset, sim.time))
        if right == "operate"
        and sim.is_active(holder)
        and (state["class"] != "public" or holder in model.roots)
    ]


def plan_for(sim, asset, grantor):
    """Terms that the holder of this right may give."""
    return random_plan(
        sim.random,
        sim.time,
        latest=sim.model.assets[asset]["tuples"][grantor, "operate"]["until"],
        can_go_on=may_be_resold(sim, asset),
        free=sim.model.assets[asset]["class"] == "public",
    )


def may_be_resold(sim, asset):
    """Whether the restrictions leave resale free; those that were never opened may not."""
    restrictions = sim.stage.read(asset).body["fields"].get("restrictions", {"resale": False})
    return not isinstance(restrictions, dict) or restrictions.get("resale", True)


def root_grant(sim, name, asset, grantor, plan, reasons=frozenset(), kind=None):
    taker = somebody_to_take(sim, asset, 1, {grantor})
    if taker is None:
        return None
    kind = kind or sim.random.choice(["Offer", "Offer", "Agreement", "Set"])
    if kind == "Set":
        plan = one_sided(plan)
    return grant(sim, name, (asset, grantor, taker.party), plan, kind, reasons=reasons)


def somebody_to_take(sim, asset, depth, above):
    """Who may get a grant of this depth and stands nowhere above it."""
    return sim.somebody(
        lambda party: (
            party not in above and sim.is_active(party) and sim.model.may_take(asset, party, depth)
        )
    )


def grant(sim, name, parts, plan, kind, *, parent=None, reasons=frozenset(), policy=None):
    """The draft of a `grant.issue`; parts are the asset, who grants and to whom."""
    asset, grantor, taker = parts
    target = format_urn(ORIGIN, asset)
    body = {"asset": asset, "grantee": taker}
    body["policy"] = policy or policy_of(plan, kind, target, grantor, taker)
    if parent is not None:
        body["parent"] = parent
    people = [sim.people[grantor], *([sim.people[taker]] if kind == "Agreement" else [])]

    def then(event):
        (key,) = (e for e in event.subjects if e.startswith("grant/") and e != parent)
        sim.plans[key] = plan

    keys = [person.key for person in people]
    return Draft(name, "grant.issue", body, people[0], keys, reasons, then)


def accept(sim):
    key = sim.pick(sim.alive, lambda one: stands(sim, one))
    if key is None:
        return None
    return Draft("accept offer", "grant.accept", {"grant": key}, sim.people[grantee(sim, key)])


def stands(sim, key):
    """Whether an offer may be accepted now."""
    one = sim.model.grants[key]
    return (
        one["status"] == "offered"
        and sim.time < one["until"]
        and sim.model.holder_of_root(key, sim.time) is not None
        and (one["parent"] is None or sim.model.is_alive(one["parent"], sim.time))
        and sim.model.is_authorised(key)
        and sim.model.grantor(key) == one["grantor"]
        and sim.is_active(one["grantor"])
        and is_free_to_act(sim, key)
    )


def grantee(sim, key):
    return sim.model.grants[key]["grantee"]


def is_free_to_act(sim, key):
    """Whether the grantee of a grant may act and no freeze stands in the way."""
    one = sim.model.grants[key]
    return sim.is_active(one["grantee"]) and not sim.model.is_frozen(one["asset"])


def is_alive(sim, key):
    return sim.model.is_alive(key, sim.time) and is_free_to_act(sim, key)


def may_go_on(sim, key):
    """Whether the grantee of a grant may hand it on now."""
    one, plan = sim.model.grants[key], sim.plans[key]
    if plan.onward is None or not is_alive(sim, key) or not sim.model.is_authorised(key):
        return False
    is_public = sim.model.assets[one["asset"]]["class"] == "public"
    is_counted = plan.onward[1] is not None
    return one["depth"] < (2 if is_public else MAX_DEPTH) and (
        not is_counted or one["children"] < plan.onward[1]
    )


def hand_on(sim):
    """Below a grant; of two that hand on, below the one that is further down."""
    found = [sim.pick(sim.alive, lambda one: may_go_on(sim, one)) for _ in range(2)]
    key = max(filter(None, found), key=lambda one: sim.model.grants[one]["depth"], default=None)
    if key is None:
        return None
    return child(sim, "hand on", key, narrowed(sim.random, most_of(sim.plans[key])))


def child(sim, name, parent, plan, reasons=frozenset()):
    """A grant below another."""
    one = sim.model.grants[parent]
    above = {one["grantee"], *(sim.model.grants[key]["grantor"] for key in sim.model.chain(parent))}
    taker = somebody_to_take(sim, one["asset"], one["depth"] + 1, above)
    if taker is None:
        return None
    kind = sim.random.choice(["Offer", "Agreement"])
    parts = one["asset"], one["grantee"], taker.party
    return grant(sim, name, parts, plan, kind, parent=parent, reasons=reasons)


def revoke(sim):
    grants = sim.random.choice([sim.alive, sim.alive, sim.grants])
    key = sim.pick(grants, lambda one: sim.model.grants[one]["status"] != "revoked")
    if key is None or sim.random.random() < 0.5:
        return None
    by = sim.model.grantor(key)
    return revocation(sim, "revoke grant", key, by) if sim.is_active(by) else None


def revocation(sim, name, key, by, reasons=frozenset()):
    ground = sim.random.choice(["withdrawn", "breach", "agreed", "law"])
    body = {"grant": key, "ground": ground} | (
        {"document": sim.digest()} if ground == "law" else {}
    )
    return Draft(name, "grant.revoke", body, sim.people[by], (), reasons)


# --- deliveries


def deliver(sim):
    key = sim.pick(sim.alive, lambda one: may_deliver(sim, one))
    return None if key is None else delivery(sim, "deliver", key)


def may_deliver(sim, key):
    """Whether the grantor, or who took over from him, may deliver under a grant now."""
    model, one = sim.model, sim.model.grants[key]
    return (
        model.is_alive(key, sim.time)
        and sim.is_active(model.grantor(key))
        and sim.is_active(one["grantee"])
        and not model.is_frozen(one["asset"])
        and model.assets[one["asset"]]["level"] != "important"
        and not is_copy_banned(sim, key)
    )


def is_copy_banned(sim, key):
    """Whether the grant above prohibits to hand on copies, though it may license."""
    parent = sim.model.grants[key]["parent"]
    return parent is not None and "distribute" in sim.plans[parent].banned


def delivery(sim, name, key, reasons=frozenset(), **changes):
    one = sim.model.grants[key]
    copy = {"form": "salted-blocks/1", "root": sim.digest(), "count": sim.random.randint(1, 9)}
    body = {"grant": key, "asset": one["asset"], "recipient": one["grantee"], "copy": copy}
    body |= marks_for(sim, key)
    actor = sim.people[changes.pop("actor", None) or sim.model.grantor(key)]
    return Draft(name, "delivery.send", body | changes, actor, (), reasons)


def is_marked(sim, key):
    """Whether the terms of a grant disclose marks."""
    return MARKED in sim.plans[key].obligations


def marks_for(sim, key):
    """Marks where the terms disclose them, of the first hand sometimes; onward with an escrow."""
    one, random = sim.model.grants[key], sim.random
    if not is_marked(sim, key) or (one["parent"] is None and random.random() < 0.5):
        return {}
    made = {"marks": marks(random.choice([1, 200]), random.choice([0, 32, 100]))}
    if one["parent"] is None:
        return made
    above, registrar = sim.model.grantor(one["parent"]), sim.stage.registrar.party
    keepers = [each for each in (above, registrar) if each != sim.model.grantor(key)]
    return made | {"escrow": {"party": random.choice(keepers), "digest": sim.digest()}}


def receive(sim):
    waiting = [key for key, one in sim.model.deliveries.items() if one["status"] == "sent"]
    key = sim.pick(waiting, lambda one: sim.is_active(sim.model.deliveries[one]["recipient"]))
    return None if key is None else receipt(sim, "receive", key)


def receipt(sim, name, key, reasons=frozenset(), actor=None, **changes):
    one = sim.model.deliveries[key]
    body = {"delivery": key, **{each: one[each] for each in ("grant", "asset", "copy")}} | changes
    return Draft(name, "delivery.receive", body, sim.people[actor or one["recipient"]], (), reasons)


# --- usage


def use(sim):
    key = sim.pick(sim.alive, lambda one: may_use(sim, one))
    return None if key is None else usage(sim, "use", key)


def use_in_bulk(sim):
    key = sim.pick(sim.alive, lambda one: may_use(sim, one))
    return None if key is None else usage(sim, "use in bulk", key, is_batch=True)


def may_use(sim, key):
    """Whether the grantee may record one more unit now."""
    return (
        is_alive(sim, key)
        and bool(sim.plans[key].usable)
        and units_left(sim, key) > 0
        and bool(open_acts(sim, key))
    )


def open_acts(sim, key):
    """The acts of which a period may be recorded now."""
    earliest = sim.model.earliest_use
    return [act for act in sim.plans[key].usable if earliest(key, act) < sim.time]


def units_left(sim, key):
    limit = sim.plans[key].count
    return 10**6 if limit is None else limit - units_used(sim, key)


def units_used(sim, key):
    """What counts towards the limit of a plan: every act that its first permission reaches."""
    return sum(sim.model.grants[key]["meters"][act] for act in USES)


def usage(sim, name, key, reasons=frozenset(), *, is_batch=False, actor=None, **changes):
    """The draft of a usage event; what is not changed is as it has to be."""
    one, plan = sim.model.grants[key], sim.plans[key]
    action = changes.get("action") or sim.random.choice(open_acts(sim, key) or plan.usable)
    count = min(units_left(sim, key), sim.random.choice([1, 1, 2, 40])) or 1
    earliest = sim.model.earliest_use(key, action)
    start = max(earliest, sim.time - sim.random.choice([1, 1000, DAY]))
    body = {
        "grant": key,
        "action": action,
        "count": count,
        "total": one["meters"][action] + count,
        "from": start,
        "to": sim.random.randint(start + 1, sim.time) if start < sim.time else start + 1,
        **facts(sim, plan),
    }
    if is_batch:
        body |= {
            "form": "usage-lines/1",
            "root": sim.digest(),
            "lines": sim.random.randint(1, count),
        }
    kind = "usage.batch" if is_batch else "usage.record"
    return Draft(name, kind, body | changes, sim.people[actor or one["grantee"]], (), reasons)


def facts(sim, plan):
    """What a usage says of itself so that it lies within a plan; more than that now and then."""
    purposes = plan.purposes or sim.random.choice([(), PURPOSES])
    regions = plan.regions or sim.random.choice([(), REGIONS])
    found = {"purpose": sim.random.choice(purposes)} if purposes else {}
    if regions:
        region = sim.random.choice(regions)
        found["spatial"] = sim.random.choice(BELOW.get(region, (region,)))
    if plan.scenes:
        found["scene"] = sim.random.choice(plan.scenes)
    return found


MOVES = {
    issue: 20,
    accept: 16,
    hand_on: 14,
    revoke: 6,
    deliver: 12,
    receive: 10,
    use: 14,
    use_in_bulk: 6,
}
