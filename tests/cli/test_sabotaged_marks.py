"""`trace file` where a middleman committed to marks that tell nothing: it saves nobody."""

import csv
from pathlib import Path
from random import Random

import pytest

import node.marking
from tests.cli.test_deliver_marks import deliver, fair, founded_fair

__all__ = ["fair", "founded_fair"]


@pytest.fixture
def committing(monkeypatch):
    """Lets the next deliveries commit to something else than the marks that they make."""
    honest = node.marking.format_marks

    def change(lie):
        monkeypatch.setattr(node.marking, "format_marks", lambda marks: lie(honest(marks)))

    return change


def set_columns(**members):
    def change(value):
        return value | {"columns": [each | members for each in value["columns"]]}

    return change


def leak(source, count=1_500):
    """Some rows of a copy, shuffled."""
    with Path(source).open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    with Path("leak.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *Random(5).sample(rows, count)])


def trace(program):
    return program.json("trace", "file", "leak.csv", "--original", "table.csv")


NO_KEYS = {
    "nothing": lambda value: {},
    "another version": lambda value: value | {"version": "marks/2"},
    "a short key": lambda value: value | {"key": "AAAA"},
    "more rows withheld than the record says": lambda value: value | {"e": 2_000},
    "a share out of range": lambda value: value | {"e": 10_000},
    "invented rows that the record does not speak of": lambda value: value | {"canaries": 5},
}
OF_ANOTHER_TABLE = {
    "columns that are not there": lambda value: (
        value | {"columns": [each | {"name": each["name"] + "?"} for each in value["columns"]]}
    ),
    "a unit that is none": set_columns(kind="number", unit="x"),
    "a unit beyond all numbers": set_columns(kind="number", unit="9" * 5_000),
}


@pytest.mark.parametrize("lie", [*NO_KEYS, *OF_ANOTHER_TABLE])
def test_who_commits_to_no_usable_marks_is_named_with_what_came_down_from_him(
    fair, founded_fair, committing, lie
):
    first = deliver(fair, founded_fair)["subject"]
    committing((NO_KEYS | OF_ANOTHER_TABLE)[lie])
    second = deliver(fair, founded_fair, source="copy.csv", to="丙公司", out="on.csv")["subject"]
    leak("on.csv")
    if lie in NO_KEYS:
        error = fair.refused("escrow", "open", "on.csv.escrow.json", code=3)
        assert "is no marking key" in error["message"]
        chinese = fair.ok("escrow", "open", "on.csv.escrow.json", "--lang", "zh-CN", code=3).err
        assert "不是标记密钥" in chinese
    else:
        fair.ok("escrow", "open", "on.csv.escrow.json")
    found = trace(fair)
    (one,) = found["named"]
    assert (one["delivery"], one["unscored"]) == (first, [second])


def test_of_two_copies_with_the_same_secret_bits_neither_is_named(fair, founded_fair, monkeypatch):
    monkeypatch.setattr(node.marking, "urandom", lambda size: bytes(size))
    deliver(fair, founded_fair)
    # Other terms make it another group of candidates, yet of the same bits.
    fair.ok("deliver", founded_fair.number, "--from", "table.csv", "--to", "乙公司",
            "--out", "again.csv", "--withhold-only")  # fmt: skip
    leak("copy.csv")
    found = trace(fair)
    assert found["named"] == []
    assert {each["chance"] for each in found["attribution"]["candidates"]} == {None}
