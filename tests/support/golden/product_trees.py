"""What the shipping code says of trees: tiles, a whole log, the state map and histories."""

from hashlib import sha256

from contracts.rulebook import create_rules
from ledger.core.entry import Seal, decode_leaf
from ledger.core.event import verify_event_signatures
from ledger.core.hashing import EMPTY_ROOT, hash_leaf
from ledger.core.mappages import hash_key
from ledger.core.mapproof import verify_map_proof
from ledger.core.merkle import (
    Frontier,
    hash_tree,
    prove_consistency,
    prove_inclusion,
    read_root,
    verify_consistency,
    verify_inclusion,
)
from ledger.core.state import encode_state, hash_history_leaf, hash_state, parse_state
from ledger.core.text import format_base64
from ledger.core.tiles import (
    TileNodeReader,
    encode_entry_bundle,
    extend_tiles,
    format_entries_path,
    format_tile_path,
    parse_entries_path,
    parse_tile_path,
    tile_at,
)
from ledger.errors import NotFoundError
from tests.support.log_builder import MemoryLog
from tests.support.memory_map import MemoryMap

# --- section 4


class Tiles:
    """Tiles of the numbers from 0 upwards, in decimal."""

    def __init__(self, size):
        self.size, self.leaves = size, [b"%d" % n for n in range(size)]
        first = size // 3  # in two steps, as a log grows
        hashes = [hash_leaf(one) for one in self.leaves]
        self.tiles = self._grow({}, 0, hashes[:first])
        self.tiles |= self._grow(self.tiles, first, hashes[first:])

    def _grow(self, tiles, size, hashes):
        read = {(tile.level, tile.index): tile.data for tile in tiles.values()}
        updates = extend_tiles(lambda level, index: read[level, index], size, hashes)
        return {(tile.level, tile.index): tile for tile in updates}


def tile(case, shared):
    kept = _tiles(case["size"])
    if case["path"].startswith("tile/entries/"):
        asked = parse_entries_path(case["path"])
        _check_width(asked, case["size"])
        start = 256 * asked.index
        data = encode_entry_bundle(kept.leaves[start : start + asked.width])
    else:
        asked = parse_tile_path(case["path"])
        _check_width(asked, case["size"])
        data = kept.tiles[asked.level, asked.index].data[: 32 * asked.width]
    return {"bytes": len(data), "sha256": sha256(data).hexdigest()}


def _check_width(asked, size):
    if tile_at(asked.level, asked.index, size).width < asked.width:
        raise NotFoundError("a tree of this size has no tile so wide")


_KEPT = {}


def _tiles(size):
    if size not in _KEPT:
        _KEPT[size] = Tiles(size)
    return _KEPT[size]


def leaves_of(shared, size):
    return [one.encode() for one in shared["leaves"][:size]]


class _Stored:
    """A log's tiles, for readers of nodes."""

    def __init__(self, leaves):
        def nothing(level, index):
            raise NotFoundError("a new log")

        updates = extend_tiles(nothing, 0, map(hash_leaf, leaves))
        self.data = {(one.level, one.index): one.data for one in updates}

    def read_tile(self, level, index):
        return self.data[level, index]


def log_tile(case, shared):
    """The tile of leaf hashes and the entry bundle of a log that fills less than one."""
    leaves = leaves_of(shared, case["size"])
    edge = tile_at(0, 0, case["size"])
    bundle = encode_entry_bundle(leaves)
    return {
        "tile": {format_tile_path(edge): _Stored(leaves).data[0, 0].hex()},
        "entries": {format_entries_path(edge): sha256(bundle).hexdigest()},
    }


def log_root(case, shared):
    hashes = [hash_leaf(one) for one in leaves_of(shared, case["size"])]
    roots = {hash_tree(hashes), Frontier(0, ()).extend(hashes).root()}
    if hashes:
        roots.add(read_root(TileNodeReader(_Stored(leaves_of(shared, None))), case["size"]))
    (root,) = roots
    return root.hex()


def inclusion(case, shared):
    index, size = case["index"], case["size"]
    nodes = TileNodeReader(_Stored(leaves_of(shared, None)))
    path = prove_inclusion(nodes, index, size)
    leaf_hash, root = hash_leaf(leaves_of(shared, None)[index]), read_root(nodes, size)
    verify_inclusion(leaf=leaf_hash, index=index, size=size, path=path, root=root)
    return [format_base64(one) for one in path]


def consistency(case, shared):
    old, new = case["old"], case["new"]
    nodes = TileNodeReader(_Stored(leaves_of(shared, None)))
    path = prove_consistency(nodes, old, new)
    verify_consistency(
        old_size=old,
        new_size=new,
        old_root=read_root(nodes, old) if old else EMPTY_ROOT,
        new_root=read_root(nodes, new),
        path=path,
    )
    return [format_base64(one) for one in path]


def seals(case, shared):
    """Every block executed once more, under the rules of this program."""
    log = MemoryLog(create_rules(case["rules_digest"]))
    waiting, found = [], []
    for data in leaves_of(shared, None):
        read = decode_leaf(data)
        if not isinstance(read, Seal):
            waiting.append(read)
            continue
        builder = log.builder()
        for entry in waiting:
            verify_event_signatures(entry.signed)
            builder.add(entry.signed, entry.time)
        block = log.append(builder.build())
        found.append({"index": block.seal.index, "root": block.seal.state_root.hex()})
        waiting = []
    assert log.leaves == leaves_of(shared, None), "executing the log makes the log"
    return found


# --- section 6


def _map_of(case, shared):
    kept = MemoryMap()
    pairs = shared["maps"][case["map"]].items()
    kept.set({bytes.fromhex(key): bytes.fromhex(value) for key, value in pairs})
    return kept


def map_root(case, shared):
    return _map_of(case, shared).root.root.hex()


def map_proof(case, shared):
    kept, key = _map_of(case, shared), bytes.fromhex(case["key"])
    value = shared["maps"][case["map"]].get(case["key"])
    proof = kept.prove(key)
    verify_map_proof(
        root=kept.root.root,
        key_hash=key,
        value_hash=None if value is None else bytes.fromhex(value),
        proof=proof,
    )
    return proof.hex()


def check_map_proof(case, shared):
    verify_map_proof(
        root=bytes.fromhex(case["root"]),
        key_hash=bytes.fromhex(case["key"]),
        value_hash=None if case["value"] is None else bytes.fromhex(case["value"]),
        proof=bytes.fromhex(case["proof"]),
    )
    return True


def state_leaf(case, shared):
    """Key hash and value hash of a subject's state."""
    raw = encode_state(parse_state(case["value"]))
    return {"key_hash": hash_key(case["subject"]).hex(), "value_hash": hash_state(raw).hex()}


def states_root(case, shared):
    """Root of the map of all subjects of a log, from their states."""
    kept = MemoryMap()
    values = shared["states"].items()
    kept.set({hash_key(key): hash_state(encode_state(parse_state(one))) for key, one in values})
    return kept.root.root.hex()


def _history_leaves(case):
    return [
        hash_history_leaf(event_id=one["event"], i=i, index=one["index"], subject=case["subject"])
        for i, one in enumerate(case["events"])
    ]


def history(case, shared):
    return Frontier(0, ()).extend(_history_leaves(case)).root().hex()


ANSWERS = {
    "tile": tile,
    "log root": log_root,
    "log tile": log_tile,
    "inclusion": inclusion,
    "consistency": consistency,
    "seals": seals,
    "map root": map_root,
    "map proof": map_proof,
    "check map proof": check_map_proof,
    "state leaf": state_leaf,
    "states root": states_root,
    "history": history,
}
