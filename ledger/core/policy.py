"""Trust policies: which logs to believe, and how many witnesses must have cosigned.

```text
log <vkey> [<url>]
witness <name> <vkey> [<url>]
group <name> all|any|<k> <name>...
quorum <name>|none
```

Names and URLs are opaque octets, as bytes. A name refers to an earlier line. This is the whole
configuration of a verifier: what is not signed as the policy says is not believed
(`ledger.core.opening`).

Spec: c2sp.org/tlog-policy; our formats section 4.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ledger.core.cosignature import is_mldsa44_supported
from ledger.core.limits import MAX_POLICY_BYTES
from ledger.core.note import Algorithm, VerifierKey, format_vkey, parse_vkey
from ledger.core.text import parse_decimal
from ledger.errors import InputError, LimitError, MalformedError

NO_QUORUM: Final = b"none"
MAX_OF_EACH: Final = 256
"""Most logs, most witnesses and most groups of one policy."""

_FORBIDDEN_OCTET: Final = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_BLANKS: Final = re.compile(rb"[ \t]+")
_LOG_TYPES: Final = (Algorithm.ED25519, Algorithm.COSIGNATURE_MLDSA44)
_WITNESS_TYPES: Final = (Algorithm.COSIGNATURE_ED25519, Algorithm.COSIGNATURE_MLDSA44)


@dataclass(frozen=True, slots=True)
class Log:
    """A log to believe.

    Args:
        key: Named after the origin of the log.
        url: Where it may be found; octets, or None.
    """

    key: VerifierKey
    url: bytes | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A cosigner that may count towards the quorum.

    Args:
        name: What groups and the quorum call it; octets.
        key: Its own name may be another.
        url: Where it may be found; octets, or None.
    """

    name: bytes
    key: VerifierKey
    url: bytes | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A name that counts as a cosigner once enough of its members do.

    Args:
        name: Octets.
        threshold: 1 <= threshold <= number of members.
        members: Names of witnesses and of earlier groups, at least one.
    """

    name: bytes
    threshold: int
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to believe; consistent if parse_policy made it.

    Args:
        logs: A checkpoint must be signed by one of them.
        witnesses: Whose cosignatures count.
        groups: Each after the groups that are its members.
        quorum: Name of the witness or group that must have cosigned, or NO_QUORUM.
    """

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: bytes = NO_QUORUM


def has_quorum(policy: Policy, cosigners: Collection[bytes]) -> bool:
    """Whether these witnesses are enough.

    Args:
        policy: Consistent.
        cosigners: Names of witnesses, as in the policy.
    """
    if policy.quorum == NO_QUORUM:
        return True
    present = {witness.name for witness in policy.witnesses}.intersection(cosigners)
    for group in policy.groups:
        if len(present.intersection(group.members)) >= group.threshold:
            present.add(group.name)
    return policy.quorum in present


def parse_policy(data: bytes) -> Policy:
    """Read a policy file.

    Every line ends with a newline, the last one too: of a file cut off within a line, what is left
    of a name could be another name.

    Args:
        data: Written by whoever verifies, at most 256 KiB.

    Raises:
        MalformedError: Not such a file; a name that is undefined, defined twice, or a member twice;
            a key that is used twice, or whose type cannot be verified in its role; not exactly one
            quorum line.
        LimitError: Too many bytes, logs, witnesses or groups.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise LimitError(f"a policy of {len(data)} bytes, more than {MAX_POLICY_BYTES}")
    *lines, rest = data.split(b"\n")
    if rest:
        raise MalformedError("the last line of the policy is not ended by a newline")
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        try:
            reader.read_line(line)
        except LimitError:
            raise
        except InputError as exc:
            raise MalformedError(f"line {number} of the policy: {exc}") from exc
    return reader.finish()


def format_policy(policy: Policy) -> bytes:
    """Bytes of a policy file: logs, witnesses, groups, quorum.

    Raises:
        MalformedError: The policy is not one that parse_policy would give.
        LimitError: Too many bytes, logs, witnesses or groups.
    """
    lines = [_join(b"log", _encode_key(log.key), log.url) for log in policy.logs]
    lines += [
        _join(b"witness", witness.name, _encode_key(witness.key), witness.url)
        for witness in policy.witnesses
    ]
    lines += [
        _join(b"group", group.name, b"%d" % group.threshold, *group.members)
        for group in policy.groups
    ]
    data = b"".join([*lines, _join(b"quorum", policy.quorum)])
    if parse_policy(data) != policy:
        raise MalformedError("the policy would not read back as it was")
    return data


class _Reader:
    """What the lines read so far have defined."""

    def __init__(self) -> None:
        self._logs: list[Log] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorum: bytes | None = None
        self._names: set[bytes] = set()
        self._members: set[bytes] = set()
        self._keys: dict[tuple[str, bytes], str] = {}

    def read_line(self, line: bytes) -> None:
        """Take in one line without its newline.

        Raises:
            MalformedError: Not a line of a policy, or not here.
            LimitError: Too many of its kind.
        """
        if octet := _FORBIDDEN_OCTET.search(line):
            hint = "; save the file with LF line ends" if octet[0] == b"\r" else ""
            raise MalformedError(f"the control character 0x{octet[0].hex()}{hint}")
        stripped = line.strip(b" \t")
        if not stripped or stripped.startswith(b"#"):
            return
        match _BLANKS.split(stripped):
            case [b"log", vkey, *url] if len(url) <= 1:
                self._add_log(vkey, url)
            case [b"witness", name, vkey, *url] if len(url) <= 1:
                self._add_witness(name, vkey, url)
            case [b"group", name, threshold, *members] if members:
                self._add_group(name, threshold, members)
            case [b"quorum", name]:
                self._set_quorum(name)
            case _:
                raise MalformedError(f"not a log, witness, group or quorum line: {stripped[:80]!r}")

    def finish(self) -> Policy:
        """The policy, after the last line.

        Raises:
            MalformedError: There was no quorum line.
        """
        if self._quorum is None:
            raise MalformedError(
                "the policy has no quorum line; write `quorum none` to ask for no cosignature"
            )
        return Policy(tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum)

    def _add_log(self, vkey: bytes, url: list[bytes]) -> None:
        _check_count(self._logs, "logs")
        key = self._read_key(vkey, _LOG_TYPES, "log")
        self._logs.append(Log(key, *url))

    def _add_witness(self, name: bytes, vkey: bytes, url: list[bytes]) -> None:
        _check_count(self._witnesses, "witnesses")
        self._define(name)
        key = self._read_key(vkey, _WITNESS_TYPES, "witness")
        self._witnesses.append(Witness(name, key, *url))

    def _add_group(self, name: bytes, threshold: bytes, members: list[bytes]) -> None:
        _check_count(self._groups, "groups")
        for member in members:
            if member not in self._names:
                raise MalformedError(f"no earlier line defines {member!r}")
            if member in self._members:
                raise MalformedError(f"{member!r} is a member of a group already")
            self._members.add(member)
        self._define(name)
        needed = _read_threshold(threshold, len(members))
        self._groups.append(Group(name, needed, tuple(members)))

    def _set_quorum(self, name: bytes) -> None:
        if self._quorum is not None:
            raise MalformedError("a second quorum line")
        if name != NO_QUORUM and name not in self._names:
            raise MalformedError(f"no earlier line defines {name!r}")
        self._quorum = name

    def _define(self, name: bytes) -> None:
        if name == NO_QUORUM:
            raise MalformedError("the name none is reserved for the quorum")
        if name in self._names:
            raise MalformedError(f"{name!r} is defined already")
        self._names.add(name)

    def _read_key(self, vkey: bytes, types: Collection[Algorithm], role: str) -> VerifierKey:
        key = parse_vkey(vkey.decode("utf-8", "surrogateescape"))
        if key.algorithm not in types:
            raise MalformedError(f"a {role} does not sign with keys of type 0x{key.algorithm:02x}")
        if key.algorithm is Algorithm.COSIGNATURE_MLDSA44 and not is_mldsa44_supported():
            raise MalformedError("this installation cannot verify ML-DSA-44 keys")
        # One key, one role. Two keys of one name and one ID would make signature lines ambiguous.
        for owned in (("", key.public_key), (key.name, key.key_id)):
            if owner := self._keys.get(owned):
                raise MalformedError(
                    f"the key of this {role} is that of a {owner} above, or has its ID"
                )
            self._keys[owned] = role
        return key


def _read_threshold(text: bytes, members: int) -> int:
    words = {b"all": members, b"any": 1}
    needed = words.get(text) or parse_decimal(text.decode("ascii", "replace"))
    if not 1 <= needed <= members:
        raise MalformedError(f"{needed} of {members} members can never cosign, or always")
    return needed


def _check_count(have: Collection[object], what: str) -> None:
    if len(have) >= MAX_OF_EACH:
        raise LimitError(f"a policy of more than {MAX_OF_EACH} {what}")


def _encode_key(key: VerifierKey) -> bytes:
    return format_vkey(key).encode("utf-8", "surrogatepass")


def _join(*items: bytes | None) -> bytes:
    return b" ".join(item for item in items if item is not None) + b"\n"
