"""`muniment deliver` and `receive`: copies, their records, and files that are not what they seem."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import TABLE
from tests.cli.test_grant import both, hand_on, issue
from tests.cli.test_pledge import move_key
from tests.support.program import finish, start

MEMBERS = {"event", "index", "subject", "grant", "file", "note"}
WRITTEN = {"event", "index", "subject"}


def deliver(program, market, *more, to="乙公司", source="table.csv", out="copy.csv", **kwargs):
    """What `deliver --exact --json` said."""
    argv = ("--exact", "--from", source, "--to", to, "--out", out, *more)
    return program.json("deliver", market.number, *argv, **kwargs)


def names():
    """Of everything in the current folder, sorted."""
    return sorted(path.name for path in Path().iterdir())


def refuse(program, market, *more, code, to="乙公司", source="table.csv", out="copy.csv"):
    """The error of a delivery that does not happen: nothing is written and nothing left."""
    before = names()
    size = program.json("log", "checkpoint")["size"]
    places = ("--exact", "--from", source, "--to", to, "--out", out)
    argv = ("deliver", market.number, *places, *more)
    error = program.refused(*argv, code=code)
    english, chinese = both(program, *argv, code=code)
    assert english != chinese
    assert names() == before
    assert program.json("log", "checkpoint")["size"] == size
    return error


def receive(program, note="copy.csv.delivery.json", file="copy.csv", **kwargs):
    return program.json("receive", note, "--file", file, **kwargs)


def status_of(program, delivery):
    """Of a delivery, as the chain of title has it."""
    found = program.json("search", delivery.partition("/")[2], "--kind", "delivery")
    return found["items"][0]["status"]


# delivered


def test_a_delivery_writes_the_copy_its_file_and_the_record(licensed, market):
    document = deliver(licensed, market)
    assert document.keys() == MEMBERS
    assert document["subject"].startswith("delivery/")
    assert document["grant"] == market.grant
    assert (document["file"], document["note"]) == ("copy.csv", "copy.csv.delivery.json")
    assert Path("copy.csv").read_bytes() == TABLE
    note = json.loads(Path("copy.csv.delivery.json").read_bytes())
    assert note.keys() == {"format", "delivery", "salt", "size", "sent"}
    assert (note["delivery"], note["size"]) == (document["subject"], len(TABLE))
    assert stat.S_IMODE(Path("copy.csv.delivery.json").stat().st_mode) == 0o600
    event = licensed.json("log", "show", document["index"])["leaf"]["event"]
    assert (event["kind"], event["actor"]) == ("delivery.send", market.parties["甲公司"])
    assert event["body"]["recipient"] == market.parties["乙公司"]
    assert note["salt"] not in json.dumps(event)
    assert names() == ["copy.csv", "copy.csv.delivery.json", "table.csv"]


def test_two_copies_of_one_file_have_other_roots(licensed, market):
    first = deliver(licensed, market)
    second = deliver(licensed, market, out="again.csv")
    assert first["subject"] != second["subject"]
    events = [licensed.json("log", "show", each["index"]) for each in (first, second)]
    roots = {each["leaf"]["event"]["body"]["copy"]["root"] for each in events}
    assert len(roots) == 2


def test_people_are_told_where_it_went_and_what_the_recipient_does(licensed, market):
    argv = ("deliver", "停车", "--exact", "--from", "table.csv", "--to", "乙公司", "--out")
    result = licensed.ok(*argv, "a.csv")
    assert result.row("under") == market.grant
    assert (result.row("copy"), result.row("goes with it")) == ("a.csv", "a.csv.delivery.json")
    assert "muniment receive a.csv.delivery.json --file a.csv" in result.err
    chinese = licensed.ok(*argv, "b.csv", "--lang", "zh-CN")
    assert chinese.row("随附文件") == "b.csv.delivery.json"
    assert "由其签收" in chinese.err
    assert licensed.ok(*argv, "c.csv", "--quiet").err == ""


def test_the_copy_and_its_file_verify_together_with_the_policy_alone(licensed, market, tmp_path):
    deliver(licensed, market)
    policy = licensed.home / "trust.policy"
    argv = ("verify", "copy.csv.delivery.json", "--policy", policy, "--home", tmp_path / "none")
    verdict = licensed.json(*argv, "--data", "copy.csv")
    assert (verdict["verified"], verdict["kind"]) == (True, "delivery")
    assert [check["name"] for check in verdict["checks"]] == ["sent", "belonging", "data"]
    Path("other.csv").write_bytes(TABLE + b"10,5\n")
    verdict = licensed.json(*argv, "--data", "other.csv", code=3)
    assert [check["ok"] for check in verdict["checks"]] == [True, True, False]
    chinese = licensed.ok(*argv, "--data", "other.csv", "--lang", "zh-CN", code=3).out
    assert "这不是" in chinese


def test_an_empty_file_and_a_name_in_chinese_are_delivered_too(licensed):
    Path("空表.csv").write_bytes(b"")
    argv = ("--title", "空表", "--right", "operate", "--as", "甲公司")
    number = licensed.json("register", "空表.csv", *argv)["voucher"]
    terms = ("--to", "丙公司", "--template", "no-resale", "--agreement")
    licensed.ok("grant", "issue", number, *terms)
    argv = ("--exact", "--from", "空表.csv", "--to", "丙公司", "--out", "副本.csv")
    document = licensed.json("deliver", number, *argv)
    assert document["note"] == "副本.csv.delivery.json"
    assert Path("副本.csv").read_bytes() == b""
    receive(licensed, "副本.csv.delivery.json", "副本.csv")


# under which grant


def test_a_grant_is_named_where_there_are_several(licensed, market):
    other = issue(licensed, market, "--to", "乙公司", "--template", "no-resale", "--agreement")
    error = refuse(licensed, market, code=2)
    assert error["code"] == "ambiguous"
    assert market.grant in error["message"]
    assert other["subject"] in error["message"]
    assert "name one with --grant" in error["hint"]
    document = deliver(licensed, market, "--grant", other["subject"][6:16])
    assert document["grant"] == other["subject"]


def test_without_a_live_grant_nothing_is_delivered_and_what_there_is_is_named(licensed, market):
    error = refuse(licensed, market, to="丁公司", code=4)
    assert (error["code"], error["rule"]) == ("no_live_grant", "domain 4")
    assert "丁公司 (party/" in error["message"]
    assert "muniment grant issue" in error["message"]
    key = issue(licensed, market, "--to", "丁公司", "--template", "no-resale")["subject"]
    error = refuse(licensed, market, to="丁公司", code=4)
    assert f"({key} is offered)" in error["message"]
    licensed.ok("grant", "accept", key)
    licensed.ok("grant", "revoke", key)
    argv = ("deliver", market.number, "--from", "table.csv", "--to", "丁公司", "--out", "c.csv")
    assert f"（{key} 现为已撤回）" in licensed.ok(*argv, "--lang", "zh-CN", code=4).err


def test_a_named_grant_has_to_be_live_and_of_these_parties(licensed, market):
    error = refuse(licensed, market, "--grant", market.grant, to="丙公司", code=2)
    assert error["code"] == "wrong_grant"
    assert "to 乙公司 (party/" in error["message"]
    error = refuse(licensed, market, "--grant", market.grant, "--as", "丁公司", code=2)
    assert error["code"] == "wrong_grant"
    assert refuse(licensed, market, "--grant", "0000", code=5)["code"] == "not_found"
    licensed.ok("grant", "revoke", market.grant)
    error = refuse(licensed, market, "--grant", market.grant, code=4)
    assert (error["code"], error["rule"]) == ("grant_revoked", f"{market.grant} status; domain 5")


def test_the_sender_may_be_named(licensed, market):
    deliver(licensed, market, "--as", "甲公司")
    error = refuse(licensed, market, "--as", "丁公司", code=4, out="b.csv")
    assert error["code"] == "no_live_grant"
    assert refuse(licensed, market, "--as", "戊公司", code=5, out="b.csv")["code"] == "not_found"


def test_who_took_over_the_right_behind_a_grant_delivers(licensed, market):
    licensed.ok("transfer", market.number, "--right", "operate", "--to", "丁公司")
    document = deliver(licensed, market)
    event = licensed.json("log", "show", document["index"])["leaf"]["event"]
    assert event["actor"] == market.parties["丁公司"]
    assert (
        refuse(licensed, market, "--as", "甲公司", code=4, out="b.csv")["code"] == "no_live_grant"
    )


def test_a_frozen_asset_is_not_delivered_and_what_was_sent_is_still_received(licensed, market):
    deliver(licensed, market)
    licensed.ok("order", "freeze", market.number, "--ground", "inquiry")
    assert refuse(licensed, market, code=4, out="b.csv")["code"] == "frozen"
    receive(licensed)


def test_without_the_sender_s_key_nothing_is_delivered(licensed, market, tmp_path):
    move_key(licensed, "甲公司", tmp_path / "elsewhere")
    error = refuse(licensed, market, code=2)
    assert error["code"] == "key_required"


# from what, to where


def test_another_file_is_not_delivered(licensed, market):
    Path("other.csv").write_bytes(TABLE + b"10,5\n")
    error = refuse(licensed, market, source="other.csv", code=4)
    assert (error["code"], error["rule"]) == ("other_file", "domain 4")
    assert "deliver the file that was registered, or register this one" in error["message"]


def test_a_source_that_is_none_is_refused(licensed, market):
    Path("folder").mkdir()
    os.mkfifo("pipe")
    assert refuse(licensed, market, source="none.csv", code=5)["code"] == "not_found"
    for source in ("folder", "pipe"):
        error = refuse(licensed, market, source=source, code=4)
        assert error["message"] == f"{source} is not a regular file"
    assert refuse(licensed, market, source="-", code=2)["code"] == "usage"


def test_what_is_in_the_place_of_the_copy_is_left_alone(licensed, market):
    Path("copy.csv").write_bytes(b"mine")
    error = refuse(licensed, market, code=2)
    assert (error["code"], error["hint"]) == ("exists", "name another file, or say --force")
    assert Path("copy.csv").read_bytes() == b"mine"
    deliver(licensed, market, "--force")
    assert Path("copy.csv").read_bytes() == TABLE
    Path("copy.csv").unlink()
    error = refuse(licensed, market, code=2)
    assert "copy.csv.delivery.json exists" in error["message"]
    Path("folder").mkdir()
    assert "is a folder" in refuse(licensed, market, "--force", out="folder", code=2)["message"]
    Path("link.csv").symlink_to("nowhere")
    assert refuse(licensed, market, out="link.csv", code=2)["code"] == "exists"


def test_places_that_cannot_be_meant_are_refused(licensed, market):
    assert "no folder" in refuse(licensed, market, out="none/copy.csv", code=5)["message"]
    assert refuse(licensed, market, out="-", code=2)["code"] == "usage"
    error = refuse(licensed, market, "--force", out="table.csv", code=2)
    assert "is the file itself" in error["message"]
    os.link("table.csv", "same.csv")
    assert (
        "is the file itself"
        in refuse(licensed, market, "--force", out="same.csv", code=2)["message"]
    )


def test_of_what_and_to_whom_is_said_unless_a_delivery_is_finished(licensed, market):
    for argv in ((market.number,), ("--to", "乙公司")):
        argv = ("deliver", *argv, "--from", "table.csv", "--out", "copy.csv")
        assert licensed.refused(*argv, code=2)["code"] == "option_required"
        assert "请给出数据与接收方" in both(licensed, *argv, code=2)[1]


def test_from_a_home_that_does_not_know_the_file_it_says_what_to_do(licensed, market):
    Path(licensed.home / "vault.db").unlink()
    error = refuse(licensed, market, code=5)
    assert error["code"] == "not_found"
    assert (
        "receive the copy here first, or deliver from the home that registered it"
        in (error["message"])
    )


def test_a_published_digest_is_enough_to_know_the_file_by(licensed, market):
    Path("open.csv").write_bytes(b"open")
    argv = ("--title", "公开", "--right", "operate", "--as", "甲公司", "--publish-digest")
    number = licensed.json("register", "open.csv", *argv)["voucher"]
    licensed.ok(
        "grant", "issue", number, "--to", "丙公司", "--template", "no-resale", "--agreement"
    )
    Path(licensed.home / "vault.db").unlink()
    Path("other.csv").write_bytes(b"other")
    argv = ("--exact", "--to", "丙公司", "--out", "copy.csv", "--from")
    assert licensed.refused("deliver", number, *argv, "other.csv", code=4)["code"] == "other_file"
    assert not Path("copy.csv").exists()
    licensed.ok("deliver", number, *argv, "open.csv")
    assert Path("copy.csv").read_bytes() == b"open"


# received, and handed on


def test_a_recipient_countersigns_the_copy_once(licensed, market):
    key = deliver(licensed, market)["subject"]
    assert status_of(licensed, key) == "sent"
    document = receive(licensed)
    assert document.keys() == WRITTEN
    assert document["subject"] == key
    event = licensed.json("log", "show", document["index"])["leaf"]["event"]
    assert (event["kind"], event["actor"]) == ("delivery.receive", market.parties["乙公司"])
    assert status_of(licensed, key) == "received"
    argv = ("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    error = licensed.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("wrong_role", "domain 4")
    english, chinese = both(licensed, *argv)
    assert "countersigns it once" in english
    assert "签收一次" in chinese
    assert f"{key} 现为“已签收”" in chinese


def test_people_see_what_was_received(licensed, market):
    key = deliver(licensed, market)["subject"]
    argv = ("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    assert licensed.ok(*argv, "--lang", "zh-CN").row("已签收") == key


def test_another_file_than_the_one_sent_is_not_signed_for(licensed, market):
    key = deliver(licensed, market)["subject"]
    Path("copy.csv").write_bytes(TABLE + b" ")
    argv = ("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    error = licensed.refused(*argv, code=3)
    assert (error["code"], error["message"]) == (
        "bundle",
        f"this is not the copy that {key} delivered",
    )
    assert f"这不是 {key} 所交付的副本" in both(licensed, *argv, code=3)[1]
    assert status_of(licensed, key) == "sent"


def test_the_file_of_another_delivery_does_not_fit(licensed, market):
    deliver(licensed, market)
    key = deliver(licensed, market, out="again.csv")["subject"]
    first, second = (Path(f"{name}.csv.delivery.json") for name in ("copy", "again"))
    mixed = json.loads(first.read_bytes()) | {"delivery": key}
    Path("mixed.json").write_text(json.dumps(mixed))
    argv = ("receive", "mixed.json", "--file", "copy.csv")
    assert licensed.refused(*argv, code=3)["code"] == "bundle"
    assert licensed.json("verify", "mixed.json", code=3)["verified"] is False
    assert json.loads(second.read_bytes())["delivery"] == key
    receive(licensed, second, "copy.csv")


MALFORMED = {
    "nonsense": lambda note: b"nonsense",
    "a list": lambda note: b"[]",
    "another format": lambda note: json.dumps(note | {"format": "muniment/state/v1"}),
    "no salt": lambda note: json.dumps({k: v for k, v in note.items() if k != "salt"}),
    "a short salt": lambda note: json.dumps(note | {"salt": "AAAA"}),
    "a member too many": lambda note: json.dumps(note | {"x": 1}),
    "a receipt that is none": lambda note: json.dumps(note | {"sent": {}}),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_delivery_file_that_is_none_is_malformed(licensed, market, name):
    deliver(licensed, market)
    note = json.loads(Path("copy.csv.delivery.json").read_bytes())
    bad = MALFORMED[name](note)
    Path("bad.json").write_bytes(bad if isinstance(bad, bytes) else bad.encode())
    error = licensed.refused("receive", "bad.json", "--file", "copy.csv", code=4)
    assert error["code"] == "malformed"
    salt = note["salt"]
    assert salt not in json.dumps(error)


def test_what_is_missing_of_a_delivery_is_not_found(licensed, market, founded, tmp_path):
    deliver(licensed, market)
    argv = ("receive", "none.json", "--file", "copy.csv")
    assert licensed.refused(*argv, code=5)["code"] == "not_found"
    argv = ("receive", "copy.csv.delivery.json", "--file", "none.csv")
    assert licensed.refused(*argv, code=5)["code"] == "not_found"
    shutil.copytree(founded.home, tmp_path / "other")
    argv = ("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    error = licensed.refused(*argv, "--home", tmp_path / "other", code=5)
    assert "on this ledger" in error["message"]


def test_without_the_recipient_s_key_nothing_is_signed_for(licensed, market, tmp_path):
    deliver(licensed, market)
    move_key(licensed, "乙公司", tmp_path / "elsewhere")
    argv = ("receive", "copy.csv.delivery.json", "--file", "copy.csv")
    assert licensed.refused(*argv, code=2)["code"] == "key_required"


def test_a_copy_that_was_received_is_delivered_on(licensed, market):
    """From a vault that has nothing but what came with the copy."""
    deliver(licensed, market)
    licensed.ok("grant", "accept", hand_on(licensed, market)["subject"])
    Path(licensed.home / "vault.db").unlink()
    argv = ("deliver", market.number, "--from", "copy.csv", "--to", "丙公司", "--out", "next.csv")
    assert licensed.refused(*argv, code=5)["code"] == "not_found", "nobody received it here"
    receive(licensed)
    document = licensed.json(*argv)
    event = licensed.json("log", "show", document["index"])["leaf"]["event"]
    assert event["actor"] == market.parties["乙公司"]
    receive(licensed, "next.csv.delivery.json", "next.csv")
    Path("edited.csv").write_bytes(TABLE.replace(b"97", b"98"))
    argv = ("deliver", market.number, "--from", "edited.csv", "--to", "丙公司", "--out", "e.csv")
    assert licensed.refused(*argv, code=4)["code"] == "other_file"


# interrupted, and finished


@pytest.fixture
def unfinished(licensed, market):
    """A delivery that is on the ledger and whose files never came to their places: its key."""
    key = deliver(licensed, market)["subject"]
    Path("copy.csv").unlink()
    Path("copy.csv.delivery.json").unlink()
    return key


def finish_it(program, delivery, *more, source="table.csv", out="copy.csv", **kwargs):
    argv = ("deliver", "--finish", delivery, "--from", source, "--out", out, *more)
    return program.json(*argv, **kwargs)


def test_a_delivery_that_was_interrupted_is_finished_with_the_same_copy(
    licensed, market, unfinished
):
    size = licensed.json("log", "checkpoint")["size"]
    document = finish_it(licensed, unfinished[9:17])
    assert document.keys() == MEMBERS
    assert (document["subject"], document["grant"]) == (unfinished, market.grant)
    assert licensed.json("log", "checkpoint")["size"] == size, "nothing is recorded anew"
    assert Path("copy.csv").read_bytes() == TABLE
    verdict = licensed.json("verify", document["note"], "--data", "copy.csv")
    assert (verdict["verified"], verdict["subject"]) == (True, unfinished)
    receive(licensed)
    again = finish_it(licensed, unfinished)
    assert again["event"] == document["event"], "once more does no harm"


def test_a_delivery_file_alone_is_written_beside_its_copy(licensed, market, unfinished):
    finish_it(licensed, unfinished)
    before = Path("copy.csv").stat()
    Path("copy.csv.delivery.json").unlink()
    finish_it(licensed, unfinished)
    assert Path("copy.csv").stat().st_ino == before.st_ino, "the copy is left as it is"
    receive(licensed)


def test_only_what_was_delivered_finishes_a_delivery(licensed, market, unfinished):
    Path("other.csv").write_bytes(TABLE + b" ")
    argv = ("deliver", "--finish", unfinished, "--from", "other.csv", "--out", "copy.csv")
    error = licensed.refused(*argv, code=4)
    assert (error["code"], error["hint"]) == ("other_file", "give that one with --from")
    assert "请用 --from 给出该文件" in both(licensed, *argv)[1]
    assert names() == ["other.csv", "table.csv"]
    Path("copy.csv").write_bytes(b"mine")
    argv = ("deliver", "--finish", unfinished, "--from", "table.csv", "--out", "copy.csv")
    assert licensed.refused(*argv, code=2)["code"] == "exists"
    assert Path("copy.csv").read_bytes() == b"mine"
    finish_it(licensed, unfinished, "--force")
    assert Path("copy.csv").read_bytes() == TABLE


def test_a_delivery_is_finished_where_it_was_made_and_by_its_key_alone(
    licensed, market, unfinished
):
    argv = ("deliver", "--finish", "0000", "--from", "table.csv", "--out", "copy.csv")
    assert licensed.refused(*argv, code=5)["code"] == "not_found"
    argv = ("deliver", "--finish", unfinished, "--from", "table.csv", "--out", "copy.csv")
    for more in (
        (market.number,),
        ("--to", "乙公司"),
        ("--grant", market.grant),
        ("--as", "甲公司"),
    ):
        assert licensed.refused(*argv, *more, code=2)["code"] == "usage"
    Path(licensed.home / "vault.db").unlink()
    error = licensed.refused(*argv, code=5)
    assert "finish it in the home that delivered it" in error["message"]
    assert f"本目录没有 {unfinished} 的盐值" in both(licensed, *argv, code=5)[1]


def test_what_a_process_that_died_left_behind_is_cleared_away(licensed, market):
    for name in (
        ".copy.csv.123.part",
        ".copy.csv.4.part",
        ".copy.csv.x.part",
        ".copy.csv.old.5.part",
    ):
        Path(name).write_bytes(b"left")
    deliver(licensed, market)
    left = [name for name in names() if name.endswith(".part")]
    assert sorted(left) == [".copy.csv.old.5.part", ".copy.csv.x.part"], "not those of other names"


# two at once


@pytest.mark.slow
def test_of_two_deliveries_at_once_each_is_whole_or_told_to_try_again(licensed, market):
    argv = ("deliver", market.number, "--exact", "--from", "table.csv", "--to", "乙公司")
    argv += ("--json", "--out")
    running = [start((*argv, f"{n}.csv"), licensed.home, cwd=Path.cwd()) for n in range(3)]
    ended = [finish(each) for each in running]
    assert {each.code for each in ended} <= {0, 6}
    assert any(each.code == 0 for each in ended)
    for n, each in enumerate(ended):
        document = json.loads(each.out)
        if each.code == 0:
            receive(licensed, f"{n}.csv.delivery.json", f"{n}.csv")
        else:
            assert document["error"]["code"] == "unavailable"
            assert not Path(f"{n}.csv").exists()
    assert not [name for name in names() if name.endswith(".part")]
    licensed.ok("audit")
