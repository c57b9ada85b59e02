"""Reads files of usage lines, NDJSON or CSV, one line after the other in constant memory.

NDJSON: one JSON object on each line, with the members that `contracts.usagelines` describes; order
and blanks within a line do not matter, since a line is hashed in its canonical form.

CSV: comma-separated, quoted as RFC 4180 has it, in UTF-8. The header row names the members; a
header that cannot be a member's name is given one (`Layout.columns`). `at` and `count` become
integers, every other cell is a string just as it stands, and an empty cell is a member left out.
Where no column is the action, every line has the action of the batch.

In both, `at` may be an RFC 3339 date instead of Unix milliseconds; it is hashed as milliseconds.
Lines are counted from 1, the header row of a CSV file not among them.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final, Literal, NoReturn, cast

import msgspec

from contracts.engine import refuse
from contracts.usagelines import (
    MAX_LINE_MEMBERS,
    UsageLine,
    find_contradiction,
    parse_usage_line,
)
from ledger.core.canonical import decode_bundle, encode_canonical
from ledger.core.text import parse_decimal
from ledger.core.types import Json
from ledger.errors import InputError, MalformedError, RejectedError
from tracing.fingerprint import Progress

UsageForm = Literal["ndjson", "csv"]
SUFFIXES: Final[Mapping[str, UsageForm]] = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv"}
"""Endings of file names that tell the form."""
MAX_RAW_LINE_BYTES: Final = 64 * 1024
"""Of a line, or of a CSV record with all its line breaks, as it stands in the file."""

_CHUNK_BYTES: Final = 256 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_RULE: Final = "formats 5"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_NOT_READ: Final = (
    ("not UTF-8", "不是 UTF-8 文本"),
    ("not JSON", "不是 JSON"),
    ("an object has the same member twice", "同一成员出现两次"),
    ("only integers", "数字须为整数，不得有小数、指数或 NaN"),
    ("not an integer", "整数超出范围或写法有误"),
)

Members = dict[str, Json]
_DECODER: Final = cast("msgspec.json.Decoder[Members]", msgspec.json.Decoder(dict[str, int | str]))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file holds the lines of a batch.

    Args:
        form: NDJSON or CSV.
        terms: What the batch says of all lines: `purpose` and `spatial` where it names them, and
            `action`; without `action` the first line's is the batch's.
        columns: CSV: the member that a column becomes, by the column's header; a column that is
            not named here becomes the member that its header names.
    """

    form: UsageForm
    terms: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    """Where the reader is.

    Args:
        number: Of the usage line, from 1; 0 in the header.
        row: Of the line in the file, from 1.
        record_bytes: Bytes of the CSV record so far.
    """

    number: int = 0
    row: int = 0
    record_bytes: int = 0

    def name(self) -> tuple[str, str]:
        """The place in both languages."""
        if self.number == 0:
            return "the header", "表头"
        if self.number == self.row:
            return f"line {self.number}", f"第 {self.number} 行"
        return (
            f"line {self.number} (row {self.row} of the file)",
            f"第 {self.number} 条（文件第 {self.row} 行）",
        )


def read_lines(file: BinaryIO, layout: Layout, progress: Progress) -> Iterator[UsageLine]:
    """The lines of a file in their order, at least one.

    Args:
        file: Read once from where it stands to its end, a chunk at a time.
        layout: How it holds them.
        progress: Told how many more bytes were read.

    Raises:
        RejectedError: A line is none, contradicts the batch or is too long, which the sentence
            names by its number; or there is no line at all.
        OSError: The file cannot be read.
    """
    place, terms = _Place(), dict(layout.terms)
    read = _read_csv if layout.form == "csv" else _read_ndjson
    with _naming(place):
        for members in read(_split(file, progress), layout, place):
            at = members.get("at")
            if isinstance(at, str):
                members["at"] = parse_instant(at)
            line = parse_usage_line(members)
            terms.setdefault("action", line.action)
            contradiction = find_contradiction(line, terms)
            if contradiction is not None:
                refuse("other_terms", *contradiction, _RULE)
            yield line
    if place.number == 0:
        refuse(
            "no_lines",
            "the file has no usage lines: a batch has at least one",
            "文件中没有使用明细：一个批次至少须有一行",
            _RULE,
        )


def parse_instant(text: str) -> int:
    """Unix milliseconds of an RFC 3339 date; what is finer is cut off.

    Raises:
        RejectedError: Another spelling, no such time, or before 1970.

    Spec: RFC 3339 section 5.6.
    """
    match = _DATE.fullmatch(text)
    try:
        moment = None if match is None else datetime.fromisoformat((match[1] + match[3]).upper())
    except ValueError:
        moment = None
    if match is None or moment is None or moment < _EPOCH:
        _refuse_line(
            f"`at` is no time: {text[:40]!r}; write Unix milliseconds, or an RFC 3339 date such as "
            "2026-11-22T10:00:00+08:00",
            f"at 不是时间：{text[:40]!r}；请写 Unix 毫秒，或 RFC 3339 日期，"
            "如 2026-11-22T10:00:00+08:00",
        )
    whole = (moment - _EPOCH) // timedelta(milliseconds=1)
    return whole + int((match[2] or "")[:3].ljust(3, "0"))


@contextmanager
def _naming(place: _Place) -> Iterator[None]:
    """Begin every refusal with the place where the reader is.

    Raises:
        RejectedError: The refusal, with the place.
    """
    try:
        yield
    except RejectedError as exc:
        en, zh = place.name()
        raise RejectedError(exc.reason, f"{en}: {exc.en}", f"{zh}：{exc.zh}", exc.rule) from exc


def _split(file: BinaryIO, progress: Progress) -> Iterator[bytes]:
    """Lines without their line feed; one that is too long comes in part, and nothing after it."""
    rest, is_start = b"", True
    while chunk := file.read(_CHUNK_BYTES):
        if is_start and chunk.startswith(_BYTE_ORDER_MARK):
            _refuse_line(
                "the file begins with a byte order mark: save it as UTF-8 without one",
                "文件以字节顺序标记（BOM）开头：请另存为不带 BOM 的 UTF-8",
            )
        is_start = False
        progress(len(chunk))
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > MAX_RAW_LINE_BYTES:
            break
    if rest:
        yield rest


# NDJSON


def _read_ndjson(lines: Iterator[bytes], _: Layout, place: _Place) -> Iterator[Members]:
    for raw in lines:
        place.number = place.row = place.row + 1
        _check_length(len(raw))
        members = _decode_quickly(raw)
        if members is None and _is_blank(raw):
            _check_rest(map(_is_blank, lines))
            place.number -= 1
            return
        yield _decode_carefully(raw) if members is None else members


def _decode_quickly(raw: bytes) -> Members | None:
    """What _decode_carefully gives, or None where only that can tell.

    The fast decoder keeps the last of two members with one name. Without a backslash every
    quotation mark begins or ends a name or a string, so their number shows whether one was lost.
    """
    if b"\\" in raw:
        return None
    try:
        members = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    strings = [*map(type, members.values())].count(str)
    if raw.count(b'"') != 2 * (len(members) + strings):
        return None
    is_minus_zero = b"-0" in raw and 0 in members.values()
    return None if is_minus_zero else members


def _decode_carefully(raw: bytes) -> Members:
    try:
        return dict(decode_bundle(raw, max_bytes=MAX_RAW_LINE_BYTES))
    except InputError as exc:
        text = str(exc)
        known = (zh for en, zh in _NOT_READ if text.startswith(en))
        _refuse_line(
            f"{text}; each line is one JSON object in UTF-8 with strings and integers",
            f"{next(known, '不是使用明细')}；每行须为一个 UTF-8 编码的 JSON 对象，"
            "成员为字符串或整数",
        )


def _is_blank(raw: bytes) -> bool:
    return not raw.strip(b" \t\r")


# CSV


def _read_csv(lines: Iterator[bytes], layout: Layout, place: _Place) -> Iterator[Members]:
    reader = csv.reader(_decode_text(lines, place), strict=True)
    header = _next_record(reader, place)
    if header is None:
        return
    names = _name_columns(header, layout)
    fixed = {} if "action" in names else {"action": layout.terms["action"]}
    while True:
        place.number += 1
        cells = _next_record(reader, place)
        if not cells:
            _check_rest(not more for more in iter(lambda: _next_record(reader, place), None))
            place.number -= 1
            return
        if len(cells) != len(names):
            _refuse_line(
                f"{len(cells)} cells, and the header has {len(names)}: put every value under its "
                "column, and one with a comma in quotation marks",
                f"有 {len(cells)} 个单元格，而表头有 {len(names)} 个：请逐列填写，"
                "含逗号的值须加双引号",
            )
        members: Members = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
        yield _read_numbers(members | fixed)


def _next_record(reader: "Iterator[list[str]]", place: _Place) -> list[str] | None:
    place.record_bytes = 0
    try:
        return next(reader, None)
    except csv.Error as exc:
        _refuse_line(
            f"not CSV: {exc}; separate cells by commas, put those with commas or line breaks in "
            "quotation marks and double the quotation marks within",
            "不是 CSV：请以逗号分隔单元格；含逗号或换行的须加双引号，其中的双引号须写两个",
        )


def _decode_text(lines: Iterator[bytes], place: _Place) -> Iterator[str]:
    for raw in lines:
        place.row += 1
        place.record_bytes += len(raw) + 1
        _check_length(place.record_bytes - 1)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            _refuse_line("not UTF-8: save the file as UTF-8", "不是 UTF-8 文本：请另存为 UTF-8")
        yield text + "\n"


def _name_columns(header: list[str], layout: Layout) -> list[str]:
    names = [layout.columns.get(title, title) for title in header]
    for title, name in zip(header, names, strict=True):
        if not _is_name(name):
            _refuse_line(
                f"the column {title[:64]!r} cannot be a member's name, which has 1 to 64 of the "
                "characters A-Z a-z 0-9 _ . : @ / $ -: name the member that it becomes, with "
                f"--column MEMBER={title[:64]}",
                f"列 {title[:64]!r} 不能用作成员名（须为 1 至 64 个 A-Z a-z 0-9 _ . : @ / $ - "
                "字符）：请用 --column 成员={title[:64]} 指明其对应的成员",
            )
    missing = [title for title in layout.columns if title not in header]
    if missing:
        _refuse_line(
            f"there is no column {missing[0][:64]!r}: the columns are {', '.join(header)[:200]}; "
            "say --column MEMBER=HEADER with one of them",
            f"没有列 {missing[0][:64]!r}：现有列为 {'、'.join(header)[:200]}；"
            "请用 --column 成员=表头 指明其一",
        )
    if len(set(names)) != len(names) or len(names) > MAX_LINE_MEMBERS:
        _refuse_line(
            f"a member stands in one column, and a line has at most {MAX_LINE_MEMBERS} members",
            f"一个成员只能对应一列，每行至多 {MAX_LINE_MEMBERS} 个成员",
        )
    if "at" not in names or not ("action" in names or "action" in layout.terms):
        _refuse_line(
            "no column is `at`, or none is `action` and the action of the batch is not given: name "
            "the columns that they are with --column at=HEADER and --column action=HEADER, or give "
            "--action",
            "缺少 at 列；或既无 action 列，又未给出本批次的行为：请用 --column at=表头、"
            "--column action=表头 指明对应的列，或用 --action 给出行为",
        )
    return names


def _is_name(text: str) -> bool:
    try:
        encode_canonical({text: 0})
    except InputError:
        return False
    return True


def _read_numbers(members: Members) -> Members:
    """The members with `count`, and `at` if it is no date, as integers."""
    for name in ("at", "count"):
        text = members.get(name)
        if isinstance(text, str) and (name == "count" or text.isdigit()):
            members[name] = _read_whole(name, text)
    return members


def _read_whole(name: str, text: str) -> int:
    try:
        return parse_decimal(text)
    except MalformedError:
        _refuse_line(
            f"`{name}` is no whole number: {text[:24]!r}; write digits only, such as 12",
            f"{name} 不是整数：{text[:24]!r}；请只写数字，如 12",
        )


# Refusals


def _check_rest(are_blank: Iterator[bool]) -> None:
    """Only blank lines may come after a blank line."""
    if not all(are_blank):
        _refuse_line("this line is empty: take it out", "该行为空：请删去")


def _check_length(count: int) -> None:
    if count > MAX_RAW_LINE_BYTES:
        _refuse_line(
            f"more than {MAX_RAW_LINE_BYTES} bytes: end each line with a line feed, and keep what "
            "is longer elsewhere",
            f"超过 {MAX_RAW_LINE_BYTES} 字节：每行须以换行结束，更长的内容请另存",
        )


def _refuse_line(en: str, zh: str) -> NoReturn:
    refuse("usage_line", en, zh, _RULE)
