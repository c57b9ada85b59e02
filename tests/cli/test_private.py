"""`muniment query private`: is it registered, asked so that a node learns little."""

import json
from pathlib import Path

import pytest

from ledger.core.mappages import hash_key


def ask(program, *what, code=0):
    return program.json("query", "private", *what, code=code)


def verdict(program, *more, code=0):
    return program.json("verify", "b.json", *more, code=code)


def test_of_a_small_registry_everything_is_fetched_and_presence_told(solo, founded):
    said = ask(solo, founded.number)
    (item,) = said["items"]
    assert (item["subject"], item["present"]) == (f"voucher/{founded.number}", True)
    assert (item["prefix"], item["among"]) == ("", said["log"]["subjects"])
    state = solo.json("query", "voucher", founded.number)
    assert said["log"]["size"] == state["log"]["size"]


def test_an_absent_number_is_told_and_ends_with_5(solo, founded):
    said = ask(solo, founded.number, "TEST2026119999", code=5)
    assert [item["present"] for item in said["items"]] == [True, False]
    assert said["items"][1]["value_hash"] is None
    result = solo.ok("query", "private", "TEST2026119999", code=5)
    assert result.out.split("\t")[:2] == ["voucher/TEST2026119999", "no"]
    assert "all were fetched" in result.err


def test_a_voucher_file_is_the_newest_until_the_voucher_changes(solo, founded):
    said = ask(solo, founded.voucher)
    kinds = [item["subject"].partition("/")[0] for item in said["items"]]
    assert kinds == ["voucher", "asset"]
    assert [item["current"] for item in said["items"]] == [True, True]
    solo.ok("order", "freeze", founded.number, "--ground", "court order")
    voucher, asset = ask(solo, founded.voucher)["items"]
    assert (voucher["current"], asset["current"]) == (False, False)
    assert (voucher["present"], asset["present"]) == (True, True)
    assert "已有变更" in solo.ok("--lang", "zh-CN", "query", "private", founded.voucher).out


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_a_larger_registry_is_asked_for_a_prefix_alone(solo, founded, digits, monkeypatch):
    asked = []
    from node.proofs import Prover

    fetch = Prover.prove_bucket
    monkeypatch.setattr("cli.lookingup.choose_digits", lambda size: digits)
    monkeypatch.setattr(
        Prover, "prove_bucket", lambda self, prefix: asked.append(prefix) or fetch(self, prefix)
    )
    keys = [f"voucher/{founded.number}", "voucher/TEST2026119999", f"voucher/{founded.number}"]
    said = ask(solo, *keys, code=5)
    assert [item["present"] for item in said["items"]] == [True, False, True]
    prefixes = {hash_key(key).hex()[:digits] for key in keys}
    assert asked == sorted(prefixes), "each once, in an order that says nothing"
    assert {item["prefix"] for item in said["items"]} == prefixes


def test_the_bucket_is_a_proof_for_whoever_has_a_policy(solo, founded):
    said = ask(solo, founded.number, "--proof", "b.json")
    assert said["file"] == "b.json"
    assert verdict(solo)["status"] == ""
    there = verdict(solo, "--subject", founded.number)
    assert (there["kind"], there["status"], there["verified"]) == ("bucket", "present", True)
    gone = verdict(solo, "--subject", "voucher/TEST2026119999")
    assert (gone["status"], gone["verified"]) == ("absent", True)
    assert verdict(solo, "--kind", "state", code=3)["verified"] is False
    content = json.loads(Path("b.json").read_bytes())
    Path("b.json").write_text(json.dumps(content | {"leaves": content["leaves"][:-86]}))
    assert verdict(solo, code=3)["verified"] is False


def test_a_bucket_of_another_prefix_says_nothing_of_a_subject(solo, founded, monkeypatch):
    monkeypatch.setattr("cli.lookingup.choose_digits", lambda size: 2)
    ask(solo, founded.number, "--proof", "b.json")
    said = verdict(solo, "--subject", "voucher/TEST2026119999", code=3)
    assert "says nothing of voucher/TEST2026119999" in said["checks"][-1]["detail"]
    result = solo.ok("--lang", "zh-CN", "verify", "b.json", "--subject", "party/x", code=3)
    assert "不涉及 party/x" in result.out + result.err


def test_one_proof_holds_one_bucket(solo, founded, monkeypatch):
    monkeypatch.setattr("cli.lookingup.choose_digits", lambda size: 8)
    what = (founded.number, "TEST2026119999")
    assert solo.refused("query", "private", *what, "--proof", "b.json", code=2)
    assert not Path("b.json").exists()


@pytest.mark.parametrize("what", ["停车数据", "Harbour Ltd", "asset", "x/y/z", "TEST202611000"])
def test_what_a_node_would_have_to_be_asked_about_is_refused(solo, what):
    assert solo.refused("query", "private", what, code=4)["code"] == "malformed"
