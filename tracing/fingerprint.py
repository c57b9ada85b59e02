"""What identifies a file exactly: its SHA-256 and its size, streamed, whatever its size."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.errors import MalformedError, NotFoundError

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


def _no_progress(_: int) -> None:
    return


def fingerprint_file(path: Path, progress: Progress = _no_progress) -> Fingerprint:
    """Read a file once, in constant memory.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not a regular file, may not be read, or changed while being read.
    """
    try:
        with path.open("rb") as file:
            hasher, size = sha256(), 0
            while chunk := file.read(_CHUNK_BYTES):
                hasher.update(chunk)
                size += len(chunk)
                progress(len(chunk))
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}") from None
    except OSError as exc:
        raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc
    return Fingerprint(hasher.hexdigest(), size)
