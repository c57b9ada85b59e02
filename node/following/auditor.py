"""An auditor: a witness that cosigns only what it has executed again itself.

```text
AUDITOR/...                        as a witness's folder
AUDITOR/executed/<hash>.db         each log, executed again (SHA-256 of its origin)
AUDITOR/findings/<hash>.json       what was found wrong with it
```

Spec: our formats section 4, "auditor."; c2sp.org/tlog-witness; docs/adr/0028-auditor-and-mirror.md.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

from ledger.clock import Clock, SystemClock
from ledger.core.addcheckpoint import hash_origin, parse_add_checkpoint
from ledger.core.checkpoint import Checkpoint
from ledger.core.ed25519 import check_library
from ledger.core.note import format_note
from ledger.core.policy import Log
from ledger.core.rules import Rules
from ledger.errors import (
    ForkError,
    InputError,
    LedgerError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
)
from ledger.light.fetch import Fetcher
from ledger.replay import DifferenceError
from ledger.storage.sqlite import SqliteStore, create_store
from node.following.execution import Executed, Execution
from node.following.findings import Finding, FindingError, FindingFile, describe
from node.following.source import LogSource, SignedTree
from node.rulebundle import current_rules
from node.witness.book import Book
from node.witness.keys import WitnessKey
from node.witness.logs import KnownLogs
from node.witness.witness import Gate, Witness

ADMIT_MS: Final = 2000
"""How long whoever asks for a cosignature is kept waiting while the log is executed."""
SLICE_MS: Final = 1000
"""How long following executes at once before whoever asks gets its turn."""
EXECUTED_FOLDER, FINDINGS_FOLDER = "executed", "findings"
FetcherOf = Callable[[Log], Fetcher]
"""Where a log is to be had."""
_LOGGER: Final = logging.getLogger("muniment.auditor")


def program_rules() -> Mapping[str, Rules]:
    """Every rule set of this program, by name."""
    rules = current_rules()
    return {rules.name: rules, **rules.others}


class AuditedLog:
    """One log under audit; safe to use from several threads, which take turns.

    Args:
        execution: Of this log.
        findings: What is wrong with it.
        clock: For the time of a finding.
    """

    def __init__(
        self, execution: Execution, source: LogSource, findings: FindingFile, clock: Clock
    ) -> None:
        self._execution = execution
        self._source = source
        self._findings = findings
        self._clock = clock
        self._turn = threading.Lock()

    def change_source(self, source: LogSource) -> None:
        """Have the log from elsewhere from now on, or by other keys.

        Args:
            source: Of the same log.
        """
        with self._turn:
            self._source = source
            self._execution.change_source(source)

    def executed(self) -> Executed:
        """How far it was executed."""
        return self._execution.executed()

    def finding(self) -> Finding | None:
        """What was found wrong with it, or None."""
        return self._findings.read()

    def audit(self, target: SignedTree, budget_ms: int) -> bool:
        """Execute towards a checkpoint for some time.

        Args:
            target: Signed by the log.
            budget_ms: For waiting and executing together, roughly.

        Returns:
            Whether everything up to it was executed and is as it must be.

        Raises:
            FindingError: Something was found before.
            DifferenceError: Something was found now; it is kept.
            ForkError: The log signed two histories; it is kept.
            UnavailableError: Somebody else is executing, or the log is not to be had.
            UnknownRulesError: This program does not have the log's rules.
            LedgerError: What the source or the store raises.
        """
        self._findings.check()
        if not self._turn.acquire(timeout=budget_ms / 1000):
            raise UnavailableError("the log is being executed: ask again")
        try:
            return self._execution.advance(target, budget_ms)
        except (DifferenceError, ForkError) as exc:
            self._keep(exc, target)
            raise
        finally:
            self._turn.release()

    def _keep(self, error: DifferenceError | ForkError, target: SignedTree) -> None:
        evidence = error.evidence if isinstance(error, ForkError) else b""
        self._findings.keep(describe(error, target, self._clock.now()), evidence)
        _LOGGER.error("found with %s: %s", target.body.origin, error)

    def follow(self, budget_ms: int) -> bool:
        """Execute towards the newest checkpoint that the log shows.

        Returns:
            Whether it is reached.

        Raises:
            LedgerError: As audit.
        """
        self._findings.check()
        return self.audit(self._source.fetch_newest(), budget_ms)


class AuditedLogs:
    """The logs of an auditor's folder, each opened when it is needed.

    Args:
        folder: The auditor's.
        logs: Whose checkpoints are cosigned, and where each log is to be had.
        fetcher_of: Makes the fetcher of a log.
        clock: For execution times and findings.
        rules: Every rule set, by name; the program's unless told.
    """

    def __init__(
        self,
        folder: Path,
        logs: KnownLogs,
        fetcher_of: FetcherOf,
        clock: Clock | None = None,
        rules: Mapping[str, Rules] | None = None,
    ) -> None:
        self._folder = folder
        self._logs = logs
        self._fetcher_of = fetcher_of
        self._clock = clock or SystemClock()
        self._rules = rules or program_rules()
        self._guard = threading.Lock()
        self._open: dict[str, AuditedLog] = {}
        self._lines: dict[str, tuple[Log, ...]] = {}
        self._stores: list[SqliteStore] = []

    def origins(self) -> list[str]:
        """Of the logs, sorted."""
        return sorted({log.key.name for log in self._logs.all()})

    def follow(self, budget_ms: int) -> bool:
        """Execute each log towards its newest checkpoint.

        Args:
            budget_ms: For each log.

        Returns:
            Whether all are reached.

        Raises:
            LedgerError: What went wrong with the first one with which something did; the others
                were followed.
        """
        reached, failure = True, None
        for origin in self.origins():
            try:
                reached &= self.find(origin).follow(budget_ms)
            except LedgerError as exc:
                failure = failure or exc
        if failure is not None:
            raise failure
        return reached

    def find(self, origin: str) -> AuditedLog:
        """A log.

        Raises:
            NotFoundError: It is unknown, or nobody said where it is to be had.
            CorruptionError: What was executed of it is damaged.
            StoreFailedError: It cannot be read or written.
        """
        lines = tuple(self._logs.find(origin))
        with self._guard:
            if self._lines.get(origin) != lines:
                source = self._locate(origin, lines)
                if origin in self._open:
                    self._open[origin].change_source(source)
                else:
                    self._open[origin] = self._create(origin, source)
                self._lines[origin] = lines
            return self._open[origin]

    def findings(self, origin: str) -> FindingFile:
        """What was found wrong with a log."""
        return FindingFile(self._folder / FINDINGS_FOLDER / f"{hash_origin(origin)}.json")

    def close(self) -> None:
        """Release the files."""
        for store in self._stores:
            store.close()

    def _locate(self, origin: str, lines: Sequence[Log]) -> LogSource:
        located = next((log for log in lines if log.url is not None), None)
        if located is None:
            raise NotFoundError(
                f"nobody said where the log {origin} is to be had: write its address behind its "
                "key in logs.policy"
            )
        return LogSource(self._fetcher_of(located), [log.key for log in lines])

    def _create(self, origin: str, source: LogSource) -> AuditedLog:
        store = _open_store(self._folder / EXECUTED_FOLDER / f"{hash_origin(origin)}.db")
        self._stores.append(store)
        execution = Execution(store, source, self._rules, self._clock)
        return AuditedLog(execution, source, self.findings(origin), self._clock)


class AuditGate(Gate):
    """Lets a checkpoint pass once everything up to it was executed and gives its very root.

    Args:
        logs: The logs under audit.
        budget_ms: How long whoever asks is kept waiting.
    """

    def __init__(self, logs: AuditedLogs, budget_ms: int = ADMIT_MS) -> None:
        self._logs = logs
        self._budget_ms = budget_ms
        self._offered = threading.local()

    @contextmanager
    def offered(self, note: bytes) -> Iterator[None]:
        """Within it this thread asks about the checkpoint of this note."""
        self._offered.note = note
        try:
            yield
        finally:
            del self._offered.note

    @override
    def admit(self, checkpoint: Checkpoint, log: Log) -> None:
        """Let a checkpoint pass that is what re-executing the log gives.

        Args:
            checkpoint: To be cosigned.
            log: Its log.

        Raises:
            FindingError: Something was found wrong with the log, now or before.
            UnavailableError: Not executed so far yet, or the log is not to be had.
            LedgerError: As AuditedLog.audit.
        """
        target = SignedTree(self._offered.note, checkpoint)
        audited = self._logs.find(checkpoint.origin)
        try:
            is_reached = audited.audit(target, self._budget_ms)
        except (DifferenceError, ForkError) as exc:
            raise FindingError(f"this auditor found that {exc}: nothing is cosigned") from exc
        if not is_reached:
            size = audited.executed().size
            raise UnavailableError(
                f"executed {size} of {checkpoint.size} leaves so far: ask again for a cosignature"
            )


class AuditingWitness(Witness):
    """A witness whose gate sees the note that a checkpoint came with: what convicts a log.

    Args:
        book: What was cosigned.
        key: Signs the cosignatures.
        logs: Whose checkpoints are cosigned.
        gate: Executes.
        clock: For the time of a cosignature.
    """

    def __init__(
        self,
        book: Book,
        key: WitnessKey,
        logs: KnownLogs,
        gate: AuditGate,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(book, key, logs, gate, clock)
        self._audit_gate = gate

    @override
    def add_checkpoint(self, data: bytes) -> bytes:
        with self._audit_gate.offered(_read_note(data)):
            return super().add_checkpoint(data)


@contextmanager
def open_logs(
    folder: Path,
    logs: KnownLogs,
    fetcher_of: FetcherOf,
    clock: Clock | None = None,
    rules: Mapping[str, Rules] | None = None,
) -> Iterator[AuditedLogs]:
    """The logs of an auditor's folder, as long as its book is open.

    Args:
        folder: The auditor's.
        logs: Whose checkpoints are cosigned, and where each log is to be had.
        fetcher_of: Makes the fetcher of a log.
        clock: The machine's unless told.
        rules: The program's unless told.

    Raises:
        CorruptionError: The library for signatures or for storage is not to be trusted.
        StoreFailedError: The folder cannot be written.
    """
    check_library()
    try:
        for name in (EXECUTED_FOLDER, FINDINGS_FOLDER):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot make {folder}: {exc.strerror}") from exc
    with ExitStack() as stack:
        opened = AuditedLogs(folder, logs, fetcher_of, clock, rules)
        stack.callback(opened.close)
        yield opened


def _read_note(data: bytes) -> bytes:
    """The note of a request; nothing if it does not parse, which the witness itself answers."""
    try:
        return format_note(parse_add_checkpoint(data).offered.note)
    except InputError:
        return b""


def _open_store(path: Path) -> SqliteStore:
    return SqliteStore(path) if path.exists() else create_store(path)
