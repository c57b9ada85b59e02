"""Errors over HTTP and back: each class, its status, and what stays inside."""

import json

import pytest

from ledger import errors
from ledger.errors import (
    ConflictError,
    CorruptionError,
    LedgerError,
    LimitError,
    MalformedError,
    NotFoundError,
    RejectedError,
    RollbackError,
    SignatureError,
    StoreFailedError,
    UnavailableError,
)
from node import problems
from node.asgi import HungUpError
from node.problems import (
    MAX_PROBLEM_BYTES,
    BusyError,
    GoneError,
    MediaTypeError,
    MethodError,
    ServerError,
    TooManyError,
    encode_problem,
    error_of,
    problem_headers,
    problem_of,
    status_of,
)

STATUS = {
    MalformedError: 400,
    NotFoundError: 404,
    MethodError: 405,
    HungUpError: 408,
    GoneError: 410,
    LimitError: 413,
    MediaTypeError: 415,
    SignatureError: 422,
    errors.ExistsError: 422,
    errors.InputError: 422,
    errors.VerificationError: 422,
    ServerError: 500,
    RollbackError: 500,
    CorruptionError: 500,
    LedgerError: 500,
    StoreFailedError: 503,
    UnavailableError: 503,
    BusyError: 503,
    TooManyError: 429,
}
SECRET = "/home/keeper/keys/log.key"


@pytest.mark.parametrize("cls", STATUS, ids=lambda cls: cls.__name__)
def test_each_error_has_its_status_and_comes_back_as_itself(cls):
    error = cls("what would be needed")
    status, body = status_of(error), encode_problem(problem_of(error))
    assert status == STATUS[cls]
    problem = json.loads(body)
    assert problem["status"] == status
    assert problem["code"] == cls.code
    assert problem["title"]
    back = error_of(status, body)
    assert type(back) is (ServerError if cls is LedgerError else cls)


@pytest.mark.parametrize(
    "cls", [LedgerError, CorruptionError, RollbackError, StoreFailedError, ServerError]
)
def test_what_only_the_operator_may_know_stays_inside(cls):
    assert SECRET not in encode_problem(problem_of(cls(SECRET))).decode()


def test_a_refusal_carries_reason_rule_and_both_sentences():
    error = RejectedError("too_early", "wait until then", "请等到届时", "Art. 21")
    back = error_of(422, encode_problem(problem_of(error)))
    assert isinstance(back, RejectedError)
    assert (back.reason, back.en, back.zh, back.rule) == (
        "too_early", "wait until then", "请等到届时", "Art. 21",
    )  # fmt: skip


def test_a_conflict_carries_the_size():
    back = error_of(409, encode_problem(problem_of(ConflictError(77))))
    assert isinstance(back, ConflictError)
    assert back.size_now == 77


def test_who_may_try_again_is_told_when():
    assert problem_headers(TooManyError("slowly", 2.2))["retry-after"] == "3"
    assert problem_headers(UnavailableError("later"))["retry-after"] == "1"
    assert "retry-after" not in problem_headers(MalformedError("no"))
    back = error_of(429, encode_problem(problem_of(TooManyError("slowly", 2.2))))
    assert isinstance(back, TooManyError)
    assert back.retry_after == 3


ANSWERS = {
    "nothing": (502, b"", UnavailableError),
    "a page of a proxy": (503, b"<html>", UnavailableError),
    "a proxy's 404": (404, b"not here", NotFoundError),
    "an unknown status": (418, b"{}", errors.InputError),
    "a failure without a problem": (500, b"{}", ServerError),
    "an unknown code": (422, b'{"code":"unheard_of","detail":"x"}', errors.InputError),
    "a code that is no text": (400, b'{"code":{}}', MalformedError),
    "a detail that is no text": (400, b'{"code":"malformed","detail":7}', MalformedError),
    "a rejection without anything": (422, b'{"code":"rejected"}', RejectedError),
    "a size that is no number": (409, b'{"code":"conflict","size":"x"}', ConflictError),
    "an absurd wait": (429, b'{"code":"too_many","retry_after":99999999}', TooManyError),
    "an endless body": (400, b'{"detail":"' + b"x" * (MAX_PROBLEM_BYTES + 9), MalformedError),
    "a float": (400, b'{"code":"malformed","detail":1.5}', MalformedError),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_a_server_answers_is_an_error_of_ours(name):
    status, body, cls = ANSWERS[name]
    error = error_of(status, body)
    assert type(error) is cls
    assert len(str(error)) <= 2000


def test_every_code_that_is_known_belongs_to_one_class():
    assert all(cls.code == code for code, cls in problems._BY_CODE.items())
