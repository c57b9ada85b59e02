"""`muniment use batch|prove`: lines of a file under one root, and the proof of one of them."""

import io
import json
import shlex
import sys
import time
from pathlib import Path

import pytest

from contracts.chain import Grant
from contracts.grant import Issue
from contracts.identity import Party
from contracts.usage import UsageBatch
from ledger.core.subjects import format_urn
from node.registry import open_registry
from node.usagefile import read_usage
from node.usagerows import Layout

OPEN = "--no-passphrase"
BATCH_MEMBERS = {
    "event", "index", "subject", "action", "count", "total", "from", "to", "form", "root", "lines",
}  # fmt: skip


@pytest.fixture
def grant(solo, founded):
    """A grant to another party, whose key is here too; and now is after it."""
    grantee = solo.json("party", "enroll", "Reader Ltd", OPEN)["subject"]
    asset = founded.registered["asset"]
    with open_registry(solo.home, None, is_writer=True) as registry:
        policy = {
            "type": "Set",
            "profile": "urn:muniment:odrl:1",
            "conflict": "prohibit",
            "target": format_urn(registry.origin, asset),
            "permission": [{"action": ["read", "index"]}],
        }
        body = Issue(asset=asset, grantee=grantee, policy=policy)
        operator = registry.ledger.operator
        keys = [registry.ring.load(name) for name in key_names(registry, operator)][:1]
        event = registry.sign_event(registry.build_event(operator, body), keys)
        registry.submit([event], {})
        (key,) = (one for one in event.event.subjects if one.startswith("grant/"))
    return key


def key_names(registry, party):
    current = registry.need_state(Party, party).current_keys(registry.clock.now())
    return [entry.name for entry in registry.ring.list_entries() if entry.did in current]


def lines(count=5, **changes):
    """Lines of this very millisecond, so that every batch lies after the one before."""
    time.sleep(0.002)
    now = time.time_ns() // 1_000_000
    time.sleep(0.002)
    return [
        {"at": now, "action": "read", "count": number + 1, "ref": f"请求-{number}"} | changes
        for number in range(count)
    ]


def write(name="usage.ndjson", rows=None):
    text = "".join(json.dumps(row) + "\n" for row in rows or lines())
    Path(name).write_text(text)
    return name


def write_table(name="usage.csv", header="at,action,count,ref"):
    rows = [",".join(map(str, row.values())) for row in lines()]
    Path(name).write_text("\n".join([header, *rows]))
    return name


def verify(program, path):
    """What `verify` says of an authentic proof."""
    document = program.json("verify", path)
    assert (document["verified"], document["kind"]) == (True, "usage-line")
    return document


# use batch


def test_a_batch_is_recorded_with_its_root_and_totals(solo, grant):
    rows = lines()
    document = solo.json("use", "batch", write(rows=rows), "--grant", grant)
    assert document.keys() == BATCH_MEMBERS
    assert (document["subject"], document["action"]) == (grant, "read")
    assert (document["lines"], document["count"], document["total"]) == (5, 15, 15)
    assert (document["from"], document["to"]) == (rows[0]["at"], rows[0]["at"] + 1)
    leaf = solo.json("log", "show", document["index"])["leaf"]["event"]
    assert leaf["kind"] == "usage.batch"
    assert leaf["body"]["root"] == document["root"]
    assert "请求" not in json.dumps(leaf, ensure_ascii=False)


def test_totals_go_on_where_the_batch_before_ended(solo, grant):
    solo.ok("use", "batch", write(), "--grant", grant)
    assert solo.json("use", "batch", write(), "--grant", grant)["total"] == 30
    document = solo.json("use", "batch", write(rows=lines(action="index")), "--grant", grant)
    assert (document["action"], document["total"]) == ("index", 15)


def test_the_same_batch_again_is_refused_by_the_rules(solo, grant):
    file = write()
    solo.ok("use", "batch", file, "--grant", grant)
    assert solo.refused("use", "batch", file, "--grant", grant, code=4)["code"] == "counter"


def test_a_table_with_other_headers_is_recorded(solo, grant):
    file = write_table(header="时间,action,次数,ref")
    argv = ("use", "batch", file, "--grant", grant, "--column", "at=时间")
    assert solo.json(*argv, "--column", "count=次数")["count"] == 15


def test_purpose_and_region_of_all_lines_are_part_of_the_event(solo, grant):
    argv = ("use", "batch", write(), "--grant", grant)
    document = solo.json(*argv, "--purpose", "research", "--region", "CN-32")
    assert document.keys() == BATCH_MEMBERS | {"purpose", "spatial"}
    assert (document["purpose"], document["spatial"]) == ("research", "CN-32")
    file = write(rows=lines(purpose="sport"))
    error = solo.refused("use", "batch", file, "--grant", grant, "--purpose", "research", code=4)
    assert error["code"] == "other_terms"


def test_people_see_what_was_recorded_and_that_the_file_is_to_be_kept(solo, grant):
    result = solo.ok("use", "batch", write(), "--grant", grant[6:16])
    assert result.row("written") == "usage.batch"
    assert result.row("units") == "15, 15 in all"
    assert " to " in result.row("period")
    assert "Keep the file" in result.err
    assert "--file usage.ndjson --batch" in result.err
    result = solo.ok("use", "batch", write(), "--grant", grant, "--lang", "zh-CN")
    assert result.row("条数") == "5"
    assert result.row("数量") == "15，累计 30"
    assert "请保存原文件" in result.err


def test_lines_come_from_stdin_too(solo, grant, monkeypatch):
    data = Path(write()).read_bytes()

    def pipe():
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    argv = ("use", "batch", "-", "--grant", grant)
    assert solo.refused(*argv, code=2)["code"] == "format_required"
    pipe()
    result = solo.ok(*argv, "--format", "ndjson")
    assert "--file FILE --batch" in result.err
    pipe()
    argv = ("use", "prove", 5, "--file", "-", "--batch", result.row("log index"))
    verify(solo, solo.json(*argv, "--format", "ndjson")["file"])


BAD_FILES = {
    "no JSON": (
        "usage.ndjson",
        "nonsense\n",
        "usage_line",
        "line 1: not JSON",
        "第 1 行：不是 JSON",
    ),
    "a member twice": (
        "usage.ndjson",
        '{"at":1,"action":"read"}\n{"at":1,"at":2,"action":"read"}\n',
        "usage_line",
        "line 2: an object has the same member twice",
        "第 2 行：同一成员出现两次",
    ),
    "nothing": ("usage.jsonl", "\n", "no_lines", "no usage lines", "没有使用明细"),
    "a bad table": (
        "usage.csv",
        "at,action\nx,read\n",
        "usage_line",
        "line 1 (row 2 of the file): `at` is no time",
        "第 1 条（文件第 2 行）：at 不是时间",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_taken_is_refused_in_both_languages(solo, grant, name):
    file, text, code, english, chinese = BAD_FILES[name]
    Path(file).write_text(text)
    error = solo.refused("use", "batch", file, "--grant", grant, code=4)
    assert error["code"] == code
    assert english in error["message"]
    said = solo.ok("use", "batch", file, "--grant", grant, "--lang", "zh-CN", code=4).err
    assert chinese in said
    tail = solo.json("log", "tail")["items"]
    assert "usage.batch" not in {item["kind"] for item in tail}, "nothing was written"


def test_an_action_that_the_lines_do_not_have_is_refused(solo, grant):
    error = solo.refused("use", "batch", write(), "--grant", grant, "--action", "index", code=4)
    assert error["code"] == "other_terms"


UNPERMITTED = {"modify": "no_permission", "distribute": "onward_act", "nothing": "unknown_term"}


@pytest.mark.parametrize("action", UNPERMITTED)
def test_what_the_grant_does_not_permit_is_refused(solo, grant, action):
    file, before = write(rows=lines(action=action)), solo.json("stats")["leaves"]
    error = solo.refused("use", "batch", file, "--grant", grant, code=4)
    assert error["code"] == UNPERMITTED[action]
    assert solo.json("stats")["leaves"] == before


def test_only_the_grantee_records_usage(solo, grant):
    argv = ("use", "batch", write(), "--grant", grant, "--as", "Other Ltd")
    assert solo.refused(*argv, code=5)["code"] == "not_found"
    solo.ok("party", "enroll", "Other Ltd", OPEN)
    assert solo.refused(*argv, code=4)["code"] == "wrong_role"


WRONG_USE = {
    "no known ending": (["usage.txt"], "format_required"),
    "an unknown format": (["usage.csv", "--format", "xml"], "format_required"),
    "columns of NDJSON": (["usage.ndjson", "--column", "at=time"], "usage"),
    "a column without a header": (["usage.csv", "--column", "at="], "usage"),
    "a column without a member": (["usage.csv", "--column", "=time"], "usage"),
    "a column without an equals sign": (["usage.csv", "--column", "at"], "usage"),
    "a header twice": (["usage.csv", "--column", "at=x", "--column", "ref=x"], "usage"),
}


@pytest.mark.parametrize("name", WRONG_USE)
def test_wrong_use_is_told_before_anything_is_read(solo, name):
    argv, code = WRONG_USE[name]
    assert solo.refused("use", "batch", *argv, "--grant", "x", code=2)["code"] == code


def test_a_grant_or_a_file_that_is_not_there_is_not_found(solo, grant):
    none = f"grant/{'a' * 26}"
    assert solo.refused("use", "batch", write(), "--grant", none, code=5)["code"] == "not_found"
    error = solo.refused("use", "batch", "none.csv", "--grant", grant, code=5)
    assert error["message"] == "there is no file none.csv"


# use prove


@pytest.fixture
def recorded(solo, grant):
    return solo.json("use", "batch", write(), "--grant", grant)


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_line_is_proved_and_the_proof_verifies_offline(solo, recorded, number):
    argv = ("use", "prove", number, "--file", "usage.ndjson", "--batch", recorded["index"])
    document = solo.json(*argv)
    name = f"{recorded['index']}-{number}.usage-line.json"
    assert document == {
        "event": recorded["event"],
        "index": recorded["index"],
        "subject": recorded["subject"],
        "line": number,
        "file": name,
    }
    bundle = json.loads(Path(name).read_text())
    assert bundle.keys() == {"format", "line", "index", "path", "batch"}
    assert (bundle["index"], bundle["line"]["ref"]) == (number - 1, f"请求-{number - 1}")
    assert verify(solo, name)["subject"] == recorded["subject"]


def test_a_batch_is_named_by_its_event_too_and_the_proof_goes_where_it_is_told(solo, recorded):
    argv = ("use", "prove", 2, "--file", "usage.ndjson", "--batch", recorded["event"])
    assert solo.json(*argv, "--out", "two.json")["file"] == "two.json"
    printed = solo.ok(*argv, "--out", "-").json
    assert printed == json.loads(Path("two.json").read_text())
    assert solo.json(*argv, "--out", "-") == printed


def test_another_file_of_that_name_is_left_alone_unless_forced(solo, recorded):
    Path("two.json").write_text("mine")
    argv = ("use", "prove", 2, "--file", "usage.ndjson", "--batch", recorded["index"])
    assert solo.refused(*argv, "--out", "two.json", code=2)["code"] == "exists"
    assert Path("two.json").read_text() == "mine"
    solo.ok(*argv, "--out", "two.json", "--force")
    verify(solo, "two.json")


def test_a_forged_proof_does_not_verify(solo, recorded):
    argv = ("use", "prove", 2, "--file", "usage.ndjson", "--batch", recorded["index"])
    bundle = json.loads(Path(solo.json(*argv)["file"]).read_text())
    bundle["line"]["count"] = 1
    Path("forged.json").write_text(json.dumps(bundle))
    document = solo.json("verify", "forged.json", code=3)
    assert (document["authentic"], document["error"]["code"]) == (False, "inclusion")


def test_people_see_which_line_it_is_and_how_to_check_it(solo, recorded):
    argv = ("use", "prove", 2, "--file", "usage.ndjson", "--batch", recorded["index"])
    result = solo.ok(*argv)
    assert result.row("line") == "2 of 5"
    assert "muniment verify" in result.err
    assert solo.ok(*argv, "--lang", "zh-CN").row("明细") == "第 2 条，共 5 条"


def test_a_line_of_a_table_is_proved(solo, grant):
    file = write_table(header="time,action,count,ref")
    columns = ("--column", "at=time")
    document = solo.json("use", "batch", file, "--grant", grant, *columns)
    argv = ("use", "prove", 4, "--file", file, "--batch", document["index"])
    verify(solo, solo.json(*argv, *columns)["file"])
    assert solo.refused(*argv, code=4)["code"] == "usage_line"


def test_no_line_is_proved_from_another_file(solo, recorded):
    other = write("other.ndjson")
    argv = ("use", "prove", 2, "--file", other, "--batch", recorded["index"])
    error = solo.refused(*argv, code=4)
    assert error["code"] == "other_file"
    assert "并非本批次的文件" in solo.ok(*argv, "--lang", "zh-CN", code=4).err
    assert not list(Path().glob("*.usage-line.json"))


def test_no_line_is_proved_of_a_batch_that_says_what_is_not_so(solo, grant):
    with Path(write()).open("rb") as file:
        summary = read_usage(file, Layout("ndjson"), lambda _: None)
    with open_registry(solo.home, None, is_writer=True) as registry:
        batch = UsageBatch(
            grant=grant,
            action=summary.action,
            count=summary.count,
            total=summary.count,
            start=summary.start - 1,
            end=summary.start,
            form="usage-lines/1",
            root=summary.root.hex(),
            lines=summary.lines,
        )
        grantee = registry.need_state(Grant, grant).grantee
        keys = [registry.ring.load(name) for name in key_names(registry, grantee)]
        event = registry.sign_event(registry.build_event(grantee, batch), keys)
        (written,) = registry.submit([event], {})
    argv = ("use", "prove", 1, "--file", "usage.ndjson", "--batch", written.index)
    assert solo.refused(*argv, code=3)["code"] == "bundle"
    assert not list(Path().glob("*.usage-line.json"))


NOT_FOUND = {
    "a line after the last": (6, None, "the batch has 5 lines"),
    "an event of another kind": (1, "0", "there is no usage.batch 0"),
    "a seal": (1, "1", "there is no usage.batch 1"),
    "an index after the log's end": (1, "9999", "the log has the leaves"),
    "an event id that is none": (1, "00" * 32, "there is no usage.batch 00"),
}


@pytest.mark.parametrize("name", NOT_FOUND)
def test_what_is_not_there_cannot_be_proved(solo, recorded, name):
    number, batch, message = NOT_FOUND[name]
    batch = recorded["index"] if batch is None else batch
    argv = ("use", "prove", number, "--file", "usage.ndjson", "--batch", batch)
    assert message in solo.refused(*argv, code=5)["message"]


def test_a_batch_is_named_by_index_or_event(solo, recorded):
    argv = ("use", "prove", 1, "--file", "usage.ndjson", "--batch", "newest")
    assert "a log index, or an event id" in solo.refused(*argv, code=2)["message"]
    argv = ("use", "prove", 0, "--file", "usage.ndjson", "--batch", recorded["index"])
    assert solo.refused(*argv, code=2)["code"] == "usage"


@pytest.mark.parametrize("words", [(), ("batch",), ("prove",)], ids=["group", "batch", "prove"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_help_is_there_in_both_languages(program, fresh_commands, words, language):
    said = program.ok("use", *words, "--help", "--lang", language).out
    assert ("使用" in said or "明细" in said) is (language == "zh-CN")
    assert ("Usage:" in said) is (language == "en")
    if words:
        assert ("示例：" if language == "zh-CN" else "Example:") in said


def test_the_command_that_proves_a_line_can_be_pasted(solo, grant):
    file = write_table("lines.txt", header="时间,action,count,ref")
    columns = ("--format", "csv", "--column", "at=时间")
    said = solo.ok("use", "batch", file, "--grant", grant, *columns).err
    command = shlex.split(said.partition("For the first: muniment ")[2])
    assert command[-4:] == ["--format", "csv", "--column", "at=时间"]
    verify(solo, solo.json(*command)["file"])


def test_a_column_that_is_missing_is_asked_for_by_its_option(solo, grant):
    file = write_table(header="时间,action,count,ref")
    error = solo.refused("use", "batch", file, "--grant", grant, code=4)
    assert "--column MEMBER=时间" in error["message"]
    error = solo.refused("use", "batch", file, "--grant", grant, "--column", "ref2=时间", code=4)
    assert "--column at=HEADER" in error["message"]
