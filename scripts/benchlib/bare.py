"""Blocks that hold nothing but map pages or tiles, written by the shipping store."""

from collections.abc import Sequence
from typing import Final

from ledger.core.entry import Seal, encode_seal
from ledger.core.execution import Block, Head
from ledger.core.hashing import hash_leaf
from ledger.core.statemap import EMPTY_MAP, MapUpdate
from ledger.core.tiles import TileUpdate, extend_tiles
from ledger.core.types import LeafIndex, UnixMillis
from ledger.storage.sqlite import SqliteStore

EMPTY_UPDATE: Final = MapUpdate(EMPTY_MAP, (), (), (), 1)


def append_bare(
    store: SqliteStore, head: Head, done: MapUpdate, tiles: Sequence[TileUpdate] = ()
) -> Head:
    """Write a block whose one entry is empty, and this map.

    Args:
        store: Ends at head.
        head: Where its log ends.
        done: Pages to write; the map after the block.
        tiles: Written instead of those that the block's own leaves make.

    Returns:
        Where the log then ends.
    """
    first = LeafIndex(head.size)
    root, time = done.root, UnixMillis(head.time + 1)
    seal = Seal(1, first, head.height, head.seal_hash, "bench/0", root.root, root.size, time)
    leaves = [b"{}", encode_seal(seal)]
    hashes = [hash_leaf(leaf) for leaf in leaves]
    after = Head(
        height=head.height + 1,
        frontier=head.frontier.extend(hashes),
        seal_hash=hashes[-1],
        time=time,
        map_root=root,
        next_page=done.next_page_id,
        next_locator=head.next_locator,
    )
    block = Block(
        seal=seal,
        leaves=leaves,
        event_ids=[hashes[0]],
        tiles=tiles or extend_tiles(store.read_tile, head.size, hashes),
        states=(),
        new_subjects=(),
        history=(),
        pages=done.pages,
        replaced_pages=done.replaced,
        replaced_locators=(),
        listings={},
        head=after,
    )
    store.append(block, expected_size=head.size, documents={})
    return after
