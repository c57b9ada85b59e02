"""`log`, `proof` and `stats`."""

import json
import sys
from pathlib import Path

import pytest

from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.entry import Entry, decode_leaf
from ledger.core.merkle import verify_consistency
from ledger.core.text import parse_base64


def test_the_newest_checkpoint_is_printed_as_it_was_signed(solo):
    document = solo.json("log", "checkpoint")
    assert document.keys() == {"origin", "size", "root", "note"}
    body = parse_signed_checkpoint(document["note"].encode()).body
    assert (body.origin, body.size, body.root.hex()) == (
        document["origin"],
        document["size"],
        document["root"],
    )
    assert solo.ok("log", "checkpoint").out == document["note"]


def test_a_leaf_is_shown_with_its_content(solo):
    document = solo.json("log", "show", "0")
    assert document["index"] == 0
    assert document["leaf"]["event"]["kind"] == "ledger.open"
    assert json.loads(solo.ok("log", "show", "6").out)["seal"]["height"] == 1


@pytest.mark.parametrize("index", ["7", "99999999999999999999"])
def test_a_leaf_beyond_the_log_is_not_found(solo, index):
    code = 5 if index == "7" else None
    result = solo("log", "show", index, "--json")
    assert result.code in ({code} if code else {2, 4, 5}), result
    assert result.error["message"]


def test_the_tail_is_the_newest_leaves(solo):
    items = solo.json("log", "tail", "-n", "3")["items"]
    assert [item["index"] for item in items] == [4, 5, 6]
    assert [item["kind"] for item in items] == [
        "registration.publish",
        "registration.record",
        "seal",
    ]
    assert [item["is_entry"] for item in items] == [True, True, False]
    lines = solo.ok("log", "tail", "-n", "1").out.splitlines()
    assert lines[0].startswith("6\t20")
    assert len(solo.json("log", "tail", "-n", "10000")["items"]) == 7


def test_the_whole_log_is_exported_line_by_line(solo):
    out = solo.ok("log", "export").out
    lines = out.splitlines()
    assert len(lines) == 7
    leaves = [decode_leaf(line.encode()) for line in lines]
    assert [isinstance(leaf, Entry) for leaf in leaves] == [True, False, *[True] * 4, False]
    assert solo.json("log", "export", "--out", "log.ndjson") == {"leaves": 7, "file": "log.ndjson"}
    assert Path("log.ndjson").read_text() == out
    assert solo.ok("log", "export", "--out", "b.ndjson").out == "7  b.ndjson\n"
    assert sorted(path.name for path in Path().iterdir()) == ["b.ndjson", "log.ndjson", "table.csv"]


def test_an_export_does_not_overwrite_unasked(solo):
    Path("log.ndjson").write_text("mine")
    error = solo.refused("log", "export", "--out", "log.ndjson", code=2)
    assert error["code"] == "exists"
    assert error["hint"] == "say --force to replace it"
    assert Path("log.ndjson").read_text() == "mine"
    solo.ok("log", "export", "--out", "log.ndjson", "--force")
    assert len(Path("log.ndjson").read_text().splitlines()) == 7


def test_an_export_into_no_folder_cannot_be_written(solo):
    error = solo.refused("log", "export", "--out", "none/log.ndjson", code=6)
    assert error["code"] == "store_failed"


def test_under_json_stdout_has_one_document_so_the_log_needs_a_file(solo):
    error = solo.refused("log", "export", code=2)
    assert error["hint"].startswith("give --out FILE")


def test_consistency_of_two_sizes_verifies(solo):
    old = parse_signed_checkpoint(solo.json("log", "checkpoint")["note"].encode()).body
    solo.ok("register", "table.csv")
    new = parse_signed_checkpoint(solo.json("log", "checkpoint")["note"].encode()).body
    document = solo.json("proof", "consistency", "7")
    assert (document["old"], document["new"]) == (7, 12)
    path = [parse_base64(text) for text in document["path"]]
    verify_consistency(
        old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, path=path
    )
    lines = solo.ok("proof", "consistency", "7", "12").out.splitlines()
    assert lines == ["7 -> 12", *document["path"]]
    assert solo.json("proof", "consistency", "0", "5")["path"] == []


@pytest.mark.parametrize("sizes", [("8",), ("5", "4"), ("0", "99")], ids=" ".join)
def test_sizes_that_the_log_never_had_are_not_found(solo, sizes):
    assert solo.refused("proof", "consistency", *sizes, code=5)["code"] == "not_found"


def test_an_inclusion_proof_goes_to_stdout_or_a_file(solo):
    document = solo.json("proof", "inclusion", "5")
    assert document["proof"].startswith("c2sp.org/tlog-proof@v1\nindex 5\n")
    assert solo.ok("proof", "inclusion", "5").out == document["proof"]
    assert solo.json("proof", "inclusion", "5", "--out", "p")["file"] == "p"
    assert Path("p").read_text() == document["proof"]
    assert solo.ok("proof", "inclusion", "5", "--out", "p").out == "p\n"
    Path("p").write_text("mine")
    assert solo.refused("proof", "inclusion", "5", "--out", "p", code=2)["code"] == "exists"
    assert solo.refused("proof", "inclusion", "7", code=5)["code"] == "not_found"


def test_an_absence_goes_to_stdout_or_a_file(solo, founded):
    key = "voucher/TEST2026119999"
    document = solo.json("proof", "absence", key)
    assert (document["subject"], document["value"]) == (key, None)
    assert json.loads(solo.ok("proof", "absence", key).out) == document
    assert solo.json("proof", "absence", key, "--out", "a.json") == {
        "subject": key,
        "file": "a.json",
    }
    assert solo.json("verify", "a.json")["status"] == "absent"
    assert solo.refused("proof", "absence", founded.registered["asset"], code=2)["code"] == "exists"
    assert solo.refused("proof", "absence", "nonsense", code=4)["code"] == "malformed"


def test_the_counts_are_those_of_the_log(solo):
    document = solo.json("stats")
    assert document.keys() == {
        "origin", "profile", "leaves", "entries", "blocks", "subjects", "last_time", "bytes",
    }  # fmt: skip
    assert (document["leaves"], document["entries"], document["blocks"]) == (7, 5, 2)
    assert set(document["bytes"]) == {"ledger.db", "vault.db"}
    result = solo.ok("stats")
    assert (result.row("leaves"), result.row("profile")) == ("7", "solo")
    assert result.row("ledger.db").endswith(" bytes")
    assert solo.ok("stats", "--lang", "zh-CN").row("条目") == "7"


def test_on_a_terminal_random_identifiers_are_shown_by_a_beginning_that_commands_accept(
    solo, founded, monkeypatch
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")
    out = solo.ok("log", "tail").out
    asset = founded.registered["asset"]
    assert asset not in out
    assert f" {asset[:14]} " in out
    assert f"voucher/{founded.number}" in out, "a number is shown whole"
    assert solo.json("query", "asset", asset[:14])["subject"] == asset
