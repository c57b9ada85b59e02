"""The route that answers whether a party may do an act; the answer is worked out by two programs."""

import json
import time

import pytest

from contracts.verdict import Question
from ledger.core.policy import parse_policy
from node.verifier import verify_file
from tests.support.independent_answers import verify_check


def check(site, status=200, path="/v1/check", **asked):
    response = site.ask("POST", path, json=asked)
    assert response.status_code == status, response.text
    return response


def judged(response, trade):
    now = time.time_ns() // 1_000_000
    return verify_file(response.content, parse_policy(trade.policy), Question(now=now))


def verified(response, trade):
    assert judged(response, trade).failure is None
    verify_check(response.content, trade.policy)
    return response.json()


@pytest.mark.parametrize(
    ("by", "action", "verdict"),
    [("owner", "use", "permitted"), ("user", "use", "permitted"), ("user", "sell", "forbidden"),
     ("user", "distribute", None)],
)  # fmt: skip
def test_a_verdict_comes_with_the_proofs_of_what_it_rests_on(site, trade, by, action, verdict):
    response = check(site, action=action, by=getattr(trade, by), asset=trade.asset)
    document = verified(response, trade)
    assert document["format"] == "muniment/check/v1"
    assert document["inquiry"]["party"] == getattr(trade, by)
    assert verdict is None or (document["answer"]["verdict"] == "permitted") == (
        verdict == "permitted"
    )
    assert response.headers["cache-control"] == "no-store"


def test_a_verdict_is_as_of_a_time(site, trade):
    grant = site.node.registry.read_state(trade.grant)
    before = verified(check(site, action="use", by=trade.user, asset=trade.asset, at=1_000), trade)
    after = verified(
        check(site, action="use", by=trade.user, asset=trade.asset, at=grant.time + 1000), trade
    )
    assert before["answer"]["verdict"] != "permitted"
    assert after["answer"]["verdict"] == "permitted"
    assert (before["inquiry"]["at"], after["inquiry"]["at"]) == (1_000, grant.time + 1000)


def test_a_verdict_is_under_a_checkpoint(site, trade):
    size = list(site.node.reader.iterate_blocks())[-2].size
    asked = {"action": "use", "by": trade.owner, "asset": trade.asset}
    document = verified(check(site, path=f"/v1/check?size={size}", **asked), trade)
    bundles = [*document["states"], *(each["state"] for each in document["dossiers"])]
    assert all(f"\n{size}\n" in each["seal"]["proof"] for each in bundles)


def test_facts_are_part_of_the_question(site, trade):
    facts = {"purpose": "research", "recipient": trade.owner}
    response = check(site, action="use", by=trade.user, asset=trade.asset, facts=facts)
    report = judged(response, trade)  # the other program knows no stated facts
    assert report.failure is None
    assert response.json()["inquiry"]["facts"] == facts


def wrong_bodies(trade):
    good = {"action": "use", "by": trade.user, "asset": trade.asset}
    return {
        "no JSON": (b"no", 400, "malformed"),
        "nothing": (b"", 400, "malformed"),
        "a list": (b"[]", 400, "malformed"),
        "a member missing": (_without(good, "by"), 400, "malformed"),
        "a member more": (_bytes(good | {"proof": True}), 400, "malformed"),
        "a member twice": (b'{"action":"use",' + _bytes(good)[1:], 400, "malformed"),
        "a float": (_bytes(good | {"at": 1.5}), 400, "malformed"),
        "a negative time": (_bytes(good | {"at": -1}), 400, "malformed"),
        "a time as text": (_bytes(good | {"at": "1"}), 400, "malformed"),
        "a party that is an asset": (_bytes(good | {"by": trade.asset}), 400, "malformed"),
        "an asset that is a voucher": (_bytes(good | {"asset": trade.number}), 400, "malformed"),
        "a fact that is a number": (_bytes(good | {"facts": {"purpose": 1}}), 400, "malformed"),
        "not UTF-8": (b'{"action":"\xff"}', 400, "malformed"),
        "a lone surrogate": (b'{"action":"\\ud800"}', 400, "malformed"),
        "an action of nobody": (_bytes(good | {"action": "fly"}), 422, "rejected"),
        "a fact of nobody": (
            _bytes(good | {"by": trade.owner, "facts": {"mood": "good"}}),
            422,
            "rejected",
        ),
        "too large": (_bytes(good | {"facts": {"purpose": "x" * 40_000}}), 413, "limit"),
        "deep": (b"[" * 1000 + b"]" * 1000, None, None),
        "a party of nobody": (_bytes(good | {"by": "party/" + "a" * 26}), 404, "not_found"),
        "an asset of nobody": (_bytes(good | {"asset": "asset/" + "a" * 26}), 404, "not_found"),
    }


NAMES = (
    "no JSON", "nothing", "a list", "a member missing", "a member more", "a member twice",
    "a float", "a negative time", "a time as text", "a party that is an asset",
    "an asset that is a voucher", "a fact that is a number", "not UTF-8", "a lone surrogate",
    "an action of nobody", "a fact of nobody", "too large", "deep", "a party of nobody",
    "an asset of nobody",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_question_that_is_none_is_refused(site, trade, name):
    body, status, code = wrong_bodies(trade)[name]
    if status is None:
        response = site.ask("POST", "/v1/check", content=body)
        assert response.status_code in {400, 413}
        return
    problem = site.problem("/v1/check", status, method="POST", content=body)
    assert problem["code"] == code


def test_a_refusal_says_which_words_there_are(site, trade):
    body = _bytes({"action": "fly", "by": trade.user, "asset": trade.asset})
    problem = site.problem("/v1/check", 422, method="POST", content=body)
    assert problem["reason"] == "unknown_term"
    assert "distribute" in problem["detail"]
    assert any("\u4e00" <= character <= "\u9fff" for character in problem["zh"])


def _bytes(value):
    return json.dumps(value).encode()


def _without(value, name):
    return _bytes({key: member for key, member in value.items() if key != name})
