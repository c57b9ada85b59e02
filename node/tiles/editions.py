"""Exports a ledger's own log: what its store has under the checkpoint that it publishes."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy
from ledger.core.tiles import TILE_WIDTH
from ledger.errors import AnswerError, CorruptionError, ExistsError, NotFoundError, QuorumError
from ledger.light.leaves import AuthenticTiles
from ledger.storage.base import CheckpointStore, Table, TableReader
from node.tiles.export import TILES, Edition, Exported, export_tiles
from node.tiles.source import CHECKPOINT, TileStore


class LogStore(TileStore, CheckpointStore, TableReader, Protocol):
    """What of a store is needed here."""


def find_published(store: LogStore, policy: Policy) -> bytes:
    """The checkpoint that a ledger publishes.

    That is the newest of all if it meets the policy, else the one that its node has published, else
    the newest that does.

    Args:
        store: Read only.
        policy: The node's own.

    Raises:
        NotFoundError: There is none.
        SignatureError: Another log's key has signed them.
    """
    for size in _newest_first(store):
        note = store.read_checkpoint(size)
        try:
            if note is not None:
                return open_checkpoint(policy, note).data
        except QuorumError:
            continue
    raise NotFoundError(
        "no checkpoint of this ledger meets its policy yet: its witnesses have to cosign one"
    )


def export_log(
    store: LogStore, policy: Policy, folder: Path, progress: Callable[[int, int], None]
) -> Exported:
    """Bring a folder up to what a ledger publishes.

    Args:
        store: Read only; another process may be writing to it.
        policy: The node's own.
        folder: New, empty, or left by an earlier export.
        progress: Called with the leaves that are done and their number.

    Raises:
        NotFoundError: No checkpoint meets the policy.
        ExistsError: The folder holds something else; it is left alone.
        OriginError: The folder holds another log; it is left alone.
        RollbackError: The folder's checkpoint is newer, or of another history; it is left alone.
        UnavailableError: Another process is adding to the folder.
        StoreFailedError: It cannot be written; what its checkpoint covers is as before.
        CorruptionError: The store's tiles or leaves are not those that were signed.
        SignatureError: Another log's key has signed the store's checkpoints.
    """
    _check_folder(folder)
    edition = open_edition(store, find_published(store, policy))
    try:
        return export_tiles(edition, folder, progress)
    except AnswerError as exc:
        raise CorruptionError(f"{exc}: run an audit") from exc


def open_edition(store: LogStore, note: bytes) -> Edition:
    """All that a store has under a checkpoint.

    Args:
        store: Read only; may grow meanwhile.
        note: Kept by the store, or with more cosignatures than there.

    Raises:
        CorruptionError: Its tiles are not those that were signed.
    """
    body = parse_signed_checkpoint(note).body
    try:
        tiles = AuthenticTiles(store, body)
    except AnswerError as exc:
        raise CorruptionError(f"{exc}: run an audit") from exc

    def read_leaves(start: int) -> Iterator[tuple[int, bytes]]:
        for first in range(start, body.size, TILE_WIDTH):
            stop = min(first + TILE_WIDTH, body.size)
            yield from enumerate(store.read_leaves(first, stop), start=first)

    def signed_sizes(after: int) -> Iterator[int]:
        rows = store.iterate_rows(Table.CHECKPOINT, after + 1)
        return (size for size, _ in rows if isinstance(size, int))

    return Edition(note, tiles, read_leaves, signed_sizes)


def _check_folder(folder: Path) -> None:
    """Refuse to mix the log with other files.

    Raises:
        ExistsError: There are some.
    """
    if not folder.exists() or (folder / CHECKPOINT).exists():
        return
    found = sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))
    if found and found != [TILES]:
        raise ExistsError(
            f"{folder} holds {found[0]!r} and no exported log: choose an empty or a new folder"
        )


def _newest_first(store: LogStore) -> Iterable[int | None]:
    """Sizes of checkpoints, the likeliest first: None for the newest of all."""
    yield None
    held = store.read_hold()  # what a node with witnesses has published
    if held is not None:
        yield held
    sizes = [size for size, _ in store.iterate_rows(Table.CHECKPOINT) if isinstance(size, int)]
    yield from reversed(sizes)
