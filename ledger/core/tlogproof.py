"""Inclusion proofs as files: where a leaf is, its path to the root, and the signed checkpoint.

```text
c2sp.org/tlog-proof@v1
extra <base64>                       <- if any; nobody vouches for it
index <decimal>
<hash, base64>                       <- from the leaf's sibling upwards
                                     <- the first blank line
<the checkpoint's note, verbatim>
```

Spec: c2sp.org/tlog-proof; our formats section 4 (ours carry no `extra`).
"""

from dataclasses import dataclass
from typing import Final

from ledger.core.limits import MAX_NOTE_BYTES, MAX_TREE_LEVELS
from ledger.core.text import DIGEST_BYTES, format_base64, parse_base64, parse_decimal
from ledger.core.types import Digest, LeafIndex
from ledger.errors import LimitError, MalformedError

MAX_TLOG_PROOF_BYTES: Final = 2 * MAX_NOTE_BYTES
"""A note of the largest size, a path of the largest length, and some 60 KiB of `extra`."""

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_EXTRA: Final = "extra "
_INDEX: Final = "index "


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof as read; nothing is verified.

    Args:
        index: Claimed position of the leaf.
        path: At most 63 siblings, from the leaf's upwards.
        checkpoint: Bytes of the checkpoint's note, not read yet.
        extra: Data of the application that no signature covers, not empty; or None.
    """

    index: LeafIndex
    path: tuple[Digest, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_tlog_proof(proof: TlogProof) -> bytes:
    """Bytes of a `.tlog-proof` file.

    Raises:
        MalformedError: An index outside 0 <= index < 2**63, a hash of other than 32 bytes, or an
            empty checkpoint or extra.
        LimitError: Too long a path or too many bytes.
    """
    index = str(proof.index)
    parse_decimal(index)
    if any(len(digest) != DIGEST_BYTES for digest in proof.path):
        raise MalformedError(f"a path with a hash of other than {DIGEST_BYTES} bytes")
    _check_parts(proof)
    extra = [] if proof.extra is None else [_EXTRA + format_base64(proof.extra)]
    lines = [_HEADER, *extra, _INDEX + index, *map(format_base64, proof.path), "", ""]
    data = "\n".join(lines).encode("ascii") + proof.checkpoint
    _check_size(len(data))
    return data


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Read a `.tlog-proof` file; the exact inverse of format_tlog_proof. Nothing is verified.

    Args:
        data: From outside, at most MAX_TLOG_PROOF_BYTES.

    Raises:
        MalformedError: Anything that format_tlog_proof would not have written.
        LimitError: Too long a path or too many bytes.
    """
    _check_size(len(data))
    head, _, checkpoint = data.partition(b"\n\n")
    try:
        header, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as exc:
        raise MalformedError("not a tlog-proof: its head is not ASCII") from exc
    if header != _HEADER:
        raise MalformedError(f"not a tlog-proof: the first line is not {_HEADER}")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = parse_base64(lines.pop(0).removeprefix(_EXTRA))
    if not lines or not lines[0].startswith(_INDEX):
        raise MalformedError("a tlog-proof without its index line")
    index = parse_decimal(lines[0].removeprefix(_INDEX))
    path = tuple(map(_parse_hash, lines[1:]))
    proof = TlogProof(LeafIndex(index), path, checkpoint, extra)
    _check_parts(proof)
    return proof


def _parse_hash(line: str) -> Digest:
    digest = parse_base64(line)
    if len(digest) != DIGEST_BYTES:
        raise MalformedError(f"a path with a hash of {len(digest)} bytes, not {DIGEST_BYTES}")
    return Digest(digest)


def _check_parts(proof: TlogProof) -> None:
    if proof.extra == b"" or not proof.checkpoint:
        raise MalformedError("a tlog-proof with an empty checkpoint or extra line")
    if len(proof.path) > MAX_TREE_LEVELS:
        raise LimitError(f"a path of {len(proof.path)} hashes, more than {MAX_TREE_LEVELS}")
    if len(proof.checkpoint) > MAX_NOTE_BYTES:
        raise LimitError(
            f"a checkpoint of {len(proof.checkpoint)} bytes, more than {MAX_NOTE_BYTES}"
        )


def _check_size(size: int) -> None:
    if size > MAX_TLOG_PROOF_BYTES:
        raise LimitError(f"a tlog-proof of {size} bytes, more than {MAX_TLOG_PROOF_BYTES}")
