"""The logs that a witness cosigns: lines of a file in the form of a trust policy.

```text
log <vkey> [<url>]
quorum none
```

Several keys may be of one origin, as while a log changes its key. The file is read again when it
was replaced, so that a log can be added while the witness serves.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from typing_extensions import override

from ledger.core.limits import MAX_POLICY_BYTES
from ledger.core.policy import Log, Policy, format_policy, parse_policy
from ledger.errors import CorruptionError, InputError, NotFoundError
from ledger.files import hold_lock, read_file, read_stamp, replace_file

LOGS_FILE: Final = "logs.policy"
_LOCK_FILE: Final = ".logs.lock"


class KnownLogs(Protocol):
    """Whose checkpoints a witness cosigns."""

    def find(self, origin: str) -> Sequence[Log]:
        """The log's lines, one for each trusted key; none: the log is unknown."""
        ...

    def all(self) -> Sequence[Log]:
        """Every line."""
        ...


class LogsFile(KnownLogs):
    """The logs file of a witness's folder; missing: no logs yet.

    Args:
        folder: The witness's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / LOGS_FILE
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._logs: tuple[Log, ...] = ()

    @override
    def find(self, origin: str) -> Sequence[Log]:
        """The log's lines, one for each trusted key.

        Raises:
            CorruptionError: The file is damaged.
            StoreFailedError: It cannot be read.
        """
        return [log for log in self.all() if log.key.name == origin]

    @override
    def all(self) -> Sequence[Log]:
        """Every line.

        Raises:
            CorruptionError: The file is damaged.
            StoreFailedError: It cannot be read.
        """
        with self._lock:
            stamp = read_stamp(self._path)
            if stamp != self._stamp:
                self._logs = self._read()
                self._stamp = stamp
            return self._logs

    def add(self, logs: Sequence[Log]) -> Sequence[Log]:
        """Trust more keys; those that are there already stay as they are.

        Returns:
            The ones that are new.

        Raises:
            MalformedError: A key that is there under another name, or that no log may have.
            LimitError: Too many.
            CorruptionError: The file is damaged.
            StoreFailedError: It cannot be read or written; it is as before.
        """
        with hold_lock(self._folder / _LOCK_FILE, "the list of logs", is_patient=True):
            before = self._read()
            known = {log.key for log in before}
            new = [log for log in dict.fromkeys(logs) if log.key not in known]
            if new:
                replace_file(self._path, format_policy(Policy((*before, *new))))
        return new

    def _read(self) -> tuple[Log, ...]:
        try:
            return parse_policy(read_file(self._path, max_bytes=MAX_POLICY_BYTES)).logs
        except NotFoundError:
            return ()
        except InputError as exc:
            raise CorruptionError(f"{self._path} is damaged ({exc}): put it right") from exc
