"""Which form a table is written in: by its first bytes, then its name, then its text."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from ledger.errors import LimitError, MalformedError
from ledger.files import open_regular
from tracing.delimited import open_delimited
from tracing.fingerprint import Progress
from tracing.jsonlines import open_jsonlines
from tracing.parquet import open_parquet
from tracing.sheets import open_sheet
from tracing.source import DEFAULT_LIMITS, MAX_NAME_CHARACTERS, Batch, Source, TableLimits

_SNIFFED_BYTES: Final = 1_024


def open_table(path: Path, *, limits: TableLimits = DEFAULT_LIMITS) -> Source:
    """Find the form, encoding and header of a table.

    Args:
        path: Of the file. What it begins with decides, then its extension, then its text.
        limits: What the table may be.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no table that we know; with the line where there are lines.
        LimitError: It is larger than it may be.
    """
    with _noticing_change(path):
        source = _open(path, limits)
    for name in source.header:
        if name is not None and len(name) > MAX_NAME_CHARACTERS:
            raise LimitError(
                f"{path} has a column whose name has more than {MAX_NAME_CHARACTERS:,} characters"
            )

    def batches(progress: Progress) -> Iterator[Batch]:
        with _noticing_change(path):
            yield from source.batches(progress)

    return replace(source, batches=batches)


@contextmanager
def _noticing_change(path: Path) -> Iterator[None]:
    """Say of text which fitted its encoding, and no longer does, that it is another one by now.

    Raises:
        MalformedError: It is.
    """
    try:
        yield
    except UnicodeDecodeError as exc:
        raise MalformedError(f"{path} changed while it was read") from exc


def _open(path: Path, limits: TableLimits) -> Source:
    with open_regular(path) as file:
        start, size = file.read(_SNIFFED_BYTES), file.seek(0, 2)
    if size > limits.max_bytes:
        raise LimitError(
            f"{path} has {size:,} bytes, more than {limits.max_bytes:,}: use a part of it"
        )
    if start.startswith(b"PAR1"):
        return open_parquet(path, limits)
    if start.startswith(b"PK"):
        return open_sheet(path, limits)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise MalformedError(f"{path} is an old or encrypted Office file: save it as .xlsx")
    return _open_text_table(path, start, limits)


def _open_text_table(path: Path, start: bytes, limits: TableLimits) -> Source:
    match path.suffix.lower():
        case ".csv":
            return open_delimited(path, "csv", limits)
        case ".tsv" | ".tab":
            return open_delimited(path, "tsv", limits)
        case ".jsonl" | ".ndjson":
            return open_jsonlines(path, limits)
        case _ if start.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
            return open_jsonlines(path, limits)
        case _:
            return open_delimited(path, None, limits)
