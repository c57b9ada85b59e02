"""Terms and findings in words, in both languages."""

import re

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.odrl import (
    TEMPLATES,
    Situation,
    build_policy,
    describe_clause,
    describe_terms,
    evaluate,
    parse_policy,
)
from contracts.odrl.vocabulary import ACTIONS, DUTIES, LIST_OPERATORS, MARK_OPERANDS, OPERANDS
from contracts.odrl.wording import (
    describe_acts,
    describe_asked,
    describe_constraints,
    describe_duties,
    describe_facts,
)
from tests.support.odrl_policies import (
    COMMIT,
    GRANTEE,
    GRANTOR,
    TARGET,
    documents,
    limit,
    offer,
    rule,
    rules_of,
    terms,
)

DAY = 1_798_732_800_000
POLICY = offer(
    rule(
        ["read", "index"],
        limit("purpose", "isAnyOf", ["research", "trade"]),
        limit("dateTime", "lt", DAY),
        limit("count", "lteq", 5),
        duty=["inform", rule("delete", limit("dateTime", "lteq", DAY))],
    ),
    rule("distribute", following=rules_of("read", "grantUse", prohibit=["distribute"])),
    prohibit=[rule(["sell", "give"], limit("spatial", "isNoneOf", ["CN", "US"]))],
    oblige=["acceptTracking"],
)


def test_a_policy_reads_in_english():
    assert describe_terms(parse_policy(POLICY), "en") == [
        f"{GRANTOR} offers {GRANTEE} these terms for {TARGET}; they hold once accepted.",
        "May read it or index it, if the purpose is one of research, trade and it is before "
        "2027-01-01T00:00:00+08:00 and the total recorded is at most 5; in return: inform the "
        "grantor, delete the data at the end (if it is not after 2027-01-01T00:00:00+08:00) "
        "(permission/0).",
        "May hand on copies of it (permission/1).",
        "Next holder: May read it (permission/1/duty/0/target/permission/0).",
        "Next holder: May license others to use it (permission/1/duty/0/target/permission/1).",
        "Next holder: The next holder may not hand it on, license or transfer it "
        "(permission/1/duty/0/target/permission/1).",
        "Next holder: Must not hand on copies of it, whatever permits it "
        "(permission/1/duty/0/target/prohibition/0).",
        "Must not sell it or give it away, whatever permits it, if the place lies outside CN, US "
        "(prohibition/0).",
        "Must accept that the use is tracked (obligation/0).",
        "Anything else is not covered by these terms.",
    ]


def test_a_policy_reads_in_chinese():
    assert describe_terms(parse_policy(POLICY), "zh-CN") == [
        f"{GRANTOR} 就 {TARGET} 向 {GRANTEE} 提出以下条款，经接受后生效。",
        "可：读取或编制索引，条件是用途为 research、trade 之一 且 时间早于 "
        "2027-01-01T00:00:00+08:00 且 累计不超过 5 次；同时须告知授权方、到期删除数据"
        "（条件是时间不晚于 2027-01-01T00:00:00+08:00）（permission/0）。",
        "可：向他人提供副本（permission/1）。",
        "（再获得者）可：读取（permission/1/duty/0/target/permission/0）。",
        "（再获得者）可：许可他人使用（permission/1/duty/0/target/permission/1）。",
        "（再获得者）再获得者不得再向他人提供、许可或转让（permission/1/duty/0/target/permission/1）。",
        "（再获得者）不得（无论有无许可）：向他人提供副本（permission/1/duty/0/target/prohibition/0）。",
        "不得（无论有无许可）：有偿转让或无偿转让，条件是地域位于 CN、US 之外（prohibition/0）。",
        "应当：接受使用追踪（obligation/0）。",
        "其他行为未被本条款涵盖。",
    ]


HEADS = {"Offer": "offers", "Agreement": "agree", "Set": "nobody has to accept it"}


@pytest.mark.parametrize("kind", HEADS)
def test_the_first_sentence_says_what_kind_of_policy_it_is(kind):
    document = {**offer("use"), "type": kind}
    if kind == "Set":
        del document["assigner"], document["assignee"]
    english, chinese = (describe_terms(parse_policy(document), each) for each in ("en", "zh-CN"))
    assert HEADS[kind] in english[0]
    assert TARGET in english[0]
    assert TARGET in chinese[0]


def test_handing_on_without_a_next_policy_says_that_it_ends_there():
    words = describe_terms(parse_policy(offer(rule(["use", "grantUse"]))), "en")
    assert words[2] == "The next holder may not hand it on, license or transfer it (permission/0)."


CONSTRAINTS = {
    ("purpose", "eq", "x"): ("the purpose is x", "用途为 x"),
    ("industry", "neq", "J"): ("the industry is not J", "行业不为 J"),
    ("muniment:scene", "eq", "d"): ("the scene is d", "场景为 d"),
    ("systemDevice", "isAnyOf", ("d",)): ("the system or device is d", "系统或设备为 d"),
    ("recipient", "isNoneOf", (GRANTEE,)): (
        f"the recipient is none of {GRANTEE}", f"接收方不为 {GRANTEE} 中任何一项"
    ),
    ("spatial", "eq", "CN-32"): ("the place is CN-32", "地域为 CN-32"),
    ("spatial", "isPartOf", "CN"): ("the place lies in CN", "地域位于 CN 之内"),
    ("dateTime", "lteq", DAY): (
        "it is not after 2027-01-01T00:00:00+08:00", "时间不晚于 2027-01-01T00:00:00+08:00"
    ),
    ("dateTime", "gt", DAY): (
        "it is after 2027-01-01T00:00:00+08:00", "时间晚于 2027-01-01T00:00:00+08:00"
    ),
    ("dateTime", "gteq", DAY): (
        "it is not before 2027-01-01T00:00:00+08:00", "时间不早于 2027-01-01T00:00:00+08:00"
    ),
    ("count", "lt", 5): ("the total recorded is below 5", "累计少于 5 次"),
    ("payAmount", "eq", "pay"): ("the payment is the amount committed to", "支付金额等于所承诺的金额"),
    ("payAmount", "lteq", "pay"): (
        "the payment is at most the amount committed to", "支付金额不超过所承诺的金额"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CONSTRAINTS, ids=lambda case: " ".join(case[:2]))
def test_each_comparison_has_words(case):
    operand, operator, right = case
    right = COMMIT if right == "pay" else list(right) if isinstance(right, tuple) else right
    (rule_,) = terms(rule("use", limit(operand, operator, right))).permissions
    assert describe_constraints(rule_.constraints) == CONSTRAINTS[case]


GROUPS = {
    "and": ("(the purpose is x and the place is CN)", "（用途为 x 且 地域为 CN）"),
    "or": ("(the purpose is x or the place is CN)", "（用途为 x 或 地域为 CN）"),
    "xone": ("exactly one holds of (the purpose is x; the place is CN)",
             "恰有一项成立（用途为 x；地域为 CN）"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GROUPS)
def test_each_group_has_words(kind):
    group = {kind: [limit("purpose", "eq", "x"), limit("spatial", "eq", "CN")]}
    (rule_,) = terms(rule("use", group)).permissions
    assert describe_constraints(rule_.constraints) == GROUPS[kind]


def test_every_term_of_the_vocabulary_has_words_of_its_own_in_both_languages():
    words = [describe_acts([each]) for each in ACTIONS]
    words += [
        describe_duties(terms(rule("use", duty=[each])).permissions[0].duties) for each in DUTIES
    ]
    for operand in OPERANDS.keys() - MARK_OPERANDS:
        for operator in OPERANDS[operand]:
            value = {"spatial": "CN", "recipient": GRANTEE, "payAmount": COMMIT}.get(operand, "x")
            value = 5 if operand in {"dateTime", "count"} else value
            right = [value] if operator in LIST_OPERATORS else value
            if operator != "isAnyOf":  # of one value, it reads like eq
                (rule_,) = terms(rule("use", limit(operand, operator, right))).permissions
                words.append(describe_constraints(rule_.constraints))
    assert len(set(words)) == len(words)
    assert all(english.isascii() and not chinese.isascii() for english, chinese in words)


@given(documents(2))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_any_policy_has_as_many_sentences_in_either_language(document):
    policy = parse_policy({**offer("use"), **document})
    english, chinese = describe_terms(policy, "en"), describe_terms(policy, "zh-CN")
    assert len(english) == len(chinese) >= 3
    assert all(each.endswith(".") for each in english)
    assert all(each.endswith("。") for each in chinese)
    paths = [re.findall(r"(?:permission|prohibition|obligation)/[0-9]", each) for each in english]
    assert paths == [
        re.findall(r"(?:permission|prohibition|obligation)/[0-9]", each) for each in chinese
    ]


def test_a_text_with_braces_is_shown_as_it_is():
    (rule_,) = terms(rule("use", limit("purpose", "eq", "{name} {0}"))).permissions
    assert describe_constraints(rule_.constraints)[0] == 'the purpose is "{name} {0}"'
    found = evaluate(terms(rule("read", limit("purpose", "eq", "{x}"))),
                     Situation("read", 5, {"purpose": "y"}, {}))  # fmt: skip
    assert "the purpose is {x}" in describe_clause(found)[0]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_can_be_read(template, language):
    policy = build_policy(
        template, type="Offer", target=TARGET, assigner=GRANTOR, assignee=GRANTEE,
        purposes=["research"],
    )  # fmt: skip
    assert len(describe_terms(parse_policy(policy), language)) >= 4


ANY_PURPOSE = limit("purpose", "eq", "x")
FINDINGS = {
    "permitted": (terms("read"), {}, "permission/0 permits it", "permission/0 允许该行为"),
    "prohibited": (
        terms("read", prohibit=["read"]), {},
        "prohibition/0 prohibits it: it would need terms without this prohibition",
        "prohibition/0 禁止该行为：须取得不含该禁止的条款",
    ),
    "may_be_prohibited": (
        terms("read", prohibit=[rule("read", ANY_PURPOSE, limit("spatial", "eq", "CN"))]), {},
        "prohibition/0 may prohibit it: state the purpose, the place, exactly",
        "prohibition/0 可能禁止该行为：请准确说明用途、地域",
    ),
    "unknown_facts": (
        terms(rule("read", ANY_PURPOSE)), {},
        "permission/0 permits it on conditions that are open: state the purpose, exactly",
        "permission/0 的许可条件尚不明确：请准确说明用途",
    ),
    "outside_term": (
        terms(rule("read", limit("dateTime", "lt", 0))), {},
        "permission/0 permits it only if it is before 1970-01-01T08:00:00+08:00",
        "permission/0 仅在以下条件下允许该行为：时间早于 1970-01-01T08:00:00+08:00",
    ),
    "outside_constraint": (
        terms(rule("read", ANY_PURPOSE)), {"purpose": "y"},
        "permission/0 permits it only if the purpose is x",
        "permission/0 仅在以下条件下允许该行为：用途为 x",
    ),
    "beyond_count": (
        terms(rule("read", limit("count", "lteq", 1))), {},
        "permission/0 permits at most 1 in all, and this would make 2: ask for a higher count",
        "permission/0 累计仅允许 1 次，而此次将达 2 次：请取得更高次数的授权",
    ),
    "no_permission": (
        terms("modify"), {}, "no permission reaches it: ask for terms that name it",
        "没有任何许可涵盖该行为：请取得明确列出该行为的条款",
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", FINDINGS)
def test_every_finding_says_what_decided_and_what_would_be_needed(code):
    rules, facts, english, chinese = FINDINGS[code]
    found = evaluate(rules, Situation("read", 5, facts, {"read": 2}))
    assert found.code == code
    assert describe_clause(found) == (english, chinese)


def described(operator, limited, used):
    rules = terms(rule("read", limit("count", operator, limited)))
    found = evaluate(rules, Situation("read", 5, {}, {"read": used}))
    assert found.verdict == "permitted"
    return describe_clause(found)


def test_a_count_that_is_used_up_permits_no_further_act_and_says_so():
    exhausted = (
        "permission/0 permits at most 3 in all, and all 3 are recorded: no further act is "
        "permitted; ask for a higher count",
        "permission/0 累计仅允许 3 次，且 3 次均已登记，不得再为：请取得更高次数的授权",
    )
    assert described("lteq", 3, 3) == described("lt", 4, 3) == exhausted
    some_left = ("permission/0 permits it", "permission/0 允许该行为")
    assert described("lteq", 3, 2) == described("lt", 4, 2) == some_left


def test_what_was_stated_is_said_in_the_order_of_its_names():
    assert describe_facts({"spatial": "CN", "purpose": "{x}"}) == (
        "the purpose is {x} and the place is CN",
        "用途为 {x} 且 地域为 CN",
    )


def test_the_duties_of_an_answer_are_said_with_whether_they_have_conditions():
    condition = [limit("dateTime", "lteq", DAY)]
    assert describe_asked(["?", {"action": "inform"}, {"action": "delete", "constraint": condition}]) == (
        "inform the grantor, delete the data at the end (on the conditions of the terms)",
        "告知授权方、到期删除数据（依条款所定条件）",
    )  # fmt: skip


def test_a_general_act_that_is_prohibited_in_part_is_asked_for_by_its_parts():
    found = evaluate(terms("use", prohibit=["read"]), Situation("use", 5, {}, {}))
    assert describe_clause(found) == (
        "prohibition/0 prohibits a part of it: ask about that part by its own name",
        "prohibition/0 禁止其中一部分：请就具体行为分别查询",
    )
