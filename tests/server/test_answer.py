"""`muniment verify` of a node's signed answer, with the ledger's own state beside it."""

import json
import shutil
from hashlib import sha256

import pytest

from ledger.core.answer import (
    Answer,
    AnswerOutcome,
    SignedAnswer,
    answer_message,
    format_answer,
    parse_answer,
)
from ledger.keys import SigningKey
from tests.support.manglings import edited
from tests.support.program import Program
from tests.support.scribe import found, open_scribe

JSON = {"content-type": "application/json"}
EVENT = sha256(b"an event").hexdigest()


class Case:
    """An accepted and a refused event, the ledger's state, and a verifier with the policy alone.

    Args:
        folder: For its files.
    """

    def __init__(self, folder):
        self.folder = folder
        home = found(folder / "home", "example.org/answers")
        with open_scribe(home) as (site, scribe):
            good, bad = scribe.wire(1), scribe.wire(1, version=9)
            accepted = site.ask("POST", "/v1/events", content=good, headers=JSON).json()
            refused = site.ask("POST", "/v1/events", content=bad, headers=JSON).json()
            self.accepted, self.refused = accepted["answer"], refused["answer"]
            self.event = accepted["event"]
            self.state = site.json("/v1/state/ledger/self")
            self.other_state = site.json("/v1/state/list/noticeboard:1")
            self.receipt = accepted["receipt"]
        shutil.copy(home / "trust.policy", folder / "trust.policy")
        self.write("self.state.json", self.state)
        self.write("other.state.json", self.other_state)
        self.write("receipt.json", self.receipt)

    def write(self, name, document):
        (self.folder / name).write_text(json.dumps(document))
        return self.folder / name


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return Case(tmp_path_factory.mktemp("answers"))


@pytest.fixture
def verify(case, capsys, tmp_path):
    """The verdict on a document, by a verifier who has the policy and, unless told, the state."""
    program = Program(capsys, tmp_path / "nobody")

    def run(document, *argv, code=0, ledger="self.state.json"):
        path = case.write("answer.json", document)
        beside = ("--ledger", case.folder / ledger) if ledger else ()
        policy = ("--policy", case.folder / "trust.policy")
        return program.json("verify", path, *policy, *beside, *argv, code=code)

    run.program = program
    return run


def test_both_answers_verify_and_say_what_the_node_said(case, verify):
    verdict = verify(case.accepted)
    assert verdict["verified"] is verdict["authentic"] is True
    assert (verdict["kind"], verdict["subject"]) == ("answer", case.event)
    assert ["outcome", "in the log (accepted)"] in verdict["shown"]
    assert [check["name"] for check in verdict["checks"]] == ["state", "answer"]
    verdict = verify(case.refused)
    assert ["outcome", "not written (wrong_version)"] in verdict["shown"]
    assert "answer is true" in verdict["not_checked"]


def test_what_is_shown_is_in_the_language_asked_for(case, verify):
    path = case.write("answer.json", case.refused)
    argv = ("--policy", case.folder / "trust.policy", "--ledger", case.folder / "self.state.json")
    assert "not written (wrong_version)" in verify.program.ok("verify", path, *argv).out
    chinese = verify.program.ok("verify", path, *argv, "--lang", "zh-CN").out
    assert "未写入（wrong_version）" in chinese
    assert "由账本的节点签署" in chinese


def test_without_the_ledger_s_state_nothing_is_verified(case, verify):
    error = verify(case.accepted, code=2, ledger=None)["error"]
    assert error["code"] == "unanswerable"
    assert "--ledger" in error["message"]


def forge(case, key, **members):
    """An answer that somebody else made, with their own key in it."""
    said = parse_answer(case.accepted).answer
    values = {name: getattr(said, name) for name in ("code", "event", "log", "outcome", "time")}
    answer = Answer(**(values | members))
    return format_answer(SignedAnswer(answer, key.did, key.sign(answer_message(answer))))


STRANGER = SigningKey(sha256(b"stranger").digest())
FORGED = {
    "somebody else's key": lambda case: forge(case, STRANGER),
    "the node's name on it": lambda case: forge(case, STRANGER) | {"key": case.accepted["key"]},
    "another event": lambda case: edited(case.accepted, "answer", "event", value=EVENT),
    "another time": lambda case: edited(case.accepted, "answer", "time", value=lambda t: t + 1),
    "a refusal made of a success": lambda case: edited(
        case.accepted,
        "answer",
        value=lambda a: a | {"outcome": str(AnswerOutcome.REFUSED), "code": "wrong_version"},
    ),
    "another ledger": lambda case: forge(case, STRANGER, log="example.org/other"),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_the_node_did_not_say_is_not_authentic(case, verify, name):
    verdict = verify(FORGED[name](case), code=3)
    assert verdict["verified"] is verdict["authentic"] is False
    assert not verdict["checks"][-1]["ok"]


def test_the_state_has_to_be_the_ledger_s_own_and_proved(case, verify):
    assert verify(case.accepted, ledger="other.state.json", code=3)["verified"] is False
    assert verify(case.accepted, ledger="receipt.json", code=4)["verified"] is False
    forged = edited(case.state, "value", "state", "node", value=STRANGER.did)
    case.write("forged.state.json", forged)
    assert verify(forge(case, STRANGER), ledger="forged.state.json", code=3)["verified"] is False


MALFORMED = {
    "a member more": lambda plain: plain | {"x": 1},
    "no signature": lambda plain: {k: v for k, v in plain.items() if k != "sig"},
    "too large": lambda plain: plain | {"sig": "A" * 5000},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_answer_is_malformed(case, verify, name):
    verdict = verify(MALFORMED[name](case.accepted), code=4)
    assert verdict["verified"] is False


def test_it_must_be_what_was_expected(case, verify):
    assert verify(case.accepted, "--kind", "answer", "--subject", case.event)["verified"] is True
    assert verify(case.accepted, "--kind", "voucher", code=3)["verified"] is False
    assert verify(case.accepted, "--subject", EVENT, code=3)["verified"] is False
