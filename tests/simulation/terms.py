"""Terms of grants that the simulation makes, as plain plans, and how one plan lies within another.

A plan says by construction what its policy permits, so the actors know without asking the rules.
"""

from dataclasses import dataclass, replace

from contracts.odrl import build_policy
from tests.support.grants import tracked

USES = ("use", "read", "aggregate", "modify", "derive", "extract", "anonymize", "archive", "index")
PURPOSES = ("research", "risk-control", "marketing", "teaching")
SCENES = ("bus-routes", "street-lights", "parking")
FREE = ("public-governance", "public-welfare")
REGIONS = ("CN-32", "CN-33", "CN-31", "DE")
BELOW = {"CN-32": ("CN-32", "CN-32-01"), "CN-33": ("CN-33", "CN-33-02")}
ONWARD = ("distribute", "grantUse")
DAY = 86_400_000
MARKED = "acceptTracking with marks"
"""The obligation that discloses the usual marks in copies."""


@dataclass(frozen=True)
class Plan:
    """What a grant permits.

    `acts` within the limits, each None or empty for none; `onward` is None or (act, count, plan of
    whoever comes next, None for the default).
    """

    acts: tuple = ("use",)
    purposes: tuple = ()
    scenes: tuple = ()
    regions: tuple = ()
    until: int | None = None
    count: int | None = None
    onward: tuple | None = None
    duties: tuple = ()
    obligations: tuple = ()
    banned: tuple = ()
    template: str | None = None

    @property
    def usable(self):
        """Every act that can be recorded as usage."""
        reached = USES if "use" in self.acts else self.acts
        return [act for act in reached if not {act, "use"} & set(self.banned) and act != "use"]


def policy_of(plan, kind, target, giver, taker):
    """The plan as an ODRL policy of this type."""
    parts = {"type": kind, "target": target, "assigner": giver, "assignee": taker}
    if plan.template:
        limits = {"until": plan.until, "purposes": plan.purposes}
        limits |= {"scenes": plan.scenes, "regions": plan.regions}
        return build_policy(plan.template, **parts, **limits, count=plan.count)
    if kind == "Set":
        parts = {"type": kind, "target": target}
    fixed = {"profile": "urn:muniment:odrl:1", "conflict": "prohibit"}
    return parts | fixed | rules_of(plan)


def rules_of(plan):
    """The rules of a policy or of a next policy."""
    use = {"action": _one_or_many(plan.acts), **_lists(constraint=limits_of(plan))}
    use |= _lists(duty=[{"action": each} for each in plan.duties])
    permissions = [use]
    if plan.onward is not None:
        act, count, following = plan.onward
        limits = term_of(plan) + ([_compare("count", "lteq", count)] if count else [])
        duty = (
            [] if following is None else [{"action": "nextPolicy", "target": rules_of(following)}]
        )
        permissions.append({"action": act, **_lists(constraint=limits, duty=duty)})
    return {"permission": permissions} | _lists(
        prohibition=[{"action": _one_or_many(plan.banned)}] if plan.banned else [],
        obligation=[tracked() if each == MARKED else {"action": each} for each in plan.obligations],
    )


def limits_of(plan):
    found = term_of(plan)
    if plan.purposes:
        found.append(_compare("purpose", "isAnyOf", list(plan.purposes)))
    if plan.scenes:
        found.append(_compare("muniment:scene", "isAnyOf", list(plan.scenes)))
    within = [_compare("spatial", "isPartOf", region) for region in plan.regions]
    if within:
        found.append(within[0] if len(within) == 1 else {"or": within})
    if plan.count:
        found.append(_compare("count", "lteq", plan.count))
    return found


def term_of(plan):
    return [] if plan.until is None else [_compare("dateTime", "lt", plan.until)]


# --- plans of all kinds


def random_plan(random, now, *, latest=None, can_go_on=True, free=False):
    """Terms for a grant under a right.

    `latest` is the end of the right's own term; without `can_go_on` resale is restricted.
    """
    until = random.choice([None, None, now + random.randint(20, 900) * DAY])
    if latest is not None:
        until = min(until or latest, latest)
    pool = FREE if free else PURPOSES
    limits = {
        "purposes": tuple(random.sample(pool, random.randint(1 if free else 0, 2))),
        "scenes": tuple(random.sample(SCENES, random.choice([1, 2] if free else [0, 0, 0, 1]))),
        "regions": tuple(random.sample(REGIONS, random.choice([0, 0, 1, 2]))),
        "until": until,
        "count": random.choice([None, None, 3, 20, 500]),
    }
    if random.random() < 0.6:
        return _from_template(random, limits, can_go_on=can_go_on, free=free)
    plan = Plan(**limits, acts=random.choice([("use",), ("use",), ("read", "aggregate", "index")]))
    if not can_go_on or random.random() < 0.3:
        return replace(plan, banned=random.choice([(), ("derive",), ("distribute", "transfer")]))
    act = random.choice(ONWARD)
    last = Plan(acts=("use",), onward=random.choice([None, (act, None, None)]))
    middle = Plan(acts=("use",), onward=(act, random.randint(1, 2), last))
    following = random.choice([None, last, middle, middle])
    return replace(
        plan,
        onward=(act, random.choice([2, 3, 5]), following),
        duties=random.choice([(), ("compensate",), ("inform",)]) if not free else (),
        obligations=random.choice([(), ("acceptTracking",), (MARKED,)]),
        banned=random.choice([(), ("modify",)]),
    )


def one_sided(plan):
    """As much of a plan as somebody can permit without asking the other side."""
    onward = plan.onward and (*plan.onward[:2], None)
    return replace(plan, template=None, duties=(), obligations=(), banned=(), onward=onward)


def _from_template(random, limits, *, can_go_on, free):
    names = ["internal-use", "no-resale"]
    if can_go_on:
        names += ["one-onward-copy"] * 2
        if free or limits["purposes"]:
            names += ["public-data-operation"] * 2
    return template_plan(random.choice(names), free=free, **limits)


def template_plan(name, *, free=False, **limits):
    """A template as a plan."""
    plan = Plan(**limits, template=name, obligations=(MARKED,))
    inside = ("distribute", "grantUse", "transfer", "muniment:encumber", "muniment:export")
    if name == "internal-use":
        return replace(plan, banned=inside, obligations=(MARKED, "delete"))
    if name == "no-resale":
        return replace(plan, banned=("distribute", "grantUse", "transfer"))
    if name == "one-onward-copy":
        return replace(plan, banned=("grantUse", "transfer"), onward=("distribute", 1, None))
    following = template_plan("internal-use", **limits)
    duties = () if free else ("compensate",)
    banned = tuple(act for act in inside if act != "grantUse")
    return replace(plan, banned=banned, duties=duties, onward=("grantUse", None, following))


def most_of(parent):
    """All that whoever comes next may get under a plan that hands on."""
    act, count, following = parent.onward
    base = following or replace(parent, onward=None, template=None)
    acts = tuple(a for a in base.acts if a in parent.acts or "use" in parent.acts)
    onward = base.onward and (act, _least(base.onward[1], count), base.onward[2])
    return Plan(
        acts=acts or parent.acts,
        purposes=_both(base.purposes, parent.purposes),
        scenes=_both(base.scenes, parent.scenes),
        regions=_both(base.regions, parent.regions),
        until=_least(base.until, parent.until),
        count=_least(base.count, parent.count),
        onward=onward,
        duties=tuple(sorted({*base.duties, *parent.duties} - {"compensate"})),
        obligations=tuple(sorted({*base.obligations, *parent.obligations})),
        banned=tuple(sorted({*base.banned, *parent.banned} - {onward and act})),
    )


def narrowed(random, most):
    """A plan within another; sometimes much narrower, now and then by a template."""
    limits = {
        "purposes": _fewer(random, most.purposes) or random.choice([(), ("research",)]),
        "scenes": _fewer(random, most.scenes),
        "regions": tuple(
            random.choice(BELOW.get(one, (one,))) for one in _fewer(random, most.regions)
        ),
        "until": most.until,
        "count": random.choice([most.count, 1]),
    }
    is_plain = not most.duties and {*most.obligations} <= {"acceptTracking", MARKED, "delete"}
    if is_plain and "use" in most.acts and not {*most.banned} & {*USES} and random.random() < 0.2:
        return template_plan("internal-use", **limits)
    plan = replace(most, **limits)
    if "use" in most.acts and random.random() < 0.5:
        plan = replace(plan, acts=("read",))
    if most.onward is None or random.random() < 0.1:
        return replace(plan, onward=None, banned=tuple(sorted({*most.banned, *ONWARD})))
    act, limit, following = most.onward
    return replace(plan, onward=(act, limit and random.randint(1, limit), following))


def widenings(most):
    """Changes that make a child wider than it may be, by name."""
    found = {"another act": {"acts": (*most.acts, "transfer")}}
    if most.purposes:
        found |= {"any purpose": {"purposes": ()}}
        found |= {"one more purpose": {"purposes": (*most.purposes, "anything-else")}}
    if most.scenes:
        found |= {"any scene": {"scenes": ()}, "one more scene": {"scenes": (*most.scenes, "any")}}
    if most.regions:
        found |= {"everywhere": {"regions": ()}, "one more region": {"regions": ("CN",)}}
    if most.until is not None:
        found |= {"no end": {"until": None}, "a later end": {"until": most.until + 1}}
    if most.count is not None:
        found |= {"no count": {"count": None}, "a higher count": {"count": most.count + 1}}
    if {*most.banned} & {*(USES if "use" in most.acts else most.acts)}:
        found["a prohibition left out"] = {"banned": ()}
    if most.obligations:
        found["an obligation left out"] = {"obligations": ()}
    if most.onward is None:
        return found | {"one hop more": {"onward": ("distribute", 1, None)}}
    act, limit, following = most.onward
    if limit is not None:
        found["more copies"] = {"onward": (act, limit + 1, following)}
    if following is None:
        deeper = Plan(acts=("use",), onward=(act, 1, None))
        found["another hop behind it"] = {"onward": (act, limit, deeper)}
    return found


def _both(one, other):
    return tuple(each for each in one if each in other) if one and other else one or other


def _fewer(random, texts):
    return tuple(random.sample(texts, random.randint(1, len(texts)))) if texts else ()


def _least(*numbers):
    return min((n for n in numbers if n is not None), default=None)


def _one_or_many(names):
    return names[0] if len(names) == 1 else list(names)


def _compare(operand, operator, right):
    return {"leftOperand": operand, "operator": operator, "rightOperand": right}


def _lists(**members):
    return {name: each for name, each in members.items() if each}
