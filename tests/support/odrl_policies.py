"""Policies for tests: short ways to write one, and strategies that make many, narrower and wider.

The world of the strategies is small, so that what is drawn twice often has to do with each other.
"""

from random import Random

import pytest
from hypothesis import strategies as st

from contracts.odrl.evaluate import Situation
from contracts.odrl.policy import Terms
from contracts.odrl.reader import parse_policy
from contracts.odrl.vocabulary import ACTIONS, DUTIES, GROUPS, ONWARD, USES, is_reached
from ledger.core.limits import MAX_RULE_CONSTRAINTS
from ledger.core.types import UnixMillis
from ledger.errors import RejectedError

ORIGIN = "muniment.invalid/example"
TARGET = f"urn:muniment:{ORIGIN}:asset/{'a' * 26}"
GRANTOR, GRANTEE, OTHER = (f"party/{letter * 26}" for letter in "abc")
COMMIT = {"$commit": "A" * 43}

PURPOSES = ("public-welfare", "research", "trade")
PLACES = ("CN", "CN-31", "CN-32", "CN-32-01", "CN-32-02", "US")
RECIPIENTS = (GRANTEE, OTHER)
TIMES = 6
UNITS = 4

# Writing one


def offer(*permissions, **rules):
    """An offer of these permissions; each is a rule, or the name of an action."""
    return {
        "type": "Offer",
        "profile": "urn:muniment:odrl:1",
        "conflict": "prohibit",
        "target": TARGET,
        "assigner": GRANTOR,
        "assignee": GRANTEE,
        **rules_of(*permissions, **rules),
    }


def rules_of(*permissions, prohibit=(), oblige=()):
    rules = {
        "permission": [rule(each) for each in permissions],
        "prohibition": [rule(each) for each in prohibit],
        "obligation": [rule(each) for each in oblige],
    }
    return {name: each for name, each in rules.items() if each}


def rule(action, *constraints, duty=(), following=None):
    """A rule; `following` is what a next policy holds."""
    if isinstance(action, dict):
        return action
    duties = [rule(each) for each in duty]
    if following is not None:
        duties.append({"action": "nextPolicy", "target": following})
    lists = {"constraint": list(constraints), "duty": duties}
    return {"action": action, **{name: each for name, each in lists.items() if each}}


def limit(operand, operator, right):
    return {"leftOperand": operand, "operator": operator, "rightOperand": right}


def terms(*permissions, **rules):
    return parse_policy(offer(*permissions, **rules)).terms


def parse_terms(document):
    """The rules of a document without a header; none at all if it permits nothing."""
    if not document.get("permission"):
        return Terms()
    return parse_policy({**offer("use"), **document}).terms


def refusal(document):
    """How a policy is refused, in both languages."""
    with pytest.raises(RejectedError) as caught:
        parse_policy(document)
    assert caught.value.en
    assert caught.value.zh
    assert caught.value.en != caught.value.zh
    return caught.value


# Making many


def _lists(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(sorted)


def _of_texts(operand, values):
    single = st.tuples(st.sampled_from(("eq", "neq")), st.sampled_from(values))
    several = st.tuples(st.sampled_from(("isAnyOf", "isNoneOf")), _lists(values))
    return st.builds(lambda pair: limit(operand, *pair), single | several)


_NUMBERS = {
    "dateTime": st.builds(
        limit,
        st.just("dateTime"),
        st.sampled_from(("lt", "lteq", "gt", "gteq")),
        st.integers(0, TIMES),
    ),
    "count": st.builds(
        limit, st.just("count"), st.sampled_from(("lt", "lteq")), st.integers(0, UNITS)
    ),
}
_PLACES = st.one_of(
    st.builds(
        limit, st.just("spatial"), st.sampled_from(("eq", "isPartOf")), st.sampled_from(PLACES)
    ),
    st.builds(limit, st.just("spatial"), st.sampled_from(("isAnyOf", "isNoneOf")), _lists(PLACES)),
)
_PAYMENTS = st.builds(limit, st.just("payAmount"), st.sampled_from(("eq", "lteq")), st.just(COMMIT))
ATOMS = st.one_of(
    _of_texts("purpose", PURPOSES),
    _of_texts("purpose", PURPOSES),
    _of_texts("recipient", RECIPIENTS),
    _of_texts("industry", ("A", "B")),
    _of_texts("systemDevice", ("x", "y")),
    _PLACES,
    _PLACES,
    _NUMBERS["dateTime"],
    _NUMBERS["dateTime"],
    _PAYMENTS,
)
"""Comparisons that may stand anywhere."""
CONSTRAINTS = st.recursive(
    ATOMS,
    lambda inner: st.builds(
        lambda kind, members: {kind: members},
        st.sampled_from(GROUPS),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=3,
).filter(lambda each: _depth(each) <= 3)


def _depth(constraint):
    (name, members), *_ = constraint.items()
    return 1 + max(map(_depth, members)) if name in GROUPS else 0


def _leaves(constraints):
    groups = [members for each in constraints for name, members in each.items() if name in GROUPS]
    return len(constraints) - len(groups) + sum(map(_leaves, groups))


_LIMITS = st.lists(CONSTRAINTS, max_size=2)
_COUNTED = st.builds(
    lambda some, more: [*some, *more], _LIMITS, st.lists(_NUMBERS["count"], max_size=1)
)
_ACTIONS = st.lists(
    st.sampled_from((*ACTIONS, *USES, "use", "use", "distribute")),
    min_size=1,
    max_size=3,
    unique=True,
)
_DUTIES = st.lists(st.builds(rule, st.sampled_from(DUTIES)), max_size=1)
_BOUNDS = (
    st.builds(limit, st.just("muniment:withheldShare"), st.just("lteq"), st.integers(1, 3)),
    st.builds(limit, st.just("muniment:rowsPerMark"), st.just("gteq"), st.integers(2, 4)),
    st.builds(limit, st.just("muniment:inventedRows"), st.just("lteq"), st.integers(1, 3)),
)
_TRACKING = st.tuples(*(st.none() | each for each in _BOUNDS)).map(
    lambda bounds: [rule("acceptTracking", *[each for each in bounds if each is not None])]
)
_OBLIGATIONS = _DUTIES | _TRACKING
_PROHIBITIONS = st.lists(
    st.builds(lambda acts, limits: rule(acts, *limits), _ACTIONS, _LIMITS), max_size=2
)


@st.composite
def permissions(draw, depth=1):
    acts = draw(_ACTIONS)
    following = None
    if depth and set(acts) & set(ONWARD):
        following = draw(st.none() | documents(depth - 1))
    return rule(acts, *draw(_COUNTED), duty=draw(_DUTIES), following=following)


@st.composite
def documents(draw, depth=1):
    """Rules of a policy, with up to so many next policies in one another."""
    return rules_of(
        *draw(st.lists(permissions(depth), min_size=1, max_size=3)),
        prohibit=draw(st.just([]) | _PROHIBITIONS),
        oblige=draw(_OBLIGATIONS),
    )


@st.composite
def narrowed(draw, document, *, is_honest=True):
    """Rules made from others by limiting them, and if not honest by one change of any kind."""
    kept = draw(
        st.lists(st.sampled_from(document["permission"]), min_size=1, max_size=3, unique_by=id)
    )
    rules = rules_of(
        *[draw(_narrowed_permission(each)) for each in kept],
        prohibit=[*document.get("prohibition", []), *draw(st.just([]) | _PROHIBITIONS)],
        oblige=[*document.get("obligation", []), *draw(_OBLIGATIONS)],
    )
    return rules if is_honest else draw(_changed(rules))


@st.composite
def handing_on(draw):
    """Rules with a next policy at `permission/0`, and rules that mostly stay within both."""
    inner = draw(documents(1))
    own = draw(_passing(inner))
    kept = draw(st.lists(st.sampled_from(_meet(own, inner)), min_size=1, max_size=2, unique_by=id))
    is_honest = draw(st.sampled_from((True, True, False)))
    return own, draw(narrowed(_within(own, inner, kept), is_honest=is_honest))


@st.composite
def handing_on_twice(draw):
    """Rules of three holders; the first two hand on by `permission/0`."""
    last = draw(documents(0))
    inner = draw(_passing(last))
    own = draw(_passing(inner))
    middle = _within(own, inner, _meet(own, inner)[:1])
    kept = draw(
        st.lists(st.sampled_from(_meet(middle, last)), min_size=1, max_size=2, unique_by=id)
    )
    is_honest = draw(st.sampled_from((True, True, False)))
    return own, middle, draw(narrowed(_within(middle, last, kept), is_honest=is_honest))


@st.composite
def _passing(draw, inner):
    others = draw(st.lists(permissions(0), max_size=2))
    bars = draw(st.just([]) | _PROHIBITIONS)
    first = rule(["distribute", "use"], *draw(_COUNTED), following=inner)
    return rules_of(first, *others, prohibit=bars, oblige=draw(_OBLIGATIONS))


def _within(own, inner, permitted):
    return rules_of(
        *permitted,
        prohibit=[*own.get("prohibition", []), *inner.get("prohibition", [])],
        oblige=[*own.get("obligation", []), *inner.get("obligation", [])],
    )


def _meet(own, inner):
    """What two documents permit together, each pair of permissions as one."""
    return list(_list_common(own, inner)) or inner["permission"]


def _list_common(own, inner):
    for one in own["permission"]:
        for other in inner["permission"]:
            acts = [act for act in ACTIONS if _reaches(one, act) and _reaches(other, act)]
            following = [each for each in other.get("duty", []) if each["action"] == "nextPolicy"]
            if following and not set(acts) & set(ONWARD):
                following = []
            duties = [
                each
                for each in (*one.get("duty", []), *other.get("duty", []))
                if each["action"] != "nextPolicy"
            ]
            limits = [*one.get("constraint", []), *other.get("constraint", [])]
            if acts and _leaves(limits) <= MAX_RULE_CONSTRAINTS:
                yield rule(acts, *limits, duty=[*duties, *following])


def _reaches(permission, act):
    acts = permission["action"]
    return any(is_reached(each, act) for each in (acts if isinstance(acts, list) else [acts]))


@st.composite
def _narrowed_permission(draw, permission):
    acts = permission["action"]
    acts = acts if isinstance(acts, list) else [acts]
    acts = [draw(st.sampled_from(USES)) if act == "use" else act for act in acts]
    acts = draw(st.lists(st.sampled_from(acts), min_size=1, unique=True))
    limits = [draw(_narrowed_limit(each)) for each in permission.get("constraint", [])]
    duties = [each for each in permission.get("duty", []) if each["action"] != "nextPolicy"]
    following = None
    for each in permission.get("duty", []):
        if each["action"] == "nextPolicy" and set(acts) & set(ONWARD):
            following = draw(narrowed(each["target"]))
    limits += draw(_LIMITS) if _leaves(limits) < MAX_RULE_CONSTRAINTS // 2 else []
    return rule(acts, *limits, duty=duties, following=following)


@st.composite
def _narrowed_limit(draw, constraint):
    right, operator = constraint.get("rightOperand"), constraint.get("operator")
    if operator in {"lt", "lteq"} and isinstance(right, int):
        right = draw(st.integers(0, right))
    elif operator == "isAnyOf":
        right = draw(st.lists(st.sampled_from(right), min_size=1, unique=True))
    elif operator == "isPartOf":
        right = draw(
            st.sampled_from([each for each in PLACES if f"{each}-".startswith(f"{right}-")])
        )
    return {**constraint, "rightOperand": right} if operator else constraint


@st.composite
def _changed(draw, rules):
    """One permission made anew, or one prohibition, obligation or duty dropped."""
    name = draw(st.sampled_from(sorted(rules)))
    place = draw(st.integers(0, len(rules[name]) - 1))
    others = [each for i, each in enumerate(rules[name]) if i != place]
    if name == "permission":
        others.append(draw(permissions()))
    return {**rules, name: others}


def list_situations(number, seed):
    """So many acts spread over the small world, the same each time; facts may be missing."""
    random = Random(seed)
    choices = {
        "purpose": PURPOSES,
        "spatial": PLACES,
        "recipient": RECIPIENTS,
        "industry": ("A", "B"),
        "systemDevice": ("x", "y"),
    }
    found = []
    for i in range(number):
        missing = random.choice([None, None, *choices])
        facts = {name: random.choice(each) for name, each in choices.items() if name != missing}
        action, units = ACTIONS[i % len(ACTIONS)], random.randint(0, UNITS)
        time = UnixMillis(random.randint(0, TIMES))
        found.append(Situation(action, time, facts, {action: units}))
    return found
