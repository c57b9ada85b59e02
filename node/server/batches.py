r"""Reads what clients submit: one signed event, or lines of events and of documents they name.

```text
<signed event, canonical>                    application/json
<signed event, canonical>\n ...               application/x-ndjson
{"document":"<base64url of its bytes>"}\n    a document that a later event of the request names
```

Spec: our formats, section 2; docs/adr/0024-node-answers.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.canonical import decode_canonical
from ledger.core.event import SignedEvent, decode_signed_event
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.members import take_members, take_text
from ledger.core.text import parse_base64url
from ledger.errors import InputError, LimitError, MalformedError
from ledger.sequencer import Submission
from node.maintenance import name_documents

MAX_DOCUMENT_BYTES: Final = MAX_BUNDLE_BYTES
_DOCUMENT: Final = b'{"document":'


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event of a request.

    Args:
        number: Of its line, from 1.
        submission: With the documents that came before it and that it names; None: it does not
            parse.
        error: Why it does not.
    """

    number: int
    submission: Submission | None
    error: InputError | None = None


def read_event(data: bytes) -> EventLine:
    """A body that is one signed event.

    Raises:
        MalformedError: It does not parse.
        LimitError: It is larger than an event may be.
    """
    return EventLine(1, Submission(decode_signed_event(data)))


def read_lines(data: bytes, max_events: int) -> list[EventLine]:
    """A body of lines; an event that does not parse is in its place, with its error.

    Args:
        data: From outside; its size is bounded by the caller.
        max_events: Of the request.

    Raises:
        MalformedError: There is no event, or a document does not parse or is named by no event.
        LimitError: Too many lines, or a document is too large.
    """
    text = data.removesuffix(b"\n")
    lines = text.split(b"\n", 2 * max_events) if text else []
    if len(lines) > 2 * max_events:
        raise LimitError(f"a request has at most {max_events} events and as many documents")
    documents: dict[str, bytes] = {}
    unnamed: dict[str, int] = {}
    found: list[EventLine] = []
    for number, line in enumerate(lines, 1):
        if line.startswith(_DOCUMENT):
            document = _read_document(line, number)
            digest = sha256(document).hexdigest()
            documents[digest], unnamed[digest] = document, number
            continue
        found.append(_read_event_line(line, number, documents))
        for digest in _names(found[-1:]):
            unnamed.pop(digest, None)
    _check_whole(found, unnamed, max_events)
    return found


def find_missing(line: EventLine) -> Iterator[str]:
    """Digests of documents that an event obliges the node to keep and that did not come with it."""
    if line.submission is not None:
        given = line.submission.documents
        yield from (each for each in _names([line]) if each not in given)


def _check_whole(found: Sequence[EventLine], unnamed: dict[str, int], max_events: int) -> None:
    if not found:
        raise MalformedError("the request holds no event")
    if len(found) > max_events:
        raise LimitError(f"a request has at most {max_events} events, this one {len(found)}")
    if unnamed:
        lines = ", ".join(map(str, sorted(unnamed.values())[:5]))
        raise MalformedError(f"no later event names the document in line {lines}: leave it out")


def _read_event_line(line: bytes, number: int, documents: dict[str, bytes]) -> EventLine:
    try:
        signed = decode_signed_event(line)
    except InputError as exc:
        return EventLine(number, None, exc)
    named = {one: documents[one] for one in _documents_of(signed) if one in documents}
    return EventLine(number, Submission(signed, named))


def _read_document(line: bytes, number: int) -> bytes:
    """The bytes of a document line.

    Raises:
        MalformedError: Not such a line.
        LimitError: Too large.
    """
    try:
        value = decode_canonical(line, max_bytes=len(_DOCUMENT) + 4 * MAX_DOCUMENT_BYTES // 3 + 8)
        members = take_members(value, {"document"}, "a document's line")
        document = parse_base64url(take_text(members["document"]))
    except MalformedError as exc:
        raise MalformedError(f"line {number}: {exc}") from exc
    if len(document) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"line {number}: a document has at most {MAX_DOCUMENT_BYTES} bytes")
    return document


def _names(lines: Sequence[EventLine]) -> Iterator[str]:
    for line in lines:
        if line.submission is not None:
            yield from _documents_of(line.submission.signed)


def _documents_of(signed: SignedEvent) -> Iterator[str]:
    yield from name_documents(signed.event)
