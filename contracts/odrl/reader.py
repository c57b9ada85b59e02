"""The one strict reader of policies: what it does not know it refuses, wherever it stands.

```json
{"type":"Offer","profile":"urn:muniment:odrl:1","conflict":"prohibit",
 "target":"urn:muniment:<origin>:asset/<26>","assigner":"party/<26>","assignee":"party/<26>",
 "permission":[{"action":"use","constraint":[
    {"leftOperand":"purpose","operator":"eq","rightOperand":"research"}]},
   {"action":"distribute","duty":[{"action":"nextPolicy","target":{"permission":[...]}}]}],
 "prohibition":[{"action":["sell","give"]}],
 "obligation":[{"action":"acceptTracking"}]}
```

An `action` is a name or a list of names. A constraint is a comparison, or one of `and`, `or` and
`xone` with a list. `count` limits what is permitted, so it stands only in a permission, in its list
or under `and`; what discloses marks (contracts.odrl.tracking) stands only in the list of an
`acceptTracking` among the obligations, each once. `@context` may be there with ODRL's own address.
A policy permits something.

Spec: ODRL Information Model 2.2; domain, section 5.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, cast

import msgspec

from contracts.odrl.policy import (
    Atom,
    Constraint,
    Duty,
    Group,
    Permission,
    Policy,
    Prohibition,
    Terms,
    flatten_and,
    list_atoms,
)
from contracts.odrl.shapes import (
    join_path,
    refuse_form,
    refuse_many,
    take_items,
    take_number,
    take_object,
    take_term,
)
from contracts.odrl.tracking import split_marks
from contracts.odrl.vocabulary import (
    ACCEPT_TRACKING,
    ACTIONS,
    CONTEXT,
    DUTIES,
    GROUPS,
    LIST_OPERATORS,
    MARK_OPERANDS,
    NEXT_POLICY,
    NUMBERS,
    ONWARD,
    OPERANDS,
    POLICY_TYPES,
    PROFILE,
    PolicyType,
    describe_text,
    is_key,
    is_text,
)
from ledger.core.canonical import encode_canonical
from ledger.core.limits import (
    MAX_CONSTRAINT_DEPTH,
    MAX_NEXT_POLICIES,
    MAX_RULE_CONSTRAINTS,
    MAX_TERMS_BYTES,
    MAX_TERMS_RULES,
)
from ledger.core.subjects import is_commitment, parse_urn, subject_type
from ledger.core.types import Json, JsonObject
from ledger.errors import LimitError, MalformedError

_MAX_DEPTH: Final = 5 * MAX_NEXT_POLICIES + 2 * MAX_CONSTRAINT_DEPTH + 10
"""Deeper than any policy that the other limits allow: a next policy is five containers below the
one that it stands in."""

_KEPT_POLICIES: Final = 1_024
_KEPT_BYTES: Final = 2 * 1024
"""Policies that stand above others are read for each event below them, so the last ones are kept;
their number and size bound the memory that takes."""

_RULES: Final = ("permission", "prohibition", "obligation")
_HEADER: Final = ("type", "profile", "conflict", "target")
_PARTIES: Final = ("assigner", "assignee")
_FIXED: Final = {"profile": PROFILE, "conflict": "prohibit", "@context": CONTEXT}
_TYPE: Final = ("policy type", "策略类型")
_ACTION: Final = ("action", "行为")
_DUTY: Final = ("duty", "义务")
_OPERAND: Final = ("operand", "操作项")


def parse_policy(value: Json) -> Policy:
    """A policy of our profile.

    Args:
        value: From a strict reader of JSON; at most MAX_TERMS_BYTES in canonical form.

    Raises:
        LimitError: Too large, or nested too deeply.
        MalformedError: A character or number outside the profile of our formats, section 1.
        RejectedError: Reason `unknown_term`, `malformed_policy` or `too_many`; it names the path.
    """
    raw = encode_canonical(value, max_depth=_MAX_DEPTH)
    if len(raw) > MAX_TERMS_BYTES:
        raise LimitError(f"a policy has at most {MAX_TERMS_BYTES} bytes, this one {len(raw)}")
    return _recall_policy(raw) if len(raw) <= _KEPT_BYTES else _read_policy(raw)


def _read_policy(raw: bytes) -> Policy:
    """The policy of these canonical bytes, which alone decide what it is."""
    value: Json = msgspec.json.decode(raw)
    known = ("@context", *_HEADER, *_PARTIES, *_RULES)
    members = take_object(value, "", known, _HEADER)
    kind = cast("PolicyType", take_term(members["type"], "type", _TYPE, POLICY_TYPES))
    for name, only in _FIXED.items():
        if name in members:
            take_term(members[name], name, (name, name), (only,))
    parties = _read_parties(members, kind)
    target = members["target"]
    if not isinstance(target, str) or not _is_asset(target):
        refuse_form("target", "the URN of an asset", "数据的 URN（urn:muniment:…:asset/…）")
    return Policy(kind, target, *parties, _read_rules(members, "", 0))


_recall_policy: Final = lru_cache(_KEPT_POLICIES)(_read_policy)


def _read_parties(members: JsonObject, kind: PolicyType) -> tuple[str | None, str | None]:
    if kind == "Set":
        for name in _PARTIES:
            if name in members:
                refuse_form(name, "left out of a Set, which names no parties", "省略：Set 不列主体")
        return None, None
    return _read_party(members, "assigner"), _read_party(members, "assignee")


def _read_party(members: JsonObject, name: str) -> str:
    key = members.get(name)
    if not isinstance(key, str) or not is_key(key, "party"):
        refuse_form(name, *describe_text("recipient"))
    return key


def _is_asset(text: str) -> bool:
    try:
        return subject_type(parse_urn(text)[1]) == "asset"
    except (MalformedError, LimitError):
        return False


def _read_terms(value: Json, path: str, level: int) -> Terms:
    return _read_rules(take_object(value, path, _RULES), path, level)


def _read_rules(members: JsonObject, path: str, level: int) -> Terms:
    """The rules among some members; level counts the next policies around them."""
    if level > MAX_NEXT_POLICIES:
        refuse_many(path, MAX_NEXT_POLICIES, "next policies in one another", "层 nextPolicy")
    lists = {name: take_items(members.get(name, []), join_path(path, name)) for name in _RULES}
    if sum(map(len, lists.values())) > MAX_TERMS_RULES:
        refuse_many(path, MAX_TERMS_RULES, "rules", "条规则")
    if not lists["permission"]:
        refuse_form(
            join_path(path, "permission"), "a list that permits something", "至少含一项许可的列表"
        )
    return Terms(
        permissions=tuple(_read_permission(each, at, level) for at, each in lists["permission"]),
        prohibitions=tuple(_read_prohibition(each, at) for at, each in lists["prohibition"]),
        obligations=tuple(_read_obligation(each, at) for at, each in lists["obligation"]),
    )


def _read_permission(value: Json, path: str, level: int) -> Permission:
    members = take_object(value, path, ("action", "constraint", "duty"), ("action",))
    actions = _read_actions(members["action"], join_path(path, "action"))
    constraints = _read_constraints(members, path)
    _refuse_marks(constraints, path)
    for each in flatten_and(constraints):
        if isinstance(each, Group):
            _refuse_count((each,), path)
    duties: list[Duty] = []
    following: Terms | None = None
    listed = take_items(members.get("duty", []), join_path(path, "duty"))
    if len(listed) > MAX_TERMS_RULES:
        refuse_many(path, MAX_TERMS_RULES, "duties", "项义务")
    for at, duty in listed:
        if isinstance(duty, dict) and duty.get("action") == NEXT_POLICY:
            _check_next_policy(at, actions, is_second=following is not None)
            target = take_object(duty, at, ("action", "target"), ("target",))["target"]
            following = _read_terms(target, join_path(at, "target"), level + 1)
        else:
            duties.append(_read_duty(duty, at))
    return Permission(path, actions, constraints, tuple(duties), following)


def _check_next_policy(path: str, actions: Sequence[str], *, is_second: bool) -> None:
    if is_second or not set(actions) & set(ONWARD):
        refuse_form(
            path,
            f"left out: a permission has one {NEXT_POLICY} at most, and only with "
            f"{' or '.join(ONWARD)} among its actions",
            f"省略：每项许可至多一个 {NEXT_POLICY}，且其行为须含 {' 或 '.join(ONWARD)}",
        )


def _read_prohibition(value: Json, path: str) -> Prohibition:
    members = take_object(value, path, ("action", "constraint"), ("action",))
    actions = _read_actions(members["action"], join_path(path, "action"))
    constraints = _read_constraints(members, path)
    _refuse_count(constraints, path)
    _refuse_marks(constraints, path)
    return Prohibition(path, actions, constraints)


def _read_duty(value: Json, path: str) -> Duty:
    duty = _read_obligation(value, path)
    _refuse_marks(duty.constraints, path)
    return duty


def _read_obligation(value: Json, path: str) -> Duty:
    members = take_object(value, path, ("action", "constraint"), ("action",))
    action = take_term(members["action"], join_path(path, "action"), _DUTY, DUTIES)
    constraints = _read_constraints(members, path)
    _refuse_count(constraints, path)
    marks, others = split_marks(constraints)
    _refuse_marks(others if action == ACCEPT_TRACKING else constraints, path)
    if len({each.operand for each in marks}) < len(marks):
        refuse_form(
            join_path(path, "constraint"),
            "a list with each bound on marks once",
            "不重复的约束列表",
        )
    return Duty(path, action, constraints)


def _read_actions(value: Json, path: str) -> tuple[str, ...]:
    listed = take_items(value, path) if isinstance(value, list) else [(path, value)]
    names = tuple(take_term(each, at, _ACTION, ACTIONS) for at, each in listed)
    if not names or len(set(names)) != len(names):
        refuse_form(path, "at least one name and none twice", "至少一个且不重复的名称")
    return names


def _read_constraints(members: JsonObject, path: str) -> tuple[Constraint, ...]:
    listed = take_items(members.get("constraint", []), join_path(path, "constraint"))
    constraints = tuple(_read_constraint(each, at, 0) for at, each in listed)
    if len(list(list_atoms(constraints))) > MAX_RULE_CONSTRAINTS:
        refuse_many(path, MAX_RULE_CONSTRAINTS, "constraints", "项约束")
    return constraints


def _read_constraint(value: Json, path: str, depth: int) -> Constraint:
    names = ("leftOperand", "operator", "rightOperand")
    if isinstance(value, dict) and len(value) == 1:
        (kind,) = value
        if kind in GROUPS:
            return _read_group(value[kind], join_path(path, kind), kind, depth + 1)
    members = take_object(value, path, (*names, *GROUPS), names)
    return _read_atom(take_object(members, path, names), path)


def _read_group(value: Json, path: str, kind: str, depth: int) -> Group:
    if depth > MAX_CONSTRAINT_DEPTH:
        refuse_many(
            path, MAX_CONSTRAINT_DEPTH, "of and, or, xone in one another", "层 and、or、xone"
        )
    members = tuple(_read_constraint(each, at, depth) for at, each in take_items(value, path))
    if not members:
        refuse_form(path, "a list with a constraint in it", "非空的约束列表")
    return Group(kind, members)


def _read_atom(members: JsonObject, path: str) -> Atom:
    operand = take_term(members["leftOperand"], join_path(path, "leftOperand"), _OPERAND, OPERANDS)
    what = (f"operator for {operand}", f"{operand} 的运算符")
    at = join_path(path, "operator")
    operator = take_term(members["operator"], at, what, OPERANDS[operand])
    right, at = members["rightOperand"], join_path(path, "rightOperand")
    if operand == "payAmount":
        return Atom(operand, operator, (_read_commitment(right, at),))
    if operand in NUMBERS:
        return Atom(operand, operator, number=take_number(right, at, *NUMBERS[operand]))
    listed = take_items(right, at) if operator in LIST_OPERATORS else [(at, right)]
    texts = [_read_text(each, place, operand) for place, each in listed]
    if not texts or len(set(texts)) != len(texts):
        refuse_form(at, "a list of at least one value and none twice", "至少一项且不重复的列表")
    return Atom(operand, operator, tuple(sorted(texts)))


def _read_text(value: Json, path: str, operand: str) -> str:
    if not isinstance(value, str) or not is_text(operand, value):
        refuse_form(path, *describe_text(operand))
    return value


def _read_commitment(value: Json, path: str) -> str:
    if not isinstance(value, dict) or not is_commitment(value):
        refuse_form(path, 'a commitment, {"$commit": ...}', '承诺值 {"$commit": …}')
    return f"{value['$commit']}"


def _refuse_marks(constraints: tuple[Constraint, ...], path: str) -> None:
    for atom in list_atoms(constraints):
        if atom.operand in MARK_OPERANDS:
            refuse_form(
                join_path(path, "constraint"),
                f"without {atom.operand} here: it stands in the list of an {ACCEPT_TRACKING} among "
                "the obligations",
                f"不含 {atom.operand}：其只用于 obligation 中 {ACCEPT_TRACKING} 的约束列表",
            )


def _refuse_count(constraints: tuple[Constraint, ...], path: str) -> None:
    if any(atom.operand == "count" for atom in list_atoms(constraints)):
        refuse_form(
            join_path(path, "constraint"),
            "without count here: it stands in a permission, in its list or under and",
            "不含 count：count 只用于许可的约束列表中，或其中的 and 之下",
        )
