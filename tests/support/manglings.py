"""Almost right bytes and JSON: what tests take away, put in or exchange, in one place."""

import json

from hypothesis import strategies as st

from ledger.core.text import format_base64url, parse_base64url

PIECES = [b" ", b"\n", b"0", b"-", b".", b"e1", b'"', b"\\", b",", b":", b"[", b"]", b"{", b"}"]
PIECES += [b"null", b"true", b'"a":1,', b"\\u0041", b"\\/", b"\xff", b"\xef\xbb\xbf", b"\xc2\x85"]


@st.composite
def mangled(draw, written):
    """The bytes with at most four taken out and a piece put in, anywhere."""
    data = draw(written)
    start = draw(st.integers(0, len(data)))
    stop = draw(st.integers(start, min(len(data), start + 4)))
    return data[:start] + draw(st.sampled_from([b"", *PIECES])) + data[stop:]


def edited(plain, *path, value):
    """A copy of plain JSON with one member set; a function is called with what is there."""
    copy = json.loads(json.dumps(plain))
    *parents, last = path
    place = copy
    for name in parents:
        place = place[name]
    place[last] = value(place[last]) if callable(value) else value
    return copy


def without(plain, name):
    """The object with a member less."""
    return {member: plain[member] for member in plain if member != name}


def flip(text):
    """Another base64url text of the same length: one bit of the raw bytes is changed."""
    raw = bytearray(parse_base64url(text))
    raw[len(raw) // 2] ^= 1
    return format_base64url(bytes(raw))


def places(plain, prefix=()):
    """Path of every member of plain JSON, however deep."""
    members = plain.items() if isinstance(plain, dict) else enumerate(plain)
    for name, member in members:
        yield (*prefix, name)
        if isinstance(member, dict | list):
            yield from places(member, (*prefix, name))


def all_values(plain):
    """Every member of plain JSON, however deep."""
    for place in places(plain):
        member = plain
        for name in place:
            member = member[name]
        yield member


ANYTHING = [None, True, False, 0, 1, -1, 5, 2**53, "", "A", "A" * 43 + "=", [], {}, [0], "0" * 64]


@st.composite
def overwritten(draw, bundles):
    """One of these bundles and a copy with anything, or a part of any of them, put anywhere."""
    plain = draw(st.sampled_from(bundles))
    pool = [*ANYTHING, *(member for bundle in bundles for member in all_values(bundle))]
    place = draw(st.sampled_from(list(places(plain))))
    return plain, edited(plain, *place, value=draw(st.sampled_from(pool)))
