"""The program kept warm: for each call a fork of one process that has imported everything.

A page of a hundred commands would else start Python a hundred times. Each call is still a process of
its own, in the caller's folder, environment and files; only its clock stands where a file says.
"""

import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from ledger.clock import SystemClock

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 1 << 20
CALL = """#!{python} -ISE
import json, os, socket, sys

with socket.socket(socket.AF_UNIX) as link:
    link.connect({path!r})
    call = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(link, [call], [0, 1, 2])
    sys.exit(int(link.recv(16) or b"70"))
"""
"""What a caller runs: it hands over what it was called with and waits for the exit code."""


@contextmanager
def keep_warm(program, clock):
    """Have a program at a path while the context lasts.

    Args:
        program: Where the file to call is made; its path has less than 100 characters.
        clock: The file that says what time it is, in Unix milliseconds; read by each call.
    """
    path = program.with_suffix(".socket")
    program.write_text(CALL.format(python=sys.executable, path=str(path)), encoding="utf-8")
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listener.fileno()), str(clock)],
            cwd=ROOT,
            pass_fds=[listener.fileno()],
        )
    try:
        yield
    finally:
        server.kill()
        server.wait()


def serve(listener, clock):
    """Answer calls until killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who answer
    _import_all()
    while True:
        link, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _answer(link, clock)
        link.close()


def _import_all():
    """All but the commands: their help is made in the language of the call."""
    for name in ("typer", "cli.main"):
        importlib.import_module(name)
    for name in ("ledger", "contracts", "tracing", "node"):
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)


def _answer(link, clock):
    """Be the program for one call."""
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        call, files, _, _ = socket.recv_fds(link, ENOUGH, 3)
        for place, file in enumerate(files):
            os.dup2(file, place)
            os.close(file)
        sys.argv, folder, environment = json.loads(call)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        code = _run(int(Path(clock).read_text(encoding="ascii")))
    finally:
        link.sendall(str(code).encode())
        os._exit(0)


def _run(now):
    SystemClock.now = SystemClock.monotonic = lambda self: now
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(place, mode, buffering=1, encoding="utf-8")  # by lines, as on a terminal
        for place, mode in enumerate("rww")
    )
    from cli.main import run

    try:
        run()
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        return ended.code
    return 70


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
