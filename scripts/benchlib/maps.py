"""Figures of the state map: key updates, proofs, and inclusion proofs of the log."""

import secrets
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from statistics import median

from ledger.core.execution import EMPTY_HEAD
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import prove_inclusion
from ledger.core.statemap import Change, MapRoot, MapUpdate, prove, update, verify_map_proof
from ledger.core.tiles import TileNodeReader, TileUpdate, extend_tiles
from ledger.core.types import Digest, LeafIndex, TreeSize
from ledger.storage.sqlite import create_store
from scripts.benchlib.bare import EMPTY_UPDATE, append_bare
from scripts.benchlib.bulk import Pages, load_numbers, number_leaf
from scripts.benchlib.measure import Row, Scale, Stopwatch, at_least, at_most, time_each
from scripts.benchlib.world import BLOCK

_PROOFS = 2_000


def measure_maps(scale: Scale, folder: Path) -> list[Row]:
    """Key updates a second in memory and durable, and proofs of the same map."""
    pages, root, next_page = load_numbers(scale.large)
    size, verified, made = _measure_proofs(pages, root, scale)
    durable = _measure_durable(pages, root, next_page, scale, folder)
    memory = _measure_memory(pages, root, next_page, scale)
    keys = f"{scale.large:,} keys"
    how = f"median over {scale.rounds} blocks of {BLOCK:,} keys anywhere in the map"
    rows = [
        ("durable", durable, at_least(7000), how + "; with the pages written and synced"),
        ("in memory", memory, at_least(15000), how),
    ]
    return [
        *(
            Row("map", f"state map updates {name}, {keys}", rate, "keys/s", goal, meaning)
            for name, rate, goal, meaning in rows
        ),
        Row("proof", f"state proof, {keys}", size, "bytes", at_most(1000), "median size"),
        Row(
            "proof",
            f"state proof verified, {keys}",
            verified * 1e6,
            "us",
            at_most(50),
            "median; the root is at hand, the value hash is computed already",
        ),
        Row("proof", f"state proof made, {keys}", made * 1e6, "us", None, "median, in memory"),
    ]


def _measure_proofs(pages: Pages, root: MapRoot, scale: Scale) -> tuple[float, float, float]:
    leaves = [number_leaf(secrets.randbelow(scale.large)) for _ in range(_PROOFS)]
    proofs: list[bytes] = []
    made = time_each(_PROOFS, lambda i: proofs.append(prove(pages, root, Digest(leaves[i][:32]))))
    verified = time_each(
        _PROOFS,
        lambda i: verify_map_proof(
            root=root.root,
            key_hash=Digest(leaves[i][:32]),
            value_hash=Digest(leaves[i][32:64]),
            proof=proofs[i],
        ),
    )
    return median(map(len, proofs)), verified, made


def _choose_changes(scale: Scale) -> list[Change]:
    numbers = {secrets.randbelow(scale.large) for _ in range(2 * BLOCK)}
    return [
        Change(Digest(number_leaf(n)[:32]), Digest(sha256(secrets.token_bytes(8)).digest()), n)
        for n in sorted(numbers)[:BLOCK]
    ]


def _measure_memory(pages: Pages, root: MapRoot, next_page: int, scale: Scale) -> float:
    watch = Stopwatch()
    for _ in range(scale.rounds):
        changes = _choose_changes(scale)
        with watch.lap():
            done = update(pages, root, changes, next_page)
            pages.pages.update(done.pages)
            for page_id in done.replaced:
                del pages.pages[page_id]
        root, next_page = done.root, done.next_page_id
    return BLOCK / watch.median


def _measure_durable(
    pages: Pages, root: MapRoot, next_page: int, scale: Scale, folder: Path
) -> float:
    """Blocks that hold nothing but pages, written by the shipping store."""
    watch = Stopwatch()
    head = replace(EMPTY_HEAD, map_root=root, next_page=next_page)
    with closing(create_store(folder / "map.db")) as store:
        loading = MapUpdate(root, sorted(pages.pages.items()), (), (), next_page)
        head = append_bare(store, head, loading)
        for _ in range(scale.rounds):
            changes = _choose_changes(scale)
            with watch.lap():
                done = update(store, head.map_root, changes, head.next_page)
                head = append_bare(store, head, done)
    return BLOCK / watch.median


def measure_inclusion(scale: Scale, folder: Path) -> list[Row]:
    """Making an inclusion proof from a log of many entries."""
    size = TreeSize(scale.large)
    with closing(create_store(folder / "log.db")) as store:
        append_bare(store, EMPTY_HEAD, EMPTY_UPDATE, _create_tiles(size))
        nodes = TileNodeReader(store)
        indexes = [LeafIndex(secrets.randbelow(size)) for _ in range(_PROOFS)]
        made = time_each(_PROOFS, lambda i: prove_inclusion(nodes, indexes[i], size))
    name = f"inclusion proof, {scale.large:,} entries"
    meaning = "median over entries anywhere in the log, from the tiles in the ledger file"
    return [Row("inclusion", name, made * 1000, "ms", at_most(1), meaning)]


def _create_tiles(size: TreeSize) -> Sequence[TileUpdate]:
    """Tiles of a log of this size."""

    def read_nothing(level: int, index: int) -> bytes:
        raise AssertionError(f"a log that begins has no tile {level}/{index} to extend")

    return extend_tiles(
        read_nothing, TreeSize(0), (hash_leaf(b"%d" % number) for number in range(size))
    )
