"""Canonical JSON: two writers and two readers agree, and every other spelling is refused."""

import json
import string
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import (
    decode_bundle,
    decode_canonical,
    digest_json,
    encode_canonical,
    encode_credential,
)
from ledger.core.limits import MAX_BUNDLE_DEPTH, MAX_BUNDLE_PARTS, MAX_JSON_DEPTH, MAX_SAFE_INTEGER
from ledger.errors import LedgerError, LimitError, MalformedError
from tests.support import reference_json
from tests.support.manglings import mangled
from tests.support.reference_json import RefusedError
from tests.support.shared import VECTORS, cases

MAX_BYTES = 1_000_000
NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@/$-"

numbers = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
texts = st.text(st.characters(codec="utf-8").filter(reference_json.is_allowed), max_size=12)
names = st.text(NAME_CHARACTERS, min_size=1, max_size=64)
scalars = st.none() | st.booleans() | numbers | texts


def documents(name_strategy, max_leaves=20):
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=5) | st.dictionaries(name_strategy, inner, max_size=5)
        ),
        max_leaves=max_leaves,
    )


def read(data, **limits):
    return decode_canonical(data, max_bytes=MAX_BYTES, **limits)


REFUSED = object()


def outcome(function, data):
    try:
        return function(data)
    except (LedgerError, RefusedError):
        return REFUSED


def nested(depth, inner="0"):
    """Arrays and objects in turn, so deep."""
    for level in range(depth):
        inner = f"[{inner}]" if level % 2 else f'{{"a":{inner}}}'
    return inner.encode()


# --- writing and reading


@settings(deadline=None)
@given(documents(names))
def test_a_value_is_written_as_rfc_8785_says_and_read_back(value):
    data = encode_canonical(value, max_depth=30)
    assert data == rfc8785.dumps(value) == reference_json.write(value)
    assert read(data, max_depth=30) == value
    assert reference_json.read(data, max_depth=30) == value
    assert digest_json(value) == sha256(data).hexdigest() == reference_json.digest(value)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(texts, documents(texts, 8), max_size=3))
def test_a_credential_may_have_any_member_names_in_utf16_order(value):
    data = encode_credential(value, max_depth=30)
    assert data == rfc8785.dumps(value) == reference_json.write(value, any_name=True)
    assert json.loads(data) == value


def test_utf16_order_differs_from_that_of_code_points():
    value = {"\U0001f600": 1, "\ufb33": 2}
    assert encode_credential(value) == '{"\U0001f600":1,"\ufb33":2}'.encode()


@settings(max_examples=200, deadline=None)
@given(mangled(documents(names).map(lambda value: encode_canonical(value, max_depth=30))))
def test_a_reader_accepts_nothing_that_the_writer_would_not_write(data):
    value = outcome(read, data)
    assert value == outcome(reference_json.read, data)
    if value is not REFUSED:
        assert encode_canonical(value) == data


@settings(max_examples=200, deadline=None)
@given(mangled(documents(names).map(lambda value: json.dumps({"a": value}).encode())))
def test_a_bundle_is_read_as_the_formats_say(data):
    value = outcome(lambda raw: decode_bundle(raw, max_bytes=MAX_BYTES), data)
    assert value == outcome(reference_json.read_bundle, data)


def test_tuples_are_written_as_arrays():
    assert encode_canonical(({"a": ()}, "b")) == b'[{"a":[]},"b"]'
    assert encode_credential({"a": ("b",)}) == b'{"a":["b"]}'


def test_a_digest_is_that_of_sha256sum():
    # printf '{"a":[1,"\xe7\x99\xbb"],"b":null}' | sha256sum
    want = "dbb782fef52fbcff13dcdbc823d7a4b92d60fc853ffea9e8fd99476a0cf2248e"
    assert digest_json({"b": None, "a": [1, "登"]}) == want


W3C = cases("vc-di-eddsa/unsigned.json", lambda loaded: [loaded])


@pytest.mark.shared
@pytest.mark.parametrize("document", W3C, ids=lambda document: document["id"])
def test_a_credential_of_the_w3c_vectors_is_written_byte_for_byte(document):
    folder = VECTORS / "vc-di-eddsa" / "eddsa-jcs-2022"
    want = (folder / "canonDocJCS.txt").read_bytes()
    assert encode_credential(document) == encode_canonical(document) == want
    assert read(want) == document
    assert digest_json(document) == (folder / "docHashJCS.txt").read_text(encoding="ascii").strip()


# --- what is refused

BASE = b'{"a":1,"b":[true,"x"]}'
MANGLINGS = {
    "members in another order": b'{"b":[true,"x"],"a":1}',
    "a member twice": b'{"a":1,"a":1,"b":[true,"x"]}',
    "a member twice, two values": b'{"a":1,"a":2}',
    "a blank": b'{"a": 1,"b":[true,"x"]}',
    "a newline behind it": BASE + b"\n",
    "a blank in front": b" " + BASE,
    "a byte order mark": b"\xef\xbb\xbf" + BASE,
    "a second value": BASE + BASE,
    "a comma too many": b'{"a":1,}',
    "cut off": BASE[:-1],
    "nothing": b"",
    "another encoding": BASE.decode().encode("utf-16"),
    "a NUL behind it": BASE + b"\x00",
    "a comment": b'{"a":1/**/}',
    "a fraction": b'{"a":1.0}',
    "a real fraction": b'{"a":1.5}',
    "an exponent": b'{"a":1e0}',
    "a large exponent": b'{"a":1E400}',
    "minus zero": b'{"a":-0}',
    "minus zero, fraction": b'{"a":-0.0}',
    "a plus": b'{"a":+1}',
    "a leading zero": b'{"a":01}',
    "hexadecimal": b'{"a":0x1}',
    "2^53": b"9007199254740992",
    "-2^53": b"-9007199254740992",
    "2^53 as a fraction": b"9007199254740992.0",
    "2^63": b"9223372036854775808",
    "2^64": b"18446744073709551616",
    "a number of 4,000 digits": b"1" * 4_000,
    "a number of 10,000 digits": b"1" * 10_000,
    "a negative number of 10,000 digits": b"-" + b"9" * 10_000,
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "an escaped letter": rb'"\u0041"',
    "an escaped slash": rb'"\/"',
    "an escaped newline": rb'"\u000a"',
    "an escaped quote": rb'"\u0022"',
    "upper case in an escape": rb'"\u000A"',
    "an escaped letter beyond the plane": rb'"\ud83d\ude00"',
    "an escaped tab": rb'"\t"',
    "a tab": b'"\t"',
    "a bare newline": b'"\n"',
    "an escape that is none": rb'"\x41"',
    "an escaped name": rb'{"\u0061":1}',
    "a lone high surrogate": rb'"\ud800"',
    "a lone low surrogate": rb'"\udfff"',
    "surrogates the wrong way round": rb'"\udc00\ud800"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a surrogate in a name": rb'{"\ud800":1}',
    "not UTF-8": b'"\xff"',
    "not UTF-8 in a name": b'{"\xff":1}',
    "an overlong letter": b'"\xc1\x81"',
    "beyond Unicode": b'"\xf4\x90\x80\x80"',
    "half a letter": b'"\xe7\x99"',
    "an empty name": b'{"":1}',
    "a name of 65 characters": b'{"%b":1}' % (b"a" * 65),
    "a name with a blank": b'{"a b":1}',
    "a name with a letter beyond ASCII": '{"é":1}'.encode(),
    "a name that ends with a newline": rb'{"a\n":1}',
    "a number as a name": b"{1:1}",
    "a word": b"truth",
    "upper case": b"True",
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_another_spelling_is_refused(name):
    with pytest.raises(MalformedError):
        read(MANGLINGS[name])
    with pytest.raises(RefusedError):
        reference_json.read(MANGLINGS[name])


def test_the_honest_form_of_the_manglings_is_accepted():
    assert read(BASE) == {"a": 1, "b": [True, "x"]}
    assert read(rb'"\n\"\\/"') == '\n"\\/'
    assert read(b'{"%b":1}' % (b"a" * 64)) == {"a" * 64: 1}


FORBIDDEN = [
    *range(0x0A),
    *range(0x0B, 0x20),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xFDD0, 0xFDF0),
    *(plane + low for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)),
]
BESIDE = [0x0A, 0x20, 0x7E, 0xA0, 0x2029, 0x202F, 0x2065, 0x206A, 0xD7FF, 0xE000, 0xFDCF, 0xFDF0]
BESIDE += [plane + low for plane in range(0, 0x110000, 0x10000) for low in (0xFFFD, 0x10000)][:-1]


def test_forbidden_characters_are_refused_wherever_they_stand():
    for code in [*FORBIDDEN, *range(0xD800, 0xE000)]:
        for value in (chr(code), ["x" + chr(code) + "y"], {"a": chr(code)}):
            with pytest.raises(MalformedError):
                encode_canonical(value)
        with pytest.raises(MalformedError):
            encode_credential({chr(code): 1})
        escaped = json.dumps({"a": chr(code)}).encode()
        for reader in (read, lambda data: decode_bundle(data, max_bytes=MAX_BYTES)):
            with pytest.raises(MalformedError):
                reader(escaped)


def test_forbidden_characters_are_refused_in_plain_utf8():
    for code in FORBIDDEN:
        data = f'"{chr(code)}"'.encode()
        assert outcome(read, data) is outcome(reference_json.read, data) is REFUSED


def test_the_characters_beside_the_forbidden_ones_are_allowed():
    for code in BESIDE:
        assert read(encode_canonical(chr(code))) == chr(code)


def test_every_character_of_the_basic_plane_is_judged_as_by_the_reference():
    for code in range(0x10000):
        is_accepted = outcome(encode_canonical, chr(code)) is not REFUSED
        assert is_accepted == reference_json.is_allowed(chr(code)), hex(code)


def test_a_character_is_judged_alike_alone_and_as_a_member():
    for code in [*range(0x300), *FORBIDDEN, *BESIDE, 0xD800, 0xDFFF]:
        alone = outcome(encode_canonical, chr(code)) is REFUSED
        for value in ([chr(code)], [f"x{chr(code)}"], {"a": chr(code)}, [[0], chr(code)]):
            assert (outcome(encode_canonical, value) is REFUSED) == alone, hex(code)


def test_a_name_is_made_of_the_named_characters_and_of_no_other():
    allowed = set(string.ascii_letters + string.digits + "_.:@/$-")
    for code in range(0x10000):
        for name in (chr(code), f"a{chr(code)}", f"{chr(code)}a"):
            is_refused = outcome(encode_canonical, {name: 1}) is REFUSED
            assert is_refused == (chr(code) not in allowed), hex(code)


@pytest.mark.parametrize("name", ["a" * 65, "a." * 33, "", "\u00e9", "\uff41"])
def test_a_name_too_long_or_of_letters_from_elsewhere_is_refused(name):
    assert outcome(encode_canonical, {name: 1}) is REFUSED
    assert outcome(encode_canonical, {"a" * 64: {"a." * 32: 1}}) is not REFUSED


NO_VALUES = {
    "a float": 1.0,
    "NaN": float("nan"),
    "bytes": b"x",
    "a set": {"x"},
    "an object of Python": object(),
    "2^53": MAX_SAFE_INTEGER + 1,
    "-2^53": -MAX_SAFE_INTEGER - 1,
    "a number too long to be shown": 10**5_000,
    "a number as a name": {1: 1},
    "None as a name": {None: 1},
}


@pytest.mark.parametrize("name", NO_VALUES)
def test_what_is_not_json_of_the_profile_is_not_written(name):
    for value in (NO_VALUES[name], [NO_VALUES[name]], {"a": {"b": NO_VALUES[name]}}):
        with pytest.raises(MalformedError):
            encode_canonical(value)
        with pytest.raises(MalformedError):
            encode_credential({"a": value})


# --- limits


@pytest.mark.parametrize("inner", ["0", '"x"', "[]", "{}", "null"])
def test_depth_is_counted_from_scalars_and_ends_exactly_at_the_limit(inner):
    most = MAX_JSON_DEPTH - (inner in {"[]", "{}"})
    data = nested(most, inner)
    value = read(data)
    assert encode_canonical(value) == data
    assert reference_json.depth(value) == MAX_JSON_DEPTH
    with pytest.raises(LimitError):
        read(nested(most + 1, inner))
    with pytest.raises(LimitError):
        encode_canonical([value])
    with pytest.raises(LimitError):
        encode_credential({"a": value})
    with pytest.raises(LimitError):
        digest_json([value])


def test_a_scalar_has_depth_0_and_a_container_at_least_1():
    assert read(b"7", max_depth=0) == 7
    assert read(b"[]", max_depth=1) == []
    for data in (b"[]", b"{}"):
        with pytest.raises(LimitError):
            read(data, max_depth=0)


def test_what_is_not_json_is_malformed_at_any_depth():
    for value in (1.5, {1}, b"x"):
        with pytest.raises(MalformedError):
            encode_canonical(value, max_depth=0)
    with pytest.raises(MalformedError):
        read(nested(MAX_JSON_DEPTH, "1.5"))


def test_a_bundle_may_be_deeper_but_not_by_one_more_than_its_limit():
    assert reference_json.depth(decode_bundle(nested(23), max_bytes=999)) == MAX_BUNDLE_DEPTH - 1
    inner = nested(MAX_BUNDLE_DEPTH - 1)
    assert decode_bundle(b'{"x":%b}' % inner, max_bytes=999)
    with pytest.raises(LimitError):
        decode_bundle(b'{"x":[%b]}' % inner, max_bytes=999)


BOMBS = {
    "open brackets": b"[" * 100_000,
    "brackets": b"[" * 100_000 + b"]" * 100_000,
    "open braces": b'{"a":' * 100_000,
    "braces": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "500 brackets": b"[" * 500 + b"]" * 500,
}


@pytest.mark.parametrize("name", BOMBS)
def test_deep_nesting_is_a_limit_and_no_crash(name):
    with pytest.raises(LimitError):
        read(BOMBS[name])
    with pytest.raises(LimitError):
        decode_bundle(b'{"a":' + BOMBS[name] + b"}", max_bytes=MAX_BYTES)


def test_what_is_longer_than_allowed_is_not_read():
    data = b'{"a":"' + b"x" * 100 + b'"}'
    assert decode_canonical(data, max_bytes=len(data))
    assert decode_bundle(data, max_bytes=len(data))
    for reader in (decode_canonical, decode_bundle):
        with pytest.raises(LimitError):
            reader(data, max_bytes=len(data) - 1)
        with pytest.raises(LimitError):
            reader(b"\xff" * 11, max_bytes=10)


# --- bundles

BUNDLE_MANGLINGS = {
    "a member twice": b'{"a":1,"a":1}',
    "a member twice, deep inside": b'{"a":[{"b":{"c":1,"c":2}}]}',
    "a member twice, once escaped": rb'{"a":1,"\u0061":2}',
    "a fraction": b'{"a":1.0}',
    "an exponent": b'{"a":1e2}',
    "minus zero": b'{"a":-0}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":-Infinity}',
    "2^53": b'{"a":9007199254740992}',
    "-2^53": b'{"a":-9007199254740992}',
    "17 digits": b'{"a":90071992547409910}',
    "10,000 digits": b'{"a":' + b"1" * 10_000 + b"}",
    "not UTF-8": b'{"a":"\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "a lone surrogate": rb'{"a":"\ud800"}',
    "a lone surrogate as a name": rb'{"\ud800":1}',
    "a forbidden character as a name": rb'{"\u202e":1}',
    "an array": b'["a"]',
    "a number": b"1",
    "nothing": b"",
    "cut off": b'{"a":1',
    "more behind it": b'{"a":1}{}',
}


@pytest.mark.parametrize("name", BUNDLE_MANGLINGS)
def test_a_bundle_that_is_no_json_object_of_ours_is_refused(name):
    with pytest.raises(MalformedError):
        decode_bundle(BUNDLE_MANGLINGS[name], max_bytes=MAX_BYTES)
    with pytest.raises(RefusedError):
        reference_json.read_bundle(BUNDLE_MANGLINGS[name])


def test_a_bundle_need_not_be_canonical():
    data = b'\n{ "b" : [9007199254740991, -9007199254740991],\r\n\t"\\u0061": "\\/\\u0041\\n"}\n'
    want = {"a": "/A\n", "b": [MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER]}
    assert decode_bundle(data, max_bytes=MAX_BYTES) == want
    assert reference_json.read_bundle(data) == want


def test_a_bundle_of_too_many_values_is_refused_unread():
    many = b'{"a":[' + b"1," * (MAX_BUNDLE_PARTS - 2) + b"1]}"
    assert len(decode_bundle(many, max_bytes=len(many))["a"]) == MAX_BUNDLE_PARTS - 1
    for more in (b"1,", b"[],", b"{},"):
        with pytest.raises(LimitError, match="values"):
            decode_bundle(many.replace(b"[1", b"[" + more + b"1", 1), max_bytes=2 * len(many))


def test_a_bad_name_is_found_behind_good_ones():
    with pytest.raises(MalformedError):
        encode_canonical({"good": 1, "bad name": 2})
    with pytest.raises(MalformedError):
        decode_canonical(b'{"bad name":2,"good":1}', max_bytes=100)


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53 - 1)])
def test_the_largest_integers_are_written_alone_and_as_members(number):
    for value in (number, [number], {"n": number}):
        assert encode_canonical(value) == json.dumps(value, separators=(",", ":")).encode()
    beyond = number + (1 if number > 0 else -1)
    for value in (beyond, [beyond], {"n": beyond}):
        with pytest.raises(MalformedError):
            encode_canonical(value)
