"""An auditor in a folder, without a network, that is asked as a log asks its witnesses."""

from contextlib import ExitStack

from ledger.core.addcheckpoint import (
    format_add_checkpoint,
    merge_cosignatures,
    parse_cosignature_lines,
)
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.merkle import prove_consistency
from ledger.core.policy import Log, Policy
from ledger.core.policy import Witness as Trusted
from ledger.core.tiles import TileNodeReader
from node.following.auditor import AuditGate, AuditingWitness, open_logs
from node.witness.book import open_book
from node.witness.keys import create_witness_key
from tests.support.ledgers import FakeClock
from tests.support.witnesses import FixedLogs


class Auditor:
    """An auditor in a folder.

    Args:
        folder: Of the auditor.
        verifier: The log's key.
        fetcher: Where the log is to be had.
    """

    def __init__(self, folder, verifier, fetcher, *, clock=None, budget_ms=5000):
        self.folder, self.verifier, self.served = folder, verifier, fetcher
        self.clock, self.budget_ms = clock or FakeClock(), budget_ms
        self.log = Log(verifier, b"http://node.example")
        self.key = None

    def __enter__(self):
        self._stack = ExitStack()
        self.folder.mkdir(exist_ok=True)
        self.key = self.key or create_witness_key(self.folder, "auditor.example", None)
        book = self._stack.enter_context(open_book(self.folder, self.key.verifier))
        known = FixedLogs([self.log])
        self.logs = self._stack.enter_context(
            open_logs(self.folder, known, lambda _: self.served, self.clock)
        )
        gate = AuditGate(self.logs, self.budget_ms)
        self.witness = AuditingWitness(book, self.key, known, gate, self.clock)
        return self

    def __exit__(self, *failure):
        self._stack.close()

    @property
    def policy(self):
        """Believes the log only if this auditor has cosigned."""
        trusted = Trusted(b"auditor.example", self.key.verifier)
        return Policy((Log(self.verifier),), (trusted,), (), b"auditor.example")

    def ask_for(self, note, tiles, old=0):
        """Ask for a cosignature of a note, with a proof from these tiles; gives the cosigned note."""
        signed = parse_signed_checkpoint(note)
        path = prove_consistency(TileNodeReader(tiles), old, signed.body.size) if old else ()
        answer = self.witness.add_checkpoint(format_add_checkpoint(old, path, note))
        line = parse_cosignature_lines(answer, signed.note.text, self.key.verifier)
        return merge_cosignatures(note, [line])

    def ask(self, operator, old=0):
        """Ask for a cosignature of the operator's newest checkpoint."""
        return self.ask_for(operator.sign(), operator.store, old)

    def finding(self):
        return self.logs.find(self.verifier.name).finding()
