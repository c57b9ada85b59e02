"""`register --batch`: the rows of a file are checked or filed, and each row's result is kept."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import typer

from cli.exitcodes import Exit
from cli.lang import say
from cli.output import show_plain
from cli.registering import SOLO_TESTS, classify
from cli.session import Session
from cli.subjects import find_keys, find_party
from ledger.core.types import Json
from ledger.errors import StoreFailedError
from ledger.files import PRIVATE_MODE, sync_folder
from ledger.vault import Vault
from node.batch import Batch, Terms
from node.batchfile import BatchFile
from node.batchrecording import Assessment, BatchRecording
from node.batchresult import RowResult, result_json
from node.recording import Recording
from node.registryapi import RegistryApi

RESULTS_SUFFIX = ".results.jsonl"
_STATUSES = ("filed", "done", "repeated", "invalid", "refused")
_SHOWN = 100
"""Rows to mend that are shown; the file of results has all of them."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The options of `register --batch`, as given.

    Args:
        batch: The file.
        party: Who files; None: each row's applicant.
        publishes_digest: Claim the files' digests in the clear.
        is_dry: Check every row, and file nothing.
    """

    batch: Path
    party: str | None
    publishes_digest: bool
    is_dry: bool


def register_batch(session: Session, options: BatchOptions) -> None:
    """File every row that is in order; under the solo profile through to its voucher.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no batch.
        Exit: With the code of a refusal, if a row has to be mended or was refused.
    """
    file = BatchFile(options.batch)
    with session.registry(is_writer=not options.is_dry) as registry:
        party = None if options.party is None else find_party(registry, options.party)
        terms = Terms(
            filer=party,
            keys=lambda each: find_keys(registry, each, 1),
            publishes_digests=options.publishes_digest,
        )
        with closing(registry.open_vault()) as vault:
            batch = Batch(registry, vault, file, terms)
            if options.is_dry:
                _check(session, file, batch)
            else:
                _file(session, file, batch, _complete_in_solo(registry, vault))


def _complete_in_solo(registry: RegistryApi, vault: Vault) -> BatchRecording | None:
    ledger = registry.ledger
    if not ledger.profile.is_solo:
        return None
    officers = find_keys(registry, ledger.registrar, ledger.profile.officers)
    recording = Recording(registry, ledger.registrar, officers)
    assessment = Assessment(lambda application: classify(registry, application), SOLO_TESTS)
    return BatchRecording(registry, vault, recording, assessment)


def _check(session: Session, file: BatchFile, batch: Batch) -> None:
    counts, shown = dict.fromkeys(("valid", "repeated", "invalid"), 0), list[RowResult]()
    with session.out.progress("Checking", "检查", file.count) as advance:
        for result in batch.check():
            counts[result.status] += 1
            if result.findings and len(shown) < _SHOWN:
                shown.append(result)
            advance(1)
    document: dict[str, Json] = {
        "batch": str(file.path),
        "rows": file.count,
        **counts,
        "results": [result_json(each, say) for each in shown],
    }
    _show(session, document, shown)
    if counts["invalid"]:
        raise typer.Exit(Exit.REFUSED)


def _file(
    session: Session, file: BatchFile, batch: Batch, recording: BatchRecording | None
) -> None:
    out = file.path.with_name(file.path.name + RESULTS_SUFFIX)
    counts, shown = dict.fromkeys(_STATUSES, 0), list[RowResult]()
    vouchers = failed = 0
    with (
        session.out.progress("Filing", "提交申请", file.count) as advance,
        _Results(out) as results,
    ):
        for chunk in batch.file():
            if recording is not None:
                recording.complete(chunk)
            results.write(chunk)
            for result in chunk:
                counts[result.status] += 1
                vouchers += result.voucher is not None
                failed += result.status == "invalid" or result.error is not None
                if (result.findings or result.error) and len(shown) < _SHOWN:
                    shown.append(result)
            advance(len(chunk))
    document: dict[str, Json] = {
        "batch": str(file.path),
        "rows": sum(counts.values()),
        **counts,
        "vouchers": vouchers,
        "file": str(out),
    }
    _show(session, document, shown)
    if failed:
        raise typer.Exit(Exit.REFUSED)


def _show(session: Session, document: dict[str, Json], shown: Iterable[RowResult]) -> None:
    words = {
        "batch": say("batch", "批量文件"),
        "rows": say("rows", "行数"),
        "valid": say("in order", "可提交"),
        "filed": say("filed", "已提交"),
        "done": say("filed before", "此前已提交"),
        "repeated": say("repeated rows", "重复行"),
        "invalid": say("to be mended", "须更正"),
        "refused": say("refused", "被拒绝"),
        "vouchers": say("vouchers", "凭证"),
        "file": say("results", "结果文件"),
    }

    def human() -> None:
        for line in _lines(shown):
            print(show_plain(line))
        session.out.table(
            "", [(words[name], str(document[name])) for name in words if name in document]
        )

    session.out.result(document, human)


def _lines(shown: Iterable[RowResult]) -> Iterator[str]:
    for result in shown:
        place = say(
            f"row {result.row} (line {result.line}): ",
            f"第 {result.row} 行（文件第 {result.line} 行）：",
        )
        for each in result.findings:
            path = f"{each.path} " if each.path else ""
            yield f"{place}{path}{say(each.en, each.zh)}"
        if result.error is not None:
            error = result_json(result, say)["error"]
            yield f"{place}{error['message'] if isinstance(error, dict) else ''}"


class _Results:
    """The file of results: written beside its place, and put there when it is whole.

    Args:
        path: Its place; what an earlier run left there is replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")

    def __enter__(self) -> "_Results":
        try:
            self._part.unlink(missing_ok=True)
            fd = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
        except OSError as exc:
            raise StoreFailedError(f"cannot write {self._part}: {exc.strerror}") from exc
        self._file: TextIO = os.fdopen(fd, "w", encoding="utf-8")
        return self

    def write(self, results: Iterable[RowResult]) -> None:
        """Add lines, for whoever looks on.

        Raises:
            StoreFailedError: They could not be written; what is filed is filed.
        """
        lines = (json.dumps(result_json(each, say), ensure_ascii=False) for each in results)
        try:
            self._file.writelines(f"{line}\n" for line in lines)
            self._file.flush()
        except OSError as exc:
            raise StoreFailedError(
                f"cannot write {self._part}: {exc.strerror}; run the batch again when there is room"
            ) from exc

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is not None:
                return
            os.fsync(self._file.fileno())
        self._part.replace(self._path)
        sync_folder(self._path.parent)
