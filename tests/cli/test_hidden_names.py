"""Natural persons, whose names the ledger does not show: found again by the vault of this home."""

from pathlib import Path

import pytest

OPEN = "--no-passphrase"


@pytest.fixture
def person(solo):
    """王小明, a natural person on the solo ledger."""
    return solo.json("party", "enroll", "王小明", "--kind", "natural", OPEN)["subject"]


def test_a_person_is_found_by_the_name_in_the_vault(solo, person):
    assert solo.json("party", "show", "王小明")["subject"] == person
    assert solo.json("query", "holder", "王小明")["subject"] == person
    assert solo.json("registration", "list", "--party", "王小明")["items"] == []


@pytest.mark.parametrize("text", ["王小", "小明", "王小明明"])
def test_only_the_whole_name_fits(solo, person, text):
    assert solo.refused("party", "show", text, code=5)["code"] == "not_found"


def test_the_whole_name_goes_before_an_organisation_that_is_called_similarly(solo, person):
    solo.ok("party", "enroll", "王小明 工作室", OPEN)
    assert solo.json("party", "show", "王小明")["subject"] == person


def test_two_of_one_name_are_told_apart_by_their_keys(solo, person):
    other = solo.json("party", "enroll", "王小明", "--kind", "natural", OPEN)["subject"]
    error = solo.refused("party", "show", "王小明", code=2)
    assert error["code"] == "ambiguous"
    assert person in error["message"]
    assert other in error["message"]


def test_an_erased_name_finds_nobody(solo, person):
    solo.ok("vault", "erase", person, "--reason", "asked", "--yes")
    assert solo.refused("party", "show", "王小明", code=5)["code"] == "not_found"


def test_names_are_listed_only_when_told_and_marked_as_not_public(solo, person):
    (item,) = [each for each in solo.json("party", "list")["items"] if each["party"] == person]
    assert item["name"] == "(natural person)"
    assert "name_here" not in item
    assert "王小明" not in solo.ok("party", "list").out
    (item,) = [
        each for each in solo.json("party", "list", "--names")["items"] if each["party"] == person
    ]
    assert (item["name"], item["name_here"]) == ("(natural person)", "王小明")
    assert "王小明 (not public)" in solo.ok("party", "list", "--names").out
    assert "王小明（不公开）" in solo.ok("party", "list", "--names", "--lang", "zh-CN").out


def test_a_hidden_name_is_said_to_be_one_in_chinese(solo, person):
    out = solo.ok("party", "list", "--lang", "zh-CN").out
    assert "（自然人）" in out
    assert "(natural person)" not in out


def test_without_the_passphrase_the_name_is_not_found_and_nothing_breaks(program):
    Path("word").write_text("a long passphrase\n")
    known = ("--passphrase-file", "word")
    program.ok(*known, "init", "--solo")
    program.ok(*known, "party", "enroll", "王小明", "--kind", "natural")
    program.ok(*known, "party", "show", "王小明")
    assert program.refused("party", "show", "王小明", code=5)["code"] == "not_found"
    assert "(natural person)" in program.ok("party", "list").out
    assert program.refused("party", "list", "--names", code=2)["code"] == "passphrase_required"


def test_an_applicant_is_named_in_the_list_where_the_application_is_shown(solo, person):
    named = ("--title", "T", "--as", person)
    solo.ok("register", "table.csv", *named)
    assert "\t(natural person)\t" in solo.ok("registration", "list").out
    assert "\t王小明\t" in solo.ok("registration", "list", "--application").out
