"""What `acceptTracking` discloses of marks: how it is read, said, handed on and narrowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.odrl import (
    TEMPLATES,
    Disclosure,
    build_policy,
    describe_marks,
    describe_share,
    describe_terms,
    find_disclosure,
    find_widening,
    format_policy,
    is_disclosed,
    next_terms,
    parse_policy,
)
from contracts.odrl.policy import Terms
from contracts.odrl.tracking import format_disclosure
from tests.support.odrl_policies import (
    GRANTEE,
    GRANTOR,
    TARGET,
    limit,
    offer,
    refusal,
    rule,
    rules_of,
    terms,
)

SHARE, STEP = "muniment:withheldShare", "muniment:rowsPerMark"
INVENTED = "muniment:inventedRows"


def share(number, operator="lteq"):
    return limit(SHARE, operator, number)


def step(number, operator="gteq"):
    return limit(STEP, operator, number)


def invented(number, operator="lteq"):
    return limit(INVENTED, operator, number)


def tracked(withheld=200, rows=32, new=0):
    bounds = [*([share(withheld)] if withheld else []), *([step(rows)] if rows else [])]
    return rule("acceptTracking", *bounds, *([invented(new)] if new else []))


def disclosed(*obligations):
    found = find_disclosure(terms("use", oblige=obligations))
    return found.withheld, found.rows_per_mark, found.invented


def build(template="no-resale", **parts):
    sides = {"target": TARGET, "assigner": GRANTOR, "assignee": GRANTEE}
    purposes = {"purposes": ["research"]} if template.startswith("public") else {}
    return parse_policy(build_policy(template, type="Offer", **sides, **purposes, **parts))


# Reading


BOUNDS = [(1, 2, 1), (2_000, 1_000_000, 1_000), (200, 32, 0), (200, 0, 0), (0, 8, 0), (0, 0, 10)]


@pytest.mark.parametrize("numbers", BOUNDS)
def test_the_bounds_are_read_and_written_as_they_stand(numbers):
    document = offer("use", oblige=[tracked(*numbers)])
    policy = parse_policy(document)
    assert format_policy(policy) == document
    assert disclosed(tracked(*numbers)) == numbers


WRONG = {
    "nothing withheld": tracked() | {"constraint": [share(0)]},
    "more than a fifth": tracked() | {"constraint": [share(2_001)]},
    "every row": tracked() | {"constraint": [step(1)]},
    "a step past the last": tracked() | {"constraint": [step(1_000_001)]},
    "a text": tracked() | {"constraint": [share("200")]},
    "a truth": tracked() | {"constraint": [share(True)]},
    "at least so much": tracked() | {"constraint": [share(200, "gteq")]},
    "at most so many rows": tracked() | {"constraint": [step(32, "lteq")]},
    "no invented row": tracked() | {"constraint": [invented(0)]},
    "too many invented rows": tracked() | {"constraint": [invented(1_001)]},
    "at least so many invented rows": tracked() | {"constraint": [invented(10, "gteq")]},
    "invented rows twice": tracked() | {"constraint": [invented(10), invented(10)]},
    "twice": tracked() | {"constraint": [share(200), share(100)]},
    "under and": tracked() | {"constraint": [{"and": [share(200), step(32)]}]},
    "under or": tracked() | {"constraint": [{"or": [share(200), step(32)]}]},
    "in another duty": rule("delete", share(200)),
}


@pytest.mark.parametrize("name", WRONG)
def test_bounds_on_marks_of_another_form_are_refused(name):
    assert "obligation/0" in refusal_text(offer("use", oblige=[WRONG[name]]))


ELSEWHERE = {
    "a permission": offer(rule("use", share(200))),
    "a permission's and": offer(rule("use", {"and": [step(32)]})),
    "a duty in return": offer(rule("use", duty=[tracked()])),
    "a prohibition": offer("use", prohibit=[rule("sell", step(32))]),
    "a permission, of invented rows": offer(rule("use", invented(3))),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_bounds_on_marks_stand_among_the_obligations_alone(name):
    assert "acceptTracking" in refusal_text(ELSEWHERE[name])


def refusal_text(document):
    caught = refusal(document)
    assert caught.reason in {"malformed_policy", "unknown_term"}
    return caught.en


def test_the_bounds_of_a_next_policy_are_its_own():
    policy = parse_policy(
        offer("use", rule("distribute", following=rules_of("use", oblige=[tracked(100, 64)])))
    )
    assert find_disclosure(policy.terms).is_empty
    assert find_disclosure(next_terms(policy, "permission/1")) == Disclosure(100, 64)


# What is disclosed


def test_terms_disclose_what_their_obligations_say_and_all_of_them_hold():
    assert disclosed() == disclosed("acceptTracking") == disclosed("inform") == (0, 0, 0)
    assert disclosed(tracked(200, 32, 9), tracked(100, 16, 5)) == (100, 32, 5)
    assert disclosed(tracked(200, 0), tracked(0, 8), "acceptTracking") == (200, 8, 0)
    assert find_disclosure(Terms()).is_empty


@given(*[st.integers(0, 3)] * 4)
def test_marks_are_disclosed_if_no_more_rows_are_withheld_and_no_more_cells_changed(
    e, g, most, per
):
    g, per = (0 if each == 1 else each for each in (g, per))
    is_within = e <= most and (g == 0 or (per != 0 and g >= per))
    assert is_disclosed(Disclosure(e, g), Disclosure(most, per)) is is_within


@given(*[st.integers(0, 3)] * 2)
def test_invented_rows_are_disclosed_if_they_are_no_more(count, most):
    assert is_disclosed(Disclosure(0, 0, count), Disclosure(0, 0, most)) is (count <= most)
    assert Disclosure(0, 0, count).is_empty is (count == 0)


# Words


def test_a_share_is_said_in_percent_without_a_float():
    shares = {0: "0 %", 1: "0.01 %", 5: "0.05 %", 10: "0.1 %", 150: "1.5 %", 200: "2 %"}
    assert {each: describe_share(each) for each in shares} == shares
    assert describe_share(2_000) == "20 %"


def test_marks_are_said_in_both_languages():
    assert describe_marks(Disclosure(200, 32)) == (
        "may lack rows (each with a chance of up to 2 %) and may have one cell changed in at most one row in 32",
        "可略去部分行（每行概率至多 2 %）、每 32 行中至多一行可改动一个单元格",
    )
    assert describe_marks(Disclosure(0, 0)) == ("is exact", "须与原件一致")
    assert describe_marks(Disclosure(0, 0, 1)) == (
        "may hold up to 1 invented row",
        "可含至多 1 行虚构的行",
    )
    assert describe_marks(Disclosure(200, 0, 10))[0] == (
        "may lack rows (each with a chance of up to 2 %) and may hold up to 10 invented rows"
    )


def test_a_grantee_reads_what_its_copy_may_be_like():
    policy = parse_policy(offer("use", oblige=[tracked(150, 0)]))
    assert describe_terms(policy, "en")[2] == (
        "Must accept that the use is tracked, where a copy may lack rows (each with a chance of up to 1.5 %) "
        "(obligation/0)."
    )
    assert describe_terms(policy, "zh-CN")[2] == (
        "应当：接受使用追踪，且副本可略去部分行（每行概率至多 1.5 %）（obligation/0）。"
    )


def test_other_conditions_of_the_duty_are_said_too():
    duty = rule("acceptTracking", share(200), limit("systemDevice", "eq", "x"))
    words = describe_terms(parse_policy(offer("use", oblige=[duty])), "en")[2]
    assert words.endswith("a chance of up to 2 %), if the system or device is x (obligation/0).")


# Templates


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_discloses_the_usual_marks_unless_told(template):
    assert find_disclosure(build(template).terms) == Disclosure(200, 32)
    assert find_disclosure(build(template, marks=Disclosure(50, 0)).terms) == Disclosure(50, 0)
    policy = build(template, marks=Disclosure(0, 0))
    assert find_disclosure(policy.terms).is_empty
    assert format_policy(policy)["obligation"][0] == {"action": "acceptTracking"}


def test_public_data_goes_on_under_the_same_disclosure():
    policy = build("public-data-operation", marks=Disclosure(100, 8))
    assert find_disclosure(next_terms(policy, "permission/1")) == Disclosure(100, 8)


# Narrowing


def is_narrower(child, parent):
    return find_widening(terms("use", oblige=child), terms("use", oblige=parent)) is None


ALLOWED = {
    "word for word": ([tracked()], [tracked()]),
    "fewer rows withheld": ([tracked(100, 32)], [tracked()]),
    "fewer cells changed": ([tracked(200, 64)], [tracked()]),
    "where nothing was disclosed": ([tracked()], ["acceptTracking"]),
    "where nothing is asked": ([tracked()], []),
    "one bound more": ([tracked(200, 32)], [tracked(200, 0)]),
    "fewer invented rows": ([tracked(200, 32, 5)], [tracked(200, 32, 6)]),
    "invented rows where nothing is said of any": ([tracked(200, 32, 5)], [tracked()]),
    "bounds in another order": (
        [rule("acceptTracking", step(32), share(200))], [tracked()]
    ),
    "with the same other condition": (
        [rule("acceptTracking", share(100), limit("industry", "eq", "A"))],
        [rule("acceptTracking", limit("industry", "eq", "A"), share(200))],
    ),
}  # fmt: skip
REFUSED = {
    "more rows withheld": ([tracked(201, 32)], [tracked()]),
    "more cells changed": ([tracked(200, 31)], [tracked()]),
    "one bound less": ([tracked(200, 0)], [tracked()]),
    "more invented rows": ([tracked(200, 32, 7)], [tracked(200, 32, 6)]),
    "no bound on invented rows": ([tracked()], [tracked(200, 32, 6)]),
    "none of the bounds": (["acceptTracking"], [tracked()]),
    "no tracking": (["inform"], [tracked()]),
    "on another condition": (
        [rule("acceptTracking", share(200), limit("industry", "eq", "A"))],
        [rule("acceptTracking", share(200))],
    ),
    "on a narrower condition": (
        [rule("acceptTracking", share(200), limit("industry", "eq", "A"))],
        [rule("acceptTracking", share(200), limit("industry", "isAnyOf", ["A", "B"]))],
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_the_next_deliverer_may_mark_as_much_or_less(name):
    assert is_narrower(*ALLOWED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_the_next_grantee_accepts_no_more_marks_and_no_less_tracking(name):
    child, parent = REFUSED[name]
    found = find_widening(terms("use", oblige=child), terms("use", oblige=parent))
    assert (found.aspect, found.parent) == ("duty", "obligation/0")
    assert "accept that the use is tracked" in found.needed[0]


def test_what_a_disclosure_writes_is_what_is_found_in_it():
    for numbers in [(200, 32, 0), (1, 0, 0), (0, 2, 0), (0, 0, 0), (0, 0, 1), (1, 2, 3)]:
        duty = format_disclosure(Disclosure(*numbers))
        assert disclosed(duty) == numbers
