"""Logs that ask witnesses, and witnesses over their real HTTP application, for tests."""

from base64 import b64encode
from contextlib import contextmanager
from hashlib import sha256

from typing_extensions import override

from ledger.core.policy import Log
from ledger.keys import SigningKey
from node.witness.app import create_witness_app
from node.witness.book import open_book
from node.witness.keys import WitnessKey
from node.witness.logs import KnownLogs
from node.witness.witness import Witness
from tests.support import reference
from tests.support.ledgers import FakeClock
from tests.support.note_signers import log_signer, note_bytes

NAME = "witness.example/w1"


def witness_key(name=NAME):
    return WitnessKey(name, SigningKey(sha256(name.encode()).digest()))


class FixedLogs(KnownLogs):
    """Logs that stay as they are.

    Args:
        logs: One for each trusted key.
    """

    def __init__(self, logs):
        self._logs = tuple(logs)

    @override
    def find(self, origin):
        return [log for log in self._logs if log.key.name == origin]

    @override
    def all(self):
        return self._logs


class SmallLog:
    """A log of any leaves: roots and proofs by the slow reference, requests by hand.

    Args:
        origin: Its origin.
        label: Decides its key.
        history: Decides its leaves: two of one origin and key are a fork.
    """

    def __init__(self, origin="example.org/log", label="", history=""):
        self.signer = log_signer(origin, label)
        self.origin = origin
        self.history = history

    def leaves(self, size):
        return [f"{self.history if i else ''}{i}".encode() for i in range(size)]

    def text(self, size, *extensions):
        root = b64encode(reference.mth(self.leaves(size))).decode()
        return "\n".join([self.origin, str(size), root, *extensions, ""])

    def note(self, size, *lines):
        text = self.text(size)
        return note_bytes(text, self.signer.sign(text), *lines)

    def proof(self, old, size):
        return reference.proof(old, self.leaves(size)) if 0 < old < size else []

    def request(self, old, size, *, note=None, proof=None):
        proof = self.proof(old, size) if proof is None else proof
        lines = [f"old {old}", *(b64encode(digest).decode() for digest in proof), "", ""]
        return "\n".join(lines).encode() + (self.note(size) if note is None else note)


@contextmanager
def serving(folder, *signers, key=None, gate=None, clock=None):
    """A witness in a folder that knows the logs of these signers."""
    key = key or witness_key()
    with open_book(folder, key.verifier) as book:
        logs = FixedLogs([Log(signer.key) for signer in signers])
        yield Witness(book, key, logs, gate, clock or FakeClock())


def app_of(witness):
    return create_witness_app(witness)
