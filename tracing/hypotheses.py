"""Ways a suspect may have come about, and what each bit of a delivery weighs under them.

A hypothesis is no assumption of the error bound: that holds whatever the truth is. It only decides
which scores are tried, and each one tried is paid for by its share of the bound. So there are few,
and they are fixed beforehand.

Under a hypothesis a bit weighs the logarithm of how much likelier the suspect is with this bit than
without knowing it. Three kinds of bits are weighed: at marked cells that can be read
(`weigh_marks`), of rows that are there (`weigh_rows`), and of rows that were invented
(`weigh_canaries`). Rows of the original that are not there weigh nothing: anybody can leave rows
out.

Spec: docs/tracing-method.md, sections 4, 5 and 13.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import comb, log
from typing import Final, Literal

_NOISE: Final = 0.005
"""Of rows and of marks, taken to come from elsewhere even where all are said to come from one."""

_MOST_BY_CHANCE: Final = 0.01
"""An invented row that is likelier than this to be seen by chance is not weighed."""
_CLEARLY: Final = 10
"""How many times likelier it has to be of a delivery that had a part."""

Model = Literal[
    "share",
    "restored",
    "filled",
    "random",
    "majority",
    "minority",
    "original",
    "other",
    "coin",
]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """How the suspect is supposed to have been made.

    Args:
        code: Stable name, such as ``one/95/70`` or ``majority/3``.
        model: How marked cells come about.
        marks: Share of the marked cells that are from the delivery, 0..1; where `colluders` is 0.
        rows: Share of the rows that are from it, 0..1; where `colluders` is 0.
        colluders: Deliveries whose copies were put together; 0 where the shares say it.
    """

    code: str
    model: Model
    marks: float = 0.0
    rows: float = 0.0
    colluders: int = 0

    @property
    def en(self) -> str:
        """What it supposes, for people."""
        if self.model == "filled":
            return _SAID[self.model][0]
        if self.colluders:
            return f"{self.colluders} copies put together, {_SAID[self.model][0]}"
        return (
            f"{self.rows:.1%} of the rows and {self.marks:.1%} of the marked cells from this copy, "
            f"{_SAID[self.model][0]}"
        )

    @property
    def zh(self) -> str:
        """The same in Chinese."""
        if self.model == "filled":
            return _SAID[self.model][1]
        if self.colluders:
            return f"由 {self.colluders} 份副本合成，{_SAID[self.model][1]}"
        return (
            f"{self.rows:.1%} 的行和 {self.marks:.1%} 的标记单元格来自该副本，"
            f"{_SAID[self.model][1]}"
        )


_SAID: Final[Mapping[Model, tuple[str, str]]] = {
    "share": ("the rest from elsewhere", "其余来自别处"),
    "restored": ("the rest put back to the original", "其余已还原为原值"),
    "filled": ("the rows that those named before lack", "先前指名者所缺的行"),
    "random": ("each cell from one of them at random", "每个单元格随机取自其一"),
    "majority": ("each cell as most of them have it", "每个单元格取多数值"),
    "minority": ("each cell as fewest of them have it", "每个单元格取少数值"),
    "original": ("the original value wherever one has it", "凡有一份为原值即取原值"),
    "other": ("the other value wherever one has it", "凡有一份为另一值即取另一值"),
    "coin": ("by chance wherever they differ", "有差异处随机取值"),
}


def _majority(ones: int, copies: int) -> float:
    return 0.5 if 2 * ones == copies else float(2 * ones > copies)


def _always(chance: float) -> Callable[[int, int], float]:
    return lambda _ones, _copies: chance


_MODELS: Final[Mapping[Model, Callable[[int, int], float]]] = {
    "random": lambda ones, copies: ones / copies,
    "majority": _majority,
    "minority": lambda ones, copies: 1 - _majority(ones, copies),
    "original": _always(0.0),
    "other": _always(1.0),
    "coin": _always(0.5),
}
"""Chance of the other value where some but not all of the copies have it."""


def list_hypotheses(named: int) -> tuple[Hypothesis, ...]:
    """What is tried in a round.

    Args:
        named: How many deliveries have been named before it.
    """
    return _FIRST if named == 0 else _list_later(named)


def list_coalitions(copies: int) -> tuple[Hypothesis, ...]:
    """Every way we know of putting copies together."""
    return _coalitions(copies, *_MODELS)


def _shares(marks: float, rows: float, model: Model = "share") -> Hypothesis:
    kind = "one" if model == "share" else model
    return Hypothesis(f"{kind}/{rows * 100:g}/{marks * 100:g}", model, marks, rows)


def _coalitions(copies: int, *models: Model) -> tuple[Hypothesis, ...]:
    return tuple(Hypothesis(f"{model}/{copies}", model, colluders=copies) for model in models)


_FIRST: Final = (
    *(_shares(marks, rows) for rows in (0.99, 0.95, 0.8, 0.4) for marks in (0.99, 0.8, 0.4)),
    *(_shares(share, share) for share in (0.33, 0.2, 0.1)),
    _shares(0.5, 0.95, "restored"),
    _shares(0.1, 0.95),
    *_coalitions(2, "random", "original", "other"),
    *_coalitions(3, "random", "majority", "minority", "original", "other", "coin"),
    *_coalitions(4, "random", "majority"),
    *_coalitions(5, "random", "majority", "minority", "original", "other", "coin"),
    *_coalitions(8, "random", "majority"),
)
_FILLING: Final = _shares(0.95, 0.95)


def _list_later(named: int) -> tuple[Hypothesis, ...]:
    return (
        *list_coalitions(named + 1),
        *list_coalitions(named + 2),
        *_coalitions(named + 3, "random", "majority"),
        *(_shares(share, share) for share in (0.5, 0.2, 0.05)),
        Hypothesis("filled", "filled"),
    )


def weigh_marks(
    hypothesis: Hypothesis, bias: float, seen: int, named: tuple[int, int] = (0, 0)
) -> tuple[float, float]:
    """Weights of a zero and of a one at a marked cell.

    Args:
        hypothesis: What is supposed.
        bias: Chance of the other value in a delivery; between 0 and 1.
        seen: 0 if the suspect says the original value, 1 if the other.
        named: How many of the deliveries named before have a one here, and how many there are.
    """
    likely = [_noisy(_chance_of_other(hypothesis, bias, bit, named), bias) for bit in (0, 1)]
    if seen == 0:
        likely = [1 - chance for chance in likely]
    usual = (1 - bias) * likely[0] + bias * likely[1]
    return log(likely[0] / usual), log(likely[1] / usual)


def expect_other(hypothesis: Hypothesis, bias: float) -> float:
    """Chance that the suspect says the other value at a marked cell of this bias."""
    none, one = (_noisy(_chance_of_other(hypothesis, bias, bit, (0, 0)), bias) for bit in (0, 1))
    return (1 - bias) * none + bias * one


def weigh_rows(hypothesis: Hypothesis, withheld: float) -> tuple[float, float]:
    """Weights of a row that is there: the delivery got it (a zero), or not (a one).

    Of a union of copies they are nothing: nearly every row is there, whoever lacks it.

    Args:
        hypothesis: What is supposed.
        withheld: Share of the rows that a delivery does not get; between 0 and 1.
    """
    likely = withheld * (1 - _noisy(hypothesis.rows, 0.0))
    return log((1 - likely) / (1 - withheld)), log(likely / withheld)


def most_by_chance(count: int) -> float:
    """Invented rows are weighed where one is seen by chance at most so often.

    Args:
        count: Rows that were invented for each delivery; 1 or more.
    """
    return min(_MOST_BY_CHANCE, _usually_shown(count) / _CLEARLY)


def weigh_canaries(count: int, chance: float) -> tuple[float, float]:
    """Weights of an invented row that is not seen in the suspect, and of one that is.

    The same under every hypothesis: who had a part in the suspect is taken to show about one of his
    invented rows, whatever their number. So all of them missing cost him little, since anybody can
    leave rows out.

    Args:
        count: Rows that were invented for each delivery; 1 or more.
        chance: That one of an innocent delivery is seen; at most `most_by_chance`, above 0.
    """
    shown = _usually_shown(count)
    return log((1 - shown) / (1 - chance)), log(shown / chance)


def _usually_shown(count: int) -> float:
    return 1 / (count + 1)


def forget_named(hypothesis: Hypothesis, named: int) -> Hypothesis:
    """What is supposed of rows that none of the named got: these come from somebody else.

    Args:
        hypothesis: Of a later round.
        named: How many deliveries had been named before it.
    """
    if hypothesis.model == "filled":
        return _FILLING
    if not hypothesis.colluders or not named:
        return hypothesis
    left = hypothesis.colluders - named
    return replace(hypothesis, colluders=left) if left > 1 else _FIRST[0]


def _noisy(chance: float, otherwise: float) -> float:
    return (1 - _NOISE) * chance + _NOISE * otherwise


def _chance_of_other(
    hypothesis: Hypothesis, bias: float, bit: int, named: tuple[int, int]
) -> float:
    """That the suspect says the other value, given a delivery's bit and those of the named."""
    ones, others = named
    if hypothesis.colluders:
        return _chance_in_coalition(hypothesis, bias, ones + bit, others + 1)
    elsewhere = 0.0 if hypothesis.model == "restored" else ones / others if others else bias
    return hypothesis.marks * bit + (1 - hypothesis.marks) * elsewhere


def _chance_in_coalition(hypothesis: Hypothesis, bias: float, ones: int, known: int) -> float:
    """Over the bits of the colluders that are not known."""
    copies = hypothesis.colluders
    unknown = copies - known
    choose = _MODELS[hypothesis.model]

    def says_other(total: int) -> float:
        return float(total > 0) if total in {0, copies} else choose(total, copies)

    return sum(
        comb(unknown, more) * bias**more * (1 - bias) ** (unknown - more) * says_other(ones + more)
        for more in range(unknown + 1)
    )
