"""The program `muniment` in tests: run in this process, or as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import typer.main

from cli.main import main

ROOT = Path(__file__).resolve().parents[2]
ENTRY = "from cli.main import run; run()"
MEASURED = """
import os, re
from cli.main import run
try:
    run()
finally:
    with open("/proc/self/status") as file, open(os.environ["PEAK_FILE"], "w") as peak:
        peak.write(re.search(r"VmHWM:\\s+(\\d+) kB", file.read())[1])
"""
DEADLINE_S = 180

# Each run of the program builds all its commands anew, and most of that time goes into reading the
# signatures of the same functions: once is enough for a process that runs the program thousands of
# times. Commands that are imported anew are other functions; the oldest are forgotten.
typer.main.get_params_from_function = lru_cache(maxsize=1024)(typer.main.get_params_from_function)


@dataclass(frozen=True)
class Result:
    """What one run left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def error(self):
        """The error document on stdout."""
        assert self.json.keys() == {"error"}
        return self.json["error"]

    @property
    def rows(self):
        """Names and values of a table."""
        return dict(line.split("  ", 1) for line in self.out.splitlines() if "  " in line)

    def row(self, name):
        """A value of a table; fails if it is not there."""
        return self.rows[name].strip()


class Program:
    """The program in this process, in a folder and for a home of its own.

    Args:
        capsys: pytest's.
        home: The home folder; named by MUNIMENT_HOME, unless a run says otherwise.
    """

    def __init__(self, capsys, home):
        self._capsys = capsys
        self.home = Path(home)

    def __call__(self, *argv, locale=""):
        self._capsys.readouterr()
        code = main([str(word) for word in argv], locale)
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        return Result(int(code), out, err)

    def ok(self, *argv, code=0, locale=""):
        """A run that ends with this code."""
        result = self(*argv, locale=locale)
        assert result.code == code, result
        return result

    def json(self, *argv, code=0):
        """The document of a run under --json."""
        result = self.ok("--json", *argv, code=code)
        return result.json

    def refused(self, *argv, code):
        """The error of a run under --json."""
        result = self.ok("--json", *argv, code=code)
        error = result.error
        assert error.keys() <= {"code", "message", "rule", "hint"}
        assert error["message"]
        return error


@dataclass(frozen=True)
class Exit:
    """How a process ended."""

    code: int
    out: bytes
    err: str


def environment(home, **more):
    """Variables for a process: nothing of ours comes from outside, English unless told."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "MUNIMENT_HOME": str(home), "LANG": "C.UTF-8"} | more


def start(
    argv, home, *, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=None, entry=ENTRY, **more
):
    """A process of its own that runs the program."""
    return subprocess.Popen(
        [sys.executable, "-c", entry, *map(str, argv)],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment(home, **more),
    )


def finish(process, seconds=DEADLINE_S):
    """Wait for a process; how it ended."""
    out, err = process.communicate(timeout=seconds)
    return Exit(process.returncode, out or b"", err.decode())


@contextmanager
def serving(home, *argv, entry=ENTRY):
    """A process that serves while the context lasts, and what it said when it was ready."""
    process = start(("--json", *argv), home, entry=entry)
    try:
        line = process.stdout.readline()
        if not line.endswith(b"}\n"):  # nothing, or the first line of an error
            raise AssertionError((line + process.stdout.read() + process.stderr.read()).decode())
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def wait_for(probe, seconds=DEADLINE_S):
    """What a probe gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, "nothing in time"
        time.sleep(0.01)
    return found


def run_process(*argv, home, cwd=None, **more):
    """Run the program in a process of its own."""
    return finish(start(argv, home, cwd=cwd, **more))


def run_measured(*argv, home, cwd):
    """Run the program in a process of its own; how it ended, and its peak memory in bytes.

    The process reads its peak itself: what the system adds up for a child counts its parent too.
    """
    peak = home.with_name("peak")
    ended = finish(start(argv, home, cwd=cwd, entry=MEASURED, PEAK_FILE=str(peak)))
    return ended, int(peak.read_text()) * 1024


def interrupt(process):
    """What Ctrl-C does."""
    process.send_signal(signal.SIGINT)
