"""A strict ZIP: files one after another from the first byte, a directory, and nothing else.

What two programs could read in two ways is refused: bytes that no file accounts for, files that
overlap, a local header that contradicts the directory, zip64, comments, links, folders. Reading
never writes to disk, and is over as soon as there is more than allowed.

Spec: PKWARE APPNOTE 6.3, sections 4.3 and 4.4; RFC 1951.
"""

import re
import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.errors import LimitError, MalformedError

SIGNATURES: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""What a ZIP with files begins with, and one without."""

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_SUMS: Final = struct.Struct("<3I")
_EXTRA: Final = struct.Struct("<2H")
_LOCAL_SIGN: Final = b"PK\x03\x04"
_CENTRAL_SIGN: Final = b"PK\x01\x02"
_END_SIGN: Final = b"PK\x05\x06"
_SUMS_SIGN: Final = b"PK\x07\x08"

_STORED: Final = 0
_DEFLATED: Final = 8
_VERSION: Final = 20
_UNIX: Final = 3
_MIDNIGHT_1980: Final = (0, 0x21)
"""Time and date of every file written here: the earliest that a ZIP can name."""
_FILE_MODE: Final = (stat.S_IFREG | 0o644) << 16

_SUMS_LATER: Final = 0x0008
_ALLOWED_FLAGS: Final = 0x0806 | _SUMS_LATER
"""How hard deflate tried, sums after the content, names in UTF-8: nothing that changes content."""
_HARMLESS_EXTRAS: Final = frozenset({0x000A, 0x5455, 0x5855, 0x7875})
"""Times and owners as Windows and Unix note them."""
_DOS_FOLDER: Final = 0x10
_NAME: Final = re.compile(rb"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file as the directory describes it."""

    name: bytes
    flags: int
    method: int
    stamp: tuple[int, int]
    sums: tuple[int, int, int]
    offset: int


def write_zip(files: Mapping[str, bytes], *, is_packed: bool = False) -> bytes:
    """A ZIP with these files in this order; if they are stored, the same bytes on every machine.

    Args:
        files: Content by name; names in ASCII; together below 4 GiB.
        is_packed: Deflate them; libraries differ in the bytes that this gives.
    """
    method = _DEFLATED if is_packed else _STORED
    body, directory = bytearray(), bytearray()
    for name, content in files.items():
        raw, offset = name.encode("ascii"), len(body)
        packed = _deflate(content) if is_packed else content
        sums = (zlib.crc32(content), len(packed), len(content))
        common = (_VERSION, 0, method, *_MIDNIGHT_1980, *sums, len(raw), 0)
        body += _LOCAL.pack(_LOCAL_SIGN, *common) + raw + packed
        made = _UNIX << 8 | _VERSION
        directory += _CENTRAL.pack(_CENTRAL_SIGN, made, *common, 0, 0, 0, _FILE_MODE, offset) + raw
    count = len(files)
    end = _END.pack(_END_SIGN, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def _deflate(content: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(content) + stream.flush()


def read_zip(data: bytes, *, max_files: int, max_unpacked: int) -> dict[str, bytes]:
    """The files of a ZIP, in the order of its directory.

    Args:
        data: The whole ZIP, stored or deflated.
        max_files: How many there may be.
        max_unpacked: How many bytes they may have together, counted while reading.

    Raises:
        MalformedError: Not such a ZIP, or a file is not what its headers say.
        LimitError: Too many files or bytes.
    """
    entries, end = _read_directory(data, max_files)
    _check_neighbours(data, entries, end)
    files: dict[str, bytes] = {}
    left = max_unpacked
    for entry in entries:
        name = entry.name.decode("ascii")
        if name in files:
            raise MalformedError(f"the ZIP holds {name} twice")
        if entry.sums[2] > left:
            raise LimitError(f"the ZIP holds more than {max_unpacked} bytes: split it")
        files[name] = _unpack(data, entry)
        left -= len(files[name])
    return files


def _read_directory(data: bytes, max_files: int) -> tuple[list[_Entry], int]:
    """Every file that the directory names, and where the directory begins.

    Raises:
        MalformedError: The ZIP does not end with one directory of plain files.
        LimitError: It has too many files.
    """
    if len(data) < _END.size:
        raise MalformedError("the ZIP is cut off")
    sign, disk, first_disk, here, count, size, start, comment = _END.unpack(data[-_END.size :])
    if sign != _END_SIGN or comment:
        raise MalformedError("the ZIP does not end with its directory: it is cut off or goes on")
    if count > max_files:
        raise LimitError(f"the ZIP has {count} files, more than {max_files}")
    if disk or first_disk or here != count or start + size != len(data) - _END.size:
        raise MalformedError("the ZIP's directory is not where its end says")
    entries, place = [], start
    for _ in range(count):
        entry, place = _read_entry(data, place)
        entries.append(entry)
    if place != start + size:
        raise MalformedError("the ZIP's directory is longer than its files")
    return entries, start


def _read_entry(data: bytes, place: int) -> tuple[_Entry, int]:
    fields = _take(_CENTRAL, _CENTRAL_SIGN, data, place)
    _, needed, flags, method, time, date, crc, packed, unpacked, *rest = fields
    name_length, extra_length, comment, disk, _, attributes, offset = rest
    name_at = place + _CENTRAL.size
    name = data[name_at : name_at + name_length]
    end = name_at + name_length + extra_length
    if comment or disk or needed > _VERSION:
        raise MalformedError("the ZIP uses comments, parts or zip64, which ours never do")
    if not _NAME.fullmatch(name) or name.endswith(b"/"):
        raise MalformedError(f"not the name of a file in our ZIP: {name[:40]!r}")
    _check_extras(data[name_at + name_length : end])
    kind = stat.S_IFMT(attributes >> 16)
    if kind not in {0, stat.S_IFREG} or attributes & _DOS_FOLDER:
        raise MalformedError(f"{name.decode('ascii')} is a link or a folder, not a file")
    if flags & ~_ALLOWED_FLAGS or method not in {_STORED, _DEFLATED}:
        raise MalformedError(f"{name.decode('ascii')} is encrypted, or packed in another way")
    return _Entry(name, flags, method, (time, date), (crc, packed, unpacked), offset), end


def _check_neighbours(data: bytes, entries: list[_Entry], end: int) -> None:
    """Make sure that the files follow each other from the first byte to the directory.

    Raises:
        MalformedError: They overlap, leave bytes between them, or a local header says otherwise.
    """
    in_order = sorted(entries, key=lambda entry: entry.offset)
    starts = [entry.offset for entry in in_order] + [end]
    if starts[0] != 0:
        raise MalformedError("the ZIP begins with bytes that belong to no file")
    for entry, (start, stop) in zip(in_order, pairwise(starts), strict=True):
        after = data[_content_at(data, entry) + entry.sums[1] : stop]
        allowed = set(_endings(entry))
        if stop <= start or _content_at(data, entry) + entry.sums[1] > stop or after not in allowed:
            raise MalformedError("the files of the ZIP overlap, or there are bytes between them")


def _endings(entry: _Entry) -> Iterator[bytes]:
    """What may follow a file's content: nothing, or its sums where they come later."""
    if entry.flags & _SUMS_LATER:
        sums = _SUMS.pack(*entry.sums)
        yield _SUMS_SIGN + sums
        yield sums
    else:
        yield b""


def _content_at(data: bytes, entry: _Entry) -> int:
    """Where a file's content begins, its local header saying what the directory says.

    Raises:
        MalformedError: The local header is missing or says something else.
    """
    fields = _take(_LOCAL, _LOCAL_SIGN, data, entry.offset)
    needed, flags, method, time, date, crc, packed, unpacked, name_length, extra_length = fields
    name_at = entry.offset + _LOCAL.size
    name = data[name_at : name_at + name_length]
    sums = (crc, packed, unpacked)
    stated = {entry.sums, (0, 0, 0)} if flags & _SUMS_LATER else {entry.sums}
    same = (entry.flags, entry.method, entry.stamp, entry.name)
    if (flags, method, (time, date), name) != same or sums not in stated or needed > _VERSION:
        raise MalformedError("a file of the ZIP has two headers that contradict each other")
    start = name_at + name_length + extra_length
    _check_extras(data[name_at + name_length : start])
    return start


def _check_extras(extra: bytes) -> None:
    while extra:
        if len(extra) < _EXTRA.size:
            raise MalformedError("an extra field of the ZIP is cut off")
        kind, length = _EXTRA.unpack(extra[: _EXTRA.size])
        if kind not in _HARMLESS_EXTRAS or len(extra) < _EXTRA.size + length:
            raise MalformedError(f"the ZIP has an extra field {kind:#06x}, which ours never have")
        extra = extra[_EXTRA.size + length :]


def _unpack(data: bytes, entry: _Entry) -> bytes:
    crc, packed, unpacked = entry.sums
    start = _content_at(data, entry)
    content = data[start : start + packed]
    if entry.method == _DEFLATED:
        content = _inflate(content, unpacked)
    if len(content) != unpacked or zlib.crc32(content) != crc:
        raise MalformedError(f"{entry.name.decode('ascii')} is not what the ZIP's headers say")
    return content


def _inflate(packed: bytes, unpacked: int) -> bytes:
    """The content of a deflated file; no more than one byte beyond its stated size is unpacked.

    Raises:
        MalformedError: It does not unpack, or not to this size.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = stream.decompress(packed, unpacked + 1)
    except zlib.error as exc:
        raise MalformedError("a file of the ZIP does not unpack") from exc
    if not stream.eof or stream.unused_data:
        raise MalformedError("a file of the ZIP is longer or shorter than its headers say")
    return content


def _take(form: struct.Struct, sign: bytes, data: bytes, place: int) -> tuple[int, ...]:
    """The fields of a header after its signature.

    Raises:
        MalformedError: There is none.
    """
    raw = data[place : place + form.size]
    if len(raw) < form.size or not raw.startswith(sign):
        raise MalformedError("the ZIP has no header where there should be one")
    return form.unpack(raw)[1:]
