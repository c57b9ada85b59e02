"""When a constraint holds, when that is unknown, and which constraint implies which."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings

from contracts.odrl.constraints import (
    Known,
    count_limit,
    implies,
    implies_all,
    list_texts,
    list_unknown,
    truth_of,
    truth_of_all,
)
from contracts.odrl.policy import Atom, Group
from contracts.odrl.vocabulary import LAST_INSTANT
from tests.support.odrl_policies import CONSTRAINTS, PLACES, PURPOSES, list_situations, rule, terms

RANK = {False: 0, None: 1, True: 2}
NOTHING = Known(5, {})


def texts(operand, operator, *values):
    return Atom(operand, operator, tuple(sorted(values)))


def number(operand, operator, value):
    return Atom(operand, operator, number=value)


def at(time=5, used=None, **facts):
    return Known(time, facts, used)


YES, NO = texts("purpose", "eq", "x"), texts("purpose", "eq", "y")
OPEN = texts("industry", "eq", "A")
X = at(purpose="x")

# One comparison


COMPARED = {
    "eq": {"a": True, "b": False},
    "neq": {"a": False, "b": True},
    "isAnyOf": {"a": True, "b": True, "c": False},
    "isNoneOf": {"a": False, "b": False, "c": True},
}


@pytest.mark.parametrize(
    "operand", ["purpose", "muniment:scene", "industry", "systemDevice", "recipient"]
)
@pytest.mark.parametrize("operator", COMPARED)
def test_a_text_is_compared(operand, operator):
    atom = texts(operand, operator, *["a", "b"][: 2 if operator.startswith("is") else 1])
    for fact, truth in COMPARED[operator].items():
        assert truth_of(atom, Known(5, {operand: fact})) is truth
    assert truth_of(atom, NOTHING) is None


NUMBERS = {
    "lt": (True, False, False),
    "lteq": (True, True, False),
    "gt": (False, False, True),
    "gteq": (False, True, True),
}


@pytest.mark.parametrize("operator", NUMBERS)
def test_a_time_is_compared(operator):
    atom = number("dateTime", operator, 5)
    assert tuple(truth_of(atom, at(time)) for time in (4, 5, 6)) == NUMBERS[operator]


@pytest.mark.parametrize("operator", ["lt", "lteq"])
def test_a_count_is_compared_with_what_is_recorded(operator):
    atom = number("count", operator, 5)
    assert tuple(truth_of(atom, at(used=n)) for n in (4, 5, 6)) == NUMBERS[operator]
    assert truth_of(atom, at(used=None)) is None


def test_nothing_is_before_the_beginning():
    assert truth_of(number("dateTime", "lt", 0), at(0)) is False


def test_a_payment_is_unknown_whatever_is_stated():
    for operator in ("eq", "lteq"):
        atom = texts("payAmount", operator, "A" * 43)
        assert truth_of(atom, at(payAmount="A" * 43)) is None


PLACE_TRUTHS = {
    # operator and regions: truth for CN, CN-31, CN-32, CN-32-01, US
    ("eq", "CN-32"): (None, False, True, None, False),
    ("isAnyOf", "CN-32", "US"): (None, False, True, None, True),
    ("isPartOf", "CN-32"): (None, False, True, True, False),
    ("isPartOf", "CN"): (True, True, True, True, False),
    ("isNoneOf", "CN-32"): (None, True, False, False, True),
    ("isNoneOf", "CN-32", "US"): (None, True, False, False, False),
}


@pytest.mark.parametrize("case", PLACE_TRUTHS, ids=" ".join)
def test_a_place_may_be_known_too_coarsely_to_tell(case):
    operator, *regions = case
    atom = texts("spatial", operator, *regions)
    places = ("CN", "CN-31", "CN-32", "CN-32-01", "US")
    assert tuple(truth_of(atom, at(spatial=place)) for place in places) == PLACE_TRUTHS[case]
    assert truth_of(atom, NOTHING) is None


# Several


GROUPS = {
    ("and", YES, YES): True,
    ("and", YES, OPEN): None,
    ("and", NO, OPEN): False,
    ("or", NO, NO): False,
    ("or", NO, OPEN): None,
    ("or", YES, OPEN): True,
    ("xone", YES, NO): True,
    ("xone", NO, NO): False,
    ("xone", YES, YES): False,
    ("xone", YES, OPEN): None,
    ("xone", NO, OPEN): None,
    ("xone", YES, YES, OPEN): False,
    ("xone", YES): True,
}


@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_groups_follow_kleene(number):
    (kind, *members), truth = list(GROUPS.items())[number]
    assert truth_of(Group(kind, tuple(members)), X) is truth


def test_no_constraints_hold_always():
    assert truth_of_all((), X) is True
    assert truth_of_all((YES, OPEN), X) is None
    assert truth_of_all((OPEN, NO), X) is False


def test_only_operands_that_leave_something_open_are_named():
    both = Group("or", (OPEN, texts("systemDevice", "eq", "d"), NO))
    settled = Group("or", (YES, OPEN))
    assert list_unknown((YES, both, settled), X) == ("industry", "systemDevice")
    assert list_unknown((YES, settled), X) == ()


def test_the_smallest_count_is_the_limit():
    counts = (number("count", "lteq", 9), Group("and", (number("count", "lt", 5), YES)))
    assert count_limit(counts) == 4
    assert count_limit((YES, Group("or", (YES, NO)))) is None


PURPOSES_OF = {
    "nothing": ((), None),
    "one": ((YES,), {"x"}),
    "any of": ((texts("purpose", "isAnyOf", "x", "y"),), {"x", "y"}),
    "not one": ((texts("purpose", "neq", "x"),), None),
    "another operand": ((OPEN,), None),
    "both": ((texts("purpose", "isAnyOf", "x", "y"), NO, OPEN), {"y"}),
    "either": ((Group("or", (YES, NO)),), {"x", "y"}),
    "either or anything": ((Group("or", (YES, OPEN)),), None),
    "exactly one": ((Group("xone", (YES, NO)),), {"x", "y"}),
}


@pytest.mark.parametrize("name", PURPOSES_OF)
def test_purposes_are_those_of_which_one_is_needed(name):
    constraints, purposes = PURPOSES_OF[name]
    assert list_texts("purpose", constraints) == purposes


# Implication


def subsets(values):
    return [each for n in range(1, len(values) + 1) for each in combinations(values, n)]


def every_atom():
    for operator, values in product(("eq", "neq"), PURPOSES):
        yield texts("purpose", operator, values)
    for operator, values in product(("isAnyOf", "isNoneOf"), subsets(PURPOSES)):
        yield texts("purpose", operator, *values)
    for operator, value in product(("eq", "isPartOf"), PLACES):
        yield texts("spatial", operator, value)
    for operator, values in product(("isAnyOf", "isNoneOf"), subsets(PLACES)[:21]):
        yield texts("spatial", operator, *values)
    for operator, value in product(("lt", "lteq", "gt", "gteq"), range(4)):
        yield number("dateTime", operator, value)
    for operator, value in product(("lt", "lteq"), range(4)):
        yield number("count", operator, value)
    yield texts("payAmount", "eq", "A" * 43)
    yield texts("payAmount", "lteq", "A" * 43)


ATOMS = list(every_atom())
WORLDS = [
    Known(time, {**purpose, **place}, used)
    for time, used, purpose, place in [
        *product(range(5), [2], [{}], [{}]),
        *product([2], [None, *range(5)], [{}], [{}]),
        *product([2], [2], [{"purpose": each} for each in (*PURPOSES, "other")], [{}]),
        *product([2], [2], [{}], [{"spatial": each} for each in (*PLACES, "CN-33", "CN-32-01-05")]),
    ]
]


def test_no_comparison_implies_one_that_can_be_lower():
    for stricter, wanted in product(ATOMS, ATOMS):
        if implies(stricter, wanted):
            for known in WORLDS:
                assert RANK[truth_of(stricter, known)] <= RANK[truth_of(wanted, known)], (
                    stricter, wanted, known,
                )  # fmt: skip


def test_a_comparison_of_texts_or_numbers_implies_all_that_are_never_lower():
    exact = [each for each in ATOMS if each.operand in {"purpose", "dateTime", "count"}]
    for stricter, wanted in product(exact, exact):
        if stricter.operand == wanted.operand:
            is_lower = all(
                RANK[truth_of(stricter, known)] <= RANK[truth_of(wanted, known)] for known in WORLDS
            )
            is_empty = stricter.operand in {"dateTime", "count"} and not any(
                truth_of(stricter, known) for known in WORLDS
            )
            assert implies(stricter, wanted) == is_lower or is_empty, (stricter, wanted)


IMPLICATIONS = {
    "a region below": (
        texts("spatial", "eq", "CN-32-01"), texts("spatial", "isPartOf", "CN"), True
    ),
    "a region above": (
        texts("spatial", "isPartOf", "CN"), texts("spatial", "isPartOf", "CN-32"), False
    ),
    "a region for its whole": (
        texts("spatial", "isPartOf", "CN-32"), texts("spatial", "eq", "CN-32"), False
    ),
    "a region apart from an excluded one": (
        texts("spatial", "isPartOf", "CN-31"), texts("spatial", "isNoneOf", "CN-32", "US"), True
    ),
    "a region around an excluded one": (
        texts("spatial", "isPartOf", "CN"), texts("spatial", "isNoneOf", "CN-32"), False
    ),
    "more regions excluded": (
        texts("spatial", "isNoneOf", "CN"), texts("spatial", "isNoneOf", "CN-32"), True
    ),
    "fewer regions excluded": (
        texts("spatial", "isNoneOf", "CN-32"), texts("spatial", "isNoneOf", "CN"), False
    ),
    "excluded regions for a region": (
        texts("spatial", "isNoneOf", "CN"), texts("spatial", "isPartOf", "US"), False
    ),
    "the same payment": (
        texts("payAmount", "eq", "A"), texts("payAmount", "eq", "A"), True
    ),
    "another payment": (
        texts("payAmount", "eq", "A"), texts("payAmount", "eq", "B"), False
    ),
    "a payment for a limit": (
        texts("payAmount", "eq", "A"), texts("payAmount", "lteq", "A"), False
    ),
    "a payment for another limit": (
        texts("payAmount", "eq", "A"), texts("payAmount", "lteq", "B"), False
    ),
    "another operand": (YES, OPEN, False),
    "one of either": (YES, Group("or", (NO, YES)), True),
    "either for one": (Group("or", (NO, YES)), YES, False),
    "either in more": (Group("or", (NO, YES)), Group("or", (OPEN, YES, NO)), True),
    "either in either of both": (
        Group("and", (Group("or", (NO, YES)), OPEN)), Group("or", (NO, YES)), True
    ),
    "both for one": (Group("and", (NO, YES)), YES, True),
    "both for one of either": (Group("and", (NO, YES)), Group("or", (OPEN, YES)), True),
    "one for both": (YES, Group("and", (NO, YES)), False),
    "exactly one for itself": (Group("xone", (NO, YES)), Group("xone", (NO, YES)), True),
    "exactly one for either": (Group("xone", (NO, YES)), Group("or", (NO, YES)), False),
    "one for exactly one": (YES, Group("xone", (YES, NO)), False),
    "exactly one in either": (
        Group("xone", (NO, YES)), Group("or", (OPEN, Group("xone", (NO, YES)))), True
    ),
    "a time for an unlimited one": (
        number("dateTime", "lt", 5), number("dateTime", "lteq", LAST_INSTANT), True
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPLICATIONS)
def test_one_constraint_implies_another(name):
    stricter, wanted, is_implied = IMPLICATIONS[name]
    assert implies(stricter, wanted) is is_implied


def test_all_wanted_are_implied_by_what_is_given_together():
    assert implies_all((), ())
    assert implies_all((YES,), ())
    assert implies_all((YES, OPEN), (OPEN, YES))
    assert not implies_all((), (YES,))
    assert not implies_all((YES,), (YES, OPEN))


def read(document):
    return terms(rule("use", document)).permissions[0].constraints[0]


SITUATIONS = [
    Known(each.time, each.facts, sum(each.tally.values())) for each in list_situations(60, seed=2)
]


@given(CONSTRAINTS.map(read), CONSTRAINTS.map(read), CONSTRAINTS.map(read))
@settings(max_examples=150)
def test_implication_is_reflexive_transitive_and_never_wrong(one, two, three):
    together = Group("and", (one, two))
    either = Group("or", (two, three))
    every = (one, two, three, together, either)
    for each in every:
        assert implies(each, each)
    for stricter, wanted in product(every, every):
        if implies(stricter, wanted):
            for known in SITUATIONS:
                assert RANK[truth_of(stricter, known)] <= RANK[truth_of(wanted, known)]
            for last in every:
                if implies(wanted, last):
                    assert implies(stricter, last)
    assert implies(together, either)
