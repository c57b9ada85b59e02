"""Section 1 of our formats once more, deliberately slow: written from its text, not from the product.

A reader takes canonical bytes apart character by character and gives plain values, or raises
RefusedError; nothing is encoded again to compare.
"""

import base64
import json
import re
from hashlib import sha256

SAFE = 2**53 - 1
NAME = re.compile(r"[A-Za-z0-9_.:@/$-]{1,64}")
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class RefusedError(Exception):
    """The formats do not allow it."""


def need(condition, why):
    if not condition:
        raise RefusedError(why)


def is_allowed(character):
    code = ord(character)
    if code <= 0x1F:
        return code == 0x0A
    return not (
        0x7F <= code <= 0x9F
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or 0xD800 <= code <= 0xDFFF
        or 0xFDD0 <= code <= 0xFDEF
        or code % 0x10000 in {0xFFFE, 0xFFFF}
    )


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max(map(depth, value), default=0)
    return 0


def write(value, *, any_name=False):
    """Canonical bytes."""
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, int):
        need(-SAFE <= value <= SAFE, "number")
        return str(value).encode()
    if isinstance(value, str):
        need(all(map(is_allowed, value)), "character")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return b'"' + escaped.encode() + b'"'
    if isinstance(value, list | tuple):
        return b"[" + b",".join(write(one, any_name=any_name) for one in value) + b"]"
    need(isinstance(value, dict), "type")
    need(all(any_name or NAME.fullmatch(name) for name in value), "member name")
    need(all(is_allowed(character) for name in value for character in name), "character")
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    members = (write(n) + b":" + write(value[n], any_name=any_name) for n in names)
    return b"{" + b",".join(members) + b"}"


def digest(value):
    return sha256(write(value)).hexdigest()


def read(data, *, max_depth=20):
    """Value of canonical bytes, read character by character; nothing is written to compare."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError("not UTF-8") from None
    value, end = read_value(text, 0, max_depth)
    need(end == len(text), "something behind the value")
    return value


def read_value(text, at, depth_left):
    first = text[at : at + 1]
    if first == '"':
        return read_string(text, at)
    for word, value in (("null", None), ("true", True), ("false", False)):
        if text.startswith(word, at):
            return value, at + len(word)
    if first in {"[", "{"}:
        need(depth_left > 0, "depth")
        return (read_array if first == "[" else read_object)(text, at + 1, depth_left - 1)
    number = re.compile(r"0|-?[1-9][0-9]{0,15}").match(text, at)
    need(number and not re.match(r"[0-9.eE]", text[number.end() :]), "number")
    need(abs(int(number[0])) <= SAFE, "number")
    return int(number[0]), number.end()


def read_string(text, at):
    need(text[at : at + 1] == '"', "string")
    taken, at = "", at + 1
    while text[at : at + 1] != '"':
        need(at < len(text), "end of string")
        if text[at] == "\\":
            escape = text[at : at + 2]
            need(escape in {'\\"', "\\\\", "\\n"}, "escape")
            taken, at = taken + {'"': '"', "\\": "\\", "n": "\n"}[escape[1]], at + 2
        else:
            need(is_allowed(text[at]) and text[at] != "\n", "character")
            taken, at = taken + text[at], at + 1
    return taken, at + 1


def read_array(text, at, depth_left):
    if text[at : at + 1] == "]":
        return [], at + 1
    taken = []
    while True:
        value, at = read_value(text, at, depth_left)
        taken.append(value)
        if text[at : at + 1] == "]":
            return taken, at + 1
        need(text[at : at + 1] == ",", "comma")
        at += 1


def read_object(text, at, depth_left):
    if text[at : at + 1] == "}":
        return {}, at + 1
    taken, before = {}, None
    while True:
        name, at = read_string(text, at)
        need(NAME.fullmatch(name), "member name")
        need(before is None or before < name.encode("utf-16-be"), "order")
        before = name.encode("utf-16-be")
        need(text[at : at + 1] == ":", "colon")
        taken[name], at = read_value(text, at + 1, depth_left)
        if text[at : at + 1] == "}":
            return taken, at + 1
        need(text[at : at + 1] == ",", "comma")
        at += 1


def read_bundle(data):
    """A JSON object on disk, in any spelling."""

    def members(pairs):
        need(len(pairs) == len({name for name, _ in pairs}), "a member twice")
        return dict(pairs)

    def integer(text):
        need(text != "-0", "minus zero")
        return int(text) if len(text) < 20 else SAFE + 1

    def fraction(_):
        raise RefusedError("not an integer")

    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=members,
            parse_int=integer,
            parse_float=fraction,
            parse_constant=fraction,
        )
        need(isinstance(value, dict) and depth(value) <= 24, "depth")
    except (ValueError, RecursionError):
        raise RefusedError("not JSON") from None
    write(value, any_name=True)
    return value


def from_b64url(text):
    need(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text), "base64url")
    need(len(text) % 4 != 1, "base64url")
    raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    need(b64url(raw) == text, "spare bits")
    return raw


def b64url(raw):
    return base64.b64encode(raw).decode().rstrip("=").replace("+", "-").replace("/", "_")


def from_b64(text):
    need(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text), "base64")
    need(len(text) % 4 == 0, "base64")
    raw = base64.b64decode(text)
    need(base64.b64encode(raw).decode() == text, "spare bits")
    return raw


def base32(raw):
    return base64.b32encode(raw).decode().rstrip("=").lower()


def did_key(public_key):
    number, text = int.from_bytes(b"\xed\x01" + public_key, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "did:key:z" + text


def public_key(did):
    need(isinstance(did, str), "did:key")
    need(re.fullmatch(r"did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}", did), "did:key")
    number = 0
    for character in did[9:]:
        number = number * 58 + BASE58.index(character)
    need(number < 2**272 and number >> 256 == 0xED01, "multicodec")
    return number.to_bytes(34, "big")[2:]


def exactly(value, names, what):
    need(isinstance(value, dict) and set(value) == set(names.split()), what)
    return value


def count(value, least=0):
    need(type(value) is int and least <= value <= SAFE, "count")
    return value


def hash_text(value):
    need(isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value), "digest")
    return bytes.fromhex(value)


def text_of(value, pattern, what):
    need(isinstance(value, str) and re.fullmatch(pattern, value), what)
    return value
