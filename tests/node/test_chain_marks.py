"""Chains of title say how a delivered copy was marked, by whom, and who keeps the key."""

import json

import pytest

from contracts.marking import Escrow, Marks
from contracts.records import parse_record
from node.chains import Tracer
from tests.cli.conftest import market as market
from tests.cli.conftest import program as program
from tests.support.desk import FIRST, HOLDER, SECOND, THIRD, open_desk
from tests.support.grants import marks, onward, permit, tracked


@pytest.fixture
def desk(market, tmp_path):
    with open_desk(market, tmp_path / "home") as desk:
        yield desk


def made(**changes):
    return parse_record(Marks, marks(**changes))


def find_step(desk, key):
    def walk(step):
        yield step
        for child in step.children:
            yield from walk(child)

    root = Tracer(desk.registry, desk.now).trace_asset(desk.asset)
    return next(step for step in walk(root) if step.subject == key)


def test_a_marked_copy_has_its_rows_and_how_it_was_marked(desk):
    key = desk.send(HOLDER, desk.market.grant, FIRST, marks=made())
    step = find_step(desk, key)
    assert step.details[1:] == (
        ("rows", "330,041"), ("withheld", "2 %"), ("marked rows", "1/32"),
    )  # fmt: skip
    assert [role for role, *_ in step.parties] == ["sender", "recipient"]


def test_only_the_kinds_of_marks_that_were_made_are_said(desk):
    withheld = desk.send(HOLDER, desk.market.grant, FIRST, marks=made(e=50, g=0, rows=7))
    assert find_step(desk, withheld).details[1:] == (("rows", "7"), ("withheld", "0.5 %"))
    changed = desk.send(HOLDER, desk.market.grant, FIRST, marks=made(e=0, rows=8))
    assert find_step(desk, changed).details[1:] == (("rows", "8"), ("marked rows", "1/32"))


def test_of_an_exact_copy_nothing_of_the_kind_is_said(desk):
    key = desk.send(HOLDER, desk.market.grant, FIRST)
    assert [name for name, _ in find_step(desk, key).details] == ["copy"]


def test_how_many_rows_were_invented_is_said_apart(desk):
    granted = [tracked(200, 32, 9)]
    grant = desk.issue(HOLDER, FIRST, permit("use"), obligation=granted)
    key = desk.send(HOLDER, grant, FIRST, marks=made(e=0, g=0, rows=209, canaries=9))
    assert find_step(desk, key).details[1:] == (("rows", "209"), ("invented rows", "9"))


def test_who_made_the_marks_and_who_keeps_their_key_take_part(desk):
    top = desk.issue(HOLDER, FIRST, permit("use"), onward(), obligation=[tracked()])
    below = desk.issue(FIRST, SECOND, parent=top, obligation=[tracked()])
    escrow = Escrow(party=desk.parties[HOLDER], digest="0e" * 32)
    named = made(markedBy=desk.parties[THIRD])
    key = desk.send(FIRST, below, SECOND, others=[THIRD], marks=named, escrow=escrow)
    assert [(role, name) for role, _, name in find_step(desk, key).parties] == [
        ("sender", FIRST), ("recipient", SECOND), ("marker", THIRD), ("escrow", HOLDER),
    ]  # fmt: skip


@pytest.fixture
def marked(program, market):
    """The program over a market with a marked copy; the key of the delivery."""
    with open_desk(market, program.home, ahead=0) as desk:
        return desk.send(HOLDER, market.grant, FIRST, marks=made())


SHOWN = {
    "tree": ("rows 330,041", "withheld 2 %", "marked rows 1/32"),
    "html": ("330,041", "withheld", "2 %", "1/32"),
    "svg": ("330,041", "2 %", "1/32"),
    "prov": ("rows: 330,041", "withheld: 2 %", "marked rows: 1/32"),
}


@pytest.mark.parametrize("form", SHOWN)
def test_every_picture_says_how_a_copy_was_marked(program, market, marked, form):
    shown = program.ok("trace", "asset", market.number, "--format", form).out
    assert marked.partition("/")[2] in shown
    assert all(each in shown for each in SHOWN[form])


def test_the_document_has_it_as_details(program, market, marked):
    document = program.json("trace", "asset", market.number)
    details = {"name": "rows", "value": "330,041"}, {"name": "marked rows", "value": "1/32"}
    assert marked in json.dumps(document)
    assert all(json.dumps(each) in json.dumps(document) for each in details)


@pytest.mark.usefixtures("marked")
def test_it_is_said_in_chinese_too(program, market):
    shown = program.ok("trace", "asset", market.number, "--lang", "zh-CN").out
    assert "行数 330,041" in shown
    assert "略去 2 %" in shown
    assert "标记行 1/32" in shown
