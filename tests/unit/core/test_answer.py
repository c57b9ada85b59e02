from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.answer import (
    ANSWER,
    Answer,
    AnswerOutcome,
    SignedAnswer,
    answer_message,
    format_answer,
    parse_answer,
    verify_answer,
)
from ledger.errors import BundleError, MalformedError, SignatureError
from ledger.keys import SigningKey
from tests.support.manglings import edited

NODE = SigningKey(sha256(b"node").digest())
OTHER = SigningKey(sha256(b"other").digest())
LOG = "example.org/answers"
EVENT = sha256(b"event").hexdigest()


def sign(answer, key=NODE, name=None):
    return SignedAnswer(answer, name or key.did, key.sign(answer_message(answer)))


SAID = Answer("wrong_version", EVENT, LOG, AnswerOutcome.REFUSED, 1795388434429)
PLAIN = format_answer(sign(SAID))


def test_the_message_is_the_one_of_the_formats():
    assert answer_message(SAID) == (
        b"muniment/answer/v1\n"
        b'{"code":"wrong_version","event":"%b","log":"example.org/answers",'
        b'"outcome":"refused","time":1795388434429}' % EVENT.encode()
    )


def test_an_answer_of_the_ledger_s_node_verifies():
    verify_answer(parse_answer(PLAIN), node=NODE.did, log=LOG)


answers = st.builds(
    Answer,
    st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True).filter(
        lambda code: code not in {"accepted", "duplicate"}
    ),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.just(LOG),
    st.just(AnswerOutcome.REFUSED),
    st.integers(0, 2**53 - 1),
) | st.builds(
    Answer,
    st.sampled_from(["accepted", "duplicate"]),
    st.just(EVENT),
    st.just(LOG),
    st.just(AnswerOutcome.ACCEPTED),
    st.integers(0, 2**53 - 1),
)


@given(answers)
def test_what_is_written_is_read_again_and_verifies(answer):
    read = parse_answer(format_answer(sign(answer)))
    assert read == sign(answer)
    verify_answer(read, node=NODE.did, log=LOG)


MALFORMED = {
    "no object": [],
    "a member more": PLAIN | {"index": 7},
    "a member missing": {k: v for k, v in PLAIN.items() if k != "sig"},
    "another format": PLAIN | {"format": ANSWER + "1"},
    "a key that is none": PLAIN | {"key": "did:key:z6Mk"},
    "a key that is no text": PLAIN | {"key": None},
    "a short signature": PLAIN | {"sig": PLAIN["sig"][:-2]},
    "a signature with padding": PLAIN | {"sig": PLAIN["sig"] + "=="},
    "an answer with a member more": edited(PLAIN, "answer", value=lambda a: a | {"x": 1}),
    "an answer without its time": edited(
        PLAIN, "answer", value=lambda a: {k: v for k, v in a.items() if k != "time"}
    ),
    "a time that is a truth": edited(PLAIN, "answer", "time", value=True),
    "a time before 1970": edited(PLAIN, "answer", "time", value=-1),
    "an event that is no digest": edited(PLAIN, "answer", "event", value=EVENT.upper()),
    "an origin that is none": edited(PLAIN, "answer", "log", value="Example Org"),
    "an unknown outcome": edited(PLAIN, "answer", "outcome", value="queued"),
    "a code with a blank": edited(PLAIN, "answer", "code", value="wrong version"),
    "an empty code": edited(PLAIN, "answer", "code", value=""),
    "accepted with the code of a refusal": edited(PLAIN, "answer", "outcome", value="accepted"),
    "refused with the code of a success": edited(PLAIN, "answer", "code", value="accepted"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_anything_else_is_refused(name):
    with pytest.raises(MalformedError):
        parse_answer(MALFORMED[name])


GOOD = sign(SAID)
FORGED = {
    "another code": (replace(GOOD, answer=replace(SAID, code="other")), SignatureError),
    "another event": (replace(GOOD, answer=replace(SAID, event="0" * 64)), SignatureError),
    "another time": (replace(GOOD, answer=replace(SAID, time=1)), SignatureError),
    "the other outcome": (
        replace(GOOD, answer=replace(SAID, outcome=AnswerOutcome.ACCEPTED, code="accepted")),
        SignatureError,
    ),
    "another ledger": (sign(replace(SAID, log="example.org/other")), BundleError),
    "another key": (sign(SAID, OTHER), SignatureError),
    "another key under the node's name": (sign(SAID, OTHER, NODE.did), SignatureError),
    "one bit of the signature": (
        replace(GOOD, sig=bytes([GOOD.sig[0] ^ 1]) + GOOD.sig[1:]),
        SignatureError,
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_the_node_did_not_sign_does_not_verify(name):
    signed, error = FORGED[name]
    with pytest.raises(error):
        verify_answer(signed, node=NODE.did, log=LOG)


def test_a_message_of_another_kind_is_no_answer():
    other = NODE.sign(answer_message(SAID).replace(b"answer/v1", b"event/v1", 1))
    with pytest.raises(SignatureError):
        verify_answer(replace(GOOD, sig=other), node=NODE.did, log=LOG)
