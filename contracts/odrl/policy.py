"""Policies as values: permissions, prohibitions and obligations with their constraints and duties.

Each rule remembers its path in the document that it came from, such as `permission/0` or
`permission/1/duty/0/target/permission/0`, which is the clause that a verdict names. Two values
that differ in their paths alone are equal.

Spec: ODRL Information Model 2.2; domain, section 5.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from contracts.odrl.vocabulary import COMPENSATE, LIST_OPERATORS, NEXT_POLICY, PROFILE, PolicyType
from ledger.core.types import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Atom:
    """One comparison.

    Args:
        operand: What is compared, such as `purpose`.
        operator: How.
        texts: With what, sorted; the digest of a commitment for `payAmount`; empty for numbers.
        number: With what, for `dateTime` (Unix milliseconds) and `count`.
    """

    operand: str
    operator: str
    texts: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Several constraints of which all (`and`), some (`or`) or exactly one (`xone`) must hold."""

    kind: str
    members: "tuple[Constraint, ...]"


Constraint: TypeAlias = Atom | Group


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done; its constraints say how or by when, and are not evaluated."""

    path: str = field(compare=False)
    action: str
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Permission:
    """What is permitted.

    Args:
        path: Where it stands.
        actions: What it names, at least one.
        constraints: All must hold.
        duties: What is asked for in return, without `nextPolicy`.
        next_policy: Terms for whoever the data is handed on to; None: no onward right there.
    """

    path: str = field(compare=False)
    actions: tuple[str, ...]
    constraints: tuple[Constraint, ...] = ()
    duties: tuple[Duty, ...] = ()
    next_policy: "Terms | None" = None


@dataclass(frozen=True, slots=True)
class Prohibition:
    """What is prohibited, whatever else permits it."""

    path: str = field(compare=False)
    actions: tuple[str, ...]
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules of a policy.

    Args:
        permissions: Each stands for itself.
        prohibitions: Each wins over every permission.
        obligations: To be done in any case.
        within: Terms that bound these ones from outside: what they do not permit is not permitted.
            Only next_terms sets it; a document has none.
    """

    permissions: tuple[Permission, ...] = ()
    prohibitions: tuple[Prohibition, ...] = ()
    obligations: tuple[Duty, ...] = ()
    within: "Terms | None" = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as parse_policy reads it.

    Args:
        type: Offer, Agreement or Set.
        target: URN of the asset.
        assigner: Key of who permits; None in a Set.
        assignee: Key of who may; None in a Set.
        terms: The rules.
    """

    type: PolicyType
    target: str
    assigner: str | None
    assignee: str | None
    terms: Terms

    @property
    def binds_assignee(self) -> bool:
        """Whether anything is asked of the assignee: a prohibition, an obligation or a duty."""
        terms = self.terms
        return bool(terms.prohibitions or terms.obligations) or any(
            each.duties or each.next_policy is not None for each in terms.permissions
        )


def flatten_and(constraints: tuple[Constraint, ...]) -> Iterator[Constraint]:
    """The constraints with every `and` dissolved; all of them must hold."""
    for each in constraints:
        if isinstance(each, Group) and each.kind == "and":
            yield from flatten_and(each.members)
        else:
            yield each


def list_atoms(constraints: tuple[Constraint, ...]) -> Iterator[Atom]:
    """Every comparison in some constraints, however deep."""
    for each in constraints:
        if isinstance(each, Group):
            yield from list_atoms(each.members)
        else:
            yield each


def is_free_of_charge(policy: Policy) -> bool:
    """Whether no payment stands anywhere: no duty `compensate`, no `payAmount`."""
    return _is_free(policy.terms)


def _is_free(terms: Terms) -> bool:
    permissions = terms.permissions
    duties = (*terms.obligations, *(duty for each in permissions for duty in each.duties))
    rules: tuple[Permission | Prohibition | Duty, ...] = (
        *permissions, *terms.prohibitions, *duties,
    )  # fmt: skip
    operands = {atom.operand for each in rules for atom in list_atoms(each.constraints)}
    return (
        "payAmount" not in operands
        and all(duty.action != COMPENSATE for duty in duties)
        and all(each.next_policy is None or _is_free(each.next_policy) for each in permissions)
    )


def format_policy(policy: Policy) -> JsonObject:
    """The policy as a document; parse_policy reads the same value from it."""
    parties = {"assigner": policy.assigner, "assignee": policy.assignee}
    return {
        "type": policy.type,
        "profile": PROFILE,
        "conflict": "prohibit",
        "target": policy.target,
        **{name: key for name, key in parties.items() if key is not None},
        **format_terms(policy.terms),
    }


def format_terms(terms: Terms) -> JsonObject:
    """The rules as they stand in a document; what bounds them from outside is not in it."""
    return _without_empty(
        {
            "permission": [_format_permission(each) for each in terms.permissions],
            "prohibition": [_format_rule(each) for each in terms.prohibitions],
            "obligation": [format_duty(each) for each in terms.obligations],
        }
    )


def format_duty(duty: Duty) -> JsonObject:
    """A duty as it stands in a document."""
    constraints = [_format_constraint(each) for each in duty.constraints]
    return {"action": duty.action, **_without_empty({"constraint": constraints})}


def _format_permission(permission: Permission) -> JsonObject:
    duties: list[Json] = [format_duty(each) for each in permission.duties]
    if permission.next_policy is not None:
        duties.append({"action": NEXT_POLICY, "target": format_terms(permission.next_policy)})
    return {**_format_rule(permission), **_without_empty({"duty": duties})}


def _format_rule(rule: Permission | Prohibition) -> JsonObject:
    action: Json = rule.actions[0] if len(rule.actions) == 1 else list(rule.actions)
    constraints = [_format_constraint(each) for each in rule.constraints]
    return {"action": action, **_without_empty({"constraint": constraints})}


def _format_constraint(constraint: Constraint) -> JsonObject:
    if isinstance(constraint, Group):
        return {constraint.kind: [_format_constraint(each) for each in constraint.members]}
    return {
        "leftOperand": constraint.operand,
        "operator": constraint.operator,
        "rightOperand": _format_right(constraint),
    }


def _format_right(atom: Atom) -> Json:
    if not atom.texts:
        return atom.number
    if atom.operand == "payAmount":
        return {"$commit": atom.texts[0]}
    return list(atom.texts) if atom.operator in LIST_OPERATORS else atom.texts[0]


def _without_empty(lists: Mapping[str, list[Json] | list[JsonObject]]) -> JsonObject:
    return {name: members for name, members in lists.items() if members}
