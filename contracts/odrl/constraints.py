"""Whether a constraint holds, and whether one constraint implies another.

Truth has three values: None is unknown, because a fact was not stated, a commitment was not opened,
or a place is known too coarsely. Ordered false, unknown, true, an implied constraint is never
lower than the one that implies it, whatever is known: so what is said here of surely permitted acts
holds of unknown ones too.

Spec: ODRL Information Model 2.2, section 2.5; domain, section 5.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from contracts.odrl.policy import Atom, Constraint, Group, flatten_and
from contracts.odrl.vocabulary import NUMBERS, is_within
from ledger.core.types import UnixMillis

Truth: TypeAlias = bool | None


@dataclass(frozen=True, slots=True)
class Known:
    """What constraints are held against.

    Args:
        time: Of the act, Unix milliseconds.
        facts: What was stated, by left operand.
        used: Units recorded of all that the rule reaches; None if that is not known.
    """

    time: UnixMillis
    facts: Mapping[str, str]
    used: int | None = None


def truth_of_all(constraints: Iterable[Constraint], known: Known) -> Truth:
    """Kleene's conjunction: false if any of them is, else unknown if any is."""
    found = {truth_of(each, known) for each in constraints}
    return False if False in found else None if None in found else True


def truth_of(constraint: Constraint, known: Known) -> Truth:
    """Whether a constraint holds; None if what is known does not tell."""
    if isinstance(constraint, Atom):
        return _truth_of_atom(constraint, known)
    if constraint.kind == "and":
        return truth_of_all(constraint.members, known)
    truths = [truth_of(each, known) for each in constraint.members]
    if constraint.kind == "or":
        return True if True in truths else None if None in truths else False
    if truths.count(True) > 1:
        return False
    return None if None in truths else True in truths


def list_unknown(constraints: Iterable[Constraint], known: Known) -> tuple[str, ...]:
    """The operands that leave a constraint open, sorted."""
    found: set[str] = set()
    for each in constraints:
        if truth_of(each, known) is not None:
            continue
        if isinstance(each, Atom):
            found.add(each.operand)
        else:
            found.update(list_unknown(each.members, known))
    return tuple(sorted(found))


def count_limit(constraints: tuple[Constraint, ...]) -> int | None:
    """The largest count that every constraint on it allows; None if there is none."""
    limits = [
        _bounds(each)[1]
        for each in flatten_and(constraints)
        if isinstance(each, Atom) and each.operand == "count"
    ]
    return min(limits, default=None)


def list_texts(operand: str, constraints: tuple[Constraint, ...]) -> frozenset[str] | None:
    """Texts of an operand of which one is needed for the constraints to hold; None: any will do."""
    return _texts_of(operand, Group("and", constraints))


def implies_all(given: tuple[Constraint, ...], wanted: tuple[Constraint, ...]) -> bool:
    """Whether constraints that all hold make every wanted one hold; False also when unsure."""
    return implies(Group("and", given), Group("and", wanted))


def implies(given: Constraint, wanted: Constraint) -> bool:
    """Whether wherever one constraint holds, the other does; False also when unsure.

    It decides `and` and `or` as a free lattice over the comparisons does, which makes the relation
    reflexive and transitive; an `xone` implies itself alone.

    Spec: P. M. Whitman, Free Lattices, 1941.
    """
    if given == wanted:
        return True
    if isinstance(wanted, Group) and wanted.kind == "and":
        return all(implies(given, each) for each in wanted.members)
    if isinstance(given, Group) and given.kind == "or":
        return all(implies(each, wanted) for each in given.members)
    if (
        isinstance(wanted, Group)
        and wanted.kind == "or"
        and any(implies(given, each) for each in wanted.members)
    ):
        return True
    if isinstance(given, Group):
        return given.kind == "and" and any(implies(each, wanted) for each in given.members)
    return isinstance(wanted, Atom) and _implies_atom(given, wanted)


def _texts_of(operand: str, constraint: Constraint) -> frozenset[str] | None:
    if isinstance(constraint, Atom):
        is_limit = constraint.operand == operand and _is_positive(constraint)
        return frozenset(constraint.texts) if is_limit else None
    found = [_texts_of(operand, each) for each in constraint.members]
    limits = [each for each in found if each is not None]
    if constraint.kind == "and":
        return frozenset.intersection(*limits) if limits else None
    return frozenset().union(*limits) if len(limits) == len(found) else None


def _truth_of_atom(atom: Atom, known: Known) -> Truth:
    if atom.operand in {"dateTime", "count"}:
        value = known.time if atom.operand == "dateTime" else known.used
        first, last = _bounds(atom)
        return None if value is None else first <= value <= last
    fact = known.facts.get(atom.operand)
    if fact is None or atom.operand == "payAmount":  # its amount is behind a commitment
        return None
    if atom.operand == "spatial":
        return _truth_of_place(atom, fact)
    return (fact in atom.texts) is _is_positive(atom)


def _truth_of_place(atom: Atom, place: str) -> Truth:
    """A place that is only known to hold one of the regions, or to lie in it, leaves it open.

    `isPartOf` and `isNoneOf` are about all that lies in a region, `eq` and `isAnyOf` name it whole.
    """
    inside = any(is_within(place, region) for region in atom.texts)
    around = any(is_within(region, place) for region in atom.texts)
    if atom.operator == "isNoneOf":
        return False if inside else None if around else True
    is_met = inside if atom.operator == "isPartOf" else place in atom.texts
    return True if is_met else None if inside or around else False


def _implies_atom(given: Atom, wanted: Atom) -> bool:
    if given.operand != wanted.operand or given.operand == "payAmount":
        return False
    if given.operand in NUMBERS:
        (first, last), (earliest, latest) = _bounds(given), _bounds(wanted)
        return earliest <= first and last <= latest
    if given.operand == "spatial":
        return _implies_place(given, wanted)
    of_given, of_wanted = set(given.texts), set(wanted.texts)
    if _is_positive(given):
        return of_given <= of_wanted if _is_positive(wanted) else not of_given & of_wanted
    return not _is_positive(wanted) and of_wanted <= of_given


def _implies_place(given: Atom, wanted: Atom) -> bool:
    if given.operator == "isNoneOf":
        return wanted.operator == "isNoneOf" and _each_within(wanted.texts, given.texts)
    if wanted.operator == "isNoneOf":
        return not any(
            is_within(region, other) or is_within(other, region)
            for region in given.texts
            for other in wanted.texts
        )
    if wanted.operator == "isPartOf":
        return _each_within(given.texts, wanted.texts)
    return given.operator != "isPartOf" and set(given.texts) <= set(wanted.texts)


def _each_within(inner: Sequence[str], outer: Sequence[str]) -> bool:
    return all(any(is_within(place, region) for region in outer) for place in inner)


def _is_positive(atom: Atom) -> bool:
    return atom.operator in {"eq", "isAnyOf"}


def _bounds(atom: Atom) -> tuple[int, int]:
    """The first and the last number that a comparison lets through."""
    number, last = atom.number, NUMBERS[atom.operand][1]
    match atom.operator:
        case "lt":
            return 0, number - 1
        case "lteq":
            return 0, number
        case "gt":
            return number + 1, last
        case _:
            return number, last
