"""Fork evidence: two notes by which a log's key signed two histories (muniment/fork/v1).

```text
{"format":"muniment/fork/v1","first":b64url note,"second":b64url note,"prefix":null}
                                                     "prefix":{"root":hex,"path":[b64]}
```

Of one size, two different roots need nothing more. Of two sizes, `prefix` shows what the larger
tree begins with: `root` is the root of its first leaves, as many as the smaller one has, and `path`
the consistency proof (RFC 9162 section 2.1.4) that binds it to the root of the larger. A smaller
note with another root is then of another history, whoever looks, without asking anybody. Notes stay
as they were received, with all their cosignatures.

Spec: docs/adr/0025.
"""

import json
from dataclasses import dataclass
from typing import Final

from ledger.core.canonical import decode_bundle
from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.limits import MAX_BUNDLE_BYTES, MAX_TREE_LEVELS
from ledger.core.members import take_format, take_members, take_text
from ledger.core.merkle import NodeReader, prove_consistency, read_root, verify_consistency
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import Policy
from ledger.core.text import (
    DIGEST_BYTES,
    format_base64,
    format_base64url,
    parse_base64,
    parse_base64url,
    parse_digest,
)
from ledger.core.types import Digest, Json, JsonObject
from ledger.errors import BundleError, LimitError, MalformedError, OriginError, VerificationError

FORK: Final = "muniment/fork/v1"


@dataclass(frozen=True, slots=True)
class Prefix:
    """What the first leaves of the larger tree are.

    Args:
        root: Of as many leaves as the smaller note has.
        path: Consistency proof from there to the larger note's root.
    """

    root: Digest
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """Two notes of one log that contradict each other; nothing is verified.

    Args:
        first: The note of the smaller size, as received.
        second: The note of the larger size, or of the same one.
        prefix: Of the larger tree; None if the sizes are the same.
    """

    first: bytes
    second: bytes
    prefix: Prefix | None = None


def open_log_note(policy: Policy, data: bytes) -> VerifiedCheckpoint:
    """The checkpoint, once a log of the policy has signed it; cosignatures are not looked at.

    Args:
        policy: Of whoever verifies; its witnesses and quorum are left aside.
        data: From outside: a note of at most 64 KiB with at most 64 signature lines.

    Raises:
        MalformedError: Not a checkpoint.
        LimitError: Too many bytes or lines.
        OriginError: It is of a log that the policy does not name.
        SignatureError: No log of the policy has signed it.
    """
    body = parse_signed_checkpoint(data).body
    origins = {log.key.name for log in policy.logs}
    if body.origin not in origins:
        raise OriginError(
            f"this is of the log {body.origin[:160]}, and the policy trusts "
            f"{' and '.join(sorted(origins)) or 'no log'}"
        )
    return open_checkpoint(Policy(policy.logs), data)


def find_fork(
    trusted: tuple[bytes, Checkpoint], offered: tuple[bytes, Checkpoint], nodes: NodeReader
) -> Fork | None:
    """Evidence that two notes contradict each other, if that can be shown.

    Args:
        trusted: A note and what it says; the log's signature is verified.
        offered: Another one of the same log.
        nodes: Of the larger tree, from anybody: what it gives is held against the signed root.

    Returns:
        The evidence. None: the smaller tree is where the larger begins.

    Raises:
        VerificationError: The nodes are not those of the larger tree.
        NotFoundError: Nobody has them.
    """
    (first, old), (second, new) = sorted((trusted, offered), key=lambda each: each[1].size)
    if old.size == new.size:
        return None if old.root == new.root else Fork(first, second)
    path = prove_consistency(nodes, old.size, new.size)
    found = old.root if old.size == 0 else read_root(nodes, old.size)
    verify_consistency(
        old_size=old.size, new_size=new.size, old_root=found, new_root=new.root, path=path
    )
    return None if found == old.root else Fork(first, second, Prefix(found, path))


def verify_fork(fork: Fork, policy: Policy) -> tuple[VerifiedCheckpoint, VerifiedCheckpoint]:
    """Check that one log of the policy has signed two histories.

    Args:
        fork: As read.
        policy: Of whoever verifies; only its logs are looked at.

    Returns:
        Both checkpoints, the smaller one first.

    Raises:
        BundleError: The two notes do not contradict each other, or not of one log.
        VerificationError: A signature or the proof of the prefix does not hold.
        InputError: A note is malformed.
    """
    first, second = (open_log_note(policy, note) for note in (fork.first, fork.second))
    old, new = first.body, second.body
    if old.origin != new.origin:
        raise BundleError(f"two logs, {old.origin} and {new.origin}: that is no fork")
    if not 1 <= old.size <= new.size:
        raise BundleError(f"the first note is of {old.size} leaves, the second of {new.size}")
    if old.size == new.size:
        _verify_one_size(fork, old, new)
    else:
        _verify_two_sizes(fork.prefix, old, new)
    return first, second


def parse_fork(value: Json) -> Fork:
    """Read fork evidence.

    Raises:
        MalformedError: Not such a document.
        LimitError: A path longer than any.
    """
    members = take_format(value, {"first", "second", "prefix"}, FORK, "fork evidence")
    prefix = None if members["prefix"] is None else _parse_prefix(members["prefix"])
    first, second = (parse_base64url(take_text(members[name])) for name in ("first", "second"))
    return Fork(first, second, prefix)


def format_fork(fork: Fork) -> JsonObject:
    """The evidence as it stands in files."""
    prefix: Json = None
    if fork.prefix is not None:
        path: list[Json] = [format_base64(digest) for digest in fork.prefix.path]
        prefix = {"root": fork.prefix.root.hex(), "path": path}
    return {
        "format": FORK,
        "first": format_base64url(fork.first),
        "second": format_base64url(fork.second),
        "prefix": prefix,
    }


def encode_fork(fork: Fork) -> bytes:
    """Bytes of a `.fork.json` file."""
    return (json.dumps(format_fork(fork), indent=2) + "\n").encode()


def decode_fork(data: bytes) -> Fork:
    """Read a `.fork.json` file.

    Raises:
        MalformedError: Not such a file.
        LimitError: Too large.
    """
    return parse_fork(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES))


def _verify_one_size(fork: Fork, old: Checkpoint, new: Checkpoint) -> None:
    """Two roots of one size.

    Raises:
        BundleError: It is one root, or there is a prefix, which one size does not need.
    """
    if fork.prefix is not None:
        raise BundleError("two notes of one size need no prefix")
    if old.root == new.root:
        raise BundleError("both notes state one root for one size: that is no fork")


def _verify_two_sizes(prefix: Prefix | None, old: Checkpoint, new: Checkpoint) -> None:
    """A larger tree that does not begin with the smaller one.

    Raises:
        BundleError: It does, or nothing shows what it begins with.
        VerificationError: The prefix is not that of the larger tree.
    """
    if prefix is None:
        raise BundleError("two notes of different sizes contradict each other by a prefix only")
    if prefix.root == old.root:
        raise BundleError("the larger tree begins with the smaller one: that is no fork")
    try:
        verify_consistency(
            old_size=old.size,
            new_size=new.size,
            old_root=prefix.root,
            new_root=new.root,
            path=prefix.path,
        )
    except VerificationError as exc:
        raise BundleError(f"the prefix is not the larger tree's: {exc}") from exc


def _parse_prefix(value: Json) -> Prefix:
    members = take_members(value, {"root", "path"}, "a prefix")
    path = members["path"]
    if not isinstance(path, list):
        raise MalformedError("the path of a prefix is an array")
    if len(path) > 2 * MAX_TREE_LEVELS:
        raise LimitError(f"a path of {len(path)} hashes, more than {2 * MAX_TREE_LEVELS}")
    hashes = tuple(Digest(parse_base64(take_text(each))) for each in path)
    if any(len(digest) != DIGEST_BYTES for digest in hashes):
        raise MalformedError(f"a hash in a path has {DIGEST_BYTES} bytes")
    return Prefix(parse_digest(take_text(members["root"])), hashes)
