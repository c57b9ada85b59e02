"""What an auditor's folder holds, told without asking anybody and beside an auditor that serves."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ledger.core.addcheckpoint import hash_origin
from ledger.core.types import Json, JsonObject
from ledger.storage.sqlite import SqliteStore
from node.following.auditor import EXECUTED_FOLDER, FINDINGS_FOLDER
from node.following.execution import Executed, read_executed
from node.following.findings import Finding, FindingFile
from node.witness.book import Book
from node.witness.keys import load_vkey
from node.witness.logs import LogsFile


@dataclass(frozen=True, slots=True)
class LogOverview:
    """One log of an auditor.

    Args:
        origin: Of the log.
        url: Where it is to be had.
        executed: How far it was executed; None: not at all.
        cosigned: Size of the checkpoint that was cosigned last; 0: none.
        finding: What was found wrong.
        evidence: File with the evidence of a fork, if there is one.
    """

    origin: str
    url: str | None
    executed: Executed | None
    cosigned: int
    finding: Finding | None
    evidence: Path | None

    def document(self) -> JsonObject:
        """For programs."""
        executed: Json = None
        if self.executed is not None:
            executed = {
                "size": self.executed.size,
                "height": self.executed.height,
                "root": self.executed.root.hex(),
                "state_root": self.executed.state_root.hex(),
                "time": self.executed.time,
            }
        return {
            "origin": self.origin,
            "url": self.url,
            "executed": executed,
            "cosigned": self.cosigned,
            "finding": None if self.finding is None else self.finding.document(),
            "evidence": None if self.evidence is None else str(self.evidence),
        }


def read_overviews(folder: Path) -> list[LogOverview]:
    """All logs of an auditor's folder, by origin.

    Raises:
        NotFoundError: There is no auditor.
        CorruptionError: A file is damaged.
        StoreFailedError: A file cannot be read.
    """
    logs, book = LogsFile(folder), Book(folder, load_vkey(folder))
    urls = {log.key.name: log.url for log in logs.all()}
    return [_read(folder, book, origin, urls[origin]) for origin in sorted(urls)]


def _read(folder: Path, book: Book, origin: str, url: bytes | None) -> LogOverview:
    name = hash_origin(origin)
    path, executed = folder / EXECUTED_FOLDER / f"{name}.db", None
    if path.exists():
        with closing(SqliteStore(path)) as store:
            executed = read_executed(store)
    findings = FindingFile(folder / FINDINGS_FOLDER / f"{name}.json")
    return LogOverview(
        origin=origin,
        url=None if url is None else url.decode("utf-8", "backslashreplace"),
        executed=executed,
        cosigned=book.read(origin).checkpoint.size,
        finding=findings.read(),
        evidence=findings.evidence if findings.evidence.exists() else None,
    )
