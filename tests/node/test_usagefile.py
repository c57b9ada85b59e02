"""Files of usage lines: root and totals in one pass, the proof of one line, and what is refused."""

import io
import json
import os
import tracemalloc
from functools import partial
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clocks import format_instant
from contracts.usage import UsageBatch
from contracts.usagelines import batch_terms, parse_usage_line
from ledger.core.canonical import encode_canonical
from ledger.errors import MalformedError, NotFoundError, RejectedError
from node import usagefile, usagerows
from node.usagefile import open_usage_file, prove_usage_line, read_usage
from node.usagerows import MAX_RAW_LINE_BYTES, Layout, parse_instant
from tests.support import reference
from tests.support.hostile_json import HOSTILE
from tests.support.manglings import mangled
from tests.support.people import ms

START = 1_763_800_000_000
NDJSON, CSV = Layout("ndjson"), Layout("csv")


def line(number):
    members = {"at": START + number * 7 % 100, "action": "read", "ref": f"请求-{number}"}
    return members | ({"count": number + 1} if number % 3 else {})


def ndjson(lines):
    return "".join(json.dumps(one) + "\n" for one in lines).encode()


def table(lines, header=("at", "action", "count", "ref")):
    rows = [",".join(str(one.get(name, "")) for name in header) for one in lines]
    return "\n".join([",".join(header), *rows, ""]).encode()


def read(data, layout=NDJSON, progress=lambda _: None):
    return read_usage(io.BytesIO(data), layout, progress)


def refusal(data, layout=NDJSON, reason="usage_line"):
    """The refusal of a file, held to what refusals promise."""
    with pytest.raises(RejectedError) as caught:
        read(data, layout)
    error = caught.value
    assert (error.reason, error.rule) == (reason, "formats 5")
    assert not error.zh.isascii()
    return error.en


@pytest.fixture(params=[1, 7, 64, 10_000], ids="{} bytes at once".format)
def chunked(request, monkeypatch):
    """The file in small pieces, and the tree in small batches."""
    monkeypatch.setattr(usagerows, "_CHUNK_BYTES", request.param)
    monkeypatch.setattr(usagefile, "_HASHES_AT_ONCE", 4)


# One pass


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9, 21])
def test_a_file_gives_what_a_batch_says(chunked, size):
    lines = [line(number) for number in range(size)]
    summary = read(ndjson(lines))
    assert summary.root == reference.mth([encode_canonical(one) for one in lines])
    assert summary.lines == size
    assert summary.count == sum(one.get("count", 1) for one in lines)
    assert summary.start == min(one["at"] for one in lines)
    assert summary.end == max(one["at"] for one in lines) + 1
    assert summary.action == "read"


def test_a_table_gives_the_same_as_its_lines(chunked):
    lines = [line(number) for number in range(9)]
    assert read(table(lines), CSV) == read(ndjson(lines))


SPELLINGS = {
    "compact": lambda one: json.dumps(one, separators=(",", ":"), ensure_ascii=False),
    "with blanks": lambda one: json.dumps(one, indent=None, separators=(" ,\t", " : ")) + "  ",
    "escaped": json.dumps,
    "backwards": lambda one: json.dumps(dict(reversed(one.items())), ensure_ascii=False),
    "with carriage returns": lambda one: json.dumps(one) + "\r",
    "canonical": lambda one: encode_canonical(one).decode(),
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n \r\n\t\n"], ids=repr)
def test_neither_spelling_nor_blank_lines_at_the_end_make_a_difference(name, end):
    lines = [line(number) for number in range(3)]
    data = "\n".join(SPELLINGS[name](one) for one in lines) + end
    assert read(data.encode()) == read(ndjson(lines))


def test_progress_counts_every_byte(chunked):
    told, data = [], ndjson([line(number) for number in range(5)])
    read(data, progress=told.append)
    assert sum(told) == len(data)


def test_a_date_becomes_milliseconds():
    dated = line(0) | {"at": "2026-11-22T10:00:00.5+08:00"}
    plain = line(0) | {"at": ms("2026-11-22T10:00:00.500")}
    assert read(ndjson([dated])) == read(ndjson([plain])) == read(table([dated]), CSV)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-22T10:00:00+08:00", "2026-11-22T10:00:00"),
        ("2026-11-22T02:00:00Z", "2026-11-22T10:00:00"),
        ("2026-11-22t02:00:00z", "2026-11-22T10:00:00"),
        ("2026-11-22T10:00:00.1+08:00", "2026-11-22T10:00:00.100"),
        ("2026-11-22T10:00:00.123999999+08:00", "2026-11-22T10:00:00.123"),
        ("2026-11-21T21:30:00.001-04:30", "2026-11-22T10:00:00.001"),
        ("1970-01-01T00:00:00Z", "1970-01-01T08:00:00"),
    ],
)
def test_an_instant_is_read_from_rfc_3339(text, time):
    assert parse_instant(text) == ms(time)


@given(st.integers(0, 253_402_200_000_000), st.integers(-1439, 1439))
def test_every_instant_that_is_written_is_read(time, offset):
    assert parse_instant(format_instant(time, offset)) == time


NO_INSTANTS = (
    "", "now", "5", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22 10:00:00Z",
    "2026-11-22T24:00:00Z", "2026-11-22T10:00:60Z", "2026-02-30T10:00:00Z",
    "2026-11-22T10:00Z", "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00.1234567890Z",
    "2026-11-22T10:00:00+0800", "2026-11-22T10:00:00+99:00", "1969-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z", "2026-11-22T10:00:00Z\n", "２026-11-22T10:00:00Z",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_INSTANTS)
def test_what_is_no_instant_is_refused(text):
    assert "line 1: `at` is no time" in refusal(ndjson([line(0) | {"at": text}]))


# The fast decoder and the careful one


RAW = st.dictionaries(
    st.sampled_from(["at", "count", "x", "-0", '"', "中", "a\\b", ""]),
    st.integers(-2, 2) | st.sampled_from(["", "-0", "x", '"', "\\", "中", "\n"]),
).map(lambda one: json.dumps(one, ensure_ascii=False).encode())


@given(RAW | mangled(RAW))
def test_the_fast_decoder_says_what_the_careful_one_says_or_nothing(raw):
    quick = usagerows._decode_quickly(raw)
    if quick is None:
        return
    try:
        with_member = usagerows._decode_carefully(raw)
    except RejectedError:  # a name that the reader of the line refuses as well
        with pytest.raises(MalformedError):
            encode_canonical(quick)
        return
    assert (quick, list(quick)) == (with_member, list(with_member))
    assert [*map(type, quick.values())] == [*map(type, with_member.values())]


def test_the_fast_decoder_is_used():
    for one in (line(1), {}, {"-0": "0", "a": 5}, {"at": -1}):
        raw = json.dumps(one, ensure_ascii=False).encode()
        assert usagerows._decode_quickly(raw) == one


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}', b'{"a":1,"a":"x"}', b'{"a":"","a":""}', b'{"":1,"":2}', b'{"a":-0}',
        b'{"a":1.0}', b'{"a":1e2}', b'{"a":true}', b'{"a":null}', b'{"a":[]}', b'{"a":{}}',
        b'{"a":[1],"a":1}', b'{"\\u0061":1,"a":1}', b'{"a":"\xff"}', b'{"a":' + b"1" * 5000 + b"}",
        b'{"a":NaN}', b"{}{}", b"[]", b"", b'{"a":01}', b"\xef\xbb\xbf{}",
    ],
)  # fmt: skip
def test_the_fast_decoder_leaves_what_is_doubtful_to_the_careful_one(raw):
    assert usagerows._decode_quickly(raw) is None


# Lines that are refused


GOOD = ndjson([line(0)]).strip()
REFUSED = {
    "no JSON": (b"read", "not JSON"),
    "half an object": (b'{"at":1', "not JSON"),
    "an array": (b"[1]", "not a JSON object"),
    "two objects": (b"{} {}", "not JSON"),
    "a member twice": (b'{"at":1,"action":"read","at":2}', "the same member twice"),
    "a member twice, escaped": (b'{"at":1,"action":"read","\\u0061t":2}', "the same member twice"),
    "a float": (b'{"at":1.0,"action":"read"}', "only integers are allowed, not a fraction"),
    "an exponent": (b'{"at":1e3,"action":"read"}', "only integers are allowed"),
    "not a number": (b'{"at":NaN,"action":"read"}', "only integers are allowed, not NaN"),
    "infinity": (b'{"at":-Infinity,"action":"read"}', "only integers are allowed"),
    "minus zero": (b'{"at":-0,"action":"read"}', "not an integer of our profile"),
    "a huge number": (b'{"at":' + b"9" * 5000 + b"}", "not an integer of our profile"),
    "2^53": (b'{"at":9007199254740992,"action":"read"}', "'at' of a usage line has"),
    "2^53 as a further member": (
        b'{"at":1,"action":"read","x":-9007199254740992}',
        "'x' of a usage line has",
    ),
    "broken UTF-8": (b'{"at":1,"action":"\xff"}', "not UTF-8"),
    "a surrogate in UTF-8": (b'{"at":1,"action":"\xed\xa0\x80"}', "not UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "not JSON"),
    "a control character": (b'{"at":1,"action":"read","x":"\x01"}', "not JSON"),
    "an escaped control character": (b'{"at":1,"action":"read","x":"\\u0001"}', "forbidden"),
    "a delete character": (b'{"at":1,"action":"read","x":"\x7f"}', "'x' of a usage line has"),
    "too deep": (b"[" * 30_000, ""),
    "a nested member": (b'{"at":1,"action":"read","x":{"y":1}}', "'x' of a usage line is a string"),
    "null": (b'{"at":1,"action":"read","x":null}', "'x' of a usage line is a string"),
    "no time": (b'{"action":"read"}', "`at`"),
    "no action": (b'{"at":1}', "`action`"),
    "no count": (b'{"at":1,"action":"read","count":0}', "`count`"),
    "too many bytes": (GOOD + b" " * (MAX_RAW_LINE_BYTES - len(GOOD) + 1), "more than 65536 bytes"),
    "too long in canonical form": (
        b'{"at":1,"action":"read","x":"' + b"y" * 4096 + b'"}',
        "at most 4096 bytes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_line_that_cannot_be_taken_is_named_by_its_number(name):
    raw, sentence = REFUSED[name]
    for data, number in ((raw, 1), (b"\n".join([GOOD, GOOD, raw, GOOD]), 3)):
        if name == "a byte order mark" and number == 1:
            continue  # the file's own, below
        said = refusal(data)
        assert said.startswith(f"line {number}: ")
        assert sentence in said


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_json_is_refused_like_any_other(number):
    hostile = HOSTILE[number]
    assert refusal(GOOD + b"\n" + ndjson([hostile])).startswith("line 2: ")
    for name in ("at", "count"):
        is_fine = type(hostile) is int and hostile >= (name == "count")
        if not is_fine:
            assert refusal(ndjson([line(1), line(1) | {name: hostile}])).startswith("line 2: ")


@given(mangled(st.just(ndjson([line(0), line(1)]))))
def test_any_bytes_are_read_or_refused(data):
    try:
        summary = read(data)
    except RejectedError:
        return
    assert summary.lines in {1, 2}


@pytest.mark.parametrize("layout", [NDJSON, CSV], ids=["ndjson", "csv"])
def test_a_byte_order_mark_is_refused(layout):
    said = refusal(b"\xef\xbb\xbf" + GOOD, layout)
    assert "begins with a byte order mark" in said


def test_the_longest_line_is_taken():
    raw = GOOD + b" " * (MAX_RAW_LINE_BYTES - len(GOOD))
    assert read(b"\n".join([raw, raw])).lines == 2


def test_a_file_without_line_feeds_is_not_read_to_its_end():
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size=-1):
            self.asked += size
            return b" " * size

    file = Endless()
    with pytest.raises(RejectedError, match="line 1: more than 65536 bytes"):
        read_usage(file, NDJSON, lambda _: None)
    assert file.asked < 1_000_000


@pytest.mark.parametrize("blank", [b"", b"  ", b"\t\r"], ids=repr)
def test_a_blank_line_among_others_is_refused(blank):
    assert refusal(b"\n".join([GOOD, blank, GOOD])) == "line 2: this line is empty: take it out"
    assert refusal(b"\n".join([blank, blank, GOOD])).startswith("line 1: this line is empty")


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\t\n"], ids=repr)
def test_a_file_without_lines_is_no_batch(data):
    assert "no usage lines" in refusal(data, reason="no_lines")


@pytest.mark.parametrize("data", [b"", b"at,action\n", b"at,action", b"at,action\n\n\n"], ids=repr)
def test_a_table_without_rows_is_no_batch(data):
    assert "no usage lines" in refusal(data, CSV, reason="no_lines")


def test_a_batch_has_one_action_its_first_line_s_unless_told():
    data = ndjson([line(0), line(1), line(2) | {"action": "index"}])
    said = refusal(data, reason="other_terms")
    assert said.startswith("line 3: the action of this line is 'index', that of the batch 'read'")
    told = Layout("ndjson", {"action": "index"})
    assert refusal(data, told, "other_terms").startswith(
        "line 1: the action of this line is 'read'"
    )
    assert read(ndjson([line(0)]), Layout("ndjson", {"action": "read"})).action == "read"


def test_what_the_batch_says_of_all_lines_holds_for_each():
    told = Layout("ndjson", {"purpose": "research"})
    data = ndjson([line(0), line(1) | {"purpose": "research"}, line(2) | {"purpose": "sport"}])
    assert "line 3: the purpose of this line is 'sport'" in refusal(data, told, "other_terms")
    assert read(data).lines == 3


TOO_MUCH = {
    "counts": [line(0) | {"count": 2**53 - 1}, line(0)],
    "time": [line(0) | {"at": 2**53 - 1}],
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_batch_that_no_event_could_hold_is_refused(name):
    with pytest.raises(RejectedError, match=r"less than 2\^53") as caught:
        read(ndjson(TOO_MUCH[name]))
    assert (caught.value.reason, caught.value.rule) == ("usage_total", "formats 1")


def test_a_batch_as_large_as_an_event_can_hold_is_taken():
    lines = [line(0) | {"count": 2**53 - 2, "at": 2**53 - 2}, line(3)]
    assert (read(ndjson(lines)).count, read(ndjson(lines)).end) == (2**53 - 1, 2**53 - 1)


# Tables


def members(data, layout=CSV):
    """The lines of a file as JSON."""
    lines = usagerows.read_lines(io.BytesIO(data), layout, lambda _: None)
    return [json.loads(one.leaf) for one in lines]


def test_cells_are_strings_but_time_and_count():
    data = b"at,action,count,n,text\n5,read,2,007,a b\n6,read,,,\n"
    assert members(data) == [
        {"at": 5, "action": "read", "count": 2, "n": "007", "text": "a b"},
        {"at": 6, "action": "read"},
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=repr)
def test_cells_in_quotation_marks_may_hold_anything(end):
    data = f'at,action,x{end}5,read,"a, ""b"""{end}6,read,"中"{end}'
    assert [one["x"] for one in members(data.encode())] == ['a, "b"', "中"]


def test_a_cell_may_hold_a_line_break_and_lines_are_still_counted_right():
    data = b'at,action,x\n5,read,"two\nrows"\n6,read,x\n7,write,x\n'
    assert members(data[: data.index(b"7")])[0]["x"] == "two\nrows"
    said = refusal(data, CSV, "other_terms")
    assert said.startswith("line 3 (row 5 of the file): the action")


def test_a_table_may_be_longer_than_a_record():
    rows = [line(number) for number in range(3_000)]
    assert len(table(rows)) > MAX_RAW_LINE_BYTES
    assert read(table(rows), CSV) == read(ndjson(rows))


def test_columns_get_the_names_they_are_told():
    layout = Layout("csv", columns={"时间": "at", "操作": "action", "id": "ref"})
    data = "时间,操作,id\n5,read,x\n".encode()
    assert members(data, layout) == [{"at": 5, "action": "read", "ref": "x"}]


def test_a_table_without_an_action_has_the_batch_s():
    layout = Layout("csv", {"action": "read"})
    assert members(b"at\n5\n6\n", layout) == [{"at": at, "action": "read"} for at in (5, 6)]


REFUSED_TABLES = {
    "a cell too few": (b"at,action\n5,read\n5\n", "line 2 (row 3 of the file): 1 cells"),
    "a cell too many": (b"at,action\n5,read,\n", "line 1 (row 2 of the file): 3 cells"),
    "another separator": (b"at;action\n5;read\n", "the header: the column 'at;action'"),
    "a blank line": (b"at,action\n5,read\n\n6,read\n", "line 2 (row 4 of the file): this line is"),
    "a blank line first": (b"\nat,action\n5,read\n", "the header: no column is `at`"),
    "no time column": (b"when,action\n5,read\n", "the header: no column is `at`"),
    "no action column": (b"at,what\n5,read\n", "the header: no column is `at`, or none is `action`"),
    "a column twice": (b"at,action,at\n5,read,6\n", "the header: a member stands in one column"),
    "a column without a name": (b"at,action,\n5,read,\n", "the header: the column ''"),
    "a Chinese column": ("at,action,编号\n5,read,1\n".encode(), "name the member that it becomes"),
    "a column with a blank": (b"at, action\n5,read\n", "the header: the column ' action'"),
    "too many columns": (
        ",".join(["at", "action", *map("m{}".format, range(31))]).encode() + b"\n",
        "the header: a member stands in one column, and a line has at most 32",
    ),
    "a time that is no number": (b"at,action\nnow,read\n", "line 1 (row 2 of the file): `at` is no"),
    "a time with a leading zero": (b"at,action\n05,read\n", "`at` is no whole number: '05'"),
    "a negative time": (b"at,action\n-5,read\n", "`at` is no time: '-5'"),
    "a huge time": (b"at,action\n" + b"9" * 30 + b",read\n", "`at` is no whole number"),
    "no time": (b"at,action\n,read\n", "a usage line says when"),
    "no action": (b"at,action\n5,\n", "a usage line says in `action`"),
    "a count in words": (b"at,action,count\n5,read,two\n", "`count` is no whole number: 'two'"),
    "a fraction": (b"at,action,count\n5,read,1.5\n", "`count` is no whole number: '1.5'"),
    "a count of nothing": (b"at,action,count\n5,read,0\n", "the `count` of a usage line"),
    "broken UTF-8": (b"at,action\n5,read\n6,\xff\n", "line 2 (row 3 of the file): not UTF-8"),
    "broken UTF-8 in the header": (b"at,\xff\n", "the header: not UTF-8"),
    "a control character": (b"at,action,x\n5,read,\x01\n", "'x' of a usage line has"),
    "a carriage return in a cell": (b'at,action,x\n5,read,"a\r\nb"\n', "'x' of a usage line has"),
    "a stray quotation mark": (b'at,action\n5,"read"x\n', "line 1 (row 2 of the file): not CSV"),
    "an open quotation mark": (b'at,action\n5,"read\n6,read\n', "not CSV: unexpected end of data"),
    "an open quotation mark in a long file": (
        b'at,action\n5,"read\n' + b"6,read\n" * 10_000,
        "more than 65536 bytes",
    ),
    "too long a line": (b"at,action\n5," + b"x" * 70_000 + b"\n", "more than 65536 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_TABLES)
def test_a_table_that_cannot_be_taken_is_refused(name):
    data, sentence = REFUSED_TABLES[name]
    assert sentence in refusal(data, CSV)


def test_a_column_that_is_told_has_to_be_there():
    layout = Layout("csv", columns={"time": "at"})
    assert "there is no column 'time': the columns are at, action" in refusal(
        b"at,action\n5,read\n", layout
    )


@given(mangled(st.just(table([line(0), line(1)]))))
def test_any_table_is_read_or_refused(data):
    try:
        summary = read(data, CSV)
    except RejectedError:
        return
    assert 1 <= summary.lines <= 3


# The proof of one line


def batch_of(data, layout=NDJSON, **changes):
    summary = read(data, layout)
    return UsageBatch(
        **{
            "grant": f"grant/{'a' * 26}",
            "action": summary.action,
            "count": summary.count,
            "total": summary.count,
            "start": summary.start,
            "end": summary.end,
            "form": "usage-lines/1",
            "root": summary.root.hex(),
            "lines": summary.lines,
        }
        | changes
    )


def prove(data, batch, index, layout=None):
    told = layout or Layout("ndjson", batch_terms(batch))
    return prove_usage_line(io.BytesIO(data), told, batch, index, lambda _: None)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33])
def test_every_line_has_the_path_of_the_reference(size, monkeypatch):
    monkeypatch.setattr(usagefile, "_HASHES_AT_ONCE", 4)
    lines = [line(number) for number in range(size)]
    data, leaves = ndjson(lines), [encode_canonical(one) for one in lines]
    for index in range(size):
        proved = prove(data, batch_of(data), index)
        assert proved.path == tuple(reference.path(index, leaves))
        assert proved.line == parse_usage_line(lines[index])


def test_a_line_of_a_table_is_proved_like_any_other(chunked):
    lines = [{"at": 5 + number, "action": "read"} for number in range(6)]
    layout = Layout("csv", {"action": "read"})
    data = table(lines, ["at"])
    batch = batch_of(data, layout)
    for index in range(6):
        assert prove(data, batch, index, layout) == prove(ndjson(lines), batch, index)


LINES = [line(number) for number in range(9)]
OTHER_FILES = {
    "a line changed": [*LINES[:8], line(8) | {"x": 1}],
    "two lines exchanged": [LINES[1], LINES[0], *LINES[2:]],
    "a line less": LINES[:8],
    "no line at the end of the proof": LINES[:3],
    "a line more": [*LINES, line(9)],
    "the line itself changed": [*LINES[:4], line(5), *LINES[5:]],
}


@pytest.mark.parametrize("name", OTHER_FILES)
@pytest.mark.parametrize("index", [0, 4, 8])
def test_no_line_is_proved_from_another_file(name, index):
    batch = batch_of(ndjson(LINES))
    with pytest.raises(RejectedError, match="it is not the one of this batch") as caught:
        prove(ndjson(OTHER_FILES[name]), batch, index)
    assert caught.value.reason == "other_file"
    assert f"{batch.lines} 行，根 {batch.root}" in caught.value.zh


@pytest.mark.parametrize("index", [-1, 9, 2**60])
def test_a_line_that_the_batch_does_not_have_is_not_found(index):
    data = ndjson(LINES)
    with pytest.raises(NotFoundError, match="the batch has the lines 1 to 9"):
        prove(data, batch_of(data), index)


# Memory and files


class Generated(io.RawIOBase):
    """A file of many lines that never is in memory."""

    def __init__(self, count):
        self._numbers = iter(range(count))
        self._rest = b""

    def read(self, size=-1):
        while len(self._rest) < size and (some := [*islice(self._numbers, 100)]):
            rows = (b'{"at":%d,"action":"read","ref":"%d"}\n' % (START, n) for n in some)
            self._rest += b"".join(rows)
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def peak_of(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


FEW, MANY = 1_000, 10_000


def test_memory_does_not_grow_with_the_file(monkeypatch):
    monkeypatch.setattr(usagerows, "_CHUNK_BYTES", 16_384)
    monkeypatch.setattr(usagefile, "_HASHES_AT_ONCE", 256)
    peaks = [
        peak_of(lambda n=n: read_usage(Generated(n), NDJSON, lambda _: None)) for n in (FEW, MANY)
    ]
    assert peaks[1] < peaks[0] + 20_000


@pytest.mark.parametrize("index", [0, 500, 999])
def test_memory_does_not_grow_with_the_file_of_a_proof(monkeypatch, index):
    monkeypatch.setattr(usagerows, "_CHUNK_BYTES", 16_384)
    monkeypatch.setattr(usagefile, "_HASHES_AT_ONCE", 256)
    peaks = []
    for n in (FEW, MANY):
        root = read_usage(Generated(n), NDJSON, lambda _: None).root.hex()
        batch = batch_of(ndjson([line(0)]), lines=n, root=root)
        action = partial(prove_usage_line, Generated(n), NDJSON, batch, index, lambda _: None)
        peaks.append(peak_of(action))
    assert peaks[1] < peaks[0] + 20_000


def test_a_file_is_opened_if_it_is_one(tmp_path):
    path = tmp_path / "usage.ndjson"
    path.write_bytes(ndjson(LINES))
    with open_usage_file(path) as file:
        assert read_usage(file, NDJSON, lambda _: None) == read(ndjson(LINES))


def test_what_is_no_regular_file_is_refused(tmp_path):
    with pytest.raises(NotFoundError, match="there is no file"), open_usage_file(tmp_path / "none"):
        pass
    with (
        pytest.raises(MalformedError, match="not a regular file"),
        open_usage_file(tmp_path),
    ):
        pass
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(MalformedError, match="not a regular file"),
        open_usage_file(tmp_path / "pipe"),
    ):
        pass


def test_a_file_that_stops_being_readable_is_refused(tmp_path):
    path = tmp_path / "usage.ndjson"
    path.write_bytes(GOOD)
    with pytest.raises(MalformedError, match="cannot read"), open_usage_file(path):
        raise OSError(5, "Input/output error")
