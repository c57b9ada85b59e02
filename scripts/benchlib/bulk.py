"""Loads a large state map at once: the shipping `update` in sorted chunks, and plain inserts.

The subjects are parts of a list, as `list.publish` would have left them, and every table that
grows with them is filled. The log itself is not: its leaves do not make these states, so an audit
of such a ledger finds fault with it, while all that is written later is executed as ever.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
from typing_extensions import override

from contracts.lists import PublishedList, list_key
from contracts.records import format_state
from ledger.core.mappages import hash_key
from ledger.core.merkle import EMPTY_FRONTIER
from ledger.core.state import StateValue, encode_state, hash_history_leaf, hash_state
from ledger.core.statemap import EMPTY_MAP, Change, MapRoot, PageReader, update
from ledger.core.types import Digest, LeafIndex, SubjectKey, UnixMillis
from ledger.storage.terms import split_terms
from node.home import Home
from scripts.benchlib.world import LIST, found, opened, part

_CHUNK = 20_000


class Pages(PageReader):
    """Pages in a dict."""

    def __init__(self) -> None:
        self.pages: dict[int, bytes] = {}

    @override
    def read_page(self, page_id: int) -> bytes:
        return self.pages[page_id]


class _FilePages(PageReader):
    def __init__(self, connection: sqlite.Connection) -> None:
        self._connection = connection

    @override
    def read_page(self, page_id: int) -> bytes:
        query = "SELECT data FROM page WHERE id = ?"
        page: bytes = self._connection.execute(query, (page_id,)).fetchone()[0]
        return page


Keep = Callable[[Sequence[tuple[int, bytes]], Sequence[int]], None]
"""Keeps the new pages of a chunk and lets go of those it replaced."""


def load_map(
    reader: PageReader, keep: Keep, root: MapRoot, next_page: int, leaves: Sequence[bytes]
) -> tuple[MapRoot, int]:
    """Add many keys to a map.

    Args:
        reader: Gives what was kept.
        keep: Keeps it.
        root: The map before.
        next_page: First free page id.
        leaves: Key hash, value hash and five bytes of locator each, sorted.

    Returns:
        The map after, and the first page id that is then free.
    """
    for start in range(0, len(leaves), _CHUNK):
        changes = (
            Change(Digest(leaf[:32]), Digest(leaf[32:64]), int.from_bytes(leaf[64:], "big"))
            for leaf in leaves[start : start + _CHUNK]
        )
        done = update(reader, root, changes, next_page)
        keep(done.pages, done.replaced)
        root, next_page = done.root, done.next_page_id
    return root, next_page


def number_leaf(number: int) -> bytes:
    """A key that is only a number, with a value, as load_map wants it."""
    key = sha256(b"key %d" % number).digest()
    return key + sha256(b"value %d" % number).digest() + number.to_bytes(5, "big")


def load_numbers(count: int) -> tuple[Pages, MapRoot, int]:
    """A map of the keys number_leaf(0) .. number_leaf(count-1), in memory."""
    pages = Pages()

    def keep(new: Sequence[tuple[int, bytes]], replaced: Sequence[int]) -> None:
        pages.pages.update(new)
        for page_id in replaced:
            del pages.pages[page_id]

    leaves = sorted(map(number_leaf, range(count)))
    root, next_page = load_map(pages, keep, EMPTY_MAP, 1, leaves)
    return pages, root, next_page


def found_with_subjects(home: Path, count: int) -> None:
    """Make a registry whose list has `count` parts already."""
    found(home)
    with opened(home) as desk:
        operator, head = desk.registry.ledger.operator, desk.registry.store.read_head()
    with closing(sqlite.connect(str(Home(home).ledger), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        _load_subjects(connection, count, operator, head.map_root, head.next_page)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _load_subjects(
    connection: sqlite.Connection, count: int, operator: SubjectKey, root: MapRoot, next_page: int
) -> None:
    locator = _next_locator(connection)
    leaves: list[bytes] = []
    for rows in _chunks(_state_rows(range(count), operator)):
        first = root.size + len(leaves)
        numbered = list(enumerate(rows, start=len(leaves)))
        leaves += [
            hash_key(key) + hash_state(raw) + (locator + i).to_bytes(5, "big")
            for i, (key, raw, _) in numbered
        ]
        connection.executemany(
            "INSERT INTO subject (number, key) VALUES (?, ?)",
            ((n, key) for n, (key, _, _) in enumerate(rows, start=first)),
        )
        connection.executemany(
            "INSERT INTO state (locator, number, value, frontier) VALUES (?, ?, ?, ?)",
            ((locator + i, root.size + i, raw.decode(), edge) for i, (_, raw, edge) in numbered),
        )
        connection.executemany(
            "INSERT INTO history (number, i, idx) VALUES (?, 0, 0)",
            ((root.size + i,) for i, _ in numbered),
        )
        connection.executemany(
            "INSERT INTO listing (key, type, label, status, terms, words) "
            "VALUES (?, 'list', ?, 'version 1', '[]', ?)",
            ((key, key[5:], split_terms(f"{key[5:]} {key[5:]}")) for key, _, _ in rows),
        )
    prefixes = sorted(int.from_bytes(leaf[:8], "big", signed=True) for leaf in leaves)
    connection.executemany(
        "INSERT INTO event (prefix, idx) VALUES (?, 0)", ((prefix,) for prefix in prefixes)
    )
    leaves.sort()
    loaded, free = load_map(_FilePages(connection), _keep_in(connection), root, next_page, leaves)
    connection.execute(
        "UPDATE block SET map_page = ?, map_root = ?, map_size = ?, next_page = ?, "
        "next_locator = ? WHERE height = (SELECT max(height) FROM block)",
        (loaded.page_id, loaded.root, loaded.size, free, locator + len(leaves)),
    )


def _keep_in(connection: sqlite.Connection) -> Keep:
    def keep(new: Sequence[tuple[int, bytes]], replaced: Sequence[int]) -> None:
        connection.executemany("INSERT INTO page (id, data) VALUES (?, ?)", new)
        gone = ((page_id,) for page_id in replaced)
        connection.executemany("DELETE FROM page WHERE id = ?", gone)

    return keep


def _next_locator(connection: sqlite.Connection) -> int:
    query = "SELECT next_locator FROM block ORDER BY height DESC LIMIT 1"
    number: int = connection.execute(query).fetchone()[0]
    return number


def _state_rows(
    numbers: Iterable[int], operator: SubjectKey
) -> Iterator[tuple[SubjectKey, bytes, bytes]]:
    """Key, canonical state and history of each part."""
    for number in numbers:
        key = list_key(LIST, part(number))
        record = PublishedList(publisher=operator, version=1, since=0, content={"n": number})
        event_id = sha256(b"bulk %d" % number).hexdigest()
        leaf = hash_history_leaf(event_id=event_id, i=0, index=LeafIndex(0), subject=key)
        edge = EMPTY_FRONTIER.append(leaf)
        value = StateValue(format_state(record), edge.root(), 1, LeafIndex(0), UnixMillis(0))
        yield key, encode_state(value), edge.encode()


def _chunks(
    rows: Iterator[tuple[SubjectKey, bytes, bytes]],
) -> Iterator[list[tuple[SubjectKey, bytes, bytes]]]:
    chunk: list[tuple[SubjectKey, bytes, bytes]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
