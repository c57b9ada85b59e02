"""The node's own trust policy, read again when its file is replaced: the log may change its key."""

import logging
import threading
from pathlib import Path
from typing import Final

from ledger.core.limits import MAX_POLICY_BYTES
from ledger.core.policy import Policy, parse_policy
from ledger.errors import InputError, NotFoundError, StoreFailedError
from ledger.files import read_file, read_stamp

_LOGGER: Final = logging.getLogger("muniment.publishing")


class PolicyFile:
    """A policy file that may be replaced; one that is no policy any more changes nothing.

    Args:
        path: The file.

    Raises:
        NotFoundError: There is none.
        MalformedError: It is no policy.
        LimitError: It is too large.
        StoreFailedError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._stamp = read_stamp(path)
        self._policy = self._read()

    def __call__(self) -> Policy:
        """The policy as it is now."""
        with self._guard:
            try:
                stamp = read_stamp(self._path)
                if stamp != self._stamp:
                    self._stamp = stamp
                    self._policy = self._read()
            except (InputError, NotFoundError, StoreFailedError) as exc:
                _LOGGER.warning("the trust policy cannot be read, the one before counts: %s", exc)
            return self._policy

    def _read(self) -> Policy:
        return parse_policy(read_file(self._path, max_bytes=MAX_POLICY_BYTES))
