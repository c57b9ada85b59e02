"""What a fingerprint would hold of a file, in words and as JSON; nothing of it is a secret's."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from cli.files import is_stdin
from cli.lang import say
from cli.output import show_plain
from cli.session import Session
from ledger.core.types import Json, JsonObject
from node.fingerprinting import Measured, measure_file
from tracing.extra import has_extra
from tracing.fingerprint import Fingerprint

_KINDS: Final = {
    "number": ("number", "数值"),
    "date": ("date", "日期"),
    "text": ("text", "文本"),
    "empty": ("empty", "空"),
}


def read_contents(
    session: Session, paths: Sequence[Path], files: Sequence[Fingerprint]
) -> list[Measured | None]:
    """What is in each file; None for stdin, and where tables cannot be read here.

    Raises:
        MalformedError: A file cannot be read.
    """
    if not has_extra():
        return [None] * len(paths)
    total = sum(path.stat().st_size for path in paths if path.is_file())
    with session.out.progress("Reading", "读取文件", total) as advance:
        return [
            None if is_stdin(path) else measure_file(path, file, advance)
            for path, file in zip(paths, files, strict=True)
        ]


def fingerprint_json(file: Fingerprint, content: Measured | None) -> JsonObject:
    """A fingerprint as programs read it: `table` and `chunks` only where the content was read."""
    exact: JsonObject = {"sha256": file.digest, "size": file.size}
    if content is None:
        return exact
    parts = content.parts
    more: dict[str, Json] = {"table": None if parts.table is None else _table_json(content)}
    for name, pieces in (("chunks", parts.chunks), ("words", parts.words)):
        if pieces is not None:
            more[name] = len(pieces)
    if content.iscc is not None:
        more["iscc"] = content.iscc
    if content.fault is not None:
        more["fault"] = str(content.fault)
    return {**exact, **more}


def _table_json(content: Measured) -> JsonObject:
    from tracing.sketch import list_paired

    table = content.parts.table
    if table is None:
        return {}
    columns: list[Json] = [
        {
            "name": each.name,
            "kind": each.column.kind,
            "distinct": each.distinct,
            "nulls": each.nulls,
        }
        for each in table.columns.values()
    ]
    return {
        "form": "canon-1",
        "digest": content.parts.digest,
        "rows": table.table.height,
        "columns": columns,
        "paired": list(list_paired(table)),
    }


def print_fingerprint(session: Session, content: Measured) -> None:
    """Print what a fingerprint would hold of a file."""
    session.out.table("", list(_rows(content)))


def _rows(content: Measured) -> Iterable[tuple[str, str]]:
    from tracing.sketch import list_paired

    parts = content.parts
    if content.fault is not None:
        yield say("no table", "非表格"), str(content.fault)
    if parts.table is not None:
        table = parts.table
        yield say("table", "表格"), f"canon-1 {parts.digest}"
        yield say("rows", "行数"), str(table.table.height)
        for each in table.columns.values():
            values = say(
                f"{each.distinct} values, {each.nulls} without",
                f"{each.distinct} 个不同值，{each.nulls} 个空值",
            )
            kind = say(*_KINDS[each.column.kind])
            yield say("column", "列"), f"{show_plain(each.name)}: {kind}, {values}"
        yield say("paired columns", "配对列"), ", ".join(map(show_plain, list_paired(table)))
    if parts.chunks is not None:
        yield say("chunks", "分块"), str(len(parts.chunks))
    if parts.words is not None:
        yield say("runs of words", "连续词语"), str(len(parts.words))
    if content.iscc is not None:
        blind = say("blind to shuffled rows", "行序打乱后即无法识别")
        yield say("ISCC (ISO 24138)", "ISCC（ISO 24138）"), f"{content.iscc} ({blind})"
