"""The small text forms: each parse accepts exactly what its format writes."""

import base64

import base58
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ledger.core.text import (
    format_base32,
    format_base64,
    format_base64url,
    format_did_key,
    format_hex,
    parse_base64,
    parse_base64url,
    parse_decimal,
    parse_did_key,
    parse_digest,
)
from ledger.errors import MalformedError
from tests.support import reference_json
from tests.support.reference_json import RefusedError
from tests.support.shared import cases

NOT_ASCII = "\u0661\uff11\u00b2"
DIGEST = bytes(range(32))
DID = format_did_key(DIGEST)

keys = st.binary(min_size=32, max_size=32)


def is_accepted(parse, text):
    try:
        parse(text)
    except (MalformedError, RefusedError):
        return False
    return True


@st.composite
def spoilt(draw, written):
    """The text with a piece of at most two characters replaced by something near it."""
    text = draw(written)
    start = draw(st.integers(0, len(text)))
    stop = draw(st.integers(start, min(len(text), start + 2)))
    piece = draw(st.text(" \n=+/-_.0AaBbwxyzIlO:" + NOT_ASCII, max_size=2))
    return text[:start] + piece + text[stop:]


FORMS = {
    "decimal": (parse_decimal, str, st.integers(0, 2**63 - 1)),
    "base64": (parse_base64, format_base64, st.binary(max_size=40)),
    "base64url": (parse_base64url, format_base64url, st.binary(max_size=40)),
    "digest": (parse_digest, format_hex, keys),
    "did:key": (parse_did_key, format_did_key, keys),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_read_back(form):
    parse, write, values = FORMS[form]

    @settings(max_examples=50, deadline=None)
    @given(values)
    def check(value):
        assert parse(write(value)) == value

    check()


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_read_that_would_not_be_written(form):
    parse, write, values = FORMS[form]

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=60) | spoilt(values.map(write)))
    def check(text):
        try:
            value = parse(text)
        except MalformedError:
            return
        assert write(value) == text

    check()


@settings(deadline=None)
@given(st.text(max_size=12) | spoilt(st.binary(max_size=12).map(format_base64)))
def test_base64_is_judged_as_by_the_reference(text):
    for parse, reference in (
        (parse_base64, reference_json.from_b64),
        (parse_base64url, reference_json.from_b64url),
    ):
        assert is_accepted(parse, text) == is_accepted(reference, text)


@settings(deadline=None)
@given(spoilt(keys.map(format_did_key)))
def test_a_did_key_is_judged_as_by_the_reference(text):
    assert is_accepted(parse_did_key, text) == is_accepted(reference_json.public_key, text)


# --- decimals


@pytest.mark.parametrize("number", [0, 1, 9, 10, 2**53, 2**63 - 1])
def test_a_decimal_count_is_read(number):
    assert parse_decimal(str(number)) == number


DECIMALS = {
    "empty": "",
    "a sign": "+1",
    "a minus": "-1",
    "minus zero": "-0",
    "a leading zero": "01",
    "two zeros": "00",
    "a blank in front": " 1",
    "a blank behind": "1 ",
    "a newline behind": "1\n",
    "an underscore": "1_000",
    "a fraction": "1.0",
    "an exponent": "1e3",
    "hexadecimal": "0x10",
    "Arabic digits": "\u0661",
    "full-width digits": "\uff11",
    "a superscript": "\u00b2",
    "2^63": str(2**63),
    "19 nines": "9" * 19,
    "20 digits": "1" * 20,
    "10,000 digits": "1" * 10_000,
}


@pytest.mark.parametrize("name", DECIMALS)
def test_another_spelling_of_a_count_is_refused(name):
    with pytest.raises(MalformedError):
        parse_decimal(DECIMALS[name])


# --- base64

RFC_4648 = {b"": "", b"f": "Zg==", b"fo": "Zm8=", b"foo": "Zm9v", b"foobar": "Zm9vYmFy"}


@pytest.mark.parametrize("raw", RFC_4648)
def test_base64_is_that_of_rfc_4648_section_10(raw):
    text = RFC_4648[raw]
    assert (format_base64(raw), parse_base64(text)) == (text, raw)
    unpadded = text.rstrip("=")
    assert (format_base64url(raw), parse_base64url(unpadded)) == (unpadded, raw)


def test_the_two_alphabets_differ_in_two_characters():
    raw = b"\xfb\xff\xfe"
    assert (format_base64(raw), format_base64url(raw)) == ("+//+", "-__-")
    assert parse_base64url("-__-") == parse_base64("+//+") == raw


BASE64 = {
    "no padding": "Zg",
    "half the padding": "Zg=",
    "too much padding": "Zm9v====",
    "padding alone": "====",
    "spare bits": "Zh==",
    "spare bits of the shorter padding": "Zm9=",
    "padding in the middle": "Zg==Zg==",
    "data after the padding": "Zg==A",
    "a blank": "Zm 9v",
    "a newline behind": "Zm9v\n",
    "the other alphabet": "-__-",
    "one character": "Z",
    "a letter beyond ASCII": "Zm9\u0661",
    "a NUL": "Zm9v\x00",
    "a lone surrogate": "Zm9\ud800",
}
BASE64URL = {
    "padding": "Zg==",
    "half the padding": "Zg=",
    "padding where none is missing": "Zm9v=",
    "spare bits": "Zh",
    "spare bits of three": "Zm9",
    "one character": "Z",
    "five characters": "Zm9vY",
    "a blank": "Zm 9",
    "a newline behind": "Zm9v\n",
    "the other alphabet": "+//+",
    "both alphabets": "-/_+",
    "a letter beyond ASCII": "Zm9\uff11",
    "a lone surrogate": "Zm9\udfff",
}


@pytest.mark.parametrize("name", BASE64)
def test_another_spelling_of_base64_is_refused(name):
    with pytest.raises(MalformedError):
        parse_base64(BASE64[name])


@pytest.mark.parametrize("name", BASE64URL)
def test_another_spelling_of_base64url_is_refused(name):
    with pytest.raises(MalformedError):
        parse_base64url(BASE64URL[name])


def test_every_spare_bit_is_refused():
    for parse, pad, lengths in ((parse_base64, "=", (1, 2)), (parse_base64url, "", (1, 2, 31, 64))):
        for length in lengths:
            raw = bytes(length)
            text = base64.b64encode(raw).decode().rstrip("=")
            padding = pad * (-len(text) % 4)
            accepted = [
                last
                for last in "ABCDEFGHIJKLMNOPQ"
                if is_accepted(parse, text[:-1] + last + padding)
            ]
            assert accepted == (["A", "Q"] if length % 3 == 1 else ["A", "E", "I", "M", "Q"])


# --- digests and base32

DIGESTS = {
    "upper case": DIGEST.hex().upper(),
    "63 digits": DIGEST.hex()[1:],
    "65 digits": DIGEST.hex() + "0",
    "a prefix": "0x" + DIGEST.hex()[2:],
    "a blank": DIGEST.hex()[:-1] + " ",
    "a newline behind": DIGEST.hex() + "\n",
    "blanks between": " ".join(f"{byte:02x}" for byte in DIGEST),
    "full-width digits": DIGEST.hex()[:-1] + "\uff11",
    "no hexadecimal": "g" * 64,
    "empty": "",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_another_spelling_of_a_digest_is_refused(name):
    with pytest.raises(MalformedError):
        parse_digest(DIGESTS[name])


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_base32_is_lower_case_and_unpadded(raw):
    text = format_base32(raw)
    padding = "=" * (-len(text) % 8)
    assert base64.b32decode(text.upper() + padding) == raw
    assert text == reference_json.base32(raw)


def test_base32_is_that_of_rfc_4648_section_10():
    assert [format_base32(raw) for raw in (b"", b"f", b"foobar")] == ["", "my", "mzxw6ytboi"]
    assert len(format_base32(bytes(16))) == 26


# --- did:key


W3C_KEYS = cases("vc-di-eddsa/keyPair.json", lambda loaded: [loaded])


@pytest.mark.shared
@pytest.mark.parametrize("pair", W3C_KEYS, ids=lambda pair: pair["publicKeyMultibase"])
def test_the_did_key_of_the_w3c_vectors_names_the_key_of_its_seed(pair):
    seed = base58.b58decode(pair["privateKeyMultibase"][1:])[2:]
    did = "did:key:" + pair["publicKeyMultibase"]
    assert parse_did_key(did) == bytes(SigningKey(seed).verify_key)
    assert format_did_key(parse_did_key(did)) == did


@pytest.mark.parametrize("fill", [0, 1, 0x7F, 0xFF])
def test_every_ed25519_key_has_a_did_key_of_56_characters(fill):
    key = bytes([fill]) * 32
    did = format_did_key(key)
    assert len(did) == 56
    assert did.startswith("did:key:z6Mk")
    assert did == reference_json.did_key(key)
    assert parse_did_key(did) == reference_json.public_key(did) == key


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_has_no_did_key(length):
    with pytest.raises(MalformedError):
        format_did_key(bytes(length))


def multibase(raw):
    return "did:key:z" + base58.b58encode(raw).decode()


DIDS = {
    "empty": "",
    "no did": DID.removeprefix("did:"),
    "another method": DID.replace("did:key", "did:web"),
    "upper case": DID.replace("did", "DID"),
    "with its fragment": f"{DID}#{DID[8:]}",
    "a newline behind": DID + "\n",
    "a blank in front": " " + DID,
    "one character less": DID[:-1],
    "one character more": DID + "1",
    "a character that base58 has not": DID[:-1] + "0",
    "the letter l": DID[:-1] + "l",
    "another base": DID.replace(":z", ":u"),
    "a key of 31 bytes": multibase(b"\xed\x01" + DIGEST[1:]),
    "a key of 33 bytes": multibase(b"\xed\x01" + DIGEST + b"\x00"),
    "an X25519 key": multibase(b"\xec\x01" + DIGEST),
    "a secp256k1 key": multibase(b"\xe7\x01\x02" + DIGEST),
    "the multicodec in one byte": multibase(b"\xed" + DIGEST),
    "a number too large for the key": "did:key:z6Mk" + "z" * 44,
    "a number too small for the key": "did:key:z6Mk" + "1" * 44,
}


@pytest.mark.parametrize("name", DIDS)
def test_what_is_no_did_key_of_an_ed25519_key_is_refused(name):
    assert not is_accepted(parse_did_key, DIDS[name])
    assert not is_accepted(reference_json.public_key, DIDS[name])


@pytest.mark.parametrize("data", [b"\0\0\x17", b"]u\xd7", b"\x05\xd7"])
def test_nothing_but_padding_is_left_out_of_base64url(data):
    text = format_base64url(data)
    assert text == base64.urlsafe_b64encode(data).decode().replace("=", "")
    assert text.endswith("X") is (len(data) == 3)
    assert parse_base64url(text) == data
