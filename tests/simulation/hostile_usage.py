"""What hostile people try with deliveries and usage.

As in `hostile_grants`: each event has to be refused.
"""

from dataclasses import replace

from tests.simulation import licensing
from tests.simulation.crowd import may
from tests.simulation.hostile_grants import DEAD, is_dead, is_sold
from tests.simulation.terms import ONWARD
from tests.support.grants import marks


def deliver_without_grant(sim):
    key = sim.pick(
        sim.grants,
        lambda one: not sim.model.is_alive(one, sim.time) and sim.is_active(sim.model.grantor(one)),
    )
    return None if key is None else licensing.delivery(sim, "deliver without grant", key, DEAD)


def deliver_frozen(sim):
    key = sim.pick(
        sim.alive,
        lambda one: (
            sim.model.is_alive(one, sim.time)
            and sim.model.is_frozen(sim.model.grants[one]["asset"])
            and sim.is_active(sim.model.grantor(one))
        ),
    )
    return None if key is None else licensing.delivery(sim, "deliver frozen", key, may("frozen"))


def deliver_important(sim):
    key = sim.pick(
        sim.alive,
        lambda one: (
            sim.model.assets[sim.model.grants[one]["asset"]]["level"] == "important"
            and sim.model.is_alive(one, sim.time)
            and not sim.model.is_frozen(sim.model.grants[one]["asset"])
            and not licensing.is_copy_banned(sim, one)
            and sim.is_active(sim.model.grantor(one))
            and sim.is_active(licensing.grantee(sim, one))
        ),
    )
    if key is None:
        return None
    return licensing.delivery(sim, "deliver important", key, may("important_filing"))


def deliver_elsewhere(sim):
    """Under a live grant, but by another sender or to another recipient."""
    key = sim.pick(sim.alive, lambda one: licensing.may_deliver(sim, one))
    other = key and sim.somebody(sim.is_active, but=sim.model.grantor(key))
    if not other or other.party == licensing.grantee(sim, key):
        return None
    change = sim.random.choice([{"recipient": other.party}, {"actor": other.party}])
    return licensing.delivery(sim, "deliver elsewhere", key, may("wrong_parts"), **change)


def receive_wrongly(sim):
    """By another, another copy, or a second time."""
    key = sim.pick([*sim.model.deliveries])
    if key is None:
        return None
    one = sim.model.deliveries[key]
    if sim.random.random() < 0.5 and one["status"] == "sent" and sim.is_active(one["recipient"]):
        copy = one["copy"] | {"root": sim.digest()}
        return licensing.receipt(sim, "receive another copy", key, may("wrong_copy"), copy=copy)
    other = sim.somebody(sim.is_active)
    if other is None or (other.party == one["recipient"] and one["status"] == "sent"):
        return None
    reasons = may("wrong_role")
    return licensing.receipt(sim, "receive wrongly", key, reasons, actor=other.party)


def use_without_grant(sim):
    key = sim.pick(sim.grants, lambda one: is_dead(sim, one) and sim.plans[one].usable)
    return None if key is None else licensing.usage(sim, "use without grant", key, DEAD)


def use_anothers_grant(sim):
    key = sim.pick(sim.alive, lambda one: licensing.may_use(sim, one))
    other = key and sim.somebody(sim.is_active, but=licensing.grantee(sim, key))
    if not other:
        return None
    return licensing.usage(sim, "use another's grant", key, may("wrong_role"), actor=other.party)


def count_back(sim):
    """A total that does not follow from the one before, or a period told twice."""
    key = sim.pick(
        sim.alive, lambda one: licensing.may_use(sim, one) and sim.model.grants[one]["periods"]
    )
    if key is None:
        return None
    one = sim.model.grants[key]
    action = sim.random.choice(sorted(one["periods"]))
    total = one["meters"][action]
    again = {"count": 1, "total": total + 1, "to": sim.time}
    change = sim.random.choice(
        [
            {"count": 1, "total": total},
            {"count": 1, "total": 1 + total // 2 if total > 1 else 1},
            again | {"from": one["periods"][action] - 1},
            again | {"to": sim.time + 1},
        ]
    )
    draft = licensing.usage(
        sim, "count back", key, may("counter", "frozen_then", "unknown_then"), action=action
    )
    return replace(draft, body=draft.body | change)


def use_too_much(sim):
    key = sim.pick(
        sim.alive, lambda one: licensing.may_use(sim, one) and sim.plans[one].count is not None
    )
    if key is None:
        return None
    draft = licensing.usage(sim, "use too much", key, may("beyond_count"))
    more = licensing.units_left(sim, key) + 1
    before = draft.body["total"] - draft.body["count"]
    return replace(draft, body=draft.body | {"count": more, "total": before + more})


def use_beyond_terms(sim):
    """Another act, purpose or place than the grant is for."""
    key = sim.pick(sim.alive, lambda one: licensing.may_use(sim, one))
    if key is None:
        return None
    plan = sim.plans[key]
    changes = [{"action": "muniment:export"}, {"action": "sell"}, {"action": "give"}]
    changes += [{"purpose": "anything-else"}] if plan.purposes else []
    changes += [{"spatial": "US-CA"}] if plan.regions else []
    changes += [{"scene": "anywhere-else"}] if plan.scenes else []
    changes += [{"action": act} for act in plan.banned if act in {"derive", "modify"}]
    changes += [{"action": act} for act in ONWARD]
    change = sim.random.choice(changes)
    reasons = may("no_permission", "outside_constraint", "prohibited", "onward_act")
    draft = licensing.usage(sim, "use beyond terms", key, reasons)
    body = draft.body | change
    if "action" in change:
        earliest = sim.model.earliest_use(key, change["action"])
        before = sim.stage.read(key).body["meters"].get(change["action"], 0)
        body |= {"count": 1, "total": before + 1, "from": max(earliest, body["from"])}
    return replace(draft, body=body)


def use_frozen(sim):
    key = sim.pick(
        sim.alive,
        lambda one: (
            sim.model.is_alive(one, sim.time)
            and sim.plans[one].usable
            and sim.model.is_frozen(sim.model.grants[one]["asset"])
            and sim.is_active(licensing.grantee(sim, one))
        ),
    )
    return None if key is None else licensing.usage(sim, "use frozen", key, may("frozen"))


def deliver_banned_copies(sim):
    """Under a grant below one that may license, but not hand on copies."""
    key = sim.pick(
        sim.alive,
        lambda one: (
            licensing.is_copy_banned(sim, one)
            and sim.model.is_alive(one, sim.time)
            and not sim.model.is_frozen(sim.model.grants[one]["asset"])
            and sim.is_active(sim.model.grantor(one))
            and sim.is_active(licensing.grantee(sim, one))
        ),
    )
    if key is None:
        return None
    return licensing.delivery(sim, "deliver banned copies", key, may("prohibited"))


def deliver_to_the_barred(sim):
    """Under a live grant, to a grantee who is suspended or has left."""
    key = sim.pick(
        sim.alive,
        lambda one: (
            not sim.is_active(licensing.grantee(sim, one))
            and sim.model.is_alive(one, sim.time)
            and not sim.model.is_frozen(sim.model.grants[one]["asset"])
            and sim.is_active(sim.model.grantor(one))
        ),
    )
    if key is None:
        return None
    return licensing.delivery(sim, "deliver to the barred", key, may("recipient_inactive"))


def use_across_a_freeze(sim):
    """A period that reaches into the time of a freeze that is over."""
    key = sim.pick(sim.alive, lambda one: _was_frozen_meanwhile(sim, one))
    if key is None:
        return None
    thawed = sim.model.assets[sim.model.grants[key]["asset"]]["thawed"]
    draft = licensing.usage(sim, "use across a freeze", key, may("frozen_then", "unknown_then"))
    return replace(draft, body=draft.body | {"from": thawed - 1})


def _was_frozen_meanwhile(sim, key):
    one = sim.model.grants[key]
    thawed = sim.model.assets[one["asset"]]["thawed"]
    earliest = max(one["since"], *one["periods"].values(), 0)
    return earliest < thawed - 1 and licensing.may_use(sim, key)


def more_lines_than_units(sim):
    key = sim.pick(sim.alive, lambda one: licensing.may_use(sim, one))
    if key is None:
        return None
    draft = licensing.usage(sim, "more lines than units", key, may("lines"), is_batch=True)
    return replace(draft, body=draft.body | {"lines": draft.body["count"] + 1})


def deliver_what_was_sold(sim):
    """By the grantor, after somebody took over the right behind the grant."""
    key = sim.pick(sim.alive, lambda one: is_sold(sim, one) and sim.model.is_alive(one, sim.time))
    if key is None:
        return None
    actor = sim.model.grants[key]["grantor"]
    return licensing.delivery(sim, "deliver what was sold", key, may("wrong_parts"), actor=actor)


def mark_in_secret(sim):
    """Marks that the terms do not disclose, or more than they do."""
    key = sim.pick(sim.alive, lambda one: licensing.may_deliver(sim, one))
    if key is None:
        return None
    more = sim.random.choice([(201, 0), (200, 31)]) if licensing.is_marked(sim, key) else (1, 0)
    reasons = may("not_disclosed")
    return licensing.delivery(sim, "mark in secret", key, reasons, marks=marks(*more))


def hand_on_unmarked(sim):
    """An onward copy without marks, or with their key in no proper hands, though it is agreed."""
    key = sim.pick(
        sim.alive,
        lambda one: (
            sim.model.grants[one]["parent"] is not None
            and licensing.is_marked(sim, one)
            and licensing.may_deliver(sim, one)
        ),
    )
    if key is None:
        return None
    draft = licensing.delivery(sim, "hand on unmarked", key, may("needs_escrow", "wrong_escrow"))
    body = dict(draft.body)
    if sim.random.random() < 0.5:
        del body[sim.random.choice(["marks", "escrow"])]
    else:
        body["escrow"] = body["escrow"] | {"party": sim.model.grants[key]["grantee"]}
    return replace(draft, body=body)


MOVES = {
    deliver_without_grant: 3,
    deliver_frozen: 2,
    deliver_important: 1,
    deliver_elsewhere: 2,
    receive_wrongly: 3,
    use_without_grant: 3,
    use_anothers_grant: 1,
    count_back: 3,
    use_too_much: 3,
    use_beyond_terms: 4,
    use_frozen: 2,
    deliver_what_was_sold: 2,
    deliver_banned_copies: 2,
    deliver_to_the_barred: 2,
    use_across_a_freeze: 2,
    more_lines_than_units: 1,
    mark_in_secret: 2,
    hand_on_unmarked: 2,
}
