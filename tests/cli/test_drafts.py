"""Drafts on the command line: written, shown, cosigned where only keys are, and submitted."""

import io
import json
import shutil
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.cli.test_transfer import OPEN, holders


@pytest.fixture
def far(solo, tmp_path):
    """A home that has one key and no ledger; its party is enrolled by a draft."""
    far = tmp_path / "far"
    did = solo.json("--home", far, "key", "new", "cy", OPEN)["did"]
    draft = solo.json("party", "enroll", "Cy Ltd", "--did", did, "--out", "cy.json")
    assert draft["missing"] == [{"party": None, "count": 1, "keys": [did]}]
    solo.json("--home", far, "cosign", "cy.json")
    written = solo.json("submit", "cy.json")
    assert written == {
        "event": draft["event"],
        "index": written["index"],
        "subject": draft["subject"],
    }
    return far, written["subject"], did


@pytest.fixture
def drafted(solo, founded, far):
    """A transfer to the party whose key is far: what the command said."""
    return solo.json("transfer", founded.number, "--right", "use", "--to", "Cy")


def test_a_key_elsewhere_makes_a_draft_and_its_secret_openings(solo, founded, far, drafted):
    number, cy = founded.number, far[1]
    assert drafted.keys() == {"event", "index", "subject", "file", "missing", "opening"}
    assert drafted["index"] is None
    assert drafted["file"] == f"{number}-transfer.draft.json"
    assert drafted["opening"] == f"{number}-transfer.opening.json"
    assert drafted["missing"] == [{"party": cy, "count": 1, "keys": [far[2]]}]
    draft = json.loads(Path(drafted["file"]).read_bytes())
    assert draft.keys() == {"format", "event", "signatures"}
    assert (draft["format"], len(draft["signatures"])) == ("muniment/draft/v1", 1)
    assert stat.S_IMODE(Path(drafted["opening"]).stat().st_mode) == 0o600
    assert "停车" not in Path(drafted["file"]).read_text()
    assert solo.refused("registration", "show", drafted["subject"], code=5)


def test_cosigned_and_submitted_it_goes_through_to_the_voucher(solo, founded, far, drafted):
    home, cy, did = far
    argv = ("--home", home, "cosign", drafted["file"], "--opening", drafted["opening"])
    document = solo.json(*argv)
    assert document["signed"] == [did]
    assert document["missing"] is None, "without the ledger nobody knows"
    assert document["opened"]["title"] == "停车数据 2026"
    assert document["hidden"] == 0
    assert document["file"] == drafted["file"]
    written = solo.json("submit", drafted["file"])
    assert written["subject"] == drafted["subject"]
    assert ("use", cy) in holders(solo, founded.registered["asset"])
    again = solo.json("submit", drafted["file"])
    assert again.keys() == {"event", "index", "subject"}
    assert again["event"] == drafted["event"]


def test_a_draft_is_shown_in_words_before_it_is_signed(solo, founded, far, drafted):
    home, cy, _ = far
    argv = ("cosign", drafted["file"], "--opening", drafted["opening"], "--show")
    before = Path(drafted["file"]).read_bytes()
    result = solo.ok("--home", home, *argv)
    assert Path(drafted["file"]).read_bytes() == before
    assert result.row("event") == "registration.file"
    assert result.row("type") == "transfer"
    giver = json.loads(before)["event"]["actor"]
    assert result.row("moves") == f"use: {giver} → {cy}"
    assert result.row("title") == "停车数据 2026"
    assert result.row("asset") == founded.registered["asset"]
    assert "not opened" not in result.rows
    here = solo.ok(*argv)
    assert f"Cy Ltd ({cy})" in here.row("moves")
    assert here.row("still to sign").startswith(f"Cy Ltd ({cy}), 1 signature(s) by did:key:")
    chinese = solo.ok("--home", home, *argv, "--lang", "zh-CN")
    assert chinese.row("转让权利") == f"使用权：{giver} → {cy}"
    assert chinese.row("名称") == "停车数据 2026"


def test_without_its_openings_a_draft_says_what_it_hides(solo, far, drafted):
    result = solo.ok("--home", far[0], "cosign", drafted["file"])
    assert result.row("not opened") == "7 commitments"
    assert "7 values are committed to and not shown" in result.err
    assert "give it with --opening FILE" in result.err


def test_a_draft_is_not_signed_twice(solo, far, drafted):
    home = far[0]
    solo.json("--home", home, "cosign", drafted["file"])
    before = Path(drafted["file"]).read_bytes()
    for argv in ((), ("--as", far[1]), ("--key", "cy")):
        error = solo.refused("--home", home, "cosign", drafted["file"], *argv, code=2)
        assert error["code"] == "already_signed"
    assert Path(drafted["file"]).read_bytes() == before
    error = solo.refused("cosign", drafted["file"], code=2)
    assert error["code"] == "already_signed"
    assert "every signature is there already: submit it" in error["message"]


def test_who_has_not_signed_is_named_to_whoever_has(solo, far, drafted):
    error = solo.refused("cosign", drafted["file"], code=2)
    assert error["code"] == "already_signed"
    assert f"still to sign: Cy Ltd ({far[1]}), 1 signature(s) by {far[2]}" in error["message"]


def test_what_is_missing_is_said_plainly(solo, far, drafted):
    error = solo.refused("submit", drafted["file"], code=4)
    assert error["code"] == "signatures_missing"
    assert f"Cy Ltd ({far[1]}) (1)" in error["message"]
    assert error["hint"].startswith("sign with 'muniment cosign FILE'")
    assert "尚缺签名" in solo.ok("submit", drafted["file"], "--lang", "zh-CN", code=4).err


def test_a_key_that_the_draft_does_not_need_does_not_sign(solo, far, drafted, tmp_path):
    other = tmp_path / "other"
    solo.json("--home", other, "key", "new", "dan", OPEN)
    error = solo.refused("--home", other, "cosign", drafted["file"], code=2)
    assert error["code"] == "key_required"
    assert "--key" in error["message"]
    solo.json("key", "new", "spare", OPEN)
    error = solo.refused("cosign", drafted["file"], "--key", "spare", code=2)
    assert error["code"] == "key_required"
    error = solo.refused("cosign", drafted["file"], "--key", "none", code=5)
    assert error["code"] == "not_found"
    document = solo.json("--home", other, "cosign", drafted["file"], "--key", "dan")
    assert len(document["signed"]) == 1, "offline the user knows better"
    error = solo.refused("submit", drafted["file"], code=4)
    assert error["code"] == "signatures_missing"


def test_a_signature_may_go_into_another_file(solo, far, drafted):
    before = Path(drafted["file"]).read_bytes()
    document = solo.json("--home", far[0], "cosign", drafted["file"], "--out", "signed.json")
    assert document["file"] == "signed.json"
    assert Path(drafted["file"]).read_bytes() == before
    solo.json("submit", "signed.json")


def test_only_the_party_that_is_named_signs(solo, far, drafted):
    home, cy, _ = far
    draft = json.loads(Path(drafted["file"]).read_bytes())
    actor = draft["event"]["actor"]
    error = solo.refused("--home", home, "cosign", drafted["file"], "--as", actor, code=2)
    assert error["code"] == "key_required"
    assert solo.refused("--home", home, "cosign", drafted["file"], "--as", "Cy", code=4)
    assert solo.json("--home", home, "cosign", drafted["file"], "--as", cy)["signed"]


def test_another_drafts_openings_are_refused(solo, founded, far, drafted):
    argv = (
        "transfer",
        founded.number,
        "--right",
        "hold",
        "--to",
        "Cy",
        "--out",
        "other.draft.json",
    )
    other = solo.json(*argv)
    assert other["opening"] == "other.opening.json"
    for command in ("cosign", "submit"):
        wrong = (command, drafted["file"], "--opening", other["opening"])
        error = solo.refused("--home", far[0] if command == "cosign" else solo.home, *wrong, code=4)
        assert error["code"] == "wrong_opening"


def test_a_drafts_file_is_not_overwritten_unasked(solo, founded, drafted):
    argv = ("transfer", founded.number, "--right", "use", "--to", "Cy")
    assert solo.refused(*argv, code=2)["code"] == "exists"
    solo.json(*argv, "--force")


MANGLINGS = {
    "not JSON": lambda data: b"{",
    "a line break at its end": lambda data: data + b"\n",
    "another format": lambda data: data.replace(b"draft/v1", b"draft/v2"),
    "an unknown kind": lambda data: data.replace(b"registration.file", b"registration.fill"),
    "other subjects": lambda data: data.replace(b'"subjects":["asset/', b'"subjects":["party/'),
    "an unknown member": lambda data: data.replace(b'"moves"', b'"movex"'),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_what_is_no_draft_is_neither_signed_nor_submitted(solo, far, drafted, name):
    path = Path(drafted["file"])
    data = path.read_bytes()
    path.write_bytes(MANGLINGS[name](data))
    assert path.read_bytes() != data
    for argv in (("--home", far[0], "cosign", path), ("submit", path)):
        assert solo.refused(*argv, code=4)["code"] == "malformed"


def test_a_draft_that_was_changed_after_it_was_signed_is_refused(solo, far, drafted):
    path = Path(drafted["file"])
    path.write_bytes(path.read_bytes().replace(b'"right":"use"', b'"right":"hold"'))
    for argv in (("--home", far[0], "cosign", path), ("submit", path)):
        assert solo.refused(*argv, code=3)["code"] == "signature"


def test_an_expired_draft_is_refused(solo, far, drafted, monkeypatch):
    later = time.time_ns() // 1_000_000 + 8 * 86_400_000
    monkeypatch.setattr("ledger.clock.SystemClock.now", lambda _: later)
    for argv in (("--home", far[0], "cosign", drafted["file"]), ("submit", drafted["file"])):
        error = solo.refused(*argv, code=4)
        assert error["code"] == "event_expired"


def test_another_ledgers_draft_is_refused_where_there_is_a_ledger(solo, far, drafted, tmp_path):
    other = tmp_path / "another"
    solo.json("--home", other, "init", "--solo", OPEN)
    for command in ("cosign", "submit"):
        error = solo.refused("--home", other, command, drafted["file"], code=4)
        assert error["code"] == "wrong_ledger"
        assert "--home" in error["hint"]


def test_what_the_rules_refuse_meanwhile_is_not_signed(solo, founded, far, drafted):
    ben = solo.json("party", "enroll", "Ben Ltd", OPEN)["subject"]
    solo.json("transfer", founded.number, "--right", "use", "--to", ben)
    assert solo.refused("cosign", drafted["file"], code=4)["code"] == "right_not_held"


def test_what_the_rules_refuse_becomes_no_draft(solo, founded, far):
    argv = ("transfer", founded.number, "--right", "use", "--to", "Cy", "--from", "Cy")
    assert solo.refused(*argv, code=4)["code"] == "self_move"
    assert list(Path().glob("*.draft.json")) == []


def test_a_draft_from_stdin_needs_a_file_to_go_to(solo, far, drafted, monkeypatch):
    data = Path(drafted["file"]).read_bytes()
    for more, code in (((), 2), (("--out", "signed.json"), 0)):
        stdin = io.TextIOWrapper(io.BytesIO(data))
        monkeypatch.setattr(sys, "stdin", stdin)
        said = solo.ok("--home", far[0], "--json", "cosign", "-", *more, code=code).json
        assert Path("signed.json").exists() is (code == 0)
        assert said["error"]["code"] == "option_required" if code else said["signed"] == [far[2]]
    assert Path(drafted["file"]).read_bytes() == data
    assert solo.json("submit", "signed.json")["subject"] == drafted["subject"]


def test_a_filing_without_its_openings_is_not_submitted(solo, founded, far, drafted, tmp_path):
    """The registry's vault lost them: they come back with the file of openings."""
    solo.json("--home", far[0], "cosign", drafted["file"])
    shutil.copy(solo.home / "vault.db", tmp_path / "vault.db")
    for path in solo.home.glob("vault.db*"):
        path.unlink()
    error = solo.refused("submit", drafted["file"], code=2)
    assert error["code"] == "opening_required"
    assert error["hint"].startswith("give them with --opening FILE")
    solo.json("submit", drafted["file"], "--opening", drafted["opening"])
    assert ("use", far[1]) in holders(solo, founded.registered["asset"])


# Drafts for people


def test_a_draft_says_what_to_do_next_in_both_languages(solo, founded, far):
    argv = ("transfer", founded.number, "--right", "use", "--to", "Cy")
    result = solo.ok(*argv)
    draft, opening = (f"{founded.number}-transfer.{each}.json" for each in ("draft", "opening"))
    assert (result.row("draft"), result.row("openings")) == (draft, opening)
    assert result.row("event") == "registration.file"
    assert result.row("still to sign").startswith(f"Cy Ltd ({far[1]}), 1 signature(s) by did:key:")
    assert f"muniment cosign {draft} --opening {opening}" in result.err
    assert "they are secret" in result.err
    assert f"muniment submit {draft}" in result.err
    result = solo.ok(*argv, "--out", "二.json", "--lang", "zh-CN")
    assert (result.row("草稿"), result.row("开示文件")) == ("二.json", "二.opening.json")
    assert result.row("尚待签署").startswith(f"Cy Ltd ({far[1]})，1 个签名")
    assert "muniment cosign 二.json --opening 二.opening.json" in result.err
    assert "开示文件须保密传送" in result.err


def test_a_signed_draft_says_where_it_goes(solo, far, drafted):
    result = solo.ok("--home", far[0], "cosign", drafted["file"], "--opening", drafted["opening"])
    assert result.row("signed with") == far[2]
    assert result.err.splitlines() == [
        "Who else has to sign, only the ledger knows: 'muniment cosign FILE --show' there names "
        "them.",
        f"Next, where the ledger is: muniment submit {drafted['file']}",
    ]
    shown = solo.ok("cosign", drafted["file"], "--show")
    assert "still to sign" not in shown.rows


@pytest.fixture
def agreement(solo, founded, far):
    """A licence that both sides sign, drafted for the other side."""
    asset = founded.registered["asset"]
    terms = ("--template", "internal-use", "--agreement", "--count", "3")
    return solo.json("grant", "issue", asset, "--to", "Cy", *terms)


def test_terms_are_shown_in_sentences_before_they_are_signed(solo, far, agreement):
    assert agreement["file"].startswith("grant-")
    assert "opening" not in agreement
    result = solo.ok("--home", far[0], "cosign", agreement["file"], "--show")
    assert result.out.count("policy") > 2
    assert "permission" in result.out
    assert "{" not in result.out
    chinese = solo.ok("--home", far[0], "cosign", agreement["file"], "--show", "--lang", "zh-CN")
    assert "条款" in chinese.out
    solo.json("--home", far[0], "cosign", agreement["file"])
    assert solo.json("submit", agreement["file"])["subject"] == agreement["subject"]


def test_a_draft_without_openings_asks_for_none(solo, founded, far):
    asset = founded.registered["asset"]
    terms = ("--template", "internal-use", "--agreement")
    result = solo.ok("grant", "issue", asset, "--to", "Cy", *terms, "--out", "g.json")
    assert result.row("draft") == "g.json"
    assert "openings" not in result.rows
    assert "--opening" not in result.err


def test_the_name_of_a_natural_person_is_seen_by_the_person_alone(solo, far, tmp_path):
    did = solo.json("--home", far[0], "key", "new", "person", OPEN)["did"]
    person = ("party", "enroll", "王小明", "--kind", "natural", "--did", did)
    draft = solo.json(*person, "--out", "p.draft.json")
    assert draft["opening"] == "p.opening.json"
    assert "王小明" not in Path("p.draft.json").read_text()
    result = solo.ok("--home", far[0], "cosign", "p.draft.json", "--show")
    assert result.row("name") == "(a commitment)"
    assert result.row("not opened") == "1 commitments"
    argv = ("--home", far[0], "cosign", "p.draft.json", "--opening", "p.opening.json")
    assert "王小明" in solo.ok(*argv).out
    party = solo.json("submit", "p.draft.json")["subject"]
    assert solo.json("party", "show", party)["value"]["state"]["name"].keys() == {"$commit"}


def test_everything_here_needs_no_draft(solo, founded):
    solo.json("party", "enroll", "Ben Ltd", OPEN)
    asset = founded.registered["asset"]
    written = solo.json(
        "grant", "issue", asset, "--to", "Ben", "--template", "internal-use", "--agreement"
    )
    assert isinstance(written["index"], int)
    assert list(Path().glob("*.draft.json")) == []


@pytest.mark.parametrize(
    "did", ["did:key:z6Mk", "did:key:z6MkjS6kazM1DZvzX7yEMBvEPkuHy6CgA3B4gr6dVGZ63100", "ann"]
)
def test_a_party_is_drafted_with_a_key_that_is_one(solo, did):
    assert solo.refused("party", "enroll", "A", "--did", did, code=4)["code"] == "malformed"


# Drafts that somebody else made up


@pytest.fixture
def trap(far):
    """A draft in which the far party leaves the ledger; whoever sent it wants it signed."""
    home, cy, _ = far
    event = {
        "actor": cy,
        "at": int(time.time() * 1000),
        "body": {},
        "kind": "party.exit",
        "log": "example.org/ledger",
        "nonce": "A" * 22,
        "subjects": [cy],
        "until": int(time.time() * 1000) + 86_400_000,
        "v": 1,
    }
    draft = {"event": event, "format": "muniment/draft/v1", "signatures": []}
    text = json.dumps(draft, separators=(",", ":"), sort_keys=True)
    Path("trap.json").write_text(text)
    return home, text


def test_what_one_party_says_alone_is_signed_only_if_it_is_named(solo, trap):
    home, text = trap
    error = solo.refused("--home", home, "cosign", "trap.json", code=2)
    assert error["code"] == "kind_required"
    assert "--kind party.exit" in error["message"]
    assert Path("trap.json").read_text() == text
    error = solo.refused(
        "--home", home, "cosign", "trap.json", "--kind", "registration.file", code=2
    )
    assert error["code"] == "other_kind"
    document = solo.json("--home", home, "cosign", "trap.json", "--kind", "party.exit")
    assert (document["kind"], document["body"]) == ("party.exit", {})
    assert len(document["signed"]) == 1


def test_the_signed_draft_takes_no_other_files_place(solo, far, drafted):
    Path("precious.txt").write_text("mine")
    argv = ("--home", far[0], "cosign", drafted["file"], "--out", "precious.txt")
    assert solo.refused(*argv, code=2)["code"] == "exists"
    assert Path("precious.txt").read_text() == "mine"
    Path(drafted["file"]).chmod(0o600)
    solo.json("--home", far[0], "cosign", drafted["file"])
    assert stat.S_IMODE(Path(drafted["file"]).stat().st_mode) == 0o600
