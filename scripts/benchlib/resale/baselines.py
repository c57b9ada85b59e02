"""Beside ours: a hash of the file, MinHash of its rows, and a blind watermark."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scripts.benchlib.measure import Row
from scripts.benchlib.resale.attacks import ATTACKS
from scripts.benchlib.resale.forms import FORMS, write_and_read
from scripts.benchlib.resale.frames import settle_table, take_rows
from scripts.benchlib.resale.tables import Bench, cut_table, load_table
from scripts.benchlib.resale.trials import BOUND, DELIVERIES, Job
from scripts.benchlib.resale.watermark import (
    choose,
    code_of,
    embed,
    name_recipients,
    read_code,
)
from tracing.marks import choose_columns
from tracing.tables import Table, digest_rows, encode_rows

PERMUTATIONS = 128


# A hash of the file


def hash_table(table: Table) -> str:
    """What stands for the hash of a file: any cell or order that is another makes another."""
    return digest_rows(table).digest


# MinHash


def hash_rows(table: Table) -> npt.NDArray[np.uint64]:
    """A hash of each different row; columns by name."""
    leaves = {leaf for batch in encode_rows(table, is_folded=True) for leaf in batch}
    hashed = b"".join(sha256(leaf).digest()[:8] for leaf in sorted(leaves))
    return np.frombuffer(hashed, dtype=">u8").astype(np.uint64)


def sign_minhash(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The 128 least of as many random permutations.

    Spec: Broder, On the resemblance and containment of documents, 1997.
    """
    chance = np.random.default_rng(128)
    least = np.empty(PERMUTATIONS, dtype=np.uint64)
    for place in range(PERMUTATIONS):
        odd, more = chance.integers(1, 2**63, size=2, dtype=np.uint64)
        mixed = (hashes ^ more) * (odd | np.uint64(1))
        least[place] = (mixed ^ (mixed >> np.uint64(32))).min()
    return least


def estimate_containment(suspect: Table, asset: Table) -> float:
    """Share of the suspect's rows that are in the asset, from two signatures and two sizes."""
    own, whole = hash_rows(suspect), hash_rows(asset)
    alike = float((sign_minhash(own) == sign_minhash(whole)).mean())
    return alike / (1 + alike) * (len(own) + len(whole)) / max(1, len(own))


@dataclass(frozen=True)
class Compared:
    """What a baseline did with a suspect.

    Args:
        job: Which.
        by_hash: Whether the hash of the file found the copy.
        by_watermark: Whether the watermark named the right recipient and nobody else.
        wronged: Innocent recipients that the watermark named.
    """

    job: Job
    by_hash: bool
    by_watermark: bool
    wronged: int


@lru_cache(maxsize=1)
def _bench(folder: Path, name: str) -> Bench:
    table = load_table(name, folder)
    if table is None:
        raise FileNotFoundError(name)
    return cut_table(name, table)


def compare(folder: Path, job: Job) -> Compared | None:
    """Mark a copy with the watermark, attack it, and see who is named; None: not to be done."""
    bench = _bench(folder, job.table)
    numbers = [one.name for one in choose_columns(bench.asset) if one.kind == "number"]
    marks = choose(bench.asset, numbers, b"bench %d" % job.run)
    chance = np.random.default_rng([job.run, *job.attack.encode(), *job.table.encode()])
    guilty = int(chance.integers(DELIVERIES))
    copy = embed(bench.asset, marks, code_of(guilty))
    trial = ATTACKS[job.attack]
    try:
        suspect = trial.attack(copy, bench.foreign, chance)
    except ValueError:
        return None
    if trial.is_written:
        suspect = write_and_read(suspect, FORMS[job.run % len(FORMS)])
    else:
        suspect = settle_table(suspect)
    named = name_recipients(read_code(suspect, marks), DELIVERIES, BOUND)
    is_same_file = not trial.is_written and hash_table(suspect) == hash_table(settle_table(copy))
    return Compared(job, is_same_file, named == [guilty], len(set(named) - {guilty}))


def list_baseline_jobs(tables: Sequence[str], runs: int) -> list[Job]:
    """Every attack by one recipient."""
    return [Job(name, attack, run) for name in tables for run in range(runs) for attack in ATTACKS]


def make_baseline_rows(compared: Sequence[Compared]) -> Iterator[Row]:
    """For each attack, the share of copies that the file's hash and the watermark name."""
    groups: dict[str, list[Compared]] = defaultdict(list)
    for each in compared:
        groups[each.job.attack].append(each)
    for attack, some in groups.items():
        meaning = f"{len(some)} copies"
        for label, count in (
            ("file hash", sum(each.by_hash for each in some)),
            ("digit watermark", sum(each.by_watermark for each in some)),
        ):
            share = 100 * count / len(some)
            yield Row("baseline", f"{label}: {attack}", share, "% right", None, meaning)
    wronged = sum(each.wronged for each in compared)
    meaning = f"{len(compared)} copies, 1,000 recipients"
    yield Row("baseline", "digit watermark: innocent named", wronged, "", None, meaning)


SHARES = (0.01, 0.1, 0.5)


def measure_minhash(folder: Path, name: str, ours: Callable[[Table, Table], float]) -> list[Row]:
    """Containment of a part, which is 1, as MinHash and as our sketches estimate it."""
    rows: list[Row] = []
    asset = _bench(folder, name).asset
    chance = np.random.default_rng(5)
    for share in SHARES:
        count = round(asset.height * share)
        part = take_rows(asset, np.sort(chance.choice(asset.height, count, replace=False)))
        meaning = f"of a {share:.0%} part of {name}; the truth is 1"
        label = f"containment of a {share:.0%} part"
        minhash = estimate_containment(settle_table(part), asset)
        rows.append(Row("baseline", f"MinHash-128: {label}", minhash, "", None, meaning))
        share = ours(settle_table(part), asset)
        rows.append(Row("baseline", f"ours: {label}", share, "", None, meaning))
    return rows
