"""`muniment demo` on a table with rows enough: a leaked part is traced to the copy it came from."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from cli.leak import FOREIGN, LEAST, SHARE, count_rows, play_leak
from cli.story import ENOUGH, FIRST, SECOND
from tests.support.program import run_process
from tests.support.tables import make_sales, write_csv


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The story on a table of sales: its folder and what was said."""
    folder = tmp_path_factory.mktemp("leak")
    write_csv(folder / "sales.csv", make_sales(ENOUGH))
    argv = ("demo", "--table", "sales.csv", "--out", "told")
    ended = run_process(*argv, home=folder / "nobody", cwd=folder)
    assert ended.code == 0, ended.err
    return folder / "told", ended.out.decode(), ended.err


def finding(folder, name):
    """What a case found: the finding, and the name of who got each delivery, by its key."""
    with zipfile.ZipFile(folder / "proofs" / name) as case:
        found = json.loads(case.read("finding.json"))
    names = {each["party"]: each["name"] for each in found["names"]}
    candidates = found["attribution"]["candidates"]
    return found, {each["delivery"]: names[each["recipient"]] for each in candidates}


@pytest.mark.slow
def test_from_the_holder_s_keys_alone_it_is_the_first_copy_or_one_below_it(told):
    found, recipient = finding(told[0], "found-alone.case.zip")
    (named,) = found["named"]
    assert recipient[named["delivery"]] == FIRST
    assert [recipient[each] for each in named["unscored"]] == [SECOND]
    assert named["verdict"] == "permitted"
    assert named["is_spent"]


@pytest.mark.slow
def test_with_the_key_in_escrow_it_is_the_second_copy_and_the_first_is_cleared(told):
    found, recipient = finding(told[0], "found.case.zip")
    (named,) = found["named"]
    assert recipient[named["delivery"]] == SECOND
    assert named["unscored"] == []
    assert [recipient[each] for each in found["attribution"]["cleared"]] == [FIRST]
    chances = {recipient[each["delivery"]]: each["chance"]
               for each in found["attribution"]["candidates"]}  # fmt: skip
    assert max(chances.values()) < -6_000
    assert (named["verdict"], named["clause"]["path"]) == ("prohibited", "prohibition/0")


@pytest.mark.slow
def test_the_cases_verify_where_there_is_nothing_but_the_policy(told, program):
    for name in ("found-alone.case.zip", "found.case.zip"):
        argv = ("verify", told[0] / "proofs" / name, "--policy", told[0] / "trust.policy")
        verdict = program.json(*argv, "--home", "nowhere")
        assert (verdict["verified"], verdict["kind"]) == (True, "case")


@pytest.mark.slow
def test_what_the_third_registers_as_its_own_is_known_and_objected_to(told, program):
    folder, out, err = told
    assert "warning: much the same content" in err
    argv = ("--home", folder / "registry")
    (objection,) = program.json(*argv, "objection", "list")["items"]
    assert objection["status"] == "filed"
    assert f"{FOREIGN * LEAST:,} rows that are nobody's" in out


@pytest.mark.slow
def test_the_copies_are_marked_and_the_story_says_so(told):
    folder, out, _ = told
    heights = [count_rows(folder / name)
               for name in ("table.csv", "copies/first.csv", "copies/second.csv")]  # fmt: skip
    assert heights[0] > heights[1] > heights[2] > 0.9 * heights[0]
    chain = (folder / "chain.json").read_text("utf-8")
    assert f"{heights[2]:,}" in chain
    assert "marked rows" in chain
    assert out.count("disclosed      2 %") + out.count("disclosed           2 %") == 2


# The leak itself


@pytest.fixture
def copied(tmp_path):
    """A copy of a table, and where the leak's files go."""
    write_csv(tmp_path / "copy.csv", make_sales(2 * LEAST))
    return [tmp_path / name for name in ("copy.csv", "filed.csv", "offered.csv")]


def read_rows(path, encoding="gb18030"):
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding)))
    return header, [tuple(row) for row in rows]


def test_a_leak_has_rows_of_the_copy_in_another_order_and_encoding(copied):
    copy, filed, offered = copied
    leak = play_leak(copy, filed, offered)
    header, rows = read_rows(copy, "utf-8-sig")
    assert read_rows(filed)[0] == header
    leaked = read_rows(filed)[1]
    assert len(leaked) == leak.rows == LEAST
    assert leak.height == len(rows)
    assert set(leaked) < set(rows)
    places = [rows.index(row) for row in leaked]
    assert places != sorted(places)


def test_the_rows_among_them_are_nobody_s_though_each_cell_is_somebody_s(copied):
    copy, filed, offered = copied
    leak = play_leak(copy, filed, offered)
    _, rows = read_rows(copy, "utf-8-sig")
    leaked, mixed = set(read_rows(filed)[1]), read_rows(offered)[1]
    foreign = [row for row in mixed if row not in leaked]
    assert len(mixed) == leak.rows + leak.foreign == (1 + FOREIGN) * leak.rows
    assert leaked <= set(mixed)
    assert not set(foreign) & set(rows)
    for cells, known in zip(zip(*foreign, strict=True), zip(*rows, strict=True), strict=True):
        assert set(cells) <= set(known)


def test_of_a_large_copy_one_row_in_twenty_is_leaked_and_always_the_same_ones(tmp_path):
    places = [tmp_path / name for name in ("copy.csv", "filed.csv", "offered.csv", "again.csv")]
    rows = "".join(f"{n},{n % 7}\n" for n in range(2 * SHARE * LEAST))
    places[0].write_text(f"a,b\n{rows}", "utf-8")
    assert play_leak(*places[:3]).rows == 2 * LEAST
    play_leak(places[0], places[3], places[2])
    assert places[1].read_bytes() == places[3].read_bytes()


NO_TABLES = {
    "nothing": b"",
    "a single column": b"a\n1\n2\n",
    "bytes of another encoding": b"a,b\n\xff\xfe,1\n",
    "an open quotation mark": b'a,b\n"1,2\n3,4\n',
}


@pytest.mark.parametrize("content", NO_TABLES.values(), ids=NO_TABLES)
def test_what_is_no_plain_table_has_no_rows(tmp_path, content):
    Path(tmp_path / "x.csv").write_bytes(content)
    assert count_rows(tmp_path / "x.csv") == 0
    Path(tmp_path / "x.csv").write_bytes(b"a,b\n1,2\n3,4\n")
    assert count_rows(tmp_path / "x.csv") == 2
