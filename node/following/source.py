"""A log as somebody else serves it, held against a checkpoint before any of it is used.

Tiles and entry bundles are signed by nobody. What does not fold to the root of the checkpoint is an
`AnswerError`, which convicts nobody: whoever stands between may have made it. What does fold to it
was signed by the log.

Spec: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.cosignature import verify_checkpoint_line
from ledger.core.fork import encode_fork, find_fork
from ledger.core.limits import MAX_NOTE_BYTES
from ledger.core.merkle import read_root
from ledger.core.note import VerifierKey, open_note
from ledger.core.text import parse_digest
from ledger.core.tiles import TileNodeReader, TileReader
from ledger.core.types import Digest, TreeSize
from ledger.errors import (
    AnswerError,
    ForkError,
    NotFoundError,
    OriginError,
    UnavailableError,
)
from ledger.light.fetch import Fetcher, HttpFetcher, open_fetcher
from ledger.light.leaves import NOT_WHOLE, AuthenticTiles, FetchedTiles, read_leaves

MAX_DOCUMENT_BYTES: Final = 8 * 1024 * 1024
"""Of a document that the log names by its digest: what a request may hold."""
_NEWEST, _PUBLISHED = "v1/checkpoint/latest", "checkpoint"


@dataclass(frozen=True, slots=True)
class SignedTree:
    """A checkpoint that the log's key has signed.

    Args:
        note: As received.
        body: What the log signed.
    """

    note: bytes
    body: Checkpoint

    @property
    def text(self) -> str:
        """The note, to be shown or kept as evidence."""
        return self.note.decode()


def open_signed(note: bytes, keys: Sequence[VerifierKey]) -> SignedTree:
    """A checkpoint, once a key of the log has signed it; cosignatures are not looked at.

    Args:
        note: From outside.
        keys: Of the log, all named after its origin.

    Raises:
        MalformedError: Not a checkpoint.
        LimitError: Too many bytes or lines.
        OriginError: It is of another log.
        SignatureError: None of the keys has signed it.
    """
    offered = parse_signed_checkpoint(note)
    if offered.body.origin not in {key.name for key in keys}:
        names = " and ".join(sorted({key.name for key in keys}))
        raise OriginError(f"this is of the log {offered.body.origin}, not of {names}")
    open_note(offered.note, keys, verify_checkpoint_line)
    return SignedTree(note, offered.body)


class LogSource:
    """A log that is followed.

    Args:
        fetcher: Whom to ask: a node, a mirror, a folder.
        keys: Of the log, all named after its origin.
    """

    def __init__(self, fetcher: Fetcher, keys: Sequence[VerifierKey]) -> None:
        self._fetcher = fetcher
        self.keys = tuple(keys)

    def fetch_newest(self) -> SignedTree:
        """The newest checkpoint that the log has signed, cosigned or not.

        Raises:
            LedgerError: As open_signed and the fetcher.
        """
        try:
            note = self._fetcher.get(_NEWEST, max_bytes=MAX_NOTE_BYTES)
        except NotFoundError:  # a mirror or a folder: it has only what is published
            note = self.fetch_published()
        return open_signed(note, self.keys)

    def fetch_published(self) -> bytes:
        """The note that is published; not verified.

        Raises:
            LedgerError: As the fetcher.
        """
        return self._fetcher.get(_PUBLISHED, max_bytes=MAX_NOTE_BYTES)

    def fetch_document(self, digest: str) -> bytes:
        """A document that the log names, held against its digest.

        Args:
            digest: 64 hex digits.

        Raises:
            NotFoundError: Nobody serves it.
            AnswerError: What is served has another digest.
            LedgerError: What the fetcher raises.
        """
        parse_digest(digest)
        try:
            data = self._fetcher.get(f"v1/documents/{digest}", max_bytes=MAX_DOCUMENT_BYTES)
        except NotFoundError:  # a mirror's folder
            data = self._fetcher.get(f"documents/{digest}", max_bytes=MAX_DOCUMENT_BYTES)
        if sha256(data).hexdigest() != digest:
            raise AnswerError(f"the document {digest} is served with another content")
        return data

    def open_tiles(self, tree: Checkpoint) -> AuthenticTiles:
        """The tiles of a tree that the log has signed.

        Raises:
            AnswerError: What is served does not fold to its root.
            LedgerError: What the fetcher raises.
        """
        return AuthenticTiles(FetchedTiles(self._fetcher, tree.size), tree)

    def read_leaves(
        self, start: int, tree: Checkpoint, tiles: AuthenticTiles
    ) -> Iterator[tuple[int, bytes]]:
        """Leaves from start to the end of a tree, each with its index and held against its root.

        Raises:
            AnswerError: A leaf is not of this tree.
            UnavailableError: A file of the log is not served.
            LedgerError: What the fetcher raises.
        """
        try:
            yield from read_leaves(self._fetcher, start, tree.size, tree.size, tiles=tiles)
        except NotFoundError as exc:
            raise UnavailableError(NOT_WHOLE.format(exc)) from exc


def fetch_once(where: str, path: str, *, max_bytes: int) -> bytes:
    """One file from a place that nothing else is asked of; not verified.

    Args:
        where: As open_fetcher.
        path: As Fetcher.get.
        max_bytes: As Fetcher.get.

    Raises:
        LedgerError: As open_fetcher and Fetcher.get.
    """
    fetcher = open_fetcher(where)
    try:
        return fetcher.get(path, max_bytes=max_bytes)
    finally:
        if isinstance(fetcher, HttpFetcher):
            fetcher.close()


def root_within(tiles: TileReader, size: TreeSize) -> Digest:
    """Root of the first leaves of a tree."""
    return read_root(TileNodeReader(tiles), size)


def verify_same_history(tiles: TileReader, old: SignedTree, new: SignedTree) -> None:
    """Refuse two checkpoints of the log of which one is not the beginning of the other.

    Args:
        tiles: Authentic, of the larger of the two.
        old: The one known first.
        new: The one offered.

    Raises:
        ForkError: They contradict each other; both were signed by the log.
        LedgerError: What tiles raises.
    """
    fork = find_fork((old.note, old.body), (new.note, new.body), TileNodeReader(tiles))
    if fork is not None:
        raise ForkError(old.text, new.text, encode_fork(fork))
