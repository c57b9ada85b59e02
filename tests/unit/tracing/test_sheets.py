"""Workbooks: what cells mean, and what a hostile file cannot do."""

import struct
import zipfile
import zlib
from hashlib import shake_128

import pytest

from ledger.errors import LimitError, MalformedError
from tests.support.tables import (
    MAIN,
    OFFICE,
    Sample,
    column_letters,
    make_sales,
    sheet_data,
    write_csv,
    write_members,
    write_xlsx,
    xlsx_members,
)
from tracing.sheetvalues import has_day, is_date_format, spell_date, spell_number, unescape
from tracing.tables import TableLimits, digest_table, read_table


def noise(size):
    return shake_128(b"noise").digest(size)


SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'


def write_rows(folder, rows, **more):
    """A workbook of a header a, b and these rows."""
    members = xlsx_members({"Sheet1": f"<sheetData>{HEAD}{rows}</sheetData>"})
    members.update(more)
    return write_members(folder / "t.xlsx", members)


def cell(place, value, kind="n", style=None):
    given = f' s="{style}"' if style else ""
    return f'<c r="{place}" t="{kind}"{given}><v>{value}</v></c>'


def read_cells(path):
    return [column.cells() for column in read_table(path).columns]


# What cells mean


def test_cells_are_read_by_their_type(tmp_path):
    rows = "".join(
        f'<row r="{number}">{cell(f"A{number}", value, kind, style)}<c r="B{number}"><v>1</v></c></row>'
        for number, (value, kind, style) in enumerate(
            [
                ("x", "str", None), ("1", "b", None), ("0", "b", None), ("#N/A", "e", None),
                ("0.10000000000000001", "n", None), ("44957", "n", 1), ("44957.25", "n", 2),
                ("110101199003071234", "n", None), ("2023-01-31", "d", None),
            ],
            2,
        )
    )  # fmt: skip
    assert read_cells(write_rows(tmp_path, rows))[0] == [
        "x", "true", "false", None, "0.1", "2023-01-31", "2023-01-31T06:00:00",
        "110101199003071234", "2023-01-31",
    ]  # fmt: skip


def test_shared_texts_are_found_without_their_readings(tmp_path):
    texts = (
        f'<sst xmlns="{MAIN}"><si><t>杭</t><rPh sb="0" eb="1"><t>kou</t></rPh></si>'
        '<si><r><t xml:space="preserve">ab </t></r><r><t>c</t></r></si><si/></sst>'
    )
    relations = xlsx_members({"Sheet1": ""})["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rIdT" Type="{OFFICE}/sharedStrings" Target="/xl/texts.xml"/></Relationships>',
    )
    rows = f'<row r="2">{cell("A2", 0, "s")}{cell("B2", 1, "s")}</row><row r="3">{cell("A3", 2, "s")}{cell("B3", 1, "s")}</row>'
    more = {"xl/texts.xml": texts, "xl/_rels/workbook.xml.rels": relations}
    assert read_cells(write_rows(tmp_path, rows, **more)) == [["杭", None], ["ab c", "ab c"]]
    with pytest.raises(MalformedError, match="row 2: the value '3' is none of type 's'"):
        read_table(write_rows(tmp_path, f'<row r="2">{cell("A2", 3, "s")}</row>', **more))


def test_places_may_be_left_out(tmp_path):
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>3</v></c></row>"
    assert read_cells(write_rows(tmp_path, rows)) == [["1", None], ["2", "3"]]


def test_names_may_have_a_prefix(tmp_path):
    sample = make_sales(5)
    members = xlsx_members({"Sheet1": sheet_data(sample)})
    prefixed = members[SHEET].replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    members[SHEET] = prefixed.replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    plain = digest_table(write_csv(tmp_path / "t.csv", sample))
    assert digest_table(write_members(tmp_path / "t.xlsx", members)) == plain


def test_a_table_may_begin_anywhere(tmp_path):
    rows = f'<row r="3">{cell("C3", "x", "str")}{cell("D3", "y", "str")}</row><row r="9">{cell("D9", 7)}</row>'
    members = xlsx_members({"Sheet1": f"<sheetData>{rows}</sheetData>"})
    table = read_table(write_members(tmp_path / "t.xlsx", members))
    assert (table.names, read_cells(tmp_path / "t.xlsx")) == (("x", "y"), [[None], ["7"]])


def test_the_one_visible_sheet_with_values_is_read_and_two_are_refused(tmp_path):
    data = sheet_data(make_sales(3))
    members = xlsx_members({"Empty": "<sheetData/>", "Data": data})
    assert read_table(write_members(tmp_path / "t.xlsx", members)).height == 3
    members = xlsx_members({"Data": data, "More": data})
    with pytest.raises(MalformedError, match="values on 2 visible sheets"):
        read_table(write_members(tmp_path / "t.xlsx", members))
    members["xl/workbook.xml"] = members["xl/workbook.xml"].replace(
        'name="More"', 'name="More" state="hidden"'
    )
    assert read_table(write_members(tmp_path / "t.xlsx", members)).height == 3
    with pytest.raises(MalformedError, match="values on 0 visible sheets"):
        read_table(write_members(tmp_path / "t.xlsx", xlsx_members({"Empty": "<sheetData/>"})))


FORMATS = {
    "General": False, "0.00": False, "yyyy-mm-dd": True, 'yyyy"年"m"月"d"日"': True, "h:mm AM/PM": True,
    '0.0" days"': False, "[Red]0.00": False, "[h]:mm": True, "#,##0;[Red]-#,##0": False,
    "[$-804]yyyy": True, "0.00E+00": False, "\\d0": False, "0;yyyy": False, "_d0": False,
}  # fmt: skip


@pytest.mark.parametrize("code", FORMATS)
def test_a_format_says_whether_a_number_is_a_date(code):
    assert is_date_format(164, code) is FORMATS[code]


def test_built_in_formats_of_dates_are_known():
    assert [number for number in range(60) if is_date_format(number, None)] == [
        *range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59),
    ]  # fmt: skip
    assert has_day(14, None)
    assert not has_day(20, None)
    assert has_day(164, "yyyy h:mm")
    assert not has_day(164, 'h:mm "d"')


@pytest.mark.parametrize(
    ("serial", "date"),
    [
        ("1", "1900-01-01"), ("59", "1900-02-28"), ("60", "60"), ("61", "1900-03-01"),
        ("44957.999988425925", "2023-01-31T23:59:59"), ("-1", "-1"), ("2958466", "2958466"),
        ("2958465", "9999-12-31"),
    ],
)  # fmt: skip
def test_days_are_counted_as_excel_does(serial, date):
    assert spell_date(serial, is_1904=False, is_day=True) == date


def test_the_other_epoch_and_times_of_day():
    assert spell_date("0", is_1904=True, is_day=True) == "1904-01-01"
    assert spell_date("0.25", is_1904=False, is_day=False) == "06:00:00"
    assert spell_date("1.25", is_1904=False, is_day=False) == "1900-01-01T06:00:00"


def test_numbers_are_doubles_unless_written_out():
    assert spell_number("1.1000000000000001") == "1.1"
    assert spell_number(" 12345678901234567890 ") == "12345678901234567890"
    for text in ("inf", "nan", "x"):
        with pytest.raises(ValueError, match=text):
            spell_number(text)


def test_escaped_characters_are_read():
    assert unescape("a_x000D_b_x005F_x0041_ _xZZZZ_") == "a\rb_x0041_ _xZZZZ_"


BROKEN_ROWS = {
    "another row's cell": (f'<row r="2">{cell("A3", 1)}</row>', "row 2: a cell is at 'A3'"),
    "a place that is none": (f'<row r="2">{cell("2A", 1)}</row>', "row 2: a cell is at '2A'"),
    "a cell twice": (f'<row r="2">{cell("A2", 1)}{cell("A2", 1)}</row>', "row 2: cells are not in order"),
    "rows that go back": (f'<row r="3">{cell("A3", 1)}</row><row r="2"/>', "row 3: a row numbered '2' follows"),
    "a row twice": (f'<row r="2">{cell("A2", 1)}</row><row r="2"/>', "row 2: a row numbered '2' follows"),
    "a row too far": ('<row r="1048577"/>', "a row numbered '1048577' follows"),
    "a column too far": (f'<row r="2">{cell("XFE2", 1)}</row>', "row 2: cells are not in order, or"),
    "no number": (f'<row r="2">{cell("A2", "x")}</row>', "row 2: the value 'x' is none of type 'n'"),
    "no style": (f'<row r="2">{cell("A2", 1, "n", 9)}</row>', "row 2: the value '1' is none of type 'n'"),
    "a value beside": (f'<row r="2">{cell("C2", 1)}</row>', "row 2: a value beside the header's columns"),
    "no XML": ('<row r="2"><c>', "is not XML"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN_ROWS)
def test_a_broken_sheet_is_refused_with_its_row(tmp_path, case):
    rows, message = BROKEN_ROWS[case]
    path = write_rows(tmp_path, rows)
    for read in (read_table, digest_table):
        with pytest.raises(MalformedError, match=message):
            read(path)


PARTS = {
    "no workbook": ({"[Content_Types].xml": "<Types/>"}, "has no part _rels/.rels"),
    "another ZIP": ({"_rels/.rels": "<Relationships/>"}, "is a ZIP, but no workbook"),
    "a relation to nowhere": (
        {
            "_rels/.rels": f'<R><Relationship Id="r" Type="{OFFICE}/officeDocument" Target="../../x.xml"/></R>'
        },
        "has no part _rels/x.xml.rels",
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_zip_that_is_no_workbook_is_refused(tmp_path, case):
    members, message = PARTS[case]
    with pytest.raises(MalformedError, match=message):
        read_table(write_members(tmp_path / "t.xlsx", members))


# Bombs


def test_a_sparse_sheet_of_the_largest_size_costs_nothing(tmp_path):
    rows = f'<row r="1048576">{cell("XFD1048576", 1)}</row>'
    with pytest.raises(MalformedError, match="row 1,048,576: a value beside the header"):
        read_table(write_rows(tmp_path, rows))
    rows = f'<row r="1048576">{cell("B1048576", 1)}</row>'
    path = write_rows(tmp_path, f'<dimension ref="A1:XFD1048576"/>{rows}')
    assert read_table(path).height == 1
    members = xlsx_members(
        {"S": f'<sheetData><row r="1">{cell("A1", 1)}{cell("XFD1", 1)}</row></sheetData>'}
    )
    with pytest.raises(LimitError, match="more than 4,096 columns"):
        read_table(write_members(tmp_path / "w.xlsx", members))


def test_a_wide_header_over_many_rows_is_stopped_by_the_number_of_cells(tmp_path):
    names = "".join(cell(f"{column_letters(number)}1", number) for number in range(1000))
    rows = "".join(f'<row r="{row}">{cell(f"A{row}", 1)}</row>' for row in range(2, 9000))
    members = xlsx_members({"S": f'<sheetData><row r="1">{names}</row>{rows}</sheetData>'})
    path = write_members(tmp_path / "t.xlsx", members)
    with pytest.raises(LimitError, match="more than 5,000,000 cells"):
        read_table(path, limits=TableLimits(max_cells=5_000_000))


def test_a_long_text_that_many_cells_share_is_held_once(tmp_path):
    relations = xlsx_members({"S": ""})["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rIdT" Type="{OFFICE}/sharedStrings" Target="texts.xml"/></Relationships>',
    )
    texts = f'<sst xmlns="{MAIN}"><si><t>{"x" * 900_000}</t></si></sst>'
    rows = "".join(f'<row r="{row}">{cell(f"A{row}", 0, "s")}</row>' for row in range(2, 250))
    path = write_rows(
        tmp_path, rows, **{"xl/texts.xml": texts, "xl/_rels/workbook.xml.rels": relations}
    )  # fmt: skip
    table = read_table(path)
    assert (table.height, len(table.columns[0].values)) == (248, 1)
    with pytest.raises(LimitError, match="more than 200,000,000 bytes of text: write it as CSV"):
        digest_table(path, limits=TableLimits(plausible_text=200_000_000))


ENTITIES = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
MARKUP = {
    "entities": ENTITIES,
    "a document type": "<!DOCTYPE x>",
    "a document type elsewhere": '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    "a comment": "<!-- x -->",
    "an instruction": "<?x y?>",
}


@pytest.mark.parametrize("case", MARKUP)
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"])
def test_markup_that_no_workbook_needs_is_refused_before_it_is_parsed(tmp_path, case, part):
    members = xlsx_members({"S": sheet_data(make_sales(2))})
    head, _, body = members[part].partition("?>")
    members[part] = f"{head}?>{MARKUP[case]}{body}"
    with pytest.raises(MalformedError, match="has a document type, entities, comments"):
        read_table(write_members(tmp_path / "t.xlsx", members))


@pytest.mark.parametrize("before", range(262_130, 262_150))
def test_markup_is_found_where_pieces_meet(tmp_path, before):
    members = xlsx_members({"S": sheet_data(make_sales(2))})
    head, _, body = members[SHEET].partition("<sheetData>")
    members[SHEET] = head + " " * (before - len(head)) + "<!ENTITY x>" + "<sheetData>" + body
    with pytest.raises(MalformedError, match="entities"):
        read_table(write_members(tmp_path / "t.xlsx", members))
    members[SHEET] = members[SHEET].replace("<!ENTITY x>", "<y><![CDATA[x]]></y>")
    assert read_table(write_members(tmp_path / "t.xlsx", members)).height == 2


def test_xml_in_another_encoding_is_refused(tmp_path):
    members = xlsx_members({"S": sheet_data(make_sales(2))})
    members[SHEET] = members[SHEET].replace("UTF-8", "UTF-16").encode("utf-16")
    with pytest.raises(MalformedError, match="not XML in UTF-8"):
        read_table(write_members(tmp_path / "t.xlsx", members))


def test_an_endless_tag_is_refused(tmp_path):
    rows = f'<row r="2" x="{noise(300_000).hex()}{noise(300_000).hex()}>"/>'
    with pytest.raises(LimitError, match="more than 1,048,576 bytes in one tag"):
        read_table(write_rows(tmp_path, rows))


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path):
    bomb = {"xl/media/x.bin": bytes(3_000_000)}
    with pytest.raises(LimitError, match=r"x\.bin unpacks to 3,000,000 bytes, more than 200 times"):
        read_table(write_rows(tmp_path, "", **bomb))
    noise = {"xl/media/x.bin": bytes(900_000)}
    with pytest.raises(LimitError, match="unpacks to more than 500,000 bytes"):
        read_table(write_rows(tmp_path, "", **noise), limits=TableLimits(max_unpacked=500_000))
    texts = TableLimits(max_texts=10)
    read_table(write_rows(tmp_path, f'<row r="2">{cell("A2", 1)}</row>'), limits=texts)


def test_too_many_members_are_refused(tmp_path):
    many = {f"x/{number}": "" for number in range(1000)}
    with pytest.raises(LimitError, match="1,006 parts, more than 1,000"):
        read_table(write_rows(tmp_path, "", **many))


# ZIP files that lie


def zip_parts(path):
    """Bytes, places of central headers and of the end."""
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\5\6")
    places, place = [], struct.unpack_from("<I", content, end + 16)[0]
    while content[place : place + 4] == b"PK\1\2":
        places.append(place)
        place += 46 + sum(struct.unpack_from("<3H", content, place + 28))
    return content, places, end


def poke(form, offset, value):
    def change(content, place, _end):
        struct.pack_into(form, content, place + offset, value)

    return change


def overlap(content, place, _end):
    """The last member is the first one's bytes again."""
    struct.pack_into("<I", content, place + 42, 0)


def declare_less(content, place, _end):
    size = struct.unpack_from("<I", content, place + 24)[0]
    local = struct.unpack_from("<I", content, place + 42)[0]
    for where in (place + 24, local + 22):
        struct.pack_into("<I", content, where, size // 2)


def rename_locally(content, place, _end):
    local = struct.unpack_from("<I", content, place + 42)[0]
    content[local + 30] ^= 1


def poke_end(form, offset, value):
    def change(content, _place, end):
        struct.pack_into(form, content, end + offset, value)

    return change


LIES = {
    "overlapping members": (overlap, "overlap or contradict"),
    "less declared than there is": (declare_less, "does not unpack"),
    "another sum": (poke("<I", 16, 7), "does not unpack"),
    "another name in the header": (rename_locally, "overlap or contradict|damaged ZIP"),
    "encryption": (poke("<H", 8, 1), "encrypted or oddly packed"),
    "another method": (poke("<H", 10, 14), "encrypted or oddly packed"),
    "a size of 4 GiB": (poke("<I", 24, 0xFFFFFFF0), "unpacks to more than"),
    "no header there": (poke("<I", 42, 3), "begins with bytes|no header|overlap"),
    "more members than there are": (poke_end("<H", 10, 8), "not where its end says"),
    "a comment": (poke_end("<H", 20, 1), "not where its end says"),
    "a directory elsewhere": (poke_end("<I", 16, 5), "not where its end says"),
    "zip64": (poke_end("<H", 10, 0xFFFF), "65,535 parts"),
}


@pytest.mark.parametrize("case", LIES)
def test_a_zip_that_lies_is_refused(tmp_path, case):
    change, message = LIES[case]
    path = write_xlsx(tmp_path / "t.xlsx", make_sales(40))
    content, places, end = zip_parts(path)
    change(content, places[-1], end)
    path.write_bytes(content)
    with pytest.raises((MalformedError, LimitError), match=message):
        read_table(path)


def test_bytes_before_and_after_are_refused(tmp_path):
    path = write_xlsx(tmp_path / "t.xlsx", make_sales(4))
    content = path.read_bytes()
    for changed in (content + b"x", content[:-1], b"PK\3\4" + content):
        path.write_bytes(changed)
        with pytest.raises(MalformedError):
            read_table(path)


def test_a_part_twice_is_refused(tmp_path):
    path = tmp_path / "t.xlsx"
    members = xlsx_members({"S": sheet_data(make_sales(2))})
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(SHEET, "<x/>")
    with pytest.raises(MalformedError, match="has a part twice"):
        read_table(path)


def test_a_member_whose_end_is_cut_off_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "t.xlsx", make_sales(40))
    content, places, _ = zip_parts(path)
    local = struct.unpack_from("<I", content, places[-1] + 42)[0]
    start = local + 30 + sum(struct.unpack_from("<2H", content, local + 26))
    size = struct.unpack_from("<I", content, places[-1] + 20)[0]
    packer = zlib.compressobj(wbits=-15)
    short = packer.compress(b"<x/>") + packer.flush()
    content[start : start + size] = short + bytes(size - len(short))
    path.write_bytes(content)
    with pytest.raises(MalformedError, match=r"does not unpack|unpacks to 4 bytes"):
        read_table(path)


def test_a_sample_with_every_kind_of_text_survives_a_workbook(tmp_path):
    sample = Sample(("a", "b"), [("_x0041_", "<&>\"'"), ("]]>", " two\nlines"), ("城😀", "_x000d")])
    plain = digest_table(write_csv(tmp_path / "t.csv", sample))
    assert digest_table(write_xlsx(tmp_path / "t.xlsx", sample)) == plain
