"""Founds a registry again and again, stopped before its n-th file operation, for n = 1, 2, 3, ...

Run as a program: `founding_crashes.py FOLDER kill|fail`. Prints one JSON line for each n: how the
attempt ended and what is in the folder afterwards. `kill` ends the process at once, as a power cut or
`kill -9` would; `fail` lets the operation fail with "no space left on device".
"""

import errno
import json
import os
import sys
from pathlib import Path

from ledger.clock import SystemClock
from ledger.errors import LedgerError
from node.founding import Charter, found_registry
from node.rulebundle import read_profile

KILLED, REFUSED, DONE, UNDISTURBED = 9, 7, 0, 5
OPERATIONS = {"open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}


class Saboteur:
    """Counts file operations below a folder and stops the n-th, once."""

    def __init__(self, folder, n, mode):
        self.folder, self.left, self.mode = str(folder), n, mode

    def __call__(self, event, args):
        if event not in OPERATIONS or not any(self._is_inside(arg) for arg in args):
            return
        self.left -= 1
        if self.left == 0 and self.mode == "kill":
            os._exit(KILLED)
        if self.left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    def _is_inside(self, arg):
        return isinstance(arg, str | os.PathLike) and os.fspath(arg).startswith(self.folder)


def attempt(folder, n, mode):
    """One founding in a process of its own; how that process ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    saboteur = Saboteur(folder, n, mode)
    sys.addaudithook(saboteur)
    try:
        found_registry(folder / "home", Charter(read_profile("solo")), None, SystemClock())
    except LedgerError:
        os._exit(REFUSED)
    os._exit(UNDISTURBED if saboteur.left > 0 else DONE)


def main(base, mode):
    for n in range(1, 1000):
        folder = base / str(n)
        folder.mkdir()
        code = attempt(folder, n, mode)
        names = sorted(path.name for path in folder.iterdir())
        print(json.dumps({"n": n, "code": code, "names": names}), flush=True)
        if code not in {KILLED, REFUSED, DONE}:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
