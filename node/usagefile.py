"""A file of usage lines as a batch: its root and totals in one pass, and the proof of one line.

Each pass reads the file once and keeps only a frontier of it, whatever its size.

Spec: our formats, section 5, `usage-lines/1`; RFC 9162 section 2.1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from contracts.engine import refuse
from contracts.usage import UsageBatch
from contracts.usagelines import UsageLine
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.merkle import EMPTY_FRONTIER, inclusion_nodes, verify_inclusion
from ledger.core.text import parse_digest
from ledger.core.types import Digest, LeafIndex, TreeSize, UnixMillis
from ledger.errors import InclusionError, MalformedError, NotFoundError
from ledger.files import open_regular
from node.usagerows import Layout, read_lines
from tracing.fingerprint import Progress

_HASHES_AT_ONCE: Final = 4096


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """What a batch says of its lines.

    Args:
        root: Of the tree over all lines.
        lines: How many.
        count: Sum of their counts.
        start: The earliest `at`, Unix milliseconds.
        end: The latest `at` + 1: the period excludes its end.
        action: Of all lines.
    """

    root: Digest
    lines: int
    count: int
    start: UnixMillis
    end: UnixMillis
    action: str


@dataclass(frozen=True, slots=True)
class ProvedLine:
    """One line of a batch with its inclusion path, from the leaf's sibling upwards."""

    line: UsageLine
    path: tuple[Digest, ...]


@contextmanager
def open_usage_file(path: Path) -> Iterator[BinaryIO]:
    """A regular file to read lines from.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not a regular file, or cannot be read.
    """
    try:
        with open_regular(path) as file:
            yield file
    except OSError as exc:
        raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc


def read_usage(file: BinaryIO, layout: Layout, progress: Progress) -> UsageSummary:
    """Read a batch once, in constant memory.

    Args:
        file: NDJSON or CSV.
        layout: How it holds the lines.
        progress: Told how many more bytes were read.

    Raises:
        RejectedError: A line cannot be taken, there is none, or they count too much.
        OSError: The file cannot be read.

    Cost: two hashes for each line.
    """
    frontier, hashes, count, action = EMPTY_FRONTIER, list[Digest](), 0, ""
    start, end = UnixMillis(MAX_SAFE_INTEGER), UnixMillis(0)
    for line in read_lines(file, layout, progress):
        action = line.action
        count += line.count
        start, end = min(start, line.at), max(end, line.at)
        hashes.append(hash_leaf(line.leaf))
        if len(hashes) == _HASHES_AT_ONCE:
            frontier, hashes = frontier.extend(hashes), []
    frontier = frontier.extend(hashes)
    if max(count, end + 1) > MAX_SAFE_INTEGER:
        refuse(
            "usage_total",
            f"the lines count {count} in all, up to {end} ms: a batch holds less than 2^53 of "
            "both, split the file",
            f"全部明细合计 {count}，截至 {end} 毫秒：一个批次的两者均须小于 2^53，请拆分文件",
            "formats 1",
        )
    return UsageSummary(frontier.root(), frontier.size, count, start, UnixMillis(end + 1), action)


def prove_usage_line(
    file: BinaryIO, layout: Layout, batch: UsageBatch, index: int, progress: Progress
) -> ProvedLine:
    """The proof of one line, from the file of its batch, in one pass and constant memory.

    Args:
        file: The one that the batch was made from.
        layout: With the batch's own terms.
        batch: Body of the `usage.batch` event.
        index: Of the line, from 0.
        progress: Told how many more bytes were read.

    Raises:
        NotFoundError: The batch has no such line.
        RejectedError: The file is not the batch's, or a line cannot be taken.
        OSError: The file cannot be read.

    Spec: RFC 9162 section 2.1.3.1. Cost: two hashes for each line.
    """
    if not 0 <= index < batch.lines:
        raise NotFoundError(f"the batch has the lines 1 to {batch.lines}, not {index + 1}")
    builder, hashes, wanted = _PathBuilder(index, batch.lines), list[Digest](), None
    for number, line in enumerate(read_lines(file, layout, progress)):
        if number == index:
            wanted = line
        hashes.append(hash_leaf(line.leaf))
        if len(hashes) == _HASHES_AT_ONCE:
            builder.extend(hashes)
            hashes = []
    builder.extend(hashes)
    if wanted is None or builder.size != batch.lines:
        _refuse_other_file(f"{builder.size} lines", f"{builder.size} 行", batch)
    path = builder.path()
    try:
        verify_inclusion(
            leaf=hash_leaf(wanted.leaf),
            index=LeafIndex(index),
            size=TreeSize(batch.lines),
            path=path,
            root=parse_digest(batch.root),
        )
    except InclusionError:
        _refuse_other_file("another root", "另一个根", batch)
    return ProvedLine(wanted, path)


class _PathBuilder:
    """Makes an inclusion path while the leaf hashes pass by.

    Every hash of the path is the root of neighbouring leaves, and these ranges and the leaf itself
    make up the whole tree: so one frontier at a time is enough.

    Args:
        index: Of the leaf, 0 <= index < size.
        size: Of the tree.
    """

    def __init__(self, index: int, size: int) -> None:
        siblings = inclusion_nodes(LeafIndex(index), TreeSize(size))
        self._stops = [(nodes[-1].index + 1) << nodes[-1].level for nodes in siblings]
        self._open = sorted([*self._stops, index + 1])
        self._roots: dict[int, Digest] = {}
        self._frontier = EMPTY_FRONTIER
        self.size = 0

    def extend(self, hashes: list[Digest]) -> None:
        """Take the next leaf hashes; those after the tree's end are only counted."""
        while self._open and hashes:
            stop = self._open[0]
            part, hashes = hashes[: stop - self.size], hashes[stop - self.size :]
            self._frontier = self._frontier.extend(part)
            self.size += len(part)
            if self.size == stop:
                self._roots[self._open.pop(0)] = self._frontier.root()
                self._frontier = EMPTY_FRONTIER
        self.size += len(hashes)

    def path(self) -> tuple[Digest, ...]:
        """The path, once all leaves have passed."""
        return tuple(self._roots[stop] for stop in self._stops)


def _refuse_other_file(en: str, zh: str, batch: UsageBatch) -> NoReturn:
    refuse(
        "other_file",
        f"the file has {en}: it is not the one of this batch, which has {batch.lines} lines under "
        f"{batch.root}; give that file, read in the same way",
        f"该文件有{zh}，并非本批次的文件（{batch.lines} 行，根 {batch.root}）："
        "请给出原文件，并以相同方式读取",
        "formats 5",
    )
