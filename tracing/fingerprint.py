"""What identifies a file exactly: its SHA-256 and its size, streamed, whatever its size."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from ledger.errors import MalformedError
from ledger.files import open_regular

_CHUNK_BYTES: Final = 1024 * 1024
Progress = Callable[[int], None]
"""Told how many more bytes were read."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file's exact content.

    Args:
        digest: SHA-256 of its bytes, 64 hex digits.
        size: Number of bytes.
    """

    digest: str
    size: int


def tell_nobody(_: int) -> None:
    """Progress for nobody."""


def fingerprint_file(path: Path, progress: Progress = tell_nobody) -> Fingerprint:
    """Read a regular file once, in constant memory.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not a regular file, or may not be read.
    """
    try:
        with open_regular(path) as file:
            return fingerprint_stream(file, progress)
    except OSError as exc:
        raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc


def fingerprint_stream(file: BinaryIO, progress: Progress = tell_nobody) -> Fingerprint:
    """Read a stream to its end, in constant memory.

    Raises:
        OSError: It cannot be read.
    """
    hasher, size = sha256(), 0
    while chunk := file.read(_CHUNK_BYTES):
        hasher.update(chunk)
        size += len(chunk)
        progress(len(chunk))
    return Fingerprint(hasher.hexdigest(), size)
