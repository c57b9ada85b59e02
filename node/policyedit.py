"""Changes a trust policy as a person would: line by line, everything else as it was written.

What comes out is read back by the one strict reader before anybody sees it.

Spec: c2sp.org/tlog-policy; our formats section 4.
"""

import re
from typing import Final

from ledger.core.note import VerifierKey, format_vkey
from ledger.core.policy import Policy, parse_policy
from ledger.core.text import parse_decimal
from ledger.errors import MalformedError, NotFoundError

ALL_WITNESSES: Final = b"witnesses"
"""Name of the group that a quorum of all, any or k of the witnesses is."""
_BLANKS: Final = re.compile(rb"[ \t]+")
_NAME: Final = re.compile(rb"[^\x00-\x20\x7f#][^\x00-\x20\x7f]*")


def add_witness(data: bytes, name: str, key: VerifierKey, url: str | None) -> bytes:
    """A policy file with one witness more; the quorum stays as it is.

    Args:
        data: Of the file.
        name: What groups and the quorum call it: no blank, no `#` in front.
        key: Of type 0x04 or 0x06.
        url: Its submission prefix: where checkpoints are posted to, without `/add-checkpoint`.

    Raises:
        MalformedError: What parse_policy refuses, or a name or URL with a blank in it.
        LimitError: Too many witnesses or bytes.
    """
    parse_policy(data)
    words = [_encode_word(name), format_vkey(key).encode()]
    words += [] if url is None else [_encode_word(url)]
    lines = data.split(b"\n")
    at = next((i for i, line in enumerate(lines) if _kind(line) in {b"group", b"quorum"}), 0)
    return _check([*lines[:at], b" ".join((b"witness", *words)), *lines[at:]])


def remove_witness(data: bytes, name: str) -> bytes:
    """A policy file without a witness; a quorum of all, any or k of them is of those who are left.

    Args:
        data: Of the file.
        name: What the policy calls it.

    Raises:
        NotFoundError: No witness is called so.
        MalformedError: What parse_policy refuses, or the quorum cannot do without it.
        LimitError: Too many bytes.
    """
    word, names = _encode_word(name), [one.name for one in parse_policy(data).witnesses]
    if word not in names:
        raise NotFoundError(f"the policy names no witness {name}: see 'muniment policy show'")
    lines = [
        _drop_member(line, word) if _defines_all(line) else line
        for line in data.split(b"\n")
        if _words(line)[:2] != [b"witness", word]
    ]
    try:
        return _check(lines)
    except MalformedError as exc:
        raise MalformedError(
            f"the quorum cannot do without {name}: change it first with 'muniment policy quorum'"
        ) from exc


def set_quorum(data: bytes, quorum: str) -> bytes:
    """A policy file with another quorum.

    Args:
        data: Of the file.
        quorum: `all`, `any` or a number: so many of all the witnesses, as the group `witnesses`;
            else the name of a witness or group, or `none`.

    Raises:
        MalformedError: What parse_policy refuses.
        LimitError: Too many groups or bytes.
    """
    policy = parse_policy(data)
    lines = [line for line in data.split(b"\n") if _kind(line) != b"quorum"]
    name = _encode_word(quorum)
    if _is_count(quorum):
        lines = [line for line in lines if not _defines_all(line)]
        members = [witness.name for witness in policy.witnesses]
        if not members:
            raise MalformedError(f"a quorum of {quorum} needs a witness in the policy: add one")
        lines = _append(lines, b" ".join((b"group", ALL_WITNESSES, name, *members)))
        name = ALL_WITNESSES
    return _check(_append(lines, b"quorum " + name))


def describe_quorum(policy: Policy) -> str:
    """The quorum in words of the file: `none`, a name, or `2 of a b c`."""
    group = next((one for one in policy.groups if one.name == policy.quorum), None)
    if group is None:
        return show_octets(policy.quorum)
    members = " ".join(map(show_octets, group.members))
    return f"{group.threshold} of {len(group.members)}: {members}"


def show_octets(name: bytes) -> str:
    r"""A name or URL of a policy for people; octets that are not UTF-8 as `\\xNN`."""
    return name.decode("utf-8", "backslashreplace")


def _check(lines: list[bytes]) -> bytes:
    data = b"\n".join(lines)
    parse_policy(data)
    return data


def _append(lines: list[bytes], line: bytes) -> list[bytes]:
    """The line before the empty piece behind the last newline."""
    return [*lines[:-1], line, lines[-1]]


def _drop_member(line: bytes, member: bytes) -> bytes:
    kind, group, threshold, *members = _words(line)
    return b" ".join((kind, group, threshold, *(one for one in members if one != member)))


def _kind(line: bytes) -> bytes:
    return _words(line)[0]


def _defines_all(line: bytes) -> bool:
    return _words(line)[:2] == [b"group", ALL_WITNESSES]


def _words(line: bytes) -> list[bytes]:
    return _BLANKS.split(line.strip(b" \t"))


def _is_count(quorum: str) -> bool:
    if quorum in {"all", "any"}:
        return True
    try:
        return parse_decimal(quorum) >= 0
    except MalformedError:
        return False


def _encode_word(text: str) -> bytes:
    word = text.encode("utf-8", "surrogateescape")
    if not _NAME.fullmatch(word):
        raise MalformedError(f"not one word without blanks: {text[:80]!r}")
    return word
