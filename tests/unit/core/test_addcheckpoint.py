"""The request to a witness and its answer: exact inverses, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.addcheckpoint import (
    MAX_ADD_CHECKPOINT_BYTES,
    format_add_checkpoint,
    format_size_answer,
    merge_cosignatures,
    parse_add_checkpoint,
    parse_cosignature_lines,
    parse_size_answer,
)
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.note import format_note, format_signature_line, parse_note
from ledger.errors import InputError, LimitError, MalformedError, SignatureError
from tests.support.note_signers import log_signer, note_bytes, spoil, witness_signer

LOG = log_signer()
WITNESS = witness_signer("witness.example")
OTHER = witness_signer("other.example")
TEXT = format_checkpoint(Checkpoint(LOG.name, 7, bytes(32)))
NOTE = note_bytes(TEXT, LOG.sign(TEXT))
DIGESTS = st.binary(min_size=32, max_size=32)
HONEST = format_add_checkpoint(3, (bytes(32), b"\xff" * 32), NOTE)


def lines(*made):
    return "".join(map(format_signature_line, made)).encode()


@given(st.integers(0, 2**63 - 1), st.lists(DIGESTS, max_size=63))
def test_what_is_written_reads_back(old, path):
    request = parse_add_checkpoint(format_add_checkpoint(old, path, NOTE))
    assert (request.old_size, list(request.path)) == (old, path)
    assert format_note(request.offered.note) == NOTE


@given(st.integers(0, len(HONEST) - 1), st.binary(max_size=3))
def test_nothing_is_read_that_would_be_written_otherwise(at, other):
    for changed in (HONEST[:at] + other + HONEST[at + 1 :], HONEST[:at]):
        try:
            request = parse_add_checkpoint(changed)
        except InputError:
            continue
        note = format_note(request.offered.note)
        assert format_add_checkpoint(request.old_size, request.path, note) == changed


@pytest.mark.parametrize(
    ("old", "path", "note"),
    [
        (-1, (), NOTE),
        (2**63, (), NOTE),
        (0, (bytes(31),), NOTE),
        (0, (), b""),
        (0, (), NOTE[:-1]),
        (0, (bytes(32),) * 64, NOTE),
        (0, (), NOTE + b"x" * MAX_ADD_CHECKPOINT_BYTES),
    ],
)
def test_what_no_witness_would_read_is_not_written(old, path, note):
    with pytest.raises(InputError):
        format_add_checkpoint(old, path, note)


@given(st.integers(0, 2**63 - 1))
def test_a_size_answer_reads_back(size):
    assert parse_size_answer(format_size_answer(size)) == size


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"7", b"07\n", b"+7\n", b"7\n\n", b" 7\n", b"7 \n", b"\xd9\xa7\n", b"9" * 19 + b"\n"]
)  # fmt: skip
def test_no_other_size_answer_is_read(data):
    with pytest.raises(MalformedError):
        parse_size_answer(data)


def test_the_line_of_a_witness_is_found_among_others():
    stranger = spoil(OTHER.sign(TEXT, 5))
    answer = lines(stranger, WITNESS.sign(TEXT, 5), stranger)
    assert parse_cosignature_lines(answer, TEXT, WITNESS.key) == WITNESS.sign(TEXT, 5)


def test_of_several_lines_of_a_witness_the_newest_counts():
    answer = lines(WITNESS.sign(TEXT, 5), WITNESS.sign(TEXT, 9), WITNESS.sign(TEXT, 7))
    assert parse_cosignature_lines(answer, TEXT, WITNESS.key) == WITNESS.sign(TEXT, 9)


ANSWERS = {
    "nothing": (MalformedError, b""),
    "no line of it": (SignatureError, lines(OTHER.sign(TEXT, 5))),
    "a wrong signature": (SignatureError, lines(spoil(WITNESS.sign(TEXT, 5)))),
    "another time": (SignatureError, lines(spoil(WITNESS.sign(TEXT, 5), 7))),
    "a wrong one beside a good one": (
        SignatureError,
        lines(WITNESS.sign(TEXT, 5), spoil(WITNESS.sign(TEXT, 6))),
    ),
    "of another text": (SignatureError, lines(WITNESS.sign(TEXT.replace("7", "8"), 5))),
    "a note of its own": (MalformedError, NOTE),
    "a line of text before": (MalformedError, b"more\n\n" + lines(WITNESS.sign(TEXT, 5))),
    "an empty line before": (MalformedError, b"\n" + lines(WITNESS.sign(TEXT, 5))),
    "cut off": (MalformedError, lines(WITNESS.sign(TEXT, 5))[:-1]),
    "not UTF-8": (MalformedError, b"\xff\n"),
    "65 lines": (LimitError, lines(WITNESS.sign(TEXT, 5)) * 65),
    "too long": (LimitError, b"x" * 65_537),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_another_answer_is_refused(name):
    error, answer = ANSWERS[name]
    with pytest.raises(error):
        parse_cosignature_lines(answer, TEXT, WITNESS.key)


def test_a_cosignature_takes_the_place_of_an_older_one():
    once = merge_cosignatures(NOTE, [WITNESS.sign(TEXT, 5), OTHER.sign(TEXT, 5)])
    again = merge_cosignatures(once, [WITNESS.sign(TEXT, 9)])
    assert parse_note(again).signatures == (
        LOG.sign(TEXT),
        WITNESS.sign(TEXT, 9),
        OTHER.sign(TEXT, 5),
    )


def test_a_note_holds_64_lines_and_the_log_keeps_its_own():
    many = [witness_signer(f"w{n}.example").sign(TEXT, 5) for n in range(80)]
    merged = parse_note(merge_cosignatures(NOTE, many)).signatures
    assert len(merged) == 64
    assert merged[0] == LOG.sign(TEXT)
    newer = witness_signer("w3.example").sign(TEXT, 8)
    assert (
        newer in parse_note(merge_cosignatures(merge_cosignatures(NOTE, many), [newer])).signatures
    )
