"""A mirror: a folder that holds a verified copy of a log, and the documents that it names.

```text
FOLDER/checkpoint, FOLDER/tile/...    as any export of the log (c2sp.org/tlog-tiles)
FOLDER/documents/<SHA-256>            credentials that entries of the log name by digest
FOLDER/.mirror.json                   when the log was last seen to be this, and what is missing
FOLDER/.fork.json                     evidence, should the log have signed two histories
```

What the folder's checkpoint covers is whole and verified at any moment, also after a crash, since
the checkpoint is written last. A log that shows another history, or an older state, changes nothing
in the folder.

Spec: c2sp.org/tlog-tiles; docs/adr/0028-auditor-and-mirror.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.clock import Clock
from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.entry import Entry, decode_leaf
from ledger.core.limits import MAX_NOTE_BYTES
from ledger.core.members import take_count, take_format, take_text
from ledger.core.note import VerifierKey
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import Policy
from ledger.core.text import parse_digest
from ledger.core.types import Json, TreeSize, UnixMillis
from ledger.errors import (
    CorruptionError,
    ForkError,
    InputError,
    LimitError,
    MalformedError,
    NotFoundError,
    OriginError,
    RollbackError,
    StoreFailedError,
    VerificationError,
)
from ledger.files import read_file, replace_file
from ledger.light.fetch import Fetcher, FolderFetcher
from ledger.light.leaves import FetchedTiles
from node.following.source import LogSource, SignedTree, verify_same_history
from node.maintenance import name_documents
from node.tiles.export import Edition, export_tiles
from node.tiles.source import CHECKPOINT

DOCUMENTS: Final = "documents"
STATE_FILE, FORK_FILE = ".mirror.json", ".fork.json"
MAX_MISSING: Final = 10_000
_FORMAT: Final = "muniment/mirror/v1"
_MAX_STATE_BYTES: Final = 1024 * 1024
_PUBLIC_MODE: Final = 0o644
_CONFIRM_EVERY_MS: Final = 1000
Progress = Callable[[int, int], None]
"""Told how many leaves are done, of how many."""


def _no_progress(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class MirrorState:
    """What a mirror knows beside its files.

    Args:
        confirmed: When the source last showed this log at this size or verified growth of it; Unix
            milliseconds, 0: never.
        missing: Digests of documents that nobody served so far.
    """

    confirmed: UnixMillis
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """What one round did.

    Args:
        size: Leaves that the mirror holds.
        files: Files written, without documents.
        documents: Documents written.
        missing: Documents that nobody serves.
    """

    size: TreeSize
    files: int
    documents: int
    missing: int


class Mirror:
    """Brings a folder up to what a log has published.

    Args:
        folder: Made if it is not there.
        policy: Whom to believe; a checkpoint that does not meet it is not taken.
        fetcher: A node or another mirror.
        clock: For the time of confirmation.
    """

    def __init__(self, folder: Path, policy: Policy, fetcher: Fetcher, clock: Clock) -> None:
        self._folder = folder
        self._policy = policy
        self._fetcher = fetcher
        self._clock = clock

    def follow(self, progress: Progress = _no_progress) -> Followed:
        """Take what is new.

        Args:
            progress: Told how many new leaves are done, of how many.

        Raises:
            ForkError: The log signed two histories; the evidence lies in the folder, which is as
                before.
            RollbackError: The source shows an older state of the log; the folder is as before.
            OriginError: The folder holds another log.
            QuorumError: What is published does not meet the policy.
            SignatureError: Nor did the log sign it.
            AnswerError: What is served is not what the log has signed.
            UnavailableError: Nobody answers, or another process is adding to the folder.
            StoreFailedError: The folder cannot be written; what its checkpoint covers is as before.
            LedgerError: What the fetcher raises.
        """
        note = self._fetcher.get(CHECKPOINT, max_bytes=MAX_NOTE_BYTES)
        opened = open_checkpoint(self._policy, note)
        source = LogSource(self._fetcher, keys_of(self._policy, opened.body.origin))
        own, offered = read_own(self._folder), SignedTree(note, opened.body)
        if own is not None:
            self._compare(source, own, offered)
            if own.body == offered.body and not self._is_newer(opened, own):
                offered = own
        return self._take(source, offered, progress)

    def _compare(self, source: LogSource, own: SignedTree, offered: SignedTree) -> None:
        """Refuse a checkpoint that is not of our log, or not at least as new as ours.

        Raises:
            OriginError: Of another log.
            ForkError: Of another history; the evidence is kept.
            RollbackError: Older.
        """
        if own.body == offered.body:
            return
        if own.body.origin != offered.body.origin:
            raise OriginError(
                f"the mirror holds the log {own.body.origin}, not {offered.body.origin}: name "
                "another folder"
            )
        is_older = offered.body.size < own.body.size
        tiles = (
            FetchedTiles(FolderFetcher(self._folder), own.body.size)
            if is_older
            else source.open_tiles(offered.body)
        )
        try:
            verify_same_history(tiles, own, offered)
        except ForkError as exc:
            replace_file(self._folder / FORK_FILE, exc.evidence, _PUBLIC_MODE)
            raise
        if is_older:
            raise RollbackError(
                f"the source shows {offered.body.size} leaves and this mirror holds "
                f"{own.body.size}: it has lost the rest, or is behind; the mirror stays as it is"
            )

    def _is_newer(self, opened: VerifiedCheckpoint, own: SignedTree) -> bool:
        """Whether the same tree was cosigned again since ours was taken."""
        try:
            ours = open_checkpoint(self._policy, own.note)
        except VerificationError:  # by an older policy
            return True
        return _cosigned_at(opened) > _cosigned_at(ours)

    def _take(self, source: LogSource, offered: SignedTree, progress: Progress) -> Followed:
        state, taker = read_state(self._folder), _DocumentTaker(source, self._folder)
        taker.fetch_all(state.missing)
        tiles = source.open_tiles(offered.body)
        edition = Edition(
            note=offered.note,
            tiles=tiles,
            read_leaves=lambda start: taker.watch(source.read_leaves(start, offered.body, tiles)),
        )
        done = export_tiles(edition, self._folder, progress)
        now = MirrorState(self._clock.now(), tuple(sorted(taker.missing)))
        is_quiet = not done.files and now.missing == state.missing
        if not is_quiet or now.confirmed - state.confirmed > _CONFIRM_EVERY_MS:
            write_state(self._folder, now)
        return Followed(done.size, done.files, taker.written, len(now.missing))


class _DocumentTaker:
    """Fetches the documents that leaves name, before the leaves are written.

    Args:
        source: Where they come from.
        folder: The mirror's.
    """

    def __init__(self, source: LogSource, folder: Path) -> None:
        self._source = source
        self._folder = folder / DOCUMENTS
        self.written = 0
        self.missing: set[str] = set()

    def watch(self, leaves: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """The same leaves."""
        for index, leaf in leaves:
            self.fetch_all(documents_of(leaf))
            yield index, leaf

    def fetch_all(self, digests: Iterable[str]) -> None:
        """Fetch those that are not here.

        Raises:
            LimitError: Too many are missing: whoever is asked serves none.
            LedgerError: As LogSource.fetch_document; the folder cannot be written.
        """
        for digest in digests:
            path = self._folder / digest
            if path.exists():
                continue
            try:
                data = self._source.fetch_document(digest)
            except NotFoundError:
                self._miss(digest)
                continue
            _make_folder(self._folder)
            replace_file(path, data, _PUBLIC_MODE)
            self.written += 1
            self.missing.discard(digest)

    def _miss(self, digest: str) -> None:
        self.missing.add(digest)
        if len(self.missing) > MAX_MISSING:
            raise LimitError(
                f"more than {MAX_MISSING} documents are not served: mirror the node itself, not a "
                "copy without documents"
            )


def documents_of(leaf: bytes) -> Iterable[str]:
    """Digests of the documents that an entry names, if the leaf is an entry that names any.

    Raises:
        MalformedError: The leaf is none of this log's form.
    """
    if b'"credential":' not in leaf:  # spares reading most of them
        return ()
    entry = decode_leaf(leaf)
    return name_documents(entry.signed.event) if isinstance(entry, Entry) else ()


def keys_of(policy: Policy, origin: str) -> Sequence[VerifierKey]:
    """The keys of a log in a policy."""
    return [log.key for log in policy.logs if log.key.name == origin]


def read_own(folder: Path) -> SignedTree | None:
    """The checkpoint of a mirror's folder, which it verified before it wrote it; None: none yet.

    Raises:
        CorruptionError: It is none.
        StoreFailedError: It cannot be read.
    """
    try:
        note = read_file(folder / CHECKPOINT, max_bytes=MAX_NOTE_BYTES)
        return SignedTree(note, parse_signed_checkpoint(note).body)
    except NotFoundError:
        return None
    except InputError as exc:
        raise CorruptionError(
            f"{folder / CHECKPOINT} is damaged ({exc}): remove it, and the mirror is made again"
        ) from exc


def read_state(folder: Path) -> MirrorState:
    """What a mirror knows beside its files; a damaged file counts as none.

    Raises:
        StoreFailedError: It cannot be read.
    """
    try:
        data = read_file(folder / STATE_FILE, max_bytes=_MAX_STATE_BYTES)
        return _parse_state(decode_canonical(data, max_bytes=_MAX_STATE_BYTES))
    except (NotFoundError, InputError):
        return MirrorState(UnixMillis(0))


def write_state(folder: Path, state: MirrorState) -> None:
    """Keep what a mirror knows beside its files.

    Raises:
        StoreFailedError: It cannot be written.
    """
    content: Json = {
        "confirmed": state.confirmed,
        "format": _FORMAT,
        "missing": list(state.missing),
    }
    replace_file(folder / STATE_FILE, encode_canonical(content), _PUBLIC_MODE)


def _parse_state(content: Json) -> MirrorState:
    members = take_format(content, {"confirmed", "missing"}, _FORMAT, "a mirror's state")
    confirmed, missing = take_count(members["confirmed"]), members["missing"]
    if not isinstance(missing, list):
        raise MalformedError("missing is a list")
    return MirrorState(
        UnixMillis(confirmed), tuple(parse_digest(take_text(each)).hex() for each in missing)
    )


def _cosigned_at(opened: VerifiedCheckpoint) -> int:
    return max((cosigner.timestamp for cosigner in opened.cosigners), default=0)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot make the folder {folder}: {exc.strerror}") from exc
