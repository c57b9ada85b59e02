"""Terms in words that a person can read before accepting them, in English and Chinese.

Every text is made as a pair, English first, so that none can be missing in one language.

Spec: domain, section 5.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from contracts.clocks import format_instant
from contracts.odrl.evaluate import CountLimit, Finding
from contracts.odrl.policy import (
    Atom,
    Constraint,
    Duty,
    Permission,
    Policy,
    Prohibition,
    Terms,
)
from contracts.odrl.tracking import describe_marks, find_disclosure, split_marks
from contracts.odrl.vocabulary import ONWARD, SCENE
from ledger.core.canonical import encode_canonical
from ledger.core.types import Json, JsonObject, UnixMillis

Words: TypeAlias = tuple[str, str]
"""The same in English and in Chinese."""

_ACTS: Final[Mapping[str, Words]] = {
    "use": ("use it in any way", "以各种方式使用"),
    "read": ("read it", "读取"),
    "aggregate": ("aggregate it", "汇聚"),
    "modify": ("modify it", "修改"),
    "derive": ("derive new data from it", "加工衍生"),
    "extract": ("extract parts of it", "提取部分内容"),
    "anonymize": ("anonymise it", "匿名化处理"),
    "archive": ("keep it", "存档"),
    "index": ("index it", "编制索引"),
    "distribute": ("hand on copies of it", "向他人提供副本"),
    "grantUse": ("license others to use it", "许可他人使用"),
    "transfer": ("transfer it", "转让"),
    "sell": ("sell it", "有偿转让"),
    "give": ("give it away", "无偿转让"),
    "muniment:encumber": ("pledge it", "设定担保"),
    "muniment:export": ("take it abroad", "数据出境"),
}
_DUTIES: Final[Mapping[str, Words]] = {
    "acceptTracking": ("accept that the use is tracked", "接受使用追踪"),
    "delete": ("delete the data at the end", "到期删除数据"),
    "compensate": ("pay for it", "支付对价"),
    "obtainConsent": ("obtain consent first", "事先取得同意"),
    "ensureExclusivity": ("keep it exclusive", "确保独占"),
    "inform": ("inform the grantor", "告知授权方"),
}
_OPERANDS: Final[Mapping[str, Words]] = {
    "purpose": ("the purpose", "用途"),
    SCENE: ("the scene", "场景"),
    "industry": ("the industry", "行业"),
    "systemDevice": ("the system or device", "系统或设备"),
    "recipient": ("the recipient", "接收方"),
    "spatial": ("the place", "地域"),
    "dateTime": ("the time", "时间"),
    "count": ("the count", "次数"),
    "payAmount": ("the payment", "支付金额"),
}
_COMPARISONS: Final[Mapping[str, Words]] = {
    "eq": ("{name} is {value}", "{name}为 {value}"),
    "neq": ("{name} is not {value}", "{name}不为 {value}"),
    "isAnyOf": ("{name} is one of {value}", "{name}为 {value} 之一"),
    "isNoneOf": ("{name} is none of {value}", "{name}不为 {value} 中任何一项"),
    "isPartOf": ("{name} lies in {value}", "{name}位于 {value} 之内"),
    "spatial isNoneOf": ("{name} lies outside {value}", "{name}位于 {value} 之外"),
    "payAmount eq": ("{name} is the amount committed to", "{name}等于所承诺的金额"),
    "payAmount lteq": ("{name} is at most the amount committed to", "{name}不超过所承诺的金额"),
    "dateTime lt": ("it is before {value}", "时间早于 {value}"),
    "dateTime lteq": ("it is not after {value}", "时间不晚于 {value}"),
    "dateTime gt": ("it is after {value}", "时间晚于 {value}"),
    "dateTime gteq": ("it is not before {value}", "时间不早于 {value}"),
    "count lt": ("the total recorded is below {value}", "累计少于 {value} 次"),
    "count lteq": ("the total recorded is at most {value}", "累计不超过 {value} 次"),
}
"""By operand and operator, else by operator."""
_HEADS: Final[Mapping[str, Words]] = {
    "Offer": (
        "{0} offers {1} these terms for {2}; they hold once accepted.",
        "{0} 就 {2} 向 {1} 提出以下条款，经接受后生效。",
    ),
    "Agreement": (
        "{0} and {1} agree on these terms for {2}.",
        "{0} 与 {1} 就 {2} 约定以下条款。",
    ),
    "Set": (
        "The following is permitted for {2}; nobody has to accept it.",
        "就 {2} 单方给予以下许可，无须接受。",
    ),
}
_MAY: Final[Words] = ("May {acts}", "可：{acts}")
_MUST_NOT: Final[Words] = ("Must not {acts}, whatever permits it", "不得（无论有无许可）：{acts}")
_MUST: Final[Words] = ("Must {acts}", "应当：{acts}")
_IF: Final[Words] = (", if {conditions}", "，条件是{conditions}")
_FOR: Final[Words] = ("; in return: {duties}", "；同时须{duties}")
_CLAUSE: Final[Words] = (" ({path}).", "（{path}）。")
_NEXT: Final[Words] = ("Next holder: ", "（再获得者）")
_NO_NEXT: Final[Words] = (
    "The next holder may not hand it on, license or transfer it",
    "再获得者不得再向他人提供、许可或转让",
)
_REST: Final[Words] = (
    "Anything else is not covered by these terms.",
    "其他行为未被本条款涵盖。",
)
_FINDINGS: Final[Mapping[str, Words]] = {
    "permitted": ("{path} permits it", "{path} 允许该行为"),
    "exhausted": (
        "{path} permits at most {limit} in all, and all {limit} are recorded: no further act is "
        "permitted; ask for a higher count",
        "{path} 累计仅允许 {limit} 次，且 {limit} 次均已登记，不得再为：请取得更高次数的授权",
    ),
    "prohibited": (
        "{path} prohibits it: it would need terms without this prohibition",
        "{path} 禁止该行为：须取得不含该禁止的条款",
    ),
    "may_be_prohibited": (
        "{path} may prohibit it: state {unknown}, exactly",
        "{path} 可能禁止该行为：请准确说明{unknown}",
    ),
    "part_prohibited": (
        "{path} prohibits a part of it: ask about that part by its own name",
        "{path} 禁止其中一部分：请就具体行为分别查询",
    ),
    "unknown_facts": (
        "{path} permits it on conditions that are open: state {unknown}, exactly",
        "{path} 的许可条件尚不明确：请准确说明{unknown}",
    ),
    "beyond_count": (
        "{path} permits at most {limit} in all, and this would make {used}: ask for a higher count",
        "{path} 累计仅允许 {limit} 次，而此次将达 {used} 次：请取得更高次数的授权",
    ),
    "no_permission": (
        "no permission reaches it: ask for terms that name it",
        "没有任何许可涵盖该行为：请取得明确列出该行为的条款",
    ),
}
_OUTSIDE: Final[Words] = (
    "{path} permits it only if {failed}",
    "{path} 仅在以下条件下允许该行为：{failed}",
)


_MARKS: Final = frozenset(" ().,;:!?\"'，。；：！？（）“”、")
"""What a sentence is made of; a text with any of it is put in quotation marks."""


def describe_terms(policy: Policy, language: Literal["en", "zh-CN"]) -> list[str]:
    """The policy in sentences, each rule with its path, in the order of the document.

    Args:
        policy: As parse_policy reads it.
        language: English or Chinese.
    """
    side = 0 if language == "en" else 1
    head = _HEADS[policy.type][side].format(policy.assigner, policy.assignee, policy.target)
    return [head, *[words[side] for words in _list_rules(policy.terms)], _REST[side]]


def describe_clause(finding: Finding) -> Words:
    """What decided about an act, and what would be needed."""
    code = finding.code
    if code == "may_be_prohibited" and not finding.unknown:
        code = "part_prohibited"
    if code == "permitted" and finding.count is not None and finding.count.remaining == 0:
        code = "exhausted"
    count = finding.count or CountLimit(limit=0, used=0, remaining=0)
    return _fill(
        _FINDINGS.get(code, _OUTSIDE),
        path=(finding.path, finding.path),
        unknown=_join([_OPERANDS[each] for each in finding.unknown], ", ", "、"),
        failed=describe_constraints(finding.failed),
        limit=(f"{count.limit}", f"{count.limit}"),
        used=(f"{count.used}", f"{count.used}"),
    )


def describe_constraints(constraints: Sequence[Constraint]) -> Words:
    """Conditions that must all hold, as the end of a sentence that begins with "if"."""
    return _join([_describe_constraint(each) for each in constraints], " and ", " 且 ")


def describe_acts(actions: Sequence[str]) -> Words:
    """Actions as the end of a sentence that begins with "may"."""
    first = _join([_ACTS[each] for each in actions[:-1]], ", ", "、")
    last = _ACTS[actions[-1]]
    return _join([first, last], " or ", "或") if first[0] else last


def describe_duties(duties: Sequence[Duty]) -> Words:
    """Duties as the end of a sentence that begins with "must"."""
    return _join([_describe_duty(each) for each in duties], ", ", "、")


def describe_facts(facts: Mapping[str, str]) -> Words:
    """What somebody stated of an act, as a sentence without its end.

    Args:
        facts: By operand of the vocabulary.
    """
    frame = _COMPARISONS["eq"]
    stated = [
        _fill(frame, name=_OPERANDS[name], value=(fact, fact))
        for name, fact in sorted(facts.items())
    ]
    return _join(stated, " and ", " 且 ")


def describe_asked(duties: Sequence[Json]) -> Words:
    """Duties as an answer lists them, as the end of a sentence that begins with "must".

    Args:
        duties: As in the document; the conditions of one are mentioned, and stand there.
    """
    return _join([_describe_asked(each) for each in duties if isinstance(each, dict)], ", ", "、")


def _list_rules(terms: Terms) -> Iterator[Words]:
    for each in terms.permissions:
        yield _describe_permission(each)
        if each.next_policy is not None:
            for en, zh in _list_rules(each.next_policy):
                yield f"{_NEXT[0]}{en}", f"{_NEXT[1]}{zh}"
        elif set(each.actions) & set(ONWARD):
            yield _add(_NO_NEXT, _fill(_CLAUSE, path=(each.path, each.path)))
    for rule in terms.prohibitions:
        yield _describe_rule(_MUST_NOT, describe_acts(rule.actions), rule)
    for duty in terms.obligations:
        yield _describe_rule(_MUST, _name_duty(duty), replace(duty, constraints=_others(duty)))


def _describe_permission(rule: Permission) -> Words:
    words = _add(_fill(_MAY, acts=describe_acts(rule.actions)), _conditions(rule.constraints))
    if rule.duties:
        words = _add(words, _fill(_FOR, duties=describe_duties(rule.duties)))
    return _add(words, _fill(_CLAUSE, path=(rule.path, rule.path)))


def _describe_rule(frame: Words, acts: Words, rule: Prohibition | Duty) -> Words:
    words = _add(_fill(frame, acts=acts), _conditions(rule.constraints))
    return _add(words, _fill(_CLAUSE, path=(rule.path, rule.path)))


def _conditions(constraints: Sequence[Constraint]) -> Words:
    if not constraints:
        return "", ""
    return _fill(_IF, conditions=describe_constraints(constraints))


def _describe_duty(duty: Duty) -> Words:
    words, others = _name_duty(duty), _others(duty)
    if not others:
        return words
    en, zh = describe_constraints(others)
    return _add(words, (f" (if {en})", f"（条件是{zh}）"))


def _name_duty(duty: Duty) -> Words:
    """What is to be done, with the marks that an `acceptTracking` discloses."""
    marks = find_disclosure(Terms(obligations=(duty,)))
    if marks.is_empty:
        return _DUTIES[duty.action]
    en, zh = describe_marks(marks)
    return _add(_DUTIES[duty.action], (f", where a copy {en}", f"，且副本{zh}"))


def _others(duty: Duty) -> tuple[Constraint, ...]:
    return split_marks(duty.constraints)[1]


def _describe_asked(duty: JsonObject) -> Words:
    words = _DUTIES[str(duty["action"])]
    on_terms = (" (on the conditions of the terms)", "（依条款所定条件）")
    return _add(words, on_terms) if "constraint" in duty else words


def _describe_constraint(constraint: Constraint) -> Words:
    if isinstance(constraint, Atom):
        return _describe_atom(constraint)
    members = [_describe_constraint(each) for each in constraint.members]
    match constraint.kind:
        case "and":
            en, zh = _join(members, " and ", " 且 ")
        case "or":
            en, zh = _join(members, " or ", " 或 ")
        case _:
            en, zh = _join(members, "; ", "；")
            return f"exactly one holds of ({en})", f"恰有一项成立（{zh}）"
    return f"({en})", f"（{zh}）"


def _describe_atom(atom: Atom) -> Words:
    operator = "eq" if atom.operator == "isAnyOf" and len(atom.texts) == 1 else atom.operator
    frame = _COMPARISONS.get(f"{atom.operand} {operator}") or _COMPARISONS[operator]
    texts = [_quote(text) for text in atom.texts]
    value = ", ".join(texts), "、".join(texts)
    if atom.operand == "count":
        value = f"{atom.number}", f"{atom.number}"
    elif atom.operand == "dateTime":
        time = format_instant(UnixMillis(atom.number))
        value = time, time
    return _fill(frame, name=_OPERANDS[atom.operand], value=value)


def _quote(text: str) -> str:
    """Somebody's own words, so that they do not pass for ours."""
    return encode_canonical(text).decode() if any(mark in text for mark in _MARKS) else text


def _fill(frame: Words, **parts: Words) -> Words:
    english = {name: words[0] for name, words in parts.items()}
    chinese = {name: words[1] for name, words in parts.items()}
    return frame[0].format(**english), frame[1].format(**chinese)


def _join(words: Sequence[Words], en: str, zh: str) -> Words:
    return en.join(each[0] for each in words), zh.join(each[1] for each in words)


def _add(words: Words, more: Words) -> Words:
    return words[0] + more[0], words[1] + more[1]
