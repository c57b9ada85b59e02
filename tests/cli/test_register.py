"""`muniment register` and `fingerprint`: what is filed, what is refused, what is only warned of."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.conftest import TABLE
from tests.support.program import run_measured


def commitments(program, asset):
    return program.json("query", "asset", asset)["value"]["state"]["content"]


def state(program, kind, key):
    return program.json("query", kind, key)["value"]["state"]


def test_a_registration_under_solo_goes_through_to_the_voucher(solo):
    Path("new.csv").write_text("x\n")
    document = solo.json("register", "new.csv")
    assert document == {
        "asset": document["asset"],
        "registration": document["registration"],
        "voucher": document["voucher"],
        "index": 10,
        "event": document["event"],
        "duplicates": [],
    }
    assert document["asset"].startswith("asset/")
    assert document["registration"].startswith("registration/")
    assert document["voucher"].startswith("TEST")
    assert document["voucher"].endswith("0002")
    assert len(bytes.fromhex(document["event"])) == 32


def test_the_defaults_of_solo_are_the_designs(solo, founded):
    asset = state(solo, "asset", founded.number)
    assert asset["classification"]["class"] == "enterprise"
    assert asset["classification"]["level"] == "general-1"
    rights = [each["value"] for each in asset["tuples"]]
    assert [right["right"] for right in rights] == ["hold", "use", "operate"]
    assert {right["basis"] for right in rights} == {"self-generated"}
    voucher = state(solo, "voucher", founded.number)
    assert 4.99 < (voucher["valid_until"] - voucher["valid_from"]) / 86_400_000 / 365.25 < 5.01


def test_people_see_what_was_made_and_what_comes_next(solo):
    result = solo.ok("register", "table.csv", "--title", "另一标题")
    assert result.row("voucher").endswith("0002")
    assert result.row("log index") == "10"
    assert result.err.splitlines()[-1].startswith("Next: muniment voucher export TEST")
    assert "下一步" in solo.ok("register", "table.csv", "--lang", "zh-CN").err


def test_what_is_asked_for_is_what_is_recorded(solo):
    document = solo.json(
        "register", "table.csv", "--title", "Flights", "--right", "use", "--right", "use",
        "--basis", "public-utility", "--class", "public", "--level", "general-3",
        "--industry", "G", "--source", "sensors", "--summary", "All of them", "--years", "1",
        "--no-resale",
    )  # fmt: skip
    asset = state(solo, "asset", document["asset"])
    assert asset["fields"] == {
        "industry": "G",
        "openness": "conditional",
        "restrictions": {"resale": False},
        "source": "sensors",
        "summary": "All of them",
        "title": "Flights",
    }
    assert [each["value"]["right"] for each in asset["tuples"]] == ["use"]
    assert asset["classification"]["level"] == "general-3"
    voucher = state(solo, "voucher", document["voucher"])
    assert 0.99 < (voucher["valid_until"] - voucher["valid_from"]) / 86_400_000 / 365.25 < 1.01


def test_several_files_are_one_asset_with_a_commitment_each(solo):
    Path("a.csv").write_text("a\n")
    Path("b.csv").write_text("b\n")
    document = solo.json("register", "a.csv", "b.csv", "table.csv")
    made = commitments(solo, document["asset"])
    assert sorted(made) == ["content.0", "content.1", "content.2"]
    assert len(set(made.values())) == 3
    assert [each["voucher"] for each in document["duplicates"]] == [document["voucher"][:-1] + "1"]


def test_the_same_content_again_is_a_warning_and_no_refusal(solo, founded):
    result = solo.ok("register", "table.csv", "--json")
    asset = founded.registered["asset"]
    assert result.json["duplicates"] == [
        {"asset": asset, "voucher": founded.number, "match": "exact"}
    ]
    warning = f"the same content was filed before: {asset} ({founded.number})"
    assert result.err == f"warning: {warning}\n"
    assert result.json["voucher"] != founded.number
    assert "警告：相同内容此前已申请登记" in solo.ok("register", "table.csv", "--lang", "zh-CN").err


def test_the_same_commitment_is_never_made_twice(solo, founded):
    again = solo.json("register", "table.csv")["asset"]
    first = founded.registered["asset"]
    assert commitments(solo, again) != commitments(solo, first)


def test_the_digest_is_published_only_if_asked(solo):
    digest = sha256(TABLE).hexdigest()
    assert solo.json("query", "absent", "--digest", digest)["present"] is False
    published = solo.json("register", "table.csv", "--publish-digest")["asset"]
    claim = solo.json("query", "absent", "--digest", digest, code=5)["value"]["state"]
    assert [each["value"] for each in claim["claims"]] == [published]
    matches = {d["asset"]: d["match"] for d in solo.json("register", "table.csv")["duplicates"]}
    assert matches[published] == "published"


def test_an_empty_file_can_be_registered(solo):
    Path("empty").touch()
    assert solo.json("register", "empty")["voucher"]


def test_the_file_s_name_is_the_title_where_none_is_given(solo):
    name = "航班 数据·2013.csv"
    Path(name).write_text("x\n")
    document = solo.json("register", name)
    assert state(solo, "asset", document["asset"])["fields"]["title"] == name
    assert solo.json("search", "航班")["items"][0]["label"] == name


def test_a_name_that_is_not_utf8_still_gives_a_title(solo):
    name = os.fsdecode(b"bad\xff.csv")
    Path(name).write_text("x\n")
    document = solo.json("register", name)
    assert state(solo, "asset", document["asset"])["fields"]["title"] == "bad\ufffd.csv"


UNREADABLE = {
    "a missing file": (lambda: "none.csv", 5, "not_found"),
    "a folder": (lambda: Path("folder").mkdir() or "folder", 4, "malformed"),
    "an empty name": (lambda: "", 4, "malformed"),
    "a file under a file": (lambda: "table.csv/x", 4, "malformed"),
    "a file that fails while being read": (lambda: "/proc/self/mem", 4, "malformed"),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("command", ["register", "fingerprint"])
def test_what_cannot_be_read_is_refused_and_nothing_is_written(solo, name, command):
    make, code, reason = UNREADABLE[name]
    error = solo.refused(command, "table.csv", make(), code=code)
    assert error["code"] == reason
    assert solo.json("stats")["leaves"] == 7


def test_what_cannot_be_read_is_named_in_chinese(solo):
    assert "没有文件 none.csv" in solo.ok("register", "none.csv", "--lang", "zh-CN", code=5).err
    assert ". 不是普通文件" in solo.ok("register", ".", "--lang", "zh-CN", code=4).err


BAD_CHOICES = {
    "--right": "own",
    "--basis": "found-it",
    "--class": "secret",
    "--level": "secret",
    "--years": "6",
}


@pytest.mark.parametrize("option", BAD_CHOICES)
def test_an_unknown_value_is_wrong_use_and_the_known_ones_are_named(solo, option):
    error = solo.refused("register", "table.csv", option, BAD_CHOICES[option], code=2)
    assert error["code"] == "option_value"
    assert error["message"].startswith(f"{option} is ")
    chinese = solo.ok(
        "register", "table.csv", option, BAD_CHOICES[option], "--lang", "zh-CN", code=2
    )
    assert "而非" in chinese.err
    assert solo.json("stats")["leaves"] == 7


@pytest.mark.parametrize("years", ["0", "-1"])
def test_a_validity_below_a_year_is_wrong_use(solo, years):
    assert solo.refused("register", "table.csv", "--years", years, code=2)["code"] == "option_value"


def test_core_data_is_refused_by_the_rules(solo):
    error = solo.refused("register", "table.csv", "--level", "core", code=4)
    assert error == {
        "code": "core_data",
        "message": "core data is not registered",
        "rule": "Art. 22",
    }
    assert solo.ok("register", "table.csv", "--level", "core", "--lang", "zh-CN", code=4).err == (
        "muniment: core_data: 核心数据不予登记（第 22 条）\n"
    )


def test_a_title_above_the_form_s_length_is_warned_of(solo):
    result = solo.ok("register", "table.csv", "--title", "题" * 41)
    assert "the title has 41 characters; the form says not above 40" in result.err
    assert "title has" not in solo.ok("register", "table.csv", "--title", "题" * 40).err
    result = solo.ok("register", "table.csv", "--title", "题" * 41, "--lang", "zh-CN")
    assert "数据名称 41 个字，不宜超过 40 个字" in result.err


def test_a_summary_above_the_form_s_length_is_warned_of(solo):
    assert "summary has 401" in solo.ok("register", "table.csv", "--summary", "述" * 401).err
    assert "summary has" not in solo.ok("register", "table.csv", "--summary", "述" * 400).err


@pytest.mark.parametrize(
    ("option", "text"),
    [("--title", "题" * 201), ("--summary", "述" * 2001)],
    ids=["title", "summary"],
)
def test_what_could_never_be_published_is_refused_before_it_is_filed(solo, option, text):
    error = solo.refused("register", "table.csv", option, text, code=4)
    assert (error["code"], error["rule"]) == ("form_length", "Art. 19")
    assert solo.json("stats")["leaves"] == 7
    assert solo.json("register", "table.csv", "--title", "题" * 200)["voucher"]


def test_a_character_that_no_record_may_hold_is_refused(solo):
    error = solo.refused("register", "table.csv", "--title", "a\u202eb", code=4)
    assert error["code"] == "malformed"
    assert solo.json("stats")["leaves"] == 7


def test_a_refused_record_leaves_no_half_registration(solo):
    error = solo.refused("register", "table.csv", "--basis", "contract", code=4)
    assert (error["code"], error["rule"]) == ("evidence", "Art. 20")
    assert error["hint"] == "give the file that the right rests on with --evidence FILE"
    assert solo.json("stats")["leaves"] == 7
    assert len(solo.json("registration", "list")["items"]) == 1


def test_a_refused_filing_is_no_duplicate_of_the_next_one(solo):
    Path("new.csv").write_text("new\n")
    solo.refused("register", "new.csv", "--basis", "contract", code=4)
    Path("contract.pdf").write_bytes(b"signed")
    argv = ("register", "new.csv", "--basis", "contract", "--evidence", "contract.pdf")
    document = solo.json(*argv)
    assert document["duplicates"] == []
    tuples = state(solo, "asset", document["asset"])["tuples"]
    assert {each["value"]["evidence"] for each in tuples} == {sha256(b"signed").hexdigest()}


def test_another_party_s_file_needs_that_party_s_key(solo):
    error = solo.refused("register", "table.csv", "--as", "party/nobody", code=5)
    assert error["code"] == "not_found"


def test_a_fingerprint_is_what_sha256sum_says(program):
    Path("a").write_bytes(b"abc")
    Path("b").touch()
    # printf abc | sha256sum; sha256sum /dev/null
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert program.json("fingerprint", "--exact", "a", "b") == {
        "items": [
            {"file": "a", "sha256": abc, "size": 3},
            {"file": "b", "sha256": nothing, "size": 0},
        ],
        "next": None,
    }
    assert program.ok("fingerprint", "--exact", "a", "b").out == f"{abc}  a\n{nothing}  b\n"


@pytest.mark.slow
def test_a_file_of_300_megabytes_is_streamed(solo):
    with Path("sparse.bin").open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    ended, peak = run_measured("register", "sparse.bin", home=solo.home, cwd=Path.cwd())
    assert ended.code == 0, ended.err
    assert peak < 160 * 1024 * 1024


TWO_WAYS = {
    "files and a batch": ("table.csv", "--batch", "batch.csv"),
    "a form and a batch": ("--form", "form.toml", "--batch", "batch.csv"),
    "files and a template": ("table.csv", "--template", "initial"),
    "a form and a template": ("--form", "form.toml", "--template", "initial"),
    "a form of a renewal and files": ("--form", "renewal.json", "table.csv"),
}


@pytest.mark.parametrize("name", TWO_WAYS)
def test_there_is_one_way_to_register_at_a_time(solo, name):
    Path("batch.csv").write_text("file,data.title\ntable.csv,T\n")
    Path("form.toml").write_text('type = "initial"\n')
    Path("renewal.json").write_text('{"type": "renewal"}')
    error = solo.refused("register", *TWO_WAYS[name], code=2)
    assert error["code"] == "option_conflict"
