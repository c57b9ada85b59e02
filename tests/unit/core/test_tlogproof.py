from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.text import format_base64
from ledger.core.tlogproof import (
    MAX_TLOG_PROOF_BYTES,
    TlogProof,
    format_tlog_proof,
    parse_tlog_proof,
)
from ledger.errors import LimitError, MalformedError
from tests.support.shared import cases

MARSHAL = cases("c2sp/tlog_proof.json", lambda loaded: loaded["marshal"])
REJECT = cases("c2sp/tlog_proof.json", lambda loaded: loaded["reject"])

HASHES = (sha256(b"a").digest(), sha256(b"b").digest())
FIRST, SECOND = map(format_base64, HASHES)
PROOF = TlogProof(73894, HASHES, b"origin\n\nanything\n\xff", b"extra data")
DATA = (
    b"c2sp.org/tlog-proof@v1\nextra ZXh0cmEgZGF0YQ==\nindex 73894\n"
    + f"{FIRST}\n{SECOND}\n\n".encode()
    + b"origin\n\nanything\n\xff"
)


@pytest.mark.shared
@pytest.mark.parametrize("case", MARSHAL, ids=lambda case: case["checkpoint"])
def test_a_proof_of_the_vectors_is_written_and_read(case):
    proof = TlogProof(
        case["index"],
        tuple(sha256(text.encode()).digest() for text in case["hashes_of"]),
        case["checkpoint"].encode(),
        case["extra"] and case["extra"].encode(),
    )
    assert format_tlog_proof(proof) == case["want"].encode()
    assert parse_tlog_proof(case["want"].encode()) == proof


@pytest.mark.shared
@pytest.mark.parametrize("text", REJECT)
def test_a_bad_proof_of_the_vectors_is_refused(text):
    with pytest.raises(MalformedError):
        parse_tlog_proof(text.encode())


def test_a_proof_is_read_into_its_parts():
    assert parse_tlog_proof(DATA) == PROOF


def head(old, new):
    return lambda data: data.replace(old.encode(), new.encode(), 1)


MANGLINGS = {
    "empty": lambda data: b"",
    "another version": head("@v1", "@v2"),
    "a blank line in front": lambda data: b"\n" + data,
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "only the header": lambda data: b"c2sp.org/tlog-proof@v1\n",
    "header and checkpoint": lambda data: b"c2sp.org/tlog-proof@v1\n\nx",
    "extra and checkpoint": lambda data: b"c2sp.org/tlog-proof@v1\nextra AA==\n\nx",
    "no checkpoint": lambda data: data[: data.index(b"origin")],
    "cut off in the path": lambda data: data[: data.index(SECOND.encode()) + 9],
    "cut off after the path": lambda data: data[: data.index(b"\n\norigin") + 1],
    "an empty extra": head("ZXh0cmEgZGF0YQ==", ""),
    "extra without a blank": head("extra ZXh0cmEgZGF0YQ==", "extra"),
    "extra twice": head("extra ZXh0cmEgZGF0YQ==\n", "extra AA==\nextra AA==\n"),
    "extra after index": head("73894\n", "73894\nextra AA==\n"),
    "extra of two words": head("ZXh0", "ZX h0"),
    "unpadded extra": head("==", ""),
    "index twice": head("index 73894\n", "index 73894\nindex 73894\n"),
    "no index": head("index 73894\n", ""),
    "index in upper case": head("index", "Index"),
    "two blanks": head("index ", "index  "),
    "a leading zero": head("73894", "073894"),
    "a sign": head("73894", "+73894"),
    "a fraction": head("73894", "7.3"),
    "too large an index": head("73894", str(2**63)),
    "other digits": head("73894", "\u0667"),
    "a hash of 31 bytes": head(FIRST, format_base64(HASHES[0][1:])),
    "a hash of 33 bytes": head(FIRST, format_base64(HASHES[0] + b"x")),
    "a hash in hex": head(FIRST, HASHES[0].hex()),
    "a blank behind a hash": head(FIRST, f"{FIRST} "),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_proof_is_refused(name):
    mangled = MANGLINGS[name](DATA)
    assert mangled != DATA
    with pytest.raises(MalformedError):
        parse_tlog_proof(mangled)


def test_a_path_may_have_63_hashes_and_no_more():
    longest = replace(PROOF, path=HASHES[:1] * 63)
    assert parse_tlog_proof(format_tlog_proof(longest)) == longest
    with pytest.raises(LimitError):
        format_tlog_proof(replace(PROOF, path=HASHES[:1] * 64))
    with pytest.raises(LimitError):
        parse_tlog_proof(DATA.replace(f"{FIRST}\n".encode(), f"{FIRST}\n".encode() * 63))


def test_the_checkpoint_may_be_as_long_as_a_note_and_no_longer():
    largest = replace(PROOF, checkpoint=b"x" * 65536)
    data = format_tlog_proof(largest)
    assert parse_tlog_proof(data) == largest
    with pytest.raises(LimitError):
        parse_tlog_proof(data + b"x")
    with pytest.raises(LimitError):
        format_tlog_proof(replace(PROOF, checkpoint=b"x" * 65537))


def test_a_file_that_is_too_long_is_refused_unread():
    with pytest.raises(MalformedError):
        parse_tlog_proof(bytes(MAX_TLOG_PROOF_BYTES))
    with pytest.raises(LimitError):
        parse_tlog_proof(bytes(MAX_TLOG_PROOF_BYTES + 1))
    with pytest.raises(LimitError):
        format_tlog_proof(replace(PROOF, extra=bytes(MAX_TLOG_PROOF_BYTES)))


FORMAT_MANGLINGS = {
    "a negative index": {"index": -1},
    "too large an index": {"index": 2**63},
    "a hash of 31 bytes": {"path": (HASHES[0][1:],)},
    "an empty extra": {"extra": b""},
    "no checkpoint": {"checkpoint": b""},
}


@pytest.mark.parametrize("name", FORMAT_MANGLINGS)
def test_nothing_is_written_that_would_not_be_read(name):
    with pytest.raises(MalformedError):
        format_tlog_proof(replace(PROOF, **FORMAT_MANGLINGS[name]))


proofs = st.builds(
    TlogProof,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple),
    st.binary(min_size=1, max_size=20),
    st.none() | st.binary(min_size=1, max_size=9),
)


@given(proofs)
def test_a_proof_that_is_written_is_read_back(proof):
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


PIECES = [
    b"c2sp.org/tlog-proof@v1\n",
    b"extra ",
    b"index ",
    b"0",
    b"\n",
    b"AAAA",
    FIRST.encode(),
    b"\n\n",
]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_nothing_is_read_that_would_not_be_written(data):
    data = b"c2sp.org/tlog-proof@v1\n" + data
    try:
        proof = parse_tlog_proof(data)
    except MalformedError:
        return
    assert format_tlog_proof(proof) == data
