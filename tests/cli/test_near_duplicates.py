"""Much the same content: warned of when it is filed, shown to the registrar, decided about."""

import random
import time
from pathlib import Path

import pytest

from ledger.vault import Doomed
from node.registry import open_registry
from tests.cli.test_registration import FINDINGS, evidence
from tests.support.tables import make_sales, write_csv

ROWS = 400
TERMS = ("--right", "hold", "--basis", "self-generated", "--class", "enterprise", "--level")


@pytest.fixture
def sales():
    sample = make_sales(2 * ROWS)
    write_csv("sales.csv", sample.take(range(ROWS)))
    return sample


def leak(sample, share=4):
    """A part of it, shuffled, without its key and its note, in a file of its own."""
    rows = random.Random(1).sample(range(ROWS), ROWS // share)
    write_csv("leaked.csv", sample.take(rows).select(sample.names[1:-1]))


def file(program, path, applicant):
    argv = ("register", path, "--title", "销售数据", *TERMS, "general-2", "--as", applicant)
    return program.json(*argv)


def test_solo_warns_and_says_how_much_both_ways(solo, sales):
    first = solo.json("register", "sales.csv")
    leak(sales)
    result = solo.ok("--json", "register", "leaked.csv")
    (near,) = result.json["duplicates"]
    assert near["asset"] == first["asset"]
    assert near["voucher"] == first["voucher"]
    assert near["match"] == "near"
    assert near["measure"] == "shingles"
    assert near["containment"]["of_new"].keys() == {"share", "low", "high"}
    assert float(near["containment"]["of_new"]["share"]) > 0.95
    assert 0.1 < float(near["containment"]["of_earlier"]["low"]) < 0.35
    assert "warning: much the same content (" in result.err
    chinese = solo.ok("register", "leaked.csv", "--title", "又一次", "--lang", "zh-CN").err
    assert "相同内容此前已申请登记" in chinese


def test_other_rows_of_the_same_kind_are_not_warned_of(solo, sales):
    solo.json("register", "sales.csv")
    write_csv("others.csv", sales.take(range(ROWS, 2 * ROWS)))
    assert solo.json("register", "others.csv")["duplicates"] == []


def test_a_table_in_another_form_is_near_the_whole_of_it(solo, sales):
    solo.json("register", "sales.csv")
    write_csv("again.txt", sales.take(range(ROWS)), delimiter=";", encoding="gb18030")
    (near,) = solo.json("register", "again.txt")["duplicates"]
    assert near["containment"]["of_new"]["share"] == "1.0000"
    assert near["containment"]["of_earlier"]["share"] == "1.0000"


@pytest.mark.slow
def test_the_registrar_has_to_decide_about_what_is_near(national_program, applicant, sales):
    program = national_program
    first = file(program, "sales.csv", applicant)
    accept(program, first["registration"])
    time.sleep(1.1)  # evidence is in whole seconds, and not older than the last step
    number = program.json("registration", "record", first["registration"], *FINDINGS, *evidence())
    leak(sales)
    second = file(program, "leaked.csv", applicant)["registration"]
    assert "warning: much the same content" in accept(program, second)
    (match,) = program.json("registration", "duplicates", second)["duplicates"]
    assert (match["asset"], match["match"], match["earlier"]) == (first["asset"], "near", True)
    assert match["holders"][0]["party"] == applicant
    shown = program.ok("registration", "duplicates", second)
    assert shown.row("match") == "fingerprints"
    assert shown.row("compared") == "groups of cells in a row"
    assert shown.row("new in earlier").startswith(("9", "100"))
    time.sleep(1.1)
    argv = ("registration", "record", second, *FINDINGS)
    error = program.refused(*argv, *evidence(), code=4)
    assert (error["code"], error["rule"]) == ("duplicate", "Art. 39")
    decided = ("--duplicate", f"{number['voucher']}=distinct:another year")
    assert program.json(*argv, *evidence(), *decided)["voucher"]


def accept(program, registration):
    said = program.ok("registration", "accept", registration).err
    program.ok("registration", "withhold", registration, "--reason", "trade secret")
    return said


@pytest.mark.slow
def test_a_registrar_who_is_given_the_file_looks_into_it(national_program, applicant, sales):
    """The vault of a registrar that never saw the files: only openings came."""
    program = national_program
    first = file(program, "sales.csv", applicant)
    leak(sales)
    second = file(program, "leaked.csv", applicant)
    forget_fingerprints(program.home)
    asked = ("registration", "duplicates")
    assert program.json(*asked, second["registration"])["duplicates"] == []
    assert program.json(*asked, first["registration"], "--file", "sales.csv")["duplicates"] == []
    (match,) = program.json(*asked, second["registration"], "--file", "leaked.csv")["duplicates"]
    assert match["asset"] == first["asset"]
    (match,) = program.json(*asked, second["registration"])["duplicates"]
    assert match["match"] == "near"
    (match,) = program.json(*asked, first["registration"])["duplicates"]
    assert match["asset"] == second["asset"]
    error = program.refused(*asked, second["registration"], "--file", "sales.csv", code=4)
    assert error["code"] == "other_content"


def forget_fingerprints(home):
    with open_registry(home, None, is_writer=True) as registry:
        vault = registry.open_vault()
        doomed = [Doomed(kind, None) for kind in ("fingerprint", "sketch", "near")]
        assert vault.erase_all(doomed, {})
        vault.close()


def test_without_the_extra_only_the_digest_identifies_a_file(solo, sales, monkeypatch):
    monkeypatch.setattr("cli.fingerprints.has_extra", lambda: False)
    monkeypatch.setattr("cli.fingerprintview.has_extra", lambda: False)
    result = solo.ok("register", "sales.csv")
    assert "pip install 'muniment[trace]'" in result.err
    (item,) = solo.json("fingerprint", "sales.csv")["items"]
    assert item.keys() == {"file", "sha256", "size"}


def test_a_broken_table_is_registered_and_the_line_is_told(solo):
    Path("broken.csv").write_text("a,b\n1,2\n3\n")
    err = solo.ok("register", "broken.csv").err
    assert "broken.csv is not read as a table" in err
    assert "line 3" in err


def test_rows_of_a_batch_are_fingerprinted_too(solo, sales):
    solo.json("register", "sales.csv")
    leak(sales)
    Path("batch.csv").write_text(
        "file,data.title,rights.right,restrictions.resale,ref\nleaked.csv,销售数据,hold,否,r1\n",
        encoding="utf-8",
    )
    solo.json("register", "--batch", "batch.csv")
    assert '"match": "near"' in Path("batch.csv.results.jsonl").read_text()


def test_a_backup_brings_fingerprints_back_and_the_index_with_them(solo, sales):
    first = solo.json("register", "sales.csv")
    solo.ok("backup", "copy")
    assert not Path("copy/trace.db").exists()
    elsewhere = ("--home", "restored")
    solo.ok("restore", "copy", *elsewhere)
    solo.ok("adopt", "--no-other-copy", *elsewhere)
    leak(sales)
    (near,) = solo.json("register", "leaked.csv", *elsewhere)["duplicates"]
    assert near["asset"] == first["asset"]


def test_a_fingerprint_is_shown_in_words_and_to_programs(program):
    write_csv("sales.csv", make_sales(30))
    Path("text.txt").write_text("one two three four five six\n")
    table, text = program.json("fingerprint", "sales.csv", "text.txt")["items"]
    assert (table["table"]["rows"], table["table"]["form"]) == (30, "canon-1")
    assert table["table"]["columns"][0] == {
        "name": "order", "kind": "number", "distinct": 30, "nulls": 0,
    }  # fmt: skip
    assert len(table["table"]["paired"]) == 10
    assert (text["table"], text["chunks"], text["words"]) == (None, 1, 2)
    write_csv("other.txt", make_sales(30), delimiter="\t", encoding="gb18030")
    (other,) = program.json("fingerprint", "other.txt")["items"]
    assert other["table"]["digest"] == table["table"]["digest"]
    shown = program.ok("fingerprint", "sales.csv").out
    assert shown.splitlines()[0] == f"{table['sha256']}  sales.csv"
    assert "phone: number, 30 values, 0 without" in shown
    chinese = program.ok("fingerprint", "text.txt", "--lang", "zh-CN")
    assert chinese.row("连续词语") == "2"
