"""The signed answers of a node, kept beside the client's keys so that it can be held to them."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from ledger.core.types import JsonObject
from ledger.errors import StoreFailedError
from ledger.files import PRIVATE_MODE, replace_file

KEPT_MS: Final = 30 * 24 * 3600 * 1000
MAX_KEPT: Final = 10_000
SUFFIX: Final = ".answer.json"


class KeptAnswers:
    """A folder of answers, one file for each event; the oldest make room.

    Args:
        folder: Made when the first answer comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_pruned = False

    def keep(self, answers: Mapping[str, JsonObject]) -> None:
        """Keep answers; a later one about the same event takes the place of the earlier.

        Args:
            answers: By event id.

        Raises:
            StoreFailedError: The folder cannot be written.
        """
        if not answers:
            return
        _make_folder(self._folder)
        try:
            for event, answer in answers.items():  # no fsync: a lost answer costs evidence only
                path = self._folder / f"{event}{SUFFIX}"
                path.touch(mode=PRIVATE_MODE)
                path.write_bytes(msgspec.json.encode(answer) + b"\n")
        except OSError as exc:
            raise StoreFailedError(f"cannot write into {self._folder}: {exc.strerror}") from exc
        if not self._is_pruned:
            self._is_pruned = True
            self._prune()

    def _prune(self) -> None:
        """Remove what is older than 30 days, and the oldest beyond MAX_KEPT."""
        found = sorted(self._folder.glob(f"*{SUFFIX}"), key=_time_of, reverse=True)
        newest = _time_of(found[0]) if found else 0
        for place, path in enumerate(found):
            if place >= MAX_KEPT or newest - _time_of(path) > KEPT_MS:
                path.unlink(missing_ok=True)


def write_kept(path: Path, data: bytes) -> None:
    """Put a file durably into a folder of this user's own, which is made if it is missing.

    Raises:
        StoreFailedError: It cannot be written.
    """
    _make_folder(path.parent)
    replace_file(path, data)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot make {folder}: {exc.strerror}") from exc


def _time_of(path: Path) -> int:
    """When a file was written, in Unix milliseconds; 0 if it is gone."""
    with suppress(OSError):
        return path.stat().st_mtime_ns // 1_000_000
    return 0
