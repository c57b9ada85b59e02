"""Signs checkpoints, and remembers beside the key what it signed last, so that it never forks.

The signer file holds (origin, size, root) of the last signature, and whether the ledger was
restored since. It is written before the signature is given away and never goes into a backup: a
restored old store is noticed because the file knows of a larger log. A lock makes reading, checking
and writing it one step, so that two stores that share a key cannot both get a signature.

Spec: architecture, step 5; c2sp.org/tlog-checkpoint.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.hashing import EMPTY_ROOT
from ledger.core.note import (
    Algorithm,
    SignatureLine,
    SignedNote,
    VerifierKey,
    create_verifier_key,
    format_note,
    format_vkey,
)
from ledger.core.text import parse_digest
from ledger.core.types import Digest, Json, TreeSize
from ledger.errors import (
    CorruptionError,
    InputError,
    MalformedError,
    NotFoundError,
    RollbackError,
)
from ledger.files import create_private_file, hold_lock, read_file, replace_file
from ledger.keys import SigningKey

_FORMAT: Final = "muniment/signer/v1"
_MEMBERS: Final = {"format", "origin", "restored", "root", "size"}
_MAX_FILE_BYTES: Final = 4096
_REMEDY: Final = (
    "give 'muniment adopt' the newest checkpoint from a witness or a mirror (--checkpoint FILE), "
    "or say --no-other-copy if nobody ever saw a newer one"
)
RootAt = Callable[[TreeSize], Digest]
"""Recomputes the store's root at a size it has reached."""
KeyFinder = Callable[[VerifierKey], SigningKey | None]
"""Opens the private key behind a key of the log, if it is here."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What was signed last; `is_restored`: the ledger was replaced since, nobody knows by what."""

    last: Checkpoint
    is_restored: bool = False


class CheckpointSigner:
    """The log's signature, with a memory.

    Args:
        key: The log's Ed25519 note key.
        origin: The log's origin, also the key's name.
        path: The signer file, beside the key.
        find_key: For the other keys of a log that changes its key; asked when one has to sign.
    """

    def __init__(
        self, key: SigningKey, origin: str, path: Path, find_key: KeyFinder | None = None
    ) -> None:
        self._key = key
        self._origin = origin
        self._path = path
        self._find_key = find_key
        self._verifier = create_verifier_key(origin, Algorithm.ED25519, key.public_key)

    def begin(self) -> None:
        """Remember that nothing was signed yet; once, when the ledger is founded.

        Raises:
            ExistsError: There is a signer file; it is left alone.
            StoreFailedError: The signer file could not be written.
        """
        nothing = Checkpoint(self._origin, TreeSize(0), EMPTY_ROOT)
        create_private_file(self._path, _encode(_Memory(nothing)))

    def check(self, size: TreeSize, root_at: RootAt) -> None:
        """Hold the store against what was signed last; before opening and before appending.

        Args:
            size: Leaves that the store holds.
            root_at: Recomputes the store's root at an earlier size.

        Raises:
            RollbackError: The store is shorter than what was signed, has another root there, was
                restored, or the signer file is missing.
            CorruptionError: The signer file is damaged.
            StoreFailedError: The signer file cannot be read.
        """
        memory = self._load()
        if memory is None:
            raise RollbackError(
                f"the signer file is missing although the ledger holds {size} leaves: {_REMEDY}"
            )
        if memory.is_restored:
            raise RollbackError(
                "the ledger was restored and may lack what was signed before: " + _REMEDY
            )
        _check_contains(memory.last, size, root_at)

    def adopt(
        self,
        checkpoint: Checkpoint,
        size: TreeSize,
        root_at: RootAt,
        *,
        is_only_copy: bool = False,
    ) -> None:
        """Take up signing again after a restore, from the newest checkpoint known elsewhere.

        Args:
            checkpoint: Verified with the log's own key, the newest that anybody has seen.
            size: Leaves that the store holds.
            root_at: Recomputes the store's root at an earlier size.
            is_only_copy: Somebody answers for it that nobody ever saw a newer checkpoint: what the
                signer file knows beyond this one is given up.

        Raises:
            RollbackError: The store does not contain that checkpoint, or not what the signer
                file knows to have been signed.
            CorruptionError: The signer file is damaged.
            StoreFailedError: The signer file could not be read or written.
        """
        if checkpoint.origin != self._origin:
            raise RollbackError(f"that checkpoint is of {checkpoint.origin}, not of {self._origin}")
        if checkpoint.size > size or root_at(checkpoint.size) != checkpoint.root:
            raise RollbackError(
                f"the ledger holds {size} leaves and does not contain the checkpoint of "
                f"{checkpoint.size}: restore a newer backup"
            )
        with _hold(self._path):
            memory = None if is_only_copy else self._load()
            newest = checkpoint
            if memory is not None:
                _check_contains(memory.last, size, root_at)
                newest = max(checkpoint, memory.last, key=lambda one: one.size)
            self._save(newest)

    def has_key(self, named: VerifierKey) -> bool:
        """Whether the private key behind a key of the log is here.

        Raises:
            InputError: It is here and cannot be opened.
            VerificationError: Its file was changed.
            StoreFailedError: A key file cannot be read.
        """
        return self._load_key(named) is not None

    def sign(
        self, size: TreeSize, root: Digest, root_at: RootAt, keys: Sequence[VerifierKey] = ()
    ) -> bytes:
        """Sign the log's root, after holding the store against what was signed last.

        Args:
            size: Leaves that the store holds, durably; at least 1.
            root: Root of these leaves, as the writer computed it.
            root_at: Recomputes the store's root at a size.
            keys: Who signs, in this order; none: the key that this was made with.

        Returns:
            The signed note.

        Raises:
            NotFoundError: One of these keys is not here; nothing is signed.
            RollbackError: As check, or the store has another root than the writer; nothing is
                signed.
            CorruptionError: The signer file is damaged.
            StoreFailedError: The signer file could not be read or written; nothing is signed.
            AssertionError: The log is empty.
        """
        if size == 0:
            raise AssertionError("a checkpoint of an empty log is never signed")
        checkpoint = Checkpoint(self._origin, size, root)
        signers = [(named, self._need_key(named)) for named in keys or (self._verifier,)]
        with _hold(self._path):
            self.check(size, root_at)
            _check_contains(checkpoint, size, root_at)
            memory = self._load()
            if memory is None or memory.last != checkpoint:
                self._save(checkpoint)
        text = format_checkpoint(checkpoint)
        lines = tuple(
            SignatureLine(named.name, named.key_id, key.sign(text.encode()))
            for named, key in signers
        )
        return format_note(SignedNote(text, lines))

    def _need_key(self, named: VerifierKey) -> SigningKey:
        key = self._load_key(named)
        if key is None:
            raise NotFoundError(
                f"the log's private key behind {format_vkey(named)} is not here: put its key file "
                "back from a backup"
            )
        return key

    def _load_key(self, named: VerifierKey) -> SigningKey | None:
        if named == self._verifier:
            return self._key
        return None if self._find_key is None else self._find_key(named)

    def _save(self, checkpoint: Checkpoint) -> None:
        replace_file(self._path, _encode(_Memory(checkpoint)))

    def _load(self) -> _Memory | None:
        memory = _load(self._path)
        if memory is not None and memory.last.origin != self._origin:
            raise RollbackError(
                f"the signer file is of {memory.last.origin}, not of {self._origin}: put the right "
                "one back"
            )
        return memory


def mark_restored(path: Path) -> None:
    """Let nothing be signed until a newest checkpoint is adopted; before a ledger is restored.

    Args:
        path: The signer file; if it is missing or damaged, nothing is signed anyway.

    Raises:
        StoreFailedError: The signer file could not be read or written.
    """
    with _hold(path):
        try:
            memory = _load(path)
        except CorruptionError:
            return
        if memory is not None:
            replace_file(path, _encode(_Memory(memory.last, is_restored=True)))


def _check_contains(signed: Checkpoint, size: TreeSize, root_at: RootAt) -> None:
    """Refuse a store that does not begin with what was signed.

    Raises:
        RollbackError: It is shorter, or has another root there.
    """
    if size < signed.size:
        raise RollbackError(
            f"the ledger holds {size} leaves but {signed.size} were signed: an old copy was put "
            "in place; restore a newer backup"
        )
    if signed.size and root_at(signed.size) != signed.root:
        raise RollbackError(
            f"the ledger's root at {signed.size} leaves is not the one that was signed: the log "
            "was replaced; restore it from a backup or a mirror"
        )


def _hold(path: Path) -> AbstractContextManager[None]:
    return hold_lock(path.with_name(f".{path.name}.lock"), "the log's key", is_patient=True)


def _encode(memory: _Memory) -> bytes:
    content: Json = {
        "format": _FORMAT,
        "origin": memory.last.origin,
        "restored": memory.is_restored,
        "root": memory.last.root.hex(),
        "size": memory.last.size,
    }
    return encode_canonical(content)


def _load(path: Path) -> _Memory | None:
    """What the signer file says, or None if there is none.

    Raises:
        CorruptionError: It is damaged.
        StoreFailedError: It cannot be read.
    """
    try:
        return _parse(read_file(path, max_bytes=_MAX_FILE_BYTES))
    except NotFoundError:
        return None
    except InputError as exc:
        raise CorruptionError(
            f"the signer file {path} is damaged ({exc}): move it away, then {_REMEDY}"
        ) from exc


def _parse(data: bytes) -> _Memory:
    content = decode_canonical(data, max_bytes=_MAX_FILE_BYTES)
    if not isinstance(content, dict) or content.keys() != _MEMBERS or content["format"] != _FORMAT:
        raise MalformedError("not a signer file")
    origin, is_restored, root = content["origin"], content["restored"], content["root"]
    size = content["size"]
    if not isinstance(origin, str) or not isinstance(is_restored, bool):
        raise MalformedError("origin is a text, restored is true or false")
    if not isinstance(root, str) or not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise MalformedError("root is a digest, size a count")
    return _Memory(Checkpoint(origin, TreeSize(size), parse_digest(root)), is_restored)
