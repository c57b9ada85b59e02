"""XML of a workbook's parts, in a stream: no document type, no entities, no endless tags.

What a parser could be made to expand or to hold is refused from the bytes alone, before it sees
them; `<` stands in no attribute, so that the distance between two bounds every tag. Names are
compared without their prefix: the transitional and the strict form of a workbook differ in nothing
else that matters here.

Spec: ECMA-376 part 1; XML 1.0.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias
from xml.parsers import expat

from ledger.errors import LimitError, MalformedError
from tracing.source import TableLimits
from tracing.zipguard import Archive

Attributes: TypeAlias = Mapping[str, str]
Start: TypeAlias = Callable[[str, dict[str, str]], None]
End: TypeAlias = Callable[[str], None]
Text: TypeAlias = Callable[[str], None]

_MARKUP: Final = re.compile(rb"<(?:!(?!\[CDATA\[)|\?)")
"""Document types, entities, comments and instructions: nothing that a workbook needs."""
_TAIL_BYTES: Final = 9
"""Markup may begin in one piece and go on in the next."""
_HEAD: Final = re.compile(rb"(\xef\xbb\xbf)?(<\?xml[^<>]{1,500}\?>)?")


class LocalNames(dict[str, str]):
    """Names without their prefix, remembered."""

    def __missing__(self, name: str) -> str:
        local = self[name] = name.rpartition(":")[2]
        return local


def check_xml(archive: Archive, name: str, limits: TableLimits) -> None:
    """Look through a part for what must not reach a parser.

    Raises:
        MalformedError: It declares a document type or entities, has comments, or is not UTF-8.
        LimitError: A tag is too long.
    """
    tail, open_bytes, is_first = b"", 0, True
    for piece in archive.read(name):
        if b"\0" in piece:
            raise MalformedError(f"{archive.path}: {name} is not XML in UTF-8")
        seen = tail + (_HEAD.sub(b"", piece, count=1) if is_first else piece)
        if _MARKUP.search(_complete(seen)):
            raise MalformedError(
                f"{archive.path}: {name} has a document type, entities, comments or instructions, "
                "which no workbook needs"
            )
        lengths = list(map(len, piece.split(b"<")))
        lengths[0] += open_bytes
        if max(lengths) > limits.max_tag_bytes:
            raise LimitError(
                f"{archive.path}: {name} has more than {limits.max_tag_bytes:,} bytes in one tag "
                "or text"
            )
        tail, open_bytes, is_first = seen[-_TAIL_BYTES:], lengths[-1], False


def _complete(piece: bytes) -> bytes:
    """A piece without what may still become a section of text."""
    start = piece.rfind(b"<!", -_TAIL_BYTES)
    return piece if start < 0 or len(piece) - start >= _TAIL_BYTES else piece[:start]


def parse_part(archive: Archive, name: str, start: Start, end: End, text: Text) -> Iterator[None]:
    """Parse a part piece by piece; what was found is the handlers'.

    Args:
        archive: Looked at.
        name: Of the part, checked by check_xml.
        start: Called with the name, prefix included, and attributes of each element.
        end: Called with the name of each element that ends.
        text: Called with text; a text may come in several pieces.

    Yields:
        After each piece, so that the caller can take what was found.

    Raises:
        MalformedError: It is not XML.
    """
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        for piece in archive.read(name):
            parser.Parse(piece, False)  # noqa: FBT003  # positional in expat
            yield
        parser.Parse(b"", True)  # noqa: FBT003  # positional in expat
    except expat.ExpatError as exc:
        raise MalformedError(f"{archive.path}: {name} is not XML: {exc}") from exc
    yield


def read_elements(archive: Archive, name: str, limits: TableLimits) -> list[tuple[str, Attributes]]:
    """Every element of a small part, in order: its name without prefix, and its attributes.

    Raises:
        MalformedError: There is no such part, or it is not the XML that a workbook has.
        LimitError: It is too large.
    """
    size = archive.members[name].file_size if name in archive.members else 0
    if size > limits.max_line_bytes:
        raise LimitError(f"{archive.path}: {name} has {size:,} bytes")
    check_xml(archive, name, limits)
    found: list[tuple[str, Attributes]] = []
    names = LocalNames()

    def start(element: str, attributes: dict[str, str]) -> None:
        found.append((names[element], {names[key]: value for key, value in attributes.items()}))

    for _ in parse_part(archive, name, start, lambda _: None, lambda _: None):
        pass
    return found
