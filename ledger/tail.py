"""The newest blocks of a store, executed again on top of what the store says was before them.

What was before is taken as right where the tail does not touch it. That is enough to find a copy
that was cut off or damaged on the way, and takes moments; it convicts nobody.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from typing_extensions import override

from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.execution import EMPTY_HEAD, Block, Head, StoredState
from ledger.core.hashing import hash_leaf
from ledger.core.mappages import hash_key
from ledger.core.statemap import MapRoot, find
from ledger.core.text import DIGEST_BYTES
from ledger.core.tiles import TILE_WIDTH, read_frontier
from ledger.core.types import LeafIndex, SubjectKey, TreeSize
from ledger.errors import CorruptionError, InputError
from ledger.replay import ReplayStore
from ledger.storage.base import AuditedStore, Row, Table

TAIL_TABLES: Final = (Table.BLOCK, Table.SUBJECT, Table.STATE, Table.PAGE, Table.STALE)
"""Tables whose rows from some number on are those of the newest blocks."""


class TailStore(ReplayStore):
    """A store as of some blocks ago, which grows in memory and writes nothing.

    Args:
        store: Whose newest blocks are to be executed again.
        blocks: How many, at most KEPT_BLOCKS.

    Raises:
        CorruptionError: The store contradicts itself.
    """

    def __init__(self, store: AuditedStore, blocks: int) -> None:
        self._store = store
        self._base = self._head = _read_old_head(store, max(0, store.read_head().height - blocks))
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._pages: dict[int, bytes] = {}
        self._states: dict[int, StoredState] = {}
        self._rows: dict[Table, list[Row]] = {table: [] for table in TAIL_TABLES}

    @property
    def starts(self) -> Mapping[Table, int]:
        """Number of the first row of each of TAIL_TABLES that belongs to the tail."""
        base = self._base
        return {
            Table.BLOCK: base.height,
            Table.SUBJECT: base.map_root.size,
            Table.STATE: base.next_locator,
            Table.PAGE: base.next_page,
            Table.STALE: base.height,
        }

    def tail_rows(self, table: Table) -> Iterable[Row]:
        """What the tail adds to one of TAIL_TABLES, in its order."""
        return sorted(self._rows[table])

    @override
    def read_head(self) -> Head:
        return self._head

    @override
    def find_event(self, event_id: bytes) -> LeafIndex | None:
        return self._store.find_event(event_id)

    @override
    def read_tile(self, level: int, index: int) -> bytes:
        tile = self._tiles.get((level, index))
        if tile is None:
            width = (self._head.size >> (8 * level)) - TILE_WIDTH * index
            tile = self._store.read_tile(level, index)[: max(0, width) * DIGEST_BYTES]
        return tile

    @override
    def read_page(self, page_id: int) -> bytes:
        page = self._pages.get(page_id)
        return self._store.read_page(page_id) if page is None else page

    @override
    def read_stored_state(self, root: MapRoot, key: SubjectKey) -> StoredState | None:
        found = find(self, root, hash_key(key))
        if found is None:
            return None
        state = self._states.get(found[1])
        return state or self._store.read_stored_state(self._base.map_root, key)

    @override
    def append(
        self, block: Block, *, expected_size: TreeSize, documents: Mapping[str, bytes]
    ) -> None:
        head, root, height = block.head, block.head.map_root, block.seal.height
        self._tiles.update({(tile.level, tile.index): tile.data for tile in block.tiles})
        self._pages.update(block.pages)
        self._states.update({state.locator: state for state in block.states})
        known = root.size - len(block.new_subjects)
        map_row = (root.page_id, root.root, root.size)
        numbers = (head.next_page, head.next_locator)
        rows = self._rows
        rows[Table.BLOCK].append((height, head.size, head.time, *map_row, *numbers))
        rows[Table.SUBJECT] += enumerate(block.new_subjects, start=known)
        rows[Table.STATE] += (
            (s.locator, s.number, s.raw.decode(), s.frontier) for s in block.states
        )
        rows[Table.PAGE] += block.pages
        rows[Table.STALE] += ((height, 0, page_id) for page_id in block.replaced_pages)
        rows[Table.STALE] += ((height, 1, locator) for locator in block.replaced_locators)
        self._head = head


def _read_old_head(store: AuditedStore, height: int) -> Head:
    """The head after so many blocks.

    Raises:
        CorruptionError: The store lacks that block, or its seal says otherwise.
    """
    if height == 0:
        return EMPTY_HEAD
    match next(store.iterate_rows(Table.BLOCK, height - 1), ()):
        case (int(), int(size), int(time), int(page), bytes(root), int(subjects), *numbers):
            next_page, next_locator = map(int, numbers)
        case _:
            raise CorruptionError(f"the store lacks block {height - 1}: run an audit")
    leaf = b"".join(store.read_leaves(size - 1, size))
    claimed = (height - 1, time, root, subjects)
    match _decode(leaf):
        case Seal() as seal if claimed == (
            seal.height,
            seal.time,
            seal.state_root,
            seal.state_size,
        ):
            return Head(
                height=height,
                frontier=read_frontier(store, TreeSize(size)),
                seal_hash=hash_leaf(leaf),
                time=seal.time,
                map_root=MapRoot(page, seal.state_root, subjects),
                next_page=next_page,
                next_locator=next_locator,
            )
        case _:
            raise CorruptionError(f"block {height - 1} is not the one of its seal: run an audit")


def _decode(leaf: bytes) -> Entry | Seal | None:
    try:
        return decode_leaf(leaf)
    except InputError:
        return None
