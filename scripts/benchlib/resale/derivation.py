"""Which of many registered assets a suspect derives from, near-twins among them.

The assets are parts of real tables: the same kind of rows, of another month, year, colour or
school. A sixth of each part is held out: rows that are as like as rows can be, and not registered.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from ledger.core.subjects import derive_id
from ledger.core.types import SubjectKey
from ledger.vault import Vault
from node.fingerprinting import Fingerprinter, Measured
from node.home import Home
from scripts.benchlib.measure import Row, at_least
from scripts.benchlib.resale.attacks import ATTACKS
from scripts.benchlib.resale.frames import settle_table, take_rows
from scripts.benchlib.resale.tables import Bench, cut_table, load_table, split_by
from tracing.fingerprint import Fingerprint
from tracing.keys import derive_hash_keys
from tracing.nearness import QuestionedFile
from tracing.sketch import Parts, fold_table, sketch_content
from tracing.tables import Table, digest_rows

PARTS = (
    ("flights", "month", 12),
    ("countymurders", "year", 17),
    ("weather", "month", 12),
    ("diamonds", "color", 7),
    ("mathpnl", "year", 7),
    ("adult", "education", 8),
    ("covertype", "Cover_Type", 7),
    ("labsup", "educ", 6),
)
"""Table, column whose values make the parts, and how many of them, the largest first."""
LEAST_ROWS = 300
SUSPECTS = (
    "unchanged", "delete-50", "delete-90", "delete-95", "alter-10", "alter-30", "alter-50",
    "project-3", "rename", "round-3", "round-2", "merge-1", "merge-9", "sentence",
)  # fmt: skip
BESIDE = ("noise-1",)
"""Asked and reported, and no part of the goal."""
HELD_OUT = "held out"
STRANGERS = (HELD_OUT, *(f"{HELD_OUT}, {attack}" for attack in (
    "project-3", "rename", "round-3", "noise-1",
)))  # fmt: skip
"""Of no registered asset, as they are and attacked: whatever is said of them is wrong."""
ASKED = (*SUSPECTS, *BESIDE, *STRANGERS)
_SECRET = sha256(b"a vault of the bench").digest()


@dataclass(frozen=True)
class Answer:
    """What was said of a suspect.

    Args:
        attack: Done to it; one of STRANGERS: it is of no registered asset.
        asset: Name of the part that it is of.
        best: Name of the asset that it was said to derive from; empty: of none.
        others: How many more were listed as near.
    """

    attack: str
    asset: str
    best: str
    others: int


def list_parts(folder: Path, most_rows: int) -> dict[str, Bench]:
    """Parts by name, each cut into what is registered and what is held out.

    Args:
        folder: Of the tables.
        most_rows: Of a part; of larger ones the first so many.
    """
    parts: dict[str, Bench] = {}
    for name, column, most in PARTS:
        table = load_table(name, folder)
        if table is None:
            continue
        found = sorted(split_by(table, column, LEAST_ROWS).items(), key=_height, reverse=True)
        for value, part in found[:most]:
            cut = take_rows(part, np.arange(min(part.height, most_rows)))
            parts[f"{name} {value}"] = cut_table(f"{name} {value}", cut)
    return parts


def _height(part: tuple[str, Table]) -> int:
    return part[1].height


def key_of(name: str) -> SubjectKey:
    """The asset key of a part."""
    nonce = sha256(name.encode()).hexdigest()[:22]
    return derive_id("asset", actor=SubjectKey("party/bench"), nonce=nonce)


def measure_table(table: Table) -> Measured:
    """What the fingerprinter makes of a file with this table."""
    digest = digest_rows(table).digest
    file = Fingerprint(sha256(digest.encode()).hexdigest(), table.height)
    return Measured(file, Parts(fold_table(table), digest))


def register_parts(home: Path, parts: dict[str, Bench]) -> None:
    """Fingerprints of all parts, in a vault."""
    with open_fingerprints(home) as (vault, fingerprinter):
        for name, part in parts.items():
            measured = measure_table(settle_table(part.asset))
            made = fingerprinter.make(key_of(name), "content.0", measured)
            for kind, records in made.list_records().items():
                vault.add(kind, records)
        fingerprinter.refresh()


@contextmanager
def open_fingerprints(home: Path) -> Iterator[tuple[Vault, Fingerprinter]]:
    """A vault with fingerprints, and what makes and finds them."""
    with (
        closing(Vault(home / "vault.db", _SECRET)) as vault,
        closing(Fingerprinter(vault, Home(home))) as fingerprinter,
    ):
        yield vault, fingerprinter


@dataclass(frozen=True)
class Asker:
    """Asks what suspects derive from.

    Args:
        folder: Of the tables.
        most_rows: Of a part.
        home: With the fingerprints.
    """

    folder: Path
    most_rows: int
    home: Path

    def __call__(self, given: tuple[str, str]) -> Answer | None:
        """An answer; None where the attack cannot be done to this part.

        Args:
            given: Attack and part.
        """
        attack, name = given
        parts = _parts(self.folder, self.most_rows)
        part = parts[name]
        suspect = part.foreign if attack in STRANGERS else part.asset
        done = attack.removeprefix(HELD_OUT).removeprefix(", ")
        if done:
            chance = np.random.default_rng([*attack.encode(), *name.encode()])
            try:
                suspect = ATTACKS[done].attack(suspect, part.foreign, chance)
            except ValueError:
                return None
        names = {key_of(each): each for each in parts}
        with open_fingerprints(self.home) as (_, fingerprinter):
            found = fingerprinter.search(measure_table(settle_table(suspect)))
        best = names[SubjectKey(found[0].record.asset)] if found else ""
        return Answer(attack, name, best, max(0, len(found) - 1))


@lru_cache(maxsize=1)
def _parts(folder: Path, most_rows: int) -> dict[str, Bench]:
    return list_parts(folder, most_rows)


Map = Callable[
    [str, Callable[[tuple[str, str]], Answer | None], Sequence[tuple[str, str]]],
    Iterator[Answer | None],
]


@dataclass(frozen=True)
class Extent:
    """How much is asked.

    Args:
        step: Suspects are made of every so many-th asset.
        most_rows: Of an asset, the held out ones included.
    """

    step: int
    most_rows: int


def measure_derivation(every: Map, folder: Path, extent: Extent) -> tuple[int, list[Answer]]:
    """How many assets there are, and answers for suspects made of them."""
    parts = _parts(folder, extent.most_rows)
    with tempfile.TemporaryDirectory() as home:
        register_parts(Path(home), parts)
        given = [(attack, name) for name in list(parts)[:: extent.step] for attack in ASKED]
        answers = every("derivation", Asker(folder, extent.most_rows, Path(home)), given)
        return len(parts), [each for each in answers if each is not None]


def estimate_share(suspect: Table, asset: Table) -> float:
    """Share of the suspect's rows that are in the asset, as our sketches have it."""
    keys = derive_hash_keys(_SECRET)
    content = sketch_content(measure_table(asset).parts, keys)
    nearness = QuestionedFile(measure_table(suspect).parts, keys).compare(content)
    return nearness.shares["rows"].of_new.estimate


def make_derivation_rows(count: int, answers: Sequence[Answer]) -> Iterator[Row]:
    """Precision and recall in all, and the share of right answers for each attack."""
    said = [each for each in answers if each.best]
    own = [each for each in answers if each.attack in SUSPECTS]
    right = [each for each in own if _is_right(each)]
    meaning = f"{len(answers)} suspects, {count} assets"
    precision = sum(map(_is_right, said)) / max(1, len(said))
    yield Row("derivation", "assets", count, "assets", at_least(50), meaning)
    yield Row("derivation", "precision", precision, "", at_least(0.99), meaning)
    meaning = f"{len(own)} suspects, {count} assets; without {', '.join(BESIDE)}"
    yield Row("derivation", "recall", len(right) / len(own), "", at_least(0.99), meaning)
    for attack in ASKED:
        some = [each for each in answers if each.attack == attack]
        good = [each for each in some if _is_right(each)]
        if some:
            share, meaning = 100 * len(good) / len(some), f"{len(some)} suspects"
            yield Row("derivation", f"derivation: {attack}", share, "% right", None, meaning)


def _is_right(answer: Answer) -> bool:
    return answer.best == ("" if answer.attack in STRANGERS else answer.asset)
