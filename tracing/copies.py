"""Delivered copies: their Merkle root, salted so that it says nothing to who lacks the salt.

Form `salted-blocks/1`: leaf i of an RFC 6962 tree is the salt (32 bytes) followed by the i-th
65,536 bytes of the file; the last block may be shorter, and an empty file has one empty block.

Spec: our formats, section 5, "Roots named in events".
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from ledger.core.hashing import hash_leaf
from ledger.core.merkle import EMPTY_FRONTIER
from ledger.core.types import Digest
from ledger.errors import ExistsError, MalformedError, NotFoundError, StoreFailedError
from ledger.files import open_regular, sync_folder
from tracing.fingerprint import Progress, tell_nobody

FORM: Final = "salted-blocks/1"
BLOCK_BYTES: Final = 65_536
_LEAVES_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class MeasuredCopy:
    """A copy as measured in one pass.

    Args:
        root: Over the salted blocks.
        count: Of the blocks.
        digest: SHA-256 of the whole file, 64 hex digits.
        size: In bytes.
    """

    root: Digest
    count: int
    digest: str
    size: int


def measure_copy(path: Path, salt: bytes, progress: Progress = tell_nobody) -> MeasuredCopy:
    """Read a file once, in constant memory.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        try:
            return _measure(_read_blocks(file, progress), salt, None)
        except OSError as exc:
            raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc


class PendingCopy:
    """A copy that is durable beside its place, and takes it only when it is told to.

    Args:
        place: Where it will be.
        is_forced: Replace another file there.
    """

    def __init__(self, place: Path, *, is_forced: bool) -> None:
        self.place = place
        self._is_forced = is_forced
        self._waiting = place.parent / f".{place.name}.{os.getpid()}.part"

    def write(self, source: Path, salt: bytes, progress: Progress = tell_nobody) -> MeasuredCopy:
        """Copy a file, measuring what is written.

        Raises:
            ExistsError: There is a file in its place, or a folder, which nothing replaces.
            NotFoundError: There is no such source, or no folder for the copy.
            MalformedError: The source cannot be opened, or is no regular file.
            StoreFailedError: It could not be written; nothing is left.
        """
        with open_regular(source) as file:
            return self._write(file, _read_blocks(file, progress), salt)

    def write_made(self, source: Path, parts: Iterable[bytes], salt: bytes) -> MeasuredCopy:
        """Write a copy that was made from a file, measuring it.

        Args:
            source: Who may read it may read the copy.
            parts: The copy's bytes, in parts of any size.
            salt: 32 bytes.

        Raises:
            ExistsError: There is a file in its place, or a folder, which nothing replaces.
            NotFoundError: There is no such source, or no folder for the copy.
            MalformedError: The source cannot be opened, or is no regular file.
            StoreFailedError: It could not be written; nothing is left.
        """
        with open_regular(source) as file:
            return self._write(file, _cut_blocks(parts), salt)

    def _write(self, source: BinaryIO, blocks: Iterable[bytes], salt: bytes) -> MeasuredCopy:
        try:
            self.check()
            self._waiting.unlink(missing_ok=True)
            # Exclusive: nobody else's file is written to, nor what a link of this name names.
            with self._create(source) as copy:
                measured = _measure(blocks, salt, copy)
                copy.flush()
                os.fsync(copy.fileno())
        except FileNotFoundError:
            raise NotFoundError(f"there is no folder {self.place.parent}") from None
        except OSError as exc:
            self.discard()
            raise StoreFailedError(f"cannot write {self.place}: {exc.strerror}") from exc
        return measured

    def _create(self, source: BinaryIO) -> BinaryIO:
        """The waiting file, for nobody's eyes that the source is not for."""
        mode = os.fstat(source.fileno()).st_mode & 0o777
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        return os.fdopen(os.open(self._waiting, flags, mode), "wb")

    def settle(self) -> None:
        """Let the copy take its place, durably.

        Raises:
            ExistsError: A file has come there meanwhile; it is left alone, and the copy waits.
            StoreFailedError: It could not; the copy waits.
        """
        try:
            if self._is_forced:
                self._waiting.rename(self.place)
            else:
                self._take_free_place()
            sync_folder(self.place.parent)
        except FileExistsError as exc:
            raise ExistsError(f"{self.place} exists by now: name another file") from exc
        except OSError as exc:
            raise StoreFailedError(f"cannot write {self.place}: {exc.strerror}") from exc

    def discard(self) -> None:
        """Leave nothing of a copy that did not take its place."""
        with suppress(OSError):
            self._waiting.unlink(missing_ok=True)

    def check(self) -> None:
        """See that nothing is in its place that it may not replace.

        Raises:
            ExistsError: There is.
        """
        if self.place.is_dir():
            raise ExistsError(f"{self.place} is a folder: name a file in it")
        if os.path.lexists(self.place) and not self._is_forced:
            raise ExistsError(f"{self.place} exists: name another file, or say --force")

    def _take_free_place(self) -> None:
        """Rename without replacing anything.

        Raises:
            FileExistsError: There is something in the place.
            OSError: It could not be renamed.
        """
        try:
            os.link(self._waiting, self.place)
        except FileExistsError:
            raise
        except OSError:  # a file system without links, such as that of a memory stick
            self.check()
            self._waiting.rename(self.place)
        else:
            self._waiting.unlink()


def begin_copy(place: Path, *, is_forced: bool) -> PendingCopy:
    """A copy about to be written; what a process that died left of one is removed.

    Whoever holds the registry's lock is alone with it.

    Args:
        place: Where it will be.
        is_forced: Replace another file there.
    """
    name = re.compile(rf"\.{re.escape(place.name)}\.[0-9]+\.part")
    with suppress(OSError):
        for left in place.parent.iterdir():
            if name.fullmatch(left.name):
                left.unlink(missing_ok=True)
    return PendingCopy(place, is_forced=is_forced)


def _read_blocks(file: BinaryIO, progress: Progress) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        progress(len(block))
        yield block


def _cut_blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for part in parts:
        left += part
        while len(left) >= BLOCK_BYTES:
            yield left[:BLOCK_BYTES]
            left = left[BLOCK_BYTES:]
    if left:
        yield left


def _measure(blocks: Iterable[bytes], salt: bytes, copy: BinaryIO | None) -> MeasuredCopy:
    """Measure blocks of which every one but the last is full, and write them to the copy."""
    hasher, size = sha256(), 0
    frontier, leaves = EMPTY_FRONTIER, list[Digest]()
    for block in blocks:
        leaves.append(hash_leaf(salt + block))
        hasher.update(block)
        size += len(block)
        if copy is not None:
            copy.write(block)
        if len(leaves) == _LEAVES_AT_ONCE:
            frontier, leaves = frontier.extend(leaves), []
    if not size:
        leaves.append(hash_leaf(salt))
    frontier = frontier.extend(leaves)
    return MeasuredCopy(frontier.root(), frontier.size, hasher.hexdigest(), size)
