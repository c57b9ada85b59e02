"""Figures of a batch: a table of applications on disk to filings in the log, and to vouchers."""

import csv
import time
from contextlib import closing
from pathlib import Path

from contracts.recording import Tests
from contracts.title import Classification
from node.batch import Batch, Terms
from node.batchfile import BatchFile
from node.batchrecording import Assessment, BatchRecording
from node.batchresult import RowResult
from node.issuing import Application
from node.listed import read_list_version
from node.recording import Recording
from node.registry import Registry, open_registry
from scripts.benchlib.measure import Row, Scale, at_most
from scripts.benchlib.world import found

_SECONDS_FOR_10_000 = 60
_MONTH_OF_NUMBERS = 9_000
"""The numbers of a month end at 9,999."""

_SAID = "bench"
_HEADER = ("file", "data.title", "data.summary", "data.industry", "rights.right", "ref")


def measure_batch(folder: Path, scale: Scale) -> list[Row]:
    """Filing the rows of one table, and completing those that a month has numbers for."""
    place = folder / "batch"
    place.mkdir()
    count = scale.small
    table = _write(place, count)
    found(place / "home")
    filing, completing, vouchers = _time(place / "home", table)
    return [
        Row(
            "batch",
            f"applications in a batch, {count:,}",
            filing,
            "s",
            at_most(_SECONDS_FOR_10_000 * count / 10_000),
            "one table and as many small files on disk to filings that are durable in the log: "
            "every row held against the form, its file hashed, its openings sealed into the "
            "vault, its event signed; the first pass over the table included",
        ),
        Row(
            "batch",
            f"filings through to the voucher, {vouchers:,}",
            completing,
            "s",
            None,
            "the same rows after that: accepted, published and recorded, with their credentials",
        ),
    ]


def _time(home: Path, table: Path) -> tuple[float, float, int]:
    """Seconds for filing and for completing, and how many were completed.

    Raises:
        AssertionError: A row was not filed, or not completed: not what is to be measured.
    """
    completing, vouchers = 0.0, 0
    start = time.perf_counter()
    with (
        open_registry(home, None, is_writer=True) as registry,
        closing(registry.open_vault()) as vault,
    ):
        key = registry.ring.load("operator")
        batch = Batch(registry, vault, BatchFile(table), Terms(None, lambda _: [key]))
        recorder = Recording(registry, registry.ledger.registrar, [key])
        recording = BatchRecording(registry, vault, recorder, _assess(registry))
        for chunk in batch.file():
            _check(chunk, "filed")
            if vouchers < _MONTH_OF_NUMBERS:
                begun = time.perf_counter()
                recording.complete(chunk)
                completing += time.perf_counter() - begun
                vouchers += len(chunk)
                _check(chunk, "completed")
    return time.perf_counter() - start - completing, completing, vouchers


def _check(chunk: list[RowResult], what: str) -> None:
    if any(each.index is None or each.error is not None for each in chunk):
        raise AssertionError(f"a row of the benchmark was not {what}: {chunk[0]}")


def _assess(registry: Registry) -> Assessment:
    version = read_list_version(registry)

    def classify(application: Application) -> Classification:
        return Classification(
            standard="GB/T 43697-2024",
            industry=str(application.members["industry"]),
            data_class=application.data_class,
            level=application.level,
            openness="conditional",
            assessed_by=registry.ledger.registrar,
            list_version=version,
        )

    return Assessment(classify, Tests(accuracy=_SAID, compliance=_SAID, clarity=_SAID))


def _write(place: Path, count: int) -> Path:
    table = place / "batch.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(count):
            (place / f"{number}.csv").write_text(f"hour,cars\n8,{number}\n", encoding="utf-8")
            title = f"南京市停车场停车数据 2026 第{number}批"
            writer.writerow([f"{number}.csv", title, "停车", "G54", "hold;use", f"r{number}"])
    return table
