"""What a log asks a witness: cosign this checkpoint, which extends the one that you know.

```text
old <size, decimal>
<hash of the consistency proof, base64>   <- 0 to 63
                                          <- the first blank line
<the checkpoint's note, verbatim>
```

The answer is signature lines; `merge_cosignatures` puts those of known witnesses under the note.

Spec: c2sp.org/tlog-witness, "add-checkpoint".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.checkpoint import SignedCheckpoint, parse_signed_checkpoint
from ledger.core.cosignature import decode_cosignature, verify_cosignature
from ledger.core.limits import MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES, MAX_TREE_LEVELS
from ledger.core.note import (
    SignatureLine,
    SignedNote,
    VerifierKey,
    format_note,
    parse_note,
)
from ledger.core.text import DIGEST_BYTES, format_base64, parse_base64, parse_decimal
from ledger.core.types import Digest, TreeSize
from ledger.errors import LimitError, MalformedError, SignatureError

MAX_ADD_CHECKPOINT_BYTES: Final = MAX_NOTE_BYTES + 4096
"""A note of the largest size, the old size and 63 hashes."""
MAX_SIZE_ANSWER_BYTES: Final = 20
"""The decimal of a size below 2**63 and a newline."""
SIZE_CONTENT_TYPE: Final = "text/x.tlog.size"

_OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request as read; nothing is verified.

    Args:
        old_size: The size that the witness is said to have cosigned last; 0 if none.
        path: Consistency proof from there, at most 63 hashes.
        offered: The note with the checkpoint.
    """

    old_size: TreeSize
    path: tuple[Digest, ...]
    offered: SignedCheckpoint


def hash_origin(origin: str) -> str:
    """Lower-case hex SHA-256 of an origin: names a log in the path of a witness's answers."""
    return sha256(origin.encode()).hexdigest()


def format_add_checkpoint(old_size: int, path: Sequence[Digest], note: bytes) -> bytes:
    """Bytes of a request.

    Args:
        old_size: 0 <= old_size < 2**63.
        path: At most 63 hashes of 32 bytes.
        note: Of the checkpoint.

    Raises:
        MalformedError: A size out of range, a hash of another length, or not a checkpoint's note.
        LimitError: Too many hashes or bytes.
    """
    head = [f"{_OLD}{old_size}", *map(format_base64, path), "", ""]
    data = "\n".join(head).encode("ascii") + note
    parse_add_checkpoint(data)
    return data


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """Read a request; accepts exactly what format_add_checkpoint writes. Nothing is verified.

    Args:
        data: From outside, at most MAX_ADD_CHECKPOINT_BYTES.

    Raises:
        MalformedError: Another form.
        LimitError: Too many hashes, bytes or signature lines.
    """
    if len(data) > MAX_ADD_CHECKPOINT_BYTES:
        raise LimitError(f"a request of {len(data)} bytes, more than {MAX_ADD_CHECKPOINT_BYTES}")
    head, blank_line, note = data.partition(b"\n\n")
    if not blank_line:
        raise MalformedError("a request without the blank line before its checkpoint")
    try:
        old, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError as exc:
        raise MalformedError("a request that does not begin in ASCII") from exc
    if not old.startswith(_OLD):
        raise MalformedError(f"the first line is not `old` and a size: {old[:80]!r}")
    if len(hashes) > MAX_TREE_LEVELS:
        raise LimitError(f"a proof of {len(hashes)} hashes, more than {MAX_TREE_LEVELS}")
    old_size = TreeSize(parse_decimal(old.removeprefix(_OLD)))
    return AddCheckpoint(old_size, tuple(map(_parse_hash, hashes)), parse_signed_checkpoint(note))


def format_size_answer(size: int) -> bytes:
    """Body of a 409: the size of the newest checkpoint that the witness cosigned."""
    return b"%d\n" % size


def parse_size_answer(data: bytes) -> TreeSize:
    """Read the body of a 409; the exact inverse of format_size_answer.

    Raises:
        MalformedError: Not a decimal below 2**63 and a newline.
    """
    if len(data) > MAX_SIZE_ANSWER_BYTES or not data.endswith(b"\n"):
        raise MalformedError("a witness that answers 409 states a size and a newline")
    return TreeSize(parse_decimal(data[:-1].decode("ascii", "replace")))


def parse_cosignature_lines(answer: bytes, text: str, key: VerifierKey) -> SignatureLine:
    """The newest line of one witness in its answer.

    Args:
        answer: Signature lines, from outside; lines of other keys are ignored.
        text: Text of the checkpoint that it was asked to cosign.
        key: The witness's, of type 0x04 or 0x06.

    Raises:
        MalformedError: Not signature lines.
        LimitError: Too many bytes or lines.
        SignatureError: No line of this key, or one that does not verify.
    """
    if len(answer) > MAX_NOTE_BYTES:
        raise LimitError(f"an answer of {len(answer)} bytes, more than {MAX_NOTE_BYTES}")
    note = parse_note(text.encode() + b"\n" + answer)
    if note.text != text:
        raise MalformedError("an answer of more than signature lines")
    lines = [one for one in note.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    if not lines:
        raise SignatureError(f"the answer has no signature of {key.name}+{key.key_id.hex()}")
    for line in dict.fromkeys(lines):
        verify_cosignature(key, text, line)
    return max(lines, key=lambda one: decode_cosignature(one.signature, key.algorithm).timestamp)


def merge_cosignatures(note: bytes, lines: Iterable[SignatureLine]) -> bytes:
    """A note with these lines under it too, each instead of an older one of the same key.

    Args:
        note: With the signature of its log.
        lines: Verified. Those for which a note has no room are left out.

    Raises:
        MalformedError: Not a note.
        LimitError: Not a note, or too many bytes.
    """
    signed = parse_note(note)
    merged = {(one.name, one.key_id): one for one in signed.signatures}
    for line in lines:
        key = (line.name, line.key_id)
        if key in merged or len(merged) < MAX_NOTE_SIGNATURES:
            merged[key] = line
    return format_note(SignedNote(signed.text, tuple(merged.values())))


def _parse_hash(line: str) -> Digest:
    digest = parse_base64(line)
    if len(digest) != DIGEST_BYTES:
        raise MalformedError(f"a proof with a hash of {len(digest)} bytes, not {DIGEST_BYTES}")
    return Digest(digest)
