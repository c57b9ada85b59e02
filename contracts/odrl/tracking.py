"""What the duty `acceptTracking` discloses of the marks in a copy: rows left out, cells, new rows.

```json
{"action":"acceptTracking","constraint":[
  {"leftOperand":"muniment:withheldShare","operator":"lteq","rightOperand":200},
  {"leftOperand":"muniment:rowsPerMark","operator":"gteq","rightOperand":32},
  {"leftOperand":"muniment:inventedRows","operator":"lteq","rightOperand":10}]}
```

A copy with fewer rows, with other values or with rows that nobody collected is not what was bought
unless it was agreed. The numbers are bounds: whoever delivers may leave out less, change fewer
cells and invent fewer rows.

Spec: design of tracing, section 3; domain, section 5; docs/adr/0033.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contracts.odrl.policy import Atom, Constraint, Terms
from contracts.odrl.vocabulary import (
    ACCEPT_TRACKING,
    INVENTED_ROWS,
    MARK_OPERANDS,
    ROWS_PER_MARK,
    WITHHELD_SHARE,
)
from ledger.core.types import JsonObject


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How strongly the copies under some terms may be marked.

    Args:
        withheld: Rows that a copy may lack, per 10,000 of them; 0: none.
        rows_per_mark: At most one row in so many has one cell changed; 0: no cell is changed.
        invented: At most so many rows of a copy are invented; 0: none.
    """

    withheld: int
    rows_per_mark: int
    invented: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is disclosed, so that copies are exact."""
        return not self.withheld and not self.rows_per_mark and not self.invented


USUAL_MARKS: Final = Disclosure(withheld=200, rows_per_mark=32)
"""What a template discloses unless told otherwise."""


def find_disclosure(terms: Terms) -> Disclosure:
    """What the obligations of some terms disclose; where several do, all of them hold."""
    atoms = [
        atom
        for duty in terms.obligations
        if duty.action == ACCEPT_TRACKING
        for atom in split_marks(duty.constraints)[0]
    ]
    shares = [atom.number for atom in atoms if atom.operand == WITHHELD_SHARE]
    steps = [atom.number for atom in atoms if atom.operand == ROWS_PER_MARK]
    invented = [atom.number for atom in atoms if atom.operand == INVENTED_ROWS]
    return Disclosure(min(shares, default=0), max(steps, default=0), min(invented, default=0))


def is_disclosed(marks: Disclosure, disclosed: Disclosure) -> bool:
    """Whether marks of this strength stay within what is disclosed."""
    if marks.withheld > disclosed.withheld or marks.invented > disclosed.invented:
        return False
    if not marks.rows_per_mark:
        return True
    return 0 < disclosed.rows_per_mark <= marks.rows_per_mark


def split_marks(
    constraints: Iterable[Constraint],
) -> tuple[tuple[Atom, ...], tuple[Constraint, ...]]:
    """The bounds on marks among the constraints of a duty, and the other ones."""
    marks: list[Atom] = []
    others: list[Constraint] = []
    for each in constraints:
        if isinstance(each, Atom) and each.operand in MARK_OPERANDS:
            marks.append(each)
        else:
            others.append(each)
    return tuple(marks), tuple(others)


def format_disclosure(disclosure: Disclosure) -> JsonObject:
    """The duty, as it stands among the obligations of a document."""
    limits: list[JsonObject] = []
    if disclosure.withheld:
        limits.append(_compare(WITHHELD_SHARE, "lteq", disclosure.withheld))
    if disclosure.rows_per_mark:
        limits.append(_compare(ROWS_PER_MARK, "gteq", disclosure.rows_per_mark))
    if disclosure.invented:
        limits.append(_compare(INVENTED_ROWS, "lteq", disclosure.invented))
    duty: JsonObject = {"action": ACCEPT_TRACKING}
    return {**duty, "constraint": list(limits)} if limits else duty


def describe_marks(marks: Disclosure) -> tuple[str, str]:
    """What a copy may be like, as the end of a sentence about it, in English and Chinese."""
    en, zh = [], []
    if marks.withheld:
        share = describe_share(marks.withheld)
        en.append(f"may lack rows (each with a chance of up to {share})")
        zh.append(f"可略去部分行（每行概率至多 {share}）")
    if marks.rows_per_mark:
        en.append(f"may have one cell changed in at most one row in {marks.rows_per_mark}")
        zh.append(f"每 {marks.rows_per_mark} 行中至多一行可改动一个单元格")
    if marks.invented:
        rows = "row" if marks.invented == 1 else "rows"
        en.append(f"may hold up to {marks.invented} invented {rows}")
        zh.append(f"可含至多 {marks.invented} 行虚构的行")
    return " and ".join(en) or "is exact", "、".join(zh) or "须与原件一致"


def describe_share(per_10_000: int) -> str:
    """A share in percent, such as `2 %` for 200 and `0.05 %` for 5.

    Args:
        per_10_000: 0 or more.
    """
    whole, rest = divmod(per_10_000, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + " %"


def _compare(operand: str, operator: str, number: int) -> JsonObject:
    return {"leftOperand": operand, "operator": operator, "rightOperand": number}
