"""Processes that die: at the n-th thing they do to the disk, or whenever somebody kills them.

A child is a fork of this process and ends without any clean-up. What it says on its way is written
to a file with one system call for each line, so that it is there whatever happens next.
"""

import json
import os
import signal
import sys
import traceback
import warnings
from contextlib import closing, contextmanager
from pathlib import Path

import ledger.files
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.sequencer import Accepted, Submission
from ledger.signer import CheckpointSigner
from ledger.storage import connection
from ledger.storage.sqlite import SqliteStore
from tests.support.ledgers import AUDITOR
from tests.support.memory_store import MemoryStore

KILLED = -signal.SIGKILL
RAISED = 99


def fork(work):
    """Start a child that does some work and exits with 0, or with RAISED if it raises."""
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # xdist has a thread of its own
        child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:  # noqa: BLE001  # nothing of the test runner is to run in the child
        traceback.print_exc()
        os._exit(RAISED)
    os._exit(0)


def wait(child):
    """How a child ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(work):
    return wait(fork(work))


class Journal:
    """What a child said, line by line: acknowledgements and signatures."""

    def __init__(self, path):
        self.path = path

    def say(self, **what):
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(fd, json.dumps(what).encode() + b"\n")
        os.close(fd)

    def lines(self):
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def acknowledged(self):
        """Index of each event that was answered for, by its id."""
        return {line["event"]: line["index"] for line in self.lines() if "event" in line}

    def signed_roots(self):
        """The roots that were signed, by size."""
        roots = {}
        for line in self.lines():
            if "root" in line:
                roots.setdefault(line["size"], set()).add(line["root"])
        return roots

    @contextmanager
    def watch_signatures(self):
        """Write down whatever this process signs, before anybody else gets it."""
        sign = CheckpointSigner.sign

        def signing(signer, *args, **kwargs):
            note = sign(signer, *args, **kwargs)
            body = parse_signed_checkpoint(note).body
            self.say(size=body.size, root=body.root.hex())
            return note

        CheckpointSigner.sign = signing
        try:
            yield
        finally:
            CheckpointSigner.sign = sign


def submit(home, journal, batches, documents=None):
    """Submit batches of events and write down each answer and each signature."""
    with journal.watch_signatures(), home.open() as (_, sequencer):
        for batch in batches:
            submissions = [
                Submission(signed, (documents or {}).get(signed.id, {})) for signed in batch
            ]
            for signed, outcome in zip(batch, sequencer.submit(submissions), strict=True):
                if isinstance(outcome, Accepted):
                    journal.say(event=signed.id, index=outcome.index)


def check_home(home, journal):
    """What must hold after any fault: nothing lost, nothing half there, no fork, ready to go on."""
    with journal.watch_signatures(), home.open() as (store, sequencer):
        assert sequencer.head == store.read_head()
    with closing(SqliteStore(home.ledger)) as store:
        AUDITOR.audit(store, MemoryStore())
        for event_id, index in journal.acknowledged().items():
            assert store.find_event(bytes.fromhex(event_id)) == index, "acknowledged and lost"
    for size, roots in journal.signed_roots().items():
        assert len(roots) == 1, f"two roots were signed for {size}"


# dying at the n-th operation


class Countdown:
    """Kills this process at the n-th operation on the disk, before it is done."""

    def __init__(self, n):
        self.left = n

    def tick(self):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self):
        """Count everything that this process does to files from now on."""
        countdown, open_connection = self, connection._open

        class Counted(CountedConnection):
            count = countdown.tick

        connection._open = lambda path: Counted(open_connection(path))
        ledger.files.os = CountedOs(countdown.tick)
        for name in ("rename", "unlink", "replace", "touch"):
            setattr(Path, name, _counted(getattr(Path, name), countdown.tick))


class CountedConnection:
    """A connection to the database whose statements are counted."""

    def __init__(self, db):
        self.db = db

    def __getattr__(self, name):
        return getattr(self.db, name)

    def execute(self, *args):
        type(self).count()
        return self.db.execute(*args)

    def executemany(self, *args):
        type(self).count()
        return self.db.executemany(*args)

    def close(self):
        type(self).count()
        self.db.close()

    def backup(self, target, *, pages, progress):
        def counted(*args):
            type(self).count()
            progress(*args)

        type(self).count()
        self.db.backup(target.db, pages=8, progress=counted)


class CountedOs:
    """`os` with the calls counted that change something."""

    def __init__(self, count):
        self.count = count

    def __getattr__(self, name):
        call = getattr(os, name)
        return _counted(call, self.count) if name in {"open", "fsync", "link"} else call


def _counted(call, count):
    def counted(*args, **kwargs):
        count()
        return call(*args, **kwargs)

    return counted
