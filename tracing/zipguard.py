"""A ZIP from a stranger, looked at whole before anything parses what is in it.

Refused: what two programs could read in two ways (members that overlap, bytes before the first or
after the directory, headers that contradict each other, zip64, encryption), too many members, and
members that unpack to more than they declare, than the limit, or than is plausible. Sizes are
counted while unpacking, since what a header declares is the attacker's own word.

Spec: PKWARE APPNOTE 6.3, sections 4.3 and 4.4; RFC 1951.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from ledger.errors import LimitError, MalformedError
from ledger.files import open_regular
from tracing.source import TableLimits

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_END: Final = struct.Struct("<4s4H2IH")
_CHUNK_BYTES: Final = 256 * 1024
_PLAUSIBLE_BYTES: Final = 1024**2
"""Members up to this size may be packed as well as they like."""
_MAX_DIRECTORY_BYTES: Final = 4 * 1024**2
_ALLOWED_FLAGS: Final = 0x080E
"""How hard deflate tried, sums after the content, names in UTF-8."""
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
"""What zipfile raises; a RuntimeError for encryption, and for a version that it does not know."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A ZIP that was looked at.

    Args:
        path: Of the file.
        members: By name.
    """

    path: Path
    members: dict[str, zipfile.ZipInfo]

    def read(self, name: str) -> Iterator[bytes]:
        """A member, unpacked in pieces; never more than it declares.

        Raises:
            MalformedError: There is no such member, or it does not unpack to what it declares.
        """
        member = self.members.get(name)
        if member is None:
            raise MalformedError(f"{self.path} has no part {name[:200]}")
        try:
            yield from _unpack(self.path, member)
        except _BROKEN as exc:
            raise MalformedError(f"{self.path}: {name} does not unpack: {exc}") from exc


def _unpack(path: Path, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with open_regular(path) as file, zipfile.ZipFile(file) as archive, archive.open(member) as part:
        while piece := part.read(_CHUNK_BYTES):
            yield piece


def open_archive(path: Path, limits: TableLimits) -> Archive:
    """Look at a ZIP: its directory, every header, and how much every member really unpacks to.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is no ZIP, or one that could be read in two ways, or is damaged.
        LimitError: It has too many members, or they unpack to too much.

    Cost: unpacks every member once.
    """
    members = _read_directory(path, limits)
    _check_headers(path, members)
    archive = Archive(path, {member.filename: member for member in members})
    if len(archive.members) < len(members):
        raise MalformedError(f"{path} has a part twice")
    for member in members:
        _count(archive, member)
    return archive


def _read_directory(path: Path, limits: TableLimits) -> list[zipfile.ZipInfo]:
    """The members that the directory names.

    Raises:
        MalformedError: There is no directory at the end, or not only one.
        LimitError: It names too many, or declares too much.
    """
    _check_end(path, limits)
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except _BROKEN as exc:
        raise MalformedError(f"{path} is a damaged ZIP: {exc}") from exc
    if sum(member.file_size for member in members) > limits.max_unpacked:
        raise LimitError(f"{path} unpacks to more than {limits.max_unpacked:,} bytes")
    for member in members:
        if member.flag_bits & ~_ALLOWED_FLAGS or member.compress_type not in _METHODS:
            raise MalformedError(f"{path}: {member.filename[:200]} is encrypted or oddly packed")
        most = max(_PLAUSIBLE_BYTES, member.compress_size * limits.max_ratio)
        if member.file_size > most:
            raise LimitError(
                f"{path}: {member.filename[:200]} unpacks to {member.file_size:,} bytes, more than "
                f"{limits.max_ratio} times its size"
            )
    return members


def _check_end(path: Path, limits: TableLimits) -> None:
    """Make sure that the file ends with its one directory.

    Raises:
        MalformedError: It does not.
        LimitError: The directory names too many members.
    """
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END.size))
        end = file.read()
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06"):
        raise MalformedError(f"{path} does not end with the directory of a ZIP: it is cut off")
    _, disk, first, here, count, length, start, comment = _END.unpack(end)
    if count > limits.max_members:
        raise LimitError(f"{path} has {count:,} parts, more than {limits.max_members:,}")
    if disk or first or here != count or comment or start + length != size - _END.size:
        raise MalformedError(f"{path}: the directory of the ZIP is not where its end says")
    if length > _MAX_DIRECTORY_BYTES:
        raise LimitError(f"{path}: the directory of the ZIP has {length:,} bytes")


def _check_headers(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    """Make sure that members lie one after another, and are headed as the directory says.

    Raises:
        MalformedError: They overlap, leave a gap at the start, or are named otherwise.
    """
    with open_regular(path) as file:
        file.seek(-_END.size, 2)
        *_, stop, _comment = _END.unpack(file.read())
        in_order = sorted(members, key=_offset)
        starts = [*map(_offset, in_order), stop]
        if starts[0] != 0:
            raise MalformedError(f"{path} begins with bytes that belong to no part")
        for member, (start, following) in zip(in_order, pairwise(starts), strict=True):
            file.seek(start)
            header = file.read(_LOCAL.size)
            if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
                raise MalformedError(f"{path}: a part of the ZIP has no header")
            _, _, flags, method, *_, named, extra = _LOCAL.unpack(header)
            name = file.read(named).decode("utf-8" if flags & 0x800 else "cp437", "replace")
            end = start + _LOCAL.size + named + extra + member.compress_size
            said = (flags, method, name) == (
                member.flag_bits, member.compress_type, member.orig_filename,
            )  # fmt: skip
            if not said or end > following:
                raise MalformedError(f"{path}: parts of the ZIP overlap or contradict themselves")


def _offset(member: zipfile.ZipInfo) -> int:
    return member.header_offset


def _count(archive: Archive, member: zipfile.ZipInfo) -> None:
    """Unpack a member to see that it is as large as it declares.

    Raises:
        MalformedError: It is larger or smaller, or damaged.
    """
    unpacked = sum(map(len, archive.read(member.filename)))
    if unpacked != member.file_size:
        raise MalformedError(
            f"{archive.path}: {member.filename[:200]} unpacks to {unpacked:,} bytes and declares "
            f"{member.file_size:,}"
        )
