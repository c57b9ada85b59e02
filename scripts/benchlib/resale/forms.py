"""Suspects in the forms and encodings that people pass tables on in."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.benchlib.resale.frames import write_delimited, write_lines, write_parquet
from tracing.tables import Table, read_table


@dataclass(frozen=True)
class Form:
    """A way to write a table.

    Args:
        name: Of the file.
        write: Writes it.
    """

    name: str
    write: Callable[[Table, Path], None]


def _delimited(delimiter: str, encoding: str) -> Callable[[Table, Path], None]:
    return lambda table, path: write_delimited(table, path, delimiter=delimiter, encoding=encoding)


FORMS = (
    Form("a.csv", _delimited(",", "utf-8")),
    Form("a.tsv", _delimited("\t", "utf-8-sig")),
    Form("b.csv", _delimited(",", "gb18030")),
    Form("a.jsonl", write_lines),
    Form("a.parquet", write_parquet),
)


def write_and_read(table: Table, form: Form) -> Table:
    """The table as it is read from a file of this form."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, form.name)
        form.write(table, path)
        return read_table(path)
