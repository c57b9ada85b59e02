"""The file of a batch: what spoils it, what spoils one row, and what no message repeats."""

import json
import time

import pytest

from ledger.errors import InputError, MalformedError
from node.batchfile import BatchFile
from node.forms.annexes import FORMS
from node.forms.checking import check_form

SECRET = "320102199001011234"


def read(folder, text, name="batch.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return BatchFile(path)


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def faults(batch):
    return [row.fault[0] if row.fault else None for row in batch.rows()]


DOUBLED = {
    "file and files": "file,files,data.title\na.csv,b.csv,T\n",
    "a place and none": "file,rights.right,rights.1.right\na.csv,use,hold\n",
    "a name": "file,data.title,data.title\na.csv,T,U\n",
}


@pytest.mark.parametrize("text", DOUBLED.values(), ids=DOUBLED)
def test_a_header_that_names_a_blank_twice_is_refused(tmp_path, text):
    with pytest.raises(MalformedError, match="names a column twice"):
        read(tmp_path, text)


DOUBLED_ROWS = {
    "file and files": {"file": "a.csv", "files": ["b.csv"], "data": {"title": "T"}},
    "a path and its table": {"file": "a.csv", "data.title": "T", "data": {"title": "U"}},
    "a table and its path": {"file": "a.csv", "rights": [{"right": "use"}], "rights.2.right": "x"},
    "a place and none": {"file": "a.csv", "rights.right": "use", "rights.1.right": "hold"},
}


@pytest.mark.parametrize("row", DOUBLED_ROWS.values(), ids=DOUBLED_ROWS)
def test_a_row_that_fills_a_blank_twice_is_spoilt_and_the_next_is_read(tmp_path, row):
    good = {"files": ["b.csv"], "data": {"title": "T"}, "rights.1.right": "use"}
    batch = read(tmp_path, lines(row, good), "batch.jsonl")
    first, second = batch.rows()
    assert "twice: fill each blank once" in first.fault[0]
    assert second.fault is None
    assert second.form == {
        "files": ["b.csv"], "data": {"title": "T"}, "rights": [{"right": ["use"]}],
    }  # fmt: skip


def test_a_reference_with_a_control_character_spoils_its_row_alone(tmp_path):
    batch = read(tmp_path, "file,data.title,ref\na.csv,T,x\x07\na.csv,T,y\n")
    assert [bool(fault) for fault in faults(batch)] == [True, False]


def test_a_missing_header_is_told_by_column_and_never_repeated(tmp_path):
    with pytest.raises(MalformedError) as caught:
        read(tmp_path, f"file,{SECRET},张三\na.csv,T,U\n")
    assert "column 2, 3" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "张三" not in str(caught.value)


SECRETIVE = {
    "a number too large": f'{{"id_number": {SECRET}0}}',
    "a fraction": f'{{"id_number": {SECRET}.5}}',
    "a control character in a text": f'{{"id_number": "{SECRET}\\u0007"}}',
    "a control character in a name": f'{{"{SECRET}\\u0007": 1}}',
    "a float": f'{{"id_number": {SECRET}e1}}',
    "no end": f'{{"id_number": "{SECRET}',
}


@pytest.mark.parametrize("line", SECRETIVE.values(), ids=SECRETIVE)
def test_a_line_that_cannot_be_read_is_never_repeated(tmp_path, line):
    (fault,) = faults(read(tmp_path, line + "\n", "batch.jsonl"))
    assert fault.startswith("cannot be read")
    assert SECRET[:6] not in fault


@pytest.mark.parametrize("text", [f'file\n"a{SECRET}\n', f'"{SECRET}'])
def test_what_is_no_table_is_never_repeated(tmp_path, text):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert SECRET not in str(caught.value)


ROWS = b"a.csv,T,x\n" * 40_000
BROKEN = {
    "GB18030 in line 40,002": (ROWS + "a.csv,停车,x\n".encode("gb18030"), "GB18030 (line 40002)"),
    "one byte": (ROWS + b"a.csv,\xff,x\n" + ROWS, "another encoding (line 40002)"),
    "behind UTF-8": ("a.csv,停车,x\n".encode() + b"a.csv,\xff,x\n", "another encoding (line 3)"),
    "at once": ("a.csv,停车,x\n".encode("gb18030"), "GB18030 (line 2)"),
}


@pytest.mark.parametrize(("rows", "said"), BROKEN.values(), ids=BROKEN)
def test_a_byte_that_is_no_utf_8_is_told_with_its_line(tmp_path, rows, said):
    with pytest.raises(MalformedError) as caught:
        read(tmp_path, b"file,data.title,ref\n" + rows)
    assert f"it seems to be {said}" in str(caught.value)


ENDLESS = {
    "a header": "file," * 100_000,
    "a row of one line": "file\n" + "," * 300_000,
    "a row of many lines": "file\n" + '"a\n",' * 100_000,
    "a quote that is never closed": "file,ref\n" + '"a\n' + "b.csv,c\n" * 100_000,
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_a_row_without_end_is_refused_and_never_held(tmp_path, text):
    with pytest.raises(InputError):
        read(tmp_path, text)


def test_rows_together_may_be_longer_than_one(tmp_path):
    batch = read(tmp_path, "file,ref\n" + f"a.csv,{'x' * 60}\n" * 10_000)
    assert batch.count == 10_000


MONSTROUS = {
    "a path of many parts": {"a." * 100_000 + "b": 1},
    "a path of many parts below a blank": {"data." + "a." * 100_000: 1},
    "many unknown names": {f"x{i}": 1 for i in range(15_000)},
}


@pytest.mark.parametrize("row", MONSTROUS.values(), ids=MONSTROUS)
def test_a_monstrous_row_is_judged_at_once_and_in_few_words(tmp_path, row):
    begun = time.monotonic()
    batch = read(tmp_path, lines(row), "batch.jsonl")
    (found,) = batch.rows()
    _, findings = check_form(found.form, FORMS["initial"])
    assert time.monotonic() - begun < 2, "linear: milliseconds, quadratic: many seconds"
    assert found.fault or any("no such blank" in each.en for each in findings)
    assert sum(len(each.path) + len(each.en) for each in findings) < 20_000
