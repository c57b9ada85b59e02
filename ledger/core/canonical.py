"""Canonical JSON: RFC 8785 in our profile (our formats, section 1), with its one strict reader.

A reader accepts only canonical bytes: it checks types, encodes again and compares, which also
refuses duplicate members, other orders, blanks and other spellings of a number.

No message repeats a value: what is read may be a form, and messages end up in logs.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, NoReturn

import msgspec
import rfc8785

from ledger.core.limits import (
    MAX_BUNDLE_DEPTH,
    MAX_BUNDLE_PARTS,
    MAX_JSON_DEPTH,
    MAX_SAFE_INTEGER,
)
from ledger.core.types import Json, JsonObject
from ledger.errors import LimitError, MalformedError

_NAME: Final = re.compile(r"[A-Za-z0-9_.:@/$-]{1,64}")
_FORBIDDEN_CHARACTERS: Final = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(high | 0xFFFE)}{chr(high | 0xFFFF)}" for high in range(0, 0x110000, 0x10000))
)
_FORBIDDEN: Final = re.compile(f"[{_FORBIDDEN_CHARACTERS}]")
_ANY_NAME: Final = re.compile(f"[^{_FORBIDDEN_CHARACTERS}]*")
_CONTAINERS: Final = (dict, list, tuple)
_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final = msgspec.json.Decoder()


def encode_canonical(value: Json, *, max_depth: int = MAX_JSON_DEPTH) -> bytes:
    """Canonical bytes of a value of the profile.

    Args:
        value: What JSON can hold, without floats.
        max_depth: Deepest nesting allowed; a scalar has depth 0, a container 1 + its deepest
            member.

    Raises:
        MalformedError: A float, or a character, member name or number outside the profile.
        LimitError: Nested too deeply.
    """
    _check(value, max_depth, _NAME)
    return _ENCODER.encode(value)


def encode_credential(value: JsonObject, *, max_depth: int = MAX_JSON_DEPTH) -> bytes:
    """Canonical bytes of a credential, whose member names may be any string of the profile.

    Raises:
        MalformedError: As encode_canonical, but for the names.
        LimitError: Nested too deeply.
    """
    _check(value, max_depth, _ANY_NAME)
    return rfc8785.dumps(_plain(value))


def decode_canonical(data: bytes, *, max_bytes: int, max_depth: int = MAX_JSON_DEPTH) -> Json:
    """Read canonical bytes; the exact inverse of encode_canonical.

    Args:
        data: From outside, any bytes.
        max_bytes: Refused unread when longer.
        max_depth: Deepest nesting allowed.

    Raises:
        MalformedError: Anything that encode_canonical would not have written.
        LimitError: Longer than max_bytes or nested too deeply.
    """
    if len(data) > max_bytes:
        raise LimitError(f"{len(data)} bytes are more than the {max_bytes} allowed here")
    try:
        value: Json = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise MalformedError(f"not JSON: {exc}") from exc
    except RecursionError as exc:
        raise LimitError(f"nested more than {max_depth} deep") from exc
    _check(value, max_depth, _NAME)
    if _ENCODER.encode(value) != data:
        raise MalformedError("not canonical (RFC 8785): unsorted, doubled or otherwise spelt")
    return value


def decode_bundle(data: bytes, *, max_bytes: int) -> JsonObject:
    """Read a JSON object from disk that need not be canonical (our formats, section 1).

    Args:
        data: From outside, any bytes.
        max_bytes: Refused unread when longer.

    Returns:
        An object of at most MAX_BUNDLE_DEPTH levels, without floats, doubled members or
        characters that the profile forbids.

    Raises:
        MalformedError: Not such an object.
        LimitError: Longer than max_bytes or nested too deeply.
    """
    if len(data) > max_bytes:
        raise LimitError(f"{len(data)} bytes are more than the {max_bytes} allowed here")
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_BUNDLE_PARTS:
        raise LimitError(f"more than {MAX_BUNDLE_PARTS} values: no bundle of ours is so large")
    try:
        value: Json = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object_without_doubles,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_parse_integer,
        )
    except UnicodeDecodeError as exc:
        raise MalformedError("not UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise MalformedError(f"not JSON: {exc.msg} at character {exc.pos}") from exc
    except RecursionError as exc:
        raise LimitError(f"nested more than {MAX_BUNDLE_DEPTH} deep") from exc
    if not isinstance(value, dict):
        raise MalformedError("not a JSON object")
    _check(value, MAX_BUNDLE_DEPTH, _ANY_NAME)
    return value


def digest_json(value: Json) -> str:
    """Lower-case hex SHA-256 of the canonical bytes: `digest(x)` of our formats.

    Raises:
        MalformedError: As encode_canonical.
        LimitError: As encode_canonical.
    """
    return sha256(encode_canonical(value)).hexdigest()


def _check(value: object, depth_left: int, name_rule: re.Pattern[str]) -> None:
    if not isinstance(value, _CONTAINERS):
        _check_scalar(value)
        return
    if depth_left < 1:
        raise LimitError("nested too deeply")
    if isinstance(value, dict):
        _check_names(value, name_rule)
        value = value.values()
    for member in value:
        # What most members are is settled here, without a call: this is the hot path.
        if type(member) is str and member.isascii() and member.isprintable():
            continue
        if type(member) is int and -MAX_SAFE_INTEGER <= member <= MAX_SAFE_INTEGER:
            continue
        _check(member, depth_left - 1, name_rule)


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        found = _FORBIDDEN.search(value)
        if found is not None:
            raise MalformedError(
                f"a string holds a forbidden character: U+{ord(found[0]):04X}, as the "
                f"{found.start() + 1}. of its {len(value)} characters"
            )
    elif isinstance(value, int):  # bool is one, and always in range
        if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            raise MalformedError(f"an integer of {value.bit_length()} bits, beyond 2^53-1")
    elif value is not None:
        raise MalformedError(f"not a value of our JSON profile: a {type(value).__name__}")


def _check_names(names: Iterable[object], name_rule: re.Pattern[str]) -> None:
    for place, name in enumerate(names, 1):
        # Most names are ASCII identifiers, which both rules allow.
        if type(name) is str and name.isascii() and name.isidentifier() and len(name) <= 64:
            continue
        if not isinstance(name, str) or not name_rule.fullmatch(name):
            raise MalformedError(f"a member name outside the profile: the {place}. of its object")


def _plain(value: Json) -> "rfc8785._impl._Value":
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(member) for member in value]
    return value


def _object_without_doubles(pairs: list[tuple[str, Json]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("an object has the same member twice")
    return members


def _refuse_number(text: str) -> NoReturn:
    what = "a fraction" if text.lstrip("-")[:1].isdigit() else text
    raise MalformedError(f"only integers are allowed, not {what}: write others as texts")


def _parse_integer(text: str) -> int:
    if len(text) > 17 or text == "-0":
        raise MalformedError(
            f"not an integer of our profile, from -(2^53-1) to 2^53-1: one of {len(text)} "
            "characters; write it as a text"
        )
    return int(text)
