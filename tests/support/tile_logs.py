"""Logs of any leaves, long ones in a moment: a ledger file, its notes, and what they must serve.

Nothing is executed: what is served as files does not depend on what the leaves say.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.hashing import hash_leaf
from ledger.core.tiles import extend_tiles
from ledger.storage.sqlite import create_store
from ledger.storage.writing import TILE_LEVEL_SHIFT
from node.tiles.export import Edition
from tests.support import reference
from tests.support.log_builder import LOG, ORIGIN, WITNESS
from tests.support.note_signers import note_bytes


def leaf_of(index):
    """A leaf that is told from all others; some are long and some are empty but for that."""
    return b'{"n":%d,"x":"%s"}' % (index, b"y" * (index % 7))


@lru_cache(maxsize=4)
def leaves_of(size):
    return tuple(leaf_of(index) for index in range(size))


@dataclass
class Notes:
    """What a publisher knows; tests set it."""

    latest: bytes | None = None
    published: bytes | None = None

    def set(self, note):
        self.latest = self.published = note
        return note

    def with_note(self, note):
        self.set(note)
        return self


class TileLog:
    """A ledger file that holds leaves and tiles, and the notes that are signed.

    Args:
        folder: For the file.
        size: Leaves to begin with, under one checkpoint.
        leaf: Makes a leaf from its index.
    """

    def __init__(self, folder, size=0, leaf=leaf_of):
        self.store = create_store(folder / "ledger.db", is_durable=False)
        self.notes = Notes()
        self.leaves = []
        self._leaf = leaf
        if size:
            self.grow(size)

    @property
    def size(self):
        return len(self.leaves)

    def grow(self, size, *, is_signed=True):
        """Append leaves up to this size; the note, if it is signed."""
        fresh = [self._leaf(index) for index in range(self.size, size)]
        hashes = [hash_leaf(leaf) for leaf in fresh]
        updates = extend_tiles(self.store.read_tile, self.size, hashes)
        with self.store.lock, self.store._write_transaction():
            rows = enumerate(fresh, start=self.size)
            self.store._db.executemany(
                "INSERT INTO entry (idx, leaf) VALUES (?, ?)",
                ((i, one.decode()) for i, one in rows),
            )
            self.store._db.executemany(
                "INSERT OR REPLACE INTO tile (id, data) VALUES (?, ?)",
                (((one.level << TILE_LEVEL_SHIFT) + one.index, one.data) for one in updates),
            )
        self.leaves += fresh
        return self.sign() if is_signed else None

    def sign(self, size=None, cosigned_at=None):
        """Sign the log as it is, or as it was, keep the note and publish it."""
        size = self.size if size is None else size
        note = sign_note(size, root_of(self.leaves, size), cosigned_at)
        self.store.save_checkpoint(size, note)
        return self.notes.set(note)


class Tree:
    """Everything under one checkpoint, from the leaves alone and without our code.

    Args:
        size: Of the checkpoint.
        signed: Earlier sizes that have one too.
        leaf: Makes a leaf from its index.
    """

    def __init__(self, size, signed=(), *, leaf=leaf_of, **noted):
        self.size = size
        self.leaves = [leaf(index) for index in range(size)]
        self.note = sign_note(size, root_of(self.leaves, size), **noted)
        self.signed = signed
        self.files = expected_files(self.leaves, size)

    def read_tile(self, level, index):
        width = min((self.size >> 8 * level) - 256 * index, 256)
        return self.files[f"tile/{level}/{spell(index, width)}"]

    def read_leaves(self, start):
        return enumerate(self.leaves[start:], start=start)

    def edition(self):
        return Edition(self.note, self, self.read_leaves, self._signed_above)

    def _signed_above(self, size):
        return [one for one in self.signed if one > size]


def sign_note(size, root, cosigned_at=None, log=LOG, origin=ORIGIN):
    text = format_checkpoint(Checkpoint(origin, size, root))
    lines = [] if cosigned_at is None else [WITNESS.sign(text, cosigned_at)]
    return note_bytes(text, log.sign(text), *lines)


def root_of(leaves, size):
    """Root of the first leaves, by pairs, each level from the one below; not our code."""
    level = [reference.leaf_hash(leaf) for leaf in leaves[:size]]
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + odd
    return level[0] if level else sha256(b"").digest()


def node(left, right):
    return sha256(b"\x01" + left + right).digest()


def expected_files(leaves, size):
    """Every tile and bundle that a tree of this size has, by path, as the specification says.

    Tile L/N is MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]) for i from 0 to 255, of
    which the tree has floor(s / 256**l) mod 256 in its partial one.
    """
    hashes = [reference.leaf_hash(leaf) for leaf in leaves[:size]]
    files, level = {}, 0
    while hashes:
        for n in range(0, len(hashes), 256):
            tile = hashes[n : n + 256]
            files[f"tile/{level}/{spell(n // 256, len(tile))}"] = b"".join(tile)
            if level == 0:
                bundle = b"".join(
                    len(x).to_bytes(2, "big") + x for x in leaves[n : min(n + 256, size)]
                )
                files[f"tile/entries/{spell(n // 256, len(tile))}"] = bundle
        full = len(hashes) // 256 * 256
        hashes = [fold(hashes[n : n + 256]) for n in range(0, full, 256)]
        level += 1
    return files


def fold(hashes):
    """Root of 2**k hashes."""
    while len(hashes) > 1:
        hashes = [node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def spell(n, width):
    digits = f"{n:03}" if n < 1000 else ""
    if not digits:
        text = f"{n:0{-(-len(str(n)) // 3) * 3}}"
        groups = [text[i : i + 3] for i in range(0, len(text), 3)]
        digits = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return digits if width == 256 else f"{digits}.p/{width}"
