"""Text files: which encoding, whether every byte fits it, and where it does not.

UTF-8 with or without a byte order mark, else GB18030; every byte is checked before the first cell
is read. UTF-8 is tried first: text of another encoding hardly ever passes for it.

Spec: RFC 3629; GB 18030-2022.
"""

import codecs
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from typing_extensions import override

from ledger.errors import LimitError, MalformedError
from ledger.files import open_regular
from tracing.source import TableLimits

_CHUNK_BYTES: Final = 1024 * 1024
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class _Fault:
    """The first byte that does not fit.

    Args:
        place: Counted from 0.
        line: Counted from 1.
    """

    place: int
    line: int

    @override
    def __str__(self) -> str:
        return f"byte {self.place:,}, line {self.line:,}"


class _Lines:
    """Counts lines, however they end, and measures the longest so far."""

    def __init__(self) -> None:
        self.ended = self.longest = self._open = 0
        self._after_return = False

    def find_line(self, chunk: bytes) -> int:
        """The line, from 1, in which the file would be after one more piece."""
        return self.ended + len(_split(chunk)) - (self._after_return and chunk.startswith(b"\n"))

    def add(self, chunk: bytes) -> None:
        lengths = [len(line) for line in _split(chunk)]
        lengths[0] += self._open
        self.longest = max(self.longest, *lengths)
        self.ended = self.find_line(chunk) - 1
        self._open = lengths[-1]
        self._after_return = chunk.endswith(b"\r")


def _split(chunk: bytes) -> list[bytes]:
    if b"\r" in chunk:
        chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return chunk.split(b"\n")


def find_encoding(path: Path, limits: TableLimits) -> str:
    """The encoding of a text file, every byte of which is checked.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not a regular file, is not text in UTF-8 or GB18030, or has NUL bytes.
        LimitError: A line is too long, or there are too many.

    Cost: reads the file once; twice if it is not UTF-8.
    """
    with open_regular(path) as file:
        start = file.read(len(codecs.BOM_UTF8))
        if start[:2] in _UTF16:
            raise MalformedError(f"{path} is UTF-16: save it as UTF-8")
        utf8 = _find_fault(file, "utf-8", path, limits)
        if utf8 is None:
            return "utf-8-sig" if start == codecs.BOM_UTF8 else "utf-8"
        if start == codecs.BOM_UTF8:
            raise MalformedError(f"{path} is not UTF-8, as its first bytes say it is: {utf8}")
        gb18030 = _find_fault(file, "gb18030", path, limits)
    if gb18030 is not None:
        raise MalformedError(f"{path} is neither UTF-8 ({utf8}) nor GB18030 ({gb18030})")
    return "gb18030"


def _find_fault(file: BinaryIO, encoding: str, path: Path, limits: TableLimits) -> _Fault | None:
    """The first byte that the encoding does not have.

    Raises:
        MalformedError: There is a NUL byte.
        LimitError: A line is too long, or there are too many.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, done = _Lines(), 0
    while True:
        chunk = file.read(_CHUNK_BYTES)
        if (nul := chunk.find(b"\0")) >= 0:
            fault = _Fault(done + nul, lines.find_line(chunk[:nul]))
            raise MalformedError(f"{path} has a NUL byte, which no text has: {fault}")
        waiting = decoder.getstate()[0]
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as exc:
            at = exc.start - len(waiting)
            return _Fault(done + at, lines.find_line(chunk[: max(at, 0)]))
        if not chunk:
            return None
        lines.add(chunk)
        if lines.ended > limits.max_lines:
            raise LimitError(f"{path} has more than {limits.max_lines:,} lines: use a part of them")
        if lines.longest > limits.max_line_bytes:
            raise LimitError(
                f"{path} has a line of more than {limits.max_line_bytes:,} bytes, "
                f"near line {lines.ended + 1:,}"
            )
        done += len(chunk)


def decode(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The text of a file of a known encoding, from its start; line ends stay as they are."""
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    if encoding == "gb18030" and text.read(1) != "\ufeff":
        text.seek(0)
    return text
