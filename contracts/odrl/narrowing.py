"""Whether terms permit no more than other terms do, and what a holder may hand on.

Narrower means: what the child permits of an act, whatever is known of it, the parent permits too,
and what the parent prohibits, the child does not permit. In particular

- each action of each permission rests on a permission of the parent that reaches it, whose
  constraints are all implied by the child's, and whose duties the child's carries, word for word;
- a permission with a count carries one permission of the child at most, or splitting it would
  multiply the count;
- each prohibition of the parent stands in the child, as wide or wider, unless no permission of the
  child reaches any of it; each obligation stands there word for word, only that an
  `acceptTracking` may bound marks more tightly, or bound some of which the parent says nothing:
  what it discloses are the marks of whoever delivers next;
- what the child hands on, by its next policy or by default, is narrower than what the parent hands
  on, level by level; by default onward acts and transfer end there.

`compensate` is a price between two parties and need not be carried on.

The relation is reflexive and transitive, and refuses when unsure.

Spec: domain, sections 4 and 5.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from contracts.engine import refuse
from contracts.odrl.constraints import count_limit, implies_all
from contracts.odrl.evaluate import reaches
from contracts.odrl.policy import (
    Constraint,
    Duty,
    Permission,
    Policy,
    Prohibition,
    Terms,
    list_atoms,
)
from contracts.odrl.tracking import split_marks
from contracts.odrl.vocabulary import (
    ACCEPT_TRACKING,
    ACTIONS,
    COMPENSATE,
    ONWARD,
    RULE,
    SCENE,
    TRANSFERS,
    is_included,
)
from contracts.odrl.wording import (
    Words,
    describe_acts,
    describe_constraints,
    describe_duties,
)
from ledger.errors import MalformedError

Aspect: TypeAlias = Literal[
    "scope", "purpose", "scene", "region", "term", "count", "depth", "duty", "prohibition"
]
_ASPECTS: Final[Mapping[str, Aspect]] = {
    "purpose": "purpose",
    SCENE: "scene",
    "spatial": "region",
    "dateTime": "term",
    "count": "count",
}
_ASPECT_WORDS: Final[Mapping[Aspect, str]] = {
    "scope": "范围",
    "purpose": "用途",
    "scene": "场景",
    "region": "地域",
    "term": "期限",
    "count": "次数",
    "depth": "层级",
    "duty": "义务",
    "prohibition": "禁止",
}
_HANDED_ON: Final = frozenset((*ONWARD, *TRANSFERS))


@dataclass(frozen=True, slots=True)
class Widening:
    """Where terms go beyond those they have to stay within.

    Args:
        aspect: In what respect.
        child: Path of the rule that goes too far; empty: one is missing.
        parent: Path of the rule that it goes beyond; empty: there is none.
        needed: What would be needed, in English and Chinese.
    """

    aspect: Aspect
    child: str
    parent: str
    needed: Words


def next_terms(policy: Policy, path: str) -> Terms:
    """What whoever gets the data next may at most get, if a permission of a policy lets it go on.

    The next policy of that permission; without one the policy's own permissions but for onward
    acts and transfer, which are prohibited outright, so that a check answers with a clause. In
    both cases nothing goes beyond the policy itself, whose prohibitions and obligations hold on.

    Args:
        policy: Of the grant to pass on from.
        path: Of the permission, such as `permission/1`.

    Raises:
        MalformedError: There is no such permission.
    """
    terms = policy.terms
    for each in terms.permissions:
        if each.path == path:
            break
    else:
        raise MalformedError(f"the policy has no {path}")
    handed = _hand_on(each, terms)
    if each.next_policy is None:
        barred = Prohibition(f"{path}/nextPolicy", (*ONWARD, TRANSFERS[0]))
        return replace(handed, prohibitions=(*handed.prohibitions, barred))
    return Terms(
        handed.permissions,
        (*handed.prohibitions, *terms.prohibitions),
        (*handed.obligations, *_carried(terms.obligations)),
        within=terms,
    )


def check_narrower(child: Terms, parent: Terms) -> None:
    """Refuse terms that go beyond those they have to stay within.

    Args:
        child: Of the grant to be made.
        parent: From next_terms, or the bounds of the right at the top.

    Raises:
        RejectedError: Reason `wider_than_parent`; names both clauses, the aspect and what would be
            needed.
    """
    found = find_widening(child, parent)
    if found is None:
        return
    en, zh = "the terms above it", "上级条款"
    if found.parent:
        en, zh = f"{found.parent} of {en}", f"{zh} {found.parent}"
    refuse(
        "wider_than_parent",
        f"{found.child or 'the policy'} goes beyond {en} ({found.aspect}): {found.needed[0]}",
        f"{found.child or '策略'} 超出{zh}（{_ASPECT_WORDS[found.aspect]}）：{found.needed[1]}",
        RULE,
    )


def find_widening(child: Terms, parent: Terms) -> Widening | None:
    """The first place where the child goes beyond the parent; None: it is narrower, or equal."""
    found = _compare(child, parent, is_deep=True)
    if found is None and parent.within is not None:
        return _compare(child, parent.within, is_deep=False)
    return found


@dataclass(frozen=True, slots=True)
class _Resting:
    """A permission, and for each of its actions the parent's permissions that it may rest on."""

    rule: Permission
    grounds: Mapping[str, frozenset[int]]


def _compare(child: Terms, parent: Terms, *, is_deep: bool) -> Widening | None:
    resting: list[_Resting] = []
    for each in child.permissions:
        rest = _rest(each, child, parent, is_deep=is_deep)
        if isinstance(rest, Widening):
            return rest
        resting.append(rest)
    return (
        _split_count(resting, parent.permissions)
        or _missing_prohibition(child, parent)
        or _missing_duty("", child.obligations, parent.obligations)
    )


def _rest(rule: Permission, child: Terms, parent: Terms, *, is_deep: bool) -> _Resting | Widening:
    grounds: dict[str, set[int]] = {act: set() for act in rule.actions}
    gaps: dict[str, Widening] = {}
    for place, ground in enumerate(parent.permissions):
        reached = [act for act in rule.actions if reaches(ground, act)]
        gap = _find_gap(rule, child, ground) if reached else None
        handed = None
        if is_deep and gap is None and set(reached) & set(ONWARD):
            handed = _compare(_hand_on(rule, child), _hand_on(ground, parent), is_deep=True)
        for act in reached:
            found = gap or (handed if act in ONWARD else None)
            if found is None:
                grounds[act].add(place)
            else:
                gaps.setdefault(act, found)
    for act in rule.actions:
        if not grounds[act]:
            return gaps.get(act) or _without_ground(rule, act)
    return _Resting(rule, {act: frozenset(places) for act, places in grounds.items()})


def _without_ground(rule: Permission, act: str) -> Widening:
    en, zh = describe_acts((act,))
    return Widening(
        "depth" if act in _HANDED_ON else "scope",
        rule.path,
        "",
        (
            f"nothing there permits to {en}: leave {act} out, or ask for terms that name it",
            f"上级条款未许可“{zh}”：请去掉 {act}，或取得明确列出该行为的条款",
        ),
    )


def _find_gap(rule: Permission, child: Terms, ground: Permission) -> Widening | None:
    """What keeps a permission from resting on another that reaches the same act."""
    for i, each in enumerate(ground.constraints):
        if not implies_all(rule.constraints, (each,)):
            en, zh = describe_constraints((each,))
            needed = f"permit it only if {en}, or less", f"须限定为{zh}，或更严"
            path = f"{ground.path}/constraint/{i}"
            return Widening(_aspect_of(each), rule.path, path, needed)
    return _missing_duty(rule.path, (*rule.duties, *child.obligations), ground.duties)


def _hand_on(rule: Permission, terms: Terms) -> Terms:
    """What a permission hands on, by its next policy or by default."""
    return _keep_own(terms) if rule.next_policy is None else rule.next_policy


def _aspect_of(constraint: Constraint) -> Aspect:
    operand = next(list_atoms((constraint,))).operand
    return _ASPECTS.get(operand, "scope")


def _missing_duty(path: str, carried: Sequence[Duty], wanted: Sequence[Duty]) -> Widening | None:
    for each in _carried(wanted):
        if not any(_carries(own, each) for own in carried):
            en, zh = describe_duties((each,))
            needed = f"add {each.action}, word for word: {en}", f"须原样加入 {each.action}：{zh}"
            return Widening("duty", path, each.path, needed)
    return None


def _carries(own: Duty, wanted: Duty) -> bool:
    """Whether a duty stands for another: word for word, but for the bounds on marks."""
    if own == wanted:
        return True
    if own.action != ACCEPT_TRACKING or wanted.action != ACCEPT_TRACKING:
        return False
    (marks, rest), (agreed, others) = split_marks(own.constraints), split_marks(wanted.constraints)
    return rest == others and implies_all(marks, agreed)


def _missing_prohibition(child: Terms, parent: Terms) -> Widening | None:
    for rule in parent.prohibitions:
        for act in ACTIONS:
            permitting = next((each for each in child.permissions if reaches(each, act)), None)
            if permitting is None or not _is_barred(rule, act):
                continue
            if not any(
                _is_barred(each, act) and implies_all(rule.constraints, each.constraints)
                for each in child.prohibitions
            ):
                en, zh = describe_acts((act,))
                needed = (
                    f"it prohibits to {en}: prohibit {act} too, or do not permit it",
                    f"其禁止“{zh}”：请同样禁止 {act}，或不予许可",
                )
                return Widening("prohibition", permitting.path, rule.path, needed)
    return None


def _is_barred(rule: Prohibition, act: str) -> bool:
    return any(is_included(named, act) for named in rule.actions)


def _split_count(resting: Sequence[_Resting], grounds: Sequence[Permission]) -> Widening | None:
    """Where several permissions, or one, would use the counts of the same permission."""
    limits = [count_limit(each.constraints) for each in grounds]
    counted = [(each.rule, _list_counted(each, limits)) for each in resting]
    needing = [(rule, options) for rule, options in counted if options is not None]
    loser = _match([options for _, options in needing])
    if loser is None:
        return None
    needed = (
        "each count carries one permission: put what rests on one count into one permission, and "
        "what rests on several into several",
        "每项次数限制仅可支撑一项许可：请将依据同一次数的行为合并，将依据不同次数的行为分列",
    )
    rule, options = needing[loser]
    path = grounds[min(options)].path if options else ""
    return Widening("count", rule.path, path, needed)


def _list_counted(resting: _Resting, limits: Sequence[int | None]) -> frozenset[int] | None:
    """The counted permissions of which one has to carry this one; None: it needs none."""
    needing = [
        places
        for places in resting.grounds.values()
        if all(limits[place] is not None for place in places)
    ]
    return frozenset.intersection(*needing) if needing else None


def _match(options: Sequence[frozenset[int]]) -> int | None:
    """The first that finds no place of its own among its options; None: each does.

    Spec: H. W. Kuhn, The Hungarian Method, 1955, section 2 (augmenting paths).
    """
    taken: dict[int, int] = {}

    def find_place(one: int, seen: set[int]) -> bool:
        for place in sorted(options[one] - seen):
            seen.add(place)
            if place not in taken or find_place(taken[place], seen):
                taken[place] = one
                return True
        return False

    for one in range(len(options)):
        if not find_place(one, set()):
            return one
    return None


def _keep_own(terms: Terms) -> Terms:
    """What may be handed on without a next policy: the use, not the right to pass it on."""
    permissions = (
        replace(
            each,
            actions=tuple(act for act in each.actions if act not in _HANDED_ON),
            duties=tuple(_carried(each.duties)),
            next_policy=None,
        )
        for each in terms.permissions
    )
    return Terms(
        tuple(each for each in permissions if each.actions),
        terms.prohibitions,
        tuple(_carried(terms.obligations)),
    )


def _carried(duties: Sequence[Duty]) -> Iterator[Duty]:
    """The duties that go on to whoever gets the data next."""
    return (each for each in duties if each.action != COMPENSATE)
