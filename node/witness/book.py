"""What a witness has cosigned, one file for each log: the newest note with its own cosignature.

```text
WITNESS/witness.key    the key            WITNESS/logs.policy   whose checkpoints
WITNESS/witness.vkey   its public part    WITNESS/lock          held while it serves
WITNESS/seen/<SHA-256 of the origin>      the newest note, cosigned
WITNESS/evidence/<SHA-256>.<n>.fork       muniment/fork/v1: one size, two signed roots
WITNESS/evidence/<SHA-256>.<n>.unproved   a signed note that nothing showed to be an extension
```

The note is in place, durably, before the cosignature is given away. A file that is not as this
witness wrote it is never believed.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ledger.core.addcheckpoint import hash_origin
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.cosignature import decode_cosignature, verify_cosignature
from ledger.core.limits import MAX_NOTE_BYTES
from ledger.core.note import VerifierKey, open_note
from ledger.errors import (
    CorruptionError,
    ExistsError,
    InputError,
    NotFoundError,
    SignatureError,
    StoreFailedError,
)
from ledger.files import create_private_file, hold_lock, read_file, replace_file
from node.witness.judging import Seen, nothing_seen

SEEN_FOLDER: Final = "seen"
EVIDENCE_FOLDER: Final = "evidence"
MAX_EVIDENCE: Final = 16
"""Files of one kind for one log: whoever lies often is convicted by the first few."""
_FOLDER_MODE: Final = 0o700
_LOCK_FILE: Final = "lock"


class Book:
    """Keeps what was cosigned; one process at a time, any number of threads.

    Args:
        folder: The witness's; made if it is missing. Hold `open_book` over it.
        key: The witness's own, by which it knows what it wrote.
    """

    def __init__(self, folder: Path, key: VerifierKey) -> None:
        self._folder = folder
        self._key = key
        self._guard = threading.Lock()
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._kept: dict[str, Seen] = {}

    @contextmanager
    def turn(self, origin: str) -> Iterator[None]:
        """Whoever is within is alone with this log: reading, judging and keeping is one step.

        Args:
            origin: Of a known log.
        """
        with self._guard:
            lock = self._locks[origin]
        with lock:
            yield

    def read(self, origin: str) -> Seen:
        """What was cosigned last of a log; its tree without leaves if nothing was.

        Raises:
            CorruptionError: The file is not as this witness wrote it.
            StoreFailedError: It cannot be read.
        """
        with self.turn(origin):
            if origin not in self._kept:
                self._kept[origin] = self._load(origin)
            return self._kept[origin]

    def keep(self, seen: Seen) -> None:
        """Make a cosigned note the newest of its log, durably; within the turn that judged it.

        Raises:
            StoreFailedError: It could not be written; the one before counts, and no cosignature
                may be given away.
        """
        origin = seen.checkpoint.origin
        with self.turn(origin):
            replace_file(self._path(origin), seen.note)
            self._kept[origin] = seen

    def keep_evidence(self, origin: str, kind: str, content: bytes) -> bool:
        """Keep what may show that a log misbehaved.

        Args:
            origin: Of a known log.
            kind: `fork` or `unproved`.
            content: Notes that the log has signed.

        Returns:
            Whether it is new; what is there already, or more than MAX_EVIDENCE, is not kept.

        Raises:
            StoreFailedError: It could not be written.
        """
        with self.turn(origin):
            for number in range(MAX_EVIDENCE):
                path = self._folder / EVIDENCE_FOLDER / f"{hash_origin(origin)}.{number}.{kind}"
                try:
                    create_private_file(path, content)
                except ExistsError:
                    if read_file(path, max_bytes=4 * MAX_NOTE_BYTES) == content:
                        return False
                else:
                    return True
        return False

    def _path(self, origin: str) -> Path:
        return self._folder / SEEN_FOLDER / hash_origin(origin)

    def _load(self, origin: str) -> Seen:
        path = self._path(origin)
        try:
            note = read_file(path, max_bytes=MAX_NOTE_BYTES)
        except NotFoundError:
            return nothing_seen(origin)
        except InputError as exc:
            raise _damaged(path, exc) from exc
        try:
            return self._parse(origin, note)
        except (InputError, SignatureError) as exc:
            raise _damaged(path, exc) from exc

    def _parse(self, origin: str, note: bytes) -> Seen:
        signed = parse_signed_checkpoint(note)
        opened = open_note(signed.note, [self._key], verify_cosignature)
        if signed.body.origin != origin:
            raise SignatureError(f"it is of {signed.body.origin}")
        times = [
            decode_cosignature(line.signature, key.algorithm).timestamp
            for key, line in opened.verified
        ]
        return Seen(signed.body, note, max(times))


@contextmanager
def open_book(folder: Path, key: VerifierKey) -> Iterator[Book]:
    """The book of a witness's folder, which no other process may serve meanwhile.

    Raises:
        UnavailableError: Another process serves this witness.
        StoreFailedError: The folder cannot be written.
    """
    try:
        for path in (folder, folder / SEEN_FOLDER, folder / EVIDENCE_FOLDER):
            path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot make {folder}: {exc.strerror}") from exc
    with hold_lock(folder / _LOCK_FILE, "this witness"):
        yield Book(folder, key)


def _damaged(path: Path, exc: Exception) -> CorruptionError:
    return CorruptionError(
        f"{path} is not as this witness wrote it ({exc}): put it back from a copy; without it the "
        "witness could be shown another history"
    )
