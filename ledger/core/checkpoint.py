"""Checkpoints: how large a log is and what its root is, as the text of a signed note.

```text
<origin>
<size, decimal>
<root, base64>
<extension lines, if any>
```

Spec: c2sp.org/tlog-checkpoint; our formats section 4 for the origins of our own ledgers.
"""

import re
from dataclasses import dataclass
from typing import Final

from ledger.core.limits import MAX_NOTE_BYTES, MAX_ORIGIN_BYTES
from ledger.core.note import SignedNote, is_note_text, parse_note
from ledger.core.text import DIGEST_BYTES, format_base64, parse_base64, parse_decimal
from ledger.core.types import Digest, TreeSize
from ledger.errors import LimitError, MalformedError

_ORIGIN: Final = re.compile(r"[a-z0-9.-]+(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree head that a log states.

    Args:
        origin: Which log; any non-empty line.
        size: Number of leaves.
        root: RFC 6962 root of these leaves.
        extensions: Further non-empty lines, opaque; ML-DSA-44 signatures do not cover them.
    """

    origin: str
    size: TreeSize
    root: Digest
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with its signature lines, as read; nothing is verified.

    Args:
        note: The note; format_note gives the bytes that were read.
        body: Its text, read.
    """

    note: SignedNote
    body: Checkpoint


def check_origin(text: str) -> None:
    """Refuse what may not be the origin of a ledger of ours; foreign logs may have others.

    Raises:
        MalformedError: Not `[a-z0-9.-]+(/[A-Za-z0-9._~-]+)*`.
        LimitError: More than 128 bytes.
    """
    if len(text) > MAX_ORIGIN_BYTES:
        raise LimitError(f"an origin of more than {MAX_ORIGIN_BYTES} bytes: {text[:80]!r}")
    if not _ORIGIN.fullmatch(text):
        raise MalformedError(f"not an origin such as example.org/ledger: {text!r}")


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Text of a checkpoint, ended by a newline.

    Raises:
        MalformedError: A line that is empty or that no note may hold, a size outside
            0 <= size < 2**63, or a root of other than 32 bytes.
        LimitError: Too long for a note.
    """
    lines = [
        checkpoint.origin,
        str(checkpoint.size),
        format_base64(checkpoint.root),
        *checkpoint.extensions,
    ]
    parse_decimal(lines[1])
    if len(checkpoint.root) != DIGEST_BYTES or not all(map(_is_line, lines)):
        raise MalformedError(f"not a checkpoint: {checkpoint!r:.80}")
    text = "\n".join([*lines, ""])
    _check_size(text)
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint; the exact inverse of format_checkpoint.

    Args:
        text: Text of a note, ended by a newline; at most 65,536 characters.

    Raises:
        MalformedError: Anything that format_checkpoint would not have written.
        LimitError: Too long for a note.
    """
    _check_size(text)
    *lines, end = text.split("\n")
    if len(lines) < 3 or end or not all(map(_is_line, lines)):
        raise MalformedError("a checkpoint is not three or more lines, each ended by a newline")
    root = parse_base64(lines[2])
    if len(root) != DIGEST_BYTES:
        raise MalformedError(f"a root of {len(root)} bytes, not {DIGEST_BYTES}")
    return Checkpoint(lines[0], TreeSize(parse_decimal(lines[1])), Digest(root), tuple(lines[3:]))


def parse_signed_checkpoint(data: bytes) -> SignedCheckpoint:
    """Read a note that holds a checkpoint. Nothing is verified.

    Args:
        data: From outside, at most 64 KiB with at most 64 signature lines.

    Raises:
        MalformedError: Not a note, or not of a checkpoint.
        LimitError: Too many bytes or lines.
    """
    note = parse_note(data)
    return SignedCheckpoint(note, parse_checkpoint(note.text))


def _is_line(text: str) -> bool:
    return text != "" and "\n" not in text and is_note_text(text)


def _check_size(text: str) -> None:
    if len(text) > MAX_NOTE_BYTES:
        raise LimitError(f"a checkpoint of {len(text)} characters, more than {MAX_NOTE_BYTES}")
