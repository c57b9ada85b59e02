import base64
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ledger.core.note import (
    Algorithm,
    SignatureLine,
    SignedNote,
    create_verifier_key,
    format_note,
    format_signature_line,
    format_vkey,
    hash_key_id,
    is_key_name,
    open_note,
    parse_note,
    parse_vkey,
    verify_line,
)
from ledger.errors import InputError, LimitError, MalformedError, SignatureError
from tests.support.note_signers import (
    log_signer,
    mldsa_signer,
    note_bytes,
    spoil,
    witness_signer,
)
from tests.support.shared import cases

VALID = cases("c2sp/notes.json", lambda loaded: loaded["valid"])
INVALID = cases("c2sp/notes.json", lambda loaded: loaded["invalid"])
BAD_VKEYS = cases("c2sp/notes.json", lambda loaded: loaded["bad_vkeys"])
KEYS = cases("c2sp/notes.json", lambda loaded: loaded["keys"])
OTHER_VKEYS = [
    *cases("c2sp/cosignatures.json", lambda loaded: loaded["vkey_only"]),
    *cases("c2sp/mldsa44.json", lambda loaded: loaded["vkey_only"]),
]

TEXT = "first line\n\nthird line\n"
LOG = log_signer()
OTHER = log_signer("example.org/other")
LINE = LOG.sign(TEXT)
OTHER_LINE = OTHER.sign(TEXT)
NOTE = note_bytes(TEXT, LINE, OTHER_LINE)
VKEY = LOG.vkey

UNICODE_SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000"


def name_of(case):
    return case["name"]


def invalid_bytes(case):
    return base64.b64decode(case["note_b64"]) if "note_b64" in case else case["note"].encode()


@pytest.mark.shared
@pytest.mark.parametrize("case", VALID, ids=name_of)
def test_a_valid_note_of_the_vectors_opens(case):
    data = case["note"].encode()
    note = parse_note(data)
    assert format_note(note) == data
    opened = open_note(note, map(parse_vkey, case["vkeys"]))
    assert opened.text == note.text
    assert len(opened.verified) == case["verified"]
    assert len(opened.unverified) == case["unverified"]


@pytest.mark.shared
@pytest.mark.parametrize("case", INVALID, ids=name_of)
def test_an_invalid_note_of_the_vectors_is_refused(case):
    data = invalid_bytes(case)
    if "vkeys" in case:
        note = parse_note(data)
        with pytest.raises(SignatureError):
            open_note(note, map(parse_vkey, case["vkeys"]))
    else:
        with pytest.raises(InputError):
            parse_note(data)


@pytest.mark.shared
@pytest.mark.parametrize("text", BAD_VKEYS)
def test_a_bad_vkey_of_the_vectors_is_refused(text):
    with pytest.raises(MalformedError):
        parse_vkey(text)


@pytest.mark.shared
@pytest.mark.parametrize("case", [*KEYS, *OTHER_VKEYS], ids=lambda case: case["vkey"][:24])
def test_a_vkey_of_the_vectors_is_read_and_written(case):
    assert format_vkey(parse_vkey(case["vkey"])) == case["vkey"]


@pytest.mark.shared
def test_the_secret_keys_of_the_vectors_belong_to_their_vkeys():
    seeds = {
        case["vkey"]: bytes.fromhex(case["seed_hex"])
        if "seed_hex" in case
        else base64.b64decode(case["skey"].split("+", 4)[4])[1:]
        for case in KEYS
        if "seed_hex" in case or "skey" in case
    }
    assert len(seeds) == 2
    for vkey, seed in seeds.items():
        name = vkey.partition("+")[0]
        public_key = bytes(SigningKey(seed).verify_key)
        assert format_vkey(create_verifier_key(name, 1, public_key)) == vkey


def test_a_key_id_is_the_start_of_the_hash_of_name_type_and_key():
    material = b"\xc3\xa9t\xc3\xa9" + b"\n" + b"\x04" + b"k" * 32
    expected = sha256(material).digest()[:4]
    assert hash_key_id("\u00e9t\u00e9", Algorithm.COSIGNATURE_ED25519, b"k" * 32) == expected


KEY_MANGLINGS = {
    "no name": lambda name, algorithm, key: ("", algorithm, key),
    "a plus in the name": lambda name, algorithm, key: ("a+b", algorithm, key),
    "a control character in the name": lambda name, algorithm, key: ("a\x1fb", algorithm, key),
    "a surrogate in the name": lambda name, algorithm, key: ("a\ud800b", algorithm, key),
    "ECDSA": lambda name, algorithm, key: (name, 0x02, key),
    "RFC 6962": lambda name, algorithm, key: (name, 0x05, key),
    "type 0": lambda name, algorithm, key: (name, 0, key),
    "a short key": lambda name, algorithm, key: (name, algorithm, key[:-1]),
    "a long key": lambda name, algorithm, key: (name, algorithm, key + b"\0"),
    "an Ed25519 key for ML-DSA-44": lambda name, algorithm, key: (name, 0x06, key),
    "an ML-DSA-44 key for Ed25519": lambda name, algorithm, key: (name, algorithm, bytes(1312)),
}


@pytest.mark.parametrize("mangling", KEY_MANGLINGS)
def test_no_key_is_made_of_wrong_parts(mangling):
    with pytest.raises(MalformedError):
        create_verifier_key(*KEY_MANGLINGS[mangling]("example.org", 1, bytes(32)))


@pytest.mark.parametrize("space", UNICODE_SPACES, ids=lambda space: f"U+{ord(space):04X}")
def test_no_unicode_space_may_stand_in_a_key_name(space):
    assert not is_key_name(f"a{space}b")
    assert not is_key_name(space)


@pytest.mark.parametrize(
    "name", ["a", "\u767b\u8bb0", "\u200b", "oid/1.3.6", "a\x7f", "\U0001f512"]
)
def test_other_characters_may_stand_in_a_key_name(name):
    assert is_key_name(name)
    key = create_verifier_key(name, Algorithm.ED25519, LOG.key.public_key)
    assert parse_vkey(format_vkey(key)) == key


VKEY_MANGLINGS = {
    "empty": lambda vkey: "",
    "no key": lambda vkey: vkey.rpartition("+")[0],
    "an empty key": lambda vkey: f"{LOG.name}+{LOG.key.key_id.hex()}+",
    "another name": lambda vkey: "x" + vkey,
    "no name": lambda vkey: vkey[len(LOG.name) :],
    "another ID": lambda vkey: vkey.replace(LOG.key.key_id.hex(), "00000000"),
    "an ID in upper case": lambda vkey: vkey.replace(
        LOG.key.key_id.hex(), LOG.key.key_id.hex().upper()
    ),
    "a short ID": lambda vkey: vkey.replace(LOG.key.key_id.hex(), LOG.key.key_id.hex()[:7]),
    "another type": lambda vkey: vkey.replace("+A", "+B"),
    "padding": lambda vkey: f"{vkey}=",
    "base64url": lambda vkey: f"{vkey[:-1]}_",
    "a blank in front": lambda vkey: f" {vkey}",
    "a newline behind": lambda vkey: f"{vkey}\n",
    "a byte too many": lambda vkey: f"{vkey}AAAA",
}


@pytest.mark.parametrize("name", VKEY_MANGLINGS)
def test_every_mangled_vkey_is_refused(name):
    mangled = VKEY_MANGLINGS[name](VKEY)
    assert mangled != VKEY
    with pytest.raises(MalformedError):
        parse_vkey(mangled)


def test_a_vkey_that_is_too_long_is_refused_unread():
    with pytest.raises(MalformedError):
        parse_vkey("a" * 4096)
    with pytest.raises(LimitError):
        parse_vkey("a" * 4097)


def test_a_note_is_read_into_its_parts():
    assert parse_note(NOTE) == SignedNote(TEXT, (LINE, OTHER_LINE))


def test_the_last_blank_line_ends_the_text():
    text = "a\n\n\u2014 not a signature\n\n\n"
    assert parse_note(note_bytes(text, LINE)).text == text


def test_unknown_types_of_signatures_are_kept():
    line = SignatureLine("example.org/x", b"\0\0\0\0", b"?")
    assert parse_note(note_bytes("a\n", line)).signatures == (line,)


def signed_line(text):
    return f"{TEXT}\n{text}".encode()


GOOD_LINE = format_signature_line(LINE)

NOTE_MANGLINGS = {
    "empty": lambda note: b"",
    "text only": lambda note: TEXT.encode(),
    "no signatures": lambda note: TEXT.encode() + b"\n",
    "no final newline": lambda note: note[:-1],
    "a blank line behind": lambda note: note + b"\n",
    "a line behind": lambda note: note + b"x\n",
    "no text": lambda note: b"\n" + GOOD_LINE.encode(),
    "CRLF": lambda note: note.replace(b"\n", b"\r\n"),
    "a tab": lambda note: note.replace(b"first", b"fir\tst"),
    "a NUL": lambda note: note.replace(b"first", b"fir\0st"),
    "not UTF-8": lambda note: note.replace(b"first", b"fir\xffst"),
    "a surrogate": lambda note: note.replace(b"first", b"fir\xed\xa0\x80st"),
    "an overlong newline": lambda note: note.replace(b"first", b"fir\xc0\x8ast"),
    "a hyphen for the dash": lambda note: signed_line(GOOD_LINE.replace("\u2014", "-")),
    "no dash": lambda note: signed_line(GOOD_LINE[2:]),
    "two blanks": lambda note: signed_line(GOOD_LINE.replace(" ", "  ")),
    "a blank at the end": lambda note: signed_line(GOOD_LINE.replace("\n", " \n")),
    "no name": lambda note: signed_line(GOOD_LINE.replace(LOG.name, "")),
    "a plus in the name": lambda note: signed_line(GOOD_LINE.replace(LOG.name, "a+b")),
    "a no-break space in the name": lambda note: signed_line(GOOD_LINE.replace(LOG.name, "a\xa0b")),
    "no signature": lambda note: signed_line(f"\u2014 {LOG.name} \n"),
    "only a key ID": lambda note: signed_line(f"\u2014 {LOG.name} AAAAAA==\n"),
    "not base64": lambda note: signed_line(f"\u2014 {LOG.name} AAAAAA*A\n"),
    "spare bits": lambda note: signed_line(f"\u2014 {LOG.name} AAAAAAB=\n"),
    "no padding": lambda note: signed_line(f"\u2014 {LOG.name} AAAAAAA\n"),
}


@pytest.mark.parametrize("name", NOTE_MANGLINGS)
def test_every_mangled_note_is_refused(name):
    mangled = NOTE_MANGLINGS[name](NOTE)
    assert mangled != NOTE
    with pytest.raises(MalformedError):
        parse_note(mangled)


def test_no_truncated_note_opens():
    whole = note_bytes(TEXT, LINE)
    for length in range(len(whole)):
        with pytest.raises(MalformedError):
            parse_note(whole[:length])


def test_no_note_with_a_changed_character_opens():
    whole = note_bytes(TEXT, LINE)
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        with pytest.raises((MalformedError, SignatureError)):
            open_note(parse_note(bytes(changed)), [LOG.key])


def test_a_note_may_have_64_signatures_and_no_more():
    lines = [SignatureLine(f"key{i}", bytes(4), b"s") for i in range(65)]
    note = note_bytes(TEXT, *lines[:64])
    assert len(parse_note(note).signatures) == 64
    with pytest.raises(LimitError):
        parse_note(note + format_signature_line(lines[64]).encode())
    with pytest.raises(LimitError):
        note_bytes(TEXT, *lines)


def test_a_note_may_have_64_kib_and_no_more():
    rest = len(note_bytes("\n", LINE))
    text = "a" * (64 * 1024 - rest) + "\n"
    note = note_bytes(text, LINE)
    assert len(note) == 64 * 1024
    assert parse_note(note).text == text
    with pytest.raises(LimitError):
        parse_note(b"a" + note)
    with pytest.raises(LimitError):
        note_bytes("a" + text, LINE)


FORMAT_MANGLINGS = {
    "text without a newline": lambda note: replace(note, text="a"),
    "no text": lambda note: replace(note, text=""),
    "a control character": lambda note: replace(note, text="a\r\n"),
    "a surrogate": lambda note: replace(note, text="\ud800\n"),
    "no signatures": lambda note: replace(note, signatures=()),
    "a name with a space": lambda note: replace(note, signatures=(replace(LINE, name="a b"),)),
    "a key ID of 3 bytes": lambda note: replace(note, signatures=(replace(LINE, key_id=b"abc"),)),
    "an empty signature": lambda note: replace(note, signatures=(replace(LINE, signature=b""),)),
}


@pytest.mark.parametrize("name", FORMAT_MANGLINGS)
def test_nothing_is_written_that_would_not_be_read(name):
    with pytest.raises(MalformedError):
        format_note(FORMAT_MANGLINGS[name](SignedNote(TEXT, (LINE,))))


names = st.text(min_size=1, max_size=8).filter(is_key_name)
lines = st.builds(
    SignatureLine, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=9)
)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=30)
notes = st.builds(
    SignedNote,
    texts.map(lambda text: f"{text}\n"),
    st.lists(lines, min_size=1, max_size=4).map(tuple),
)


@given(notes)
def test_a_note_that_is_written_is_read_back(note):
    assert parse_note(format_note(note)) == note


@given(
    st.lists(
        st.sampled_from(
            ["\n", "\n\n", "a", " ", "\u2014 ", "b AAAAAAA=\n", "=", "\u2014 b AAAAAAA=\n"]
        )
    ).map(lambda parts: "".join(parts).encode())
)
def test_nothing_is_read_that_would_not_be_written(data):
    try:
        note = parse_note(data)
    except MalformedError:
        return
    assert format_note(note) == data


@given(st.builds(create_verifier_key, names, st.just(1), st.binary(min_size=32, max_size=32)))
def test_a_vkey_that_is_written_is_read_back(key):
    assert parse_vkey(format_vkey(key)) == key


def test_a_line_of_the_key_verifies():
    verify_line(LOG.key, TEXT, LINE)


LINE_MANGLINGS = {
    "another text": lambda key, text, line: (key, text + "\n", line),
    "another name": lambda key, text, line: (key, text, replace(line, name="example.org/x")),
    "another key ID": lambda key, text, line: (key, text, replace(line, key_id=b"abcd")),
    "another key": lambda key, text, line: (OTHER.key, text, line),
    "another key of that name and ID": lambda key, text, line: (
        replace(key, public_key=OTHER.key.public_key),
        text,
        line,
    ),
    "a flipped bit": lambda key, text, line: (key, text, spoil(line)),
    "a short signature": lambda key, text, line: (
        key,
        text,
        replace(line, signature=line.signature[1:]),
    ),
    "a key that cosigns": lambda key, text, line: (
        replace(key, algorithm=Algorithm.COSIGNATURE_ED25519),
        text,
        line,
    ),
}


@pytest.mark.parametrize("name", LINE_MANGLINGS)
def test_every_mangled_line_is_refused(name):
    with pytest.raises(SignatureError):
        verify_line(*LINE_MANGLINGS[name](LOG.key, TEXT, LINE))


def test_lines_of_unknown_keys_are_ignored():
    opened = open_note(parse_note(NOTE), [LOG.key])
    assert opened.verified == ((LOG.key, LINE),)
    assert opened.unverified == (OTHER_LINE,)


def test_a_line_that_shares_only_the_name_or_only_the_id_is_of_an_unknown_key():
    same_name = log_signer(LOG.name, label="new key").sign(TEXT)
    same_id = replace(OTHER_LINE, key_id=LOG.key.key_id)
    opened = open_note(SignedNote(TEXT, (same_name, same_id, LINE)), [LOG.key])
    assert opened.unverified == (same_name, same_id)


def test_equal_lines_count_once():
    note = SignedNote(TEXT, (LINE, OTHER_LINE, LINE, OTHER_LINE))
    opened = open_note(note, [LOG.key])
    assert opened.verified == ((LOG.key, LINE),)
    assert opened.unverified == (OTHER_LINE,)


def test_a_bad_line_of_a_known_key_refuses_the_note_beside_good_ones():
    for bad in (spoil(OTHER_LINE), spoil(LINE)):
        for signatures in [(LINE, OTHER_LINE, bad), (bad, LINE, OTHER_LINE)]:
            with pytest.raises(SignatureError):
                open_note(SignedNote(TEXT, signatures), [LOG.key, OTHER.key])


def test_a_bad_line_of_an_unknown_key_changes_nothing():
    opened = open_note(SignedNote(TEXT, (LINE, spoil(OTHER_LINE))), [LOG.key])
    assert opened.verified == ((LOG.key, LINE),)


@pytest.mark.parametrize("keys", [[], [OTHER.key]], ids=["no key", "another key"])
def test_a_note_that_no_known_key_has_signed_is_refused(keys):
    with pytest.raises(SignatureError, match="no signature of a known key"):
        open_note(SignedNote(TEXT, (LINE,)), keys)


def test_two_keys_of_one_name_and_one_id_are_refused():
    twin = replace(LOG.key, public_key=OTHER.key.public_key)
    with pytest.raises(MalformedError):
        open_note(parse_note(NOTE), [LOG.key, twin])
    assert open_note(parse_note(NOTE), [LOG.key, LOG.key]).verified


@pytest.mark.parametrize("signer", [witness_signer("w.example"), mldsa_signer("m.example")])
def test_a_cosigner_among_the_known_keys_is_not_passed_over(signer):
    line = signer.sign("example.org/ledger\n0\n" + "A" * 43 + "=\n", 1)
    with pytest.raises(SignatureError):
        open_note(SignedNote(TEXT, (LINE, line)), [LOG.key, signer.key])
