import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ledger.core.checkpoint import (
    Checkpoint,
    check_origin,
    format_checkpoint,
    parse_checkpoint,
    parse_signed_checkpoint,
)
from ledger.core.hashing import hash_leaf
from ledger.core.note import (
    Algorithm,
    create_verifier_key,
    format_note,
    open_note,
    parse_vkey,
)
from ledger.errors import LimitError, MalformedError
from tests.support.note_signers import log_signer, note_bytes
from tests.support.shared import cases

ACCEPT = cases("c2sp/checkpoints.json", lambda loaded: loaded["accept_body"])
REJECT = cases("c2sp/checkpoints.json", lambda loaded: loaded["reject_body"])
SIGNED = cases("c2sp/checkpoints.json", lambda loaded: loaded["signed"])

ROOT = bytes(range(32))
ROOT_TEXT = base64.b64encode(ROOT).decode()
TEXT = f"example.org/ledger\n20852163\n{ROOT_TEXT}\n"
CHECKPOINT = Checkpoint("example.org/ledger", 20852163, ROOT)


@pytest.mark.shared
@pytest.mark.parametrize("case", ACCEPT, ids=lambda case: case["origin"])
def test_a_body_of_the_vectors_is_read(case):
    checkpoint = parse_checkpoint(case["body"])
    root = hash_leaf(case["root_is_leafhash_of"].encode())
    assert checkpoint == Checkpoint(case["origin"], case["size"], root)
    assert format_checkpoint(checkpoint) == case["body"]


@pytest.mark.shared
@pytest.mark.parametrize("body", REJECT)
def test_a_bad_body_of_the_vectors_is_refused(body):
    with pytest.raises(MalformedError):
        parse_checkpoint(body)


def key_of(case):
    if "vkey" in case:
        return parse_vkey(case["vkey"])
    name = case["checkpoint"].partition("\n")[0]
    public_key = bytes(SigningKey(bytes.fromhex(case["seed_hex"])).verify_key)
    return create_verifier_key(name, Algorithm.ED25519, public_key)


@pytest.mark.shared
@pytest.mark.parametrize("case", SIGNED, ids=lambda case: case["name"])
def test_a_signed_checkpoint_of_the_vectors_is_read_and_verified(case):
    data = case["checkpoint"].encode()
    signed = parse_signed_checkpoint(data)
    assert format_note(signed.note) == data
    assert signed.body.origin == data.partition(b"\n")[0].decode()
    assert format_checkpoint(signed.body) == signed.note.text
    if "sigtype" not in case:  # the one of a CT log, which is ECDSA
        assert len(open_note(signed.note, [key_of(case)]).verified) == 1


def test_a_checkpoint_is_read_into_its_parts():
    assert parse_checkpoint(TEXT) == CHECKPOINT


def test_extension_lines_are_kept_in_their_order():
    assert parse_checkpoint(TEXT + "x y\n \n").extensions == ("x y", " ")


@pytest.mark.parametrize("size", [0, 1, 2**63 - 1])
def test_any_size_below_2_to_the_63_is_read(size):
    assert parse_checkpoint(TEXT.replace("20852163", str(size))).size == size


MANGLINGS = {
    "empty": lambda text: "",
    "no newline at the end": lambda text: text[:-1],
    "two lines": lambda text: text[: text.index(ROOT_TEXT)],
    "a blank line at the end": lambda text: text + "\n",
    "a blank line within": lambda text: text + "\nx\n",
    "no origin": lambda text: text[len("example.org/ledger") :],
    "a blank line in front": lambda text: "\n" + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "a tab in the origin": lambda text: text.replace("/", "\t"),
    "a surrogate in the origin": lambda text: text.replace("/", "\ud800"),
    "no size": lambda text: text.replace("20852163", ""),
    "a leading zero": lambda text: text.replace("2085", "02085"),
    "a sign": lambda text: text.replace("2085", "+2085"),
    "minus zero": lambda text: text.replace("20852163", "-0"),
    "an underscore": lambda text: text.replace("2085", "20_85"),
    "a blank before the size": lambda text: text.replace("2085", " 2085"),
    "other digits": lambda text: text.replace("2085", "\u0662085"),
    "a fraction": lambda text: text.replace("20852163", "2.0"),
    "too large a size": lambda text: text.replace("20852163", str(2**63)),
    "hex for the root": lambda text: text.replace(ROOT_TEXT, ROOT.hex()),
    "no padding": lambda text: text.replace("=", ""),
    "spare bits": lambda text: text.replace("8=", "9="),
    "a root of 31 bytes": lambda text: text.replace(ROOT_TEXT, base64.b64encode(ROOT[1:]).decode()),
    "a root of 33 bytes": lambda text: text.replace(
        ROOT_TEXT, base64.b64encode(ROOT + b"x").decode()
    ),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_checkpoint_is_refused(name):
    mangled = MANGLINGS[name](TEXT)
    assert mangled != TEXT
    with pytest.raises(MalformedError):
        parse_checkpoint(mangled)


def test_no_truncated_checkpoint_is_read():
    for length in range(len(TEXT)):
        with pytest.raises(MalformedError):
            parse_checkpoint(TEXT[:length])


def test_a_checkpoint_of_more_than_64_kib_is_neither_read_nor_written():
    extension = "x" * (64 * 1024 - len(TEXT) - 1)
    largest = f"{TEXT}{extension}\n"
    assert format_checkpoint(parse_checkpoint(largest)) == largest
    with pytest.raises(LimitError):
        parse_checkpoint(f"{TEXT}x{extension}\n")
    with pytest.raises(LimitError):
        format_checkpoint(replace(CHECKPOINT, extensions=(f"x{extension}",)))


FORMAT_MANGLINGS = {
    "no origin": {"origin": ""},
    "a newline in the origin": {"origin": "a\n1"},
    "a control character in the origin": {"origin": "a\x00"},
    "a negative size": {"size": -1},
    "too large a size": {"size": 2**63},
    "a short root": {"root": ROOT[1:]},
    "no root": {"root": b""},
    "an empty extension": {"extensions": ("",)},
    "a newline in an extension": {"extensions": ("a\nb",)},
}


@pytest.mark.parametrize("name", FORMAT_MANGLINGS)
def test_nothing_is_written_that_would_not_be_read(name):
    with pytest.raises(MalformedError):
        format_checkpoint(replace(CHECKPOINT, **FORMAT_MANGLINGS[name]))


line_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
checkpoints = st.builds(
    Checkpoint,
    line_texts,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(line_texts, max_size=3).map(tuple),
)


@given(checkpoints)
def test_a_checkpoint_that_is_written_is_read_back(checkpoint):
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@given(st.lists(st.sampled_from(["\n", "0", "17", "a b", ROOT_TEXT, "\u2028"])).map("".join))
def test_nothing_is_read_that_would_not_be_written(text):
    try:
        checkpoint = parse_checkpoint(text)
    except MalformedError:
        return
    assert format_checkpoint(checkpoint) == text


def test_a_note_with_other_text_is_no_signed_checkpoint():
    log = log_signer()
    signed = parse_signed_checkpoint(note_bytes(TEXT, log.sign(TEXT)))
    assert signed.body == CHECKPOINT
    with pytest.raises(MalformedError):
        parse_signed_checkpoint(note_bytes("hello\n", log.sign("hello\n")))
    with pytest.raises(MalformedError):
        parse_signed_checkpoint(TEXT.encode())


@pytest.mark.parametrize(
    "origin",
    ["a", "-", "example.org", "example.org/ledger", "muniment.invalid/ab2", "a/B._~-/9", "a" * 128],
)
def test_an_origin_of_ours_is_accepted(origin):
    check_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "", "/", "a/", "/a", "a//b", "A", "Example.org", "a b", "a+b", "a/b c", "a\n", "a/b\n", "a_b", "a~b",
        "https://a", "a:80", "\u00e9t\u00e9", "a/\u767b", "a?b", "a#b", "a%20",
    ],
)  # fmt: skip
def test_another_origin_is_refused(origin):
    with pytest.raises(MalformedError):
        check_origin(origin)


def test_an_origin_of_129_bytes_is_refused():
    with pytest.raises(LimitError):
        check_origin("a" * 129)
