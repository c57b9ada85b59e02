"""Small tables that look like real ones, and writers of the same table in every form.

Everything is a function of the seed. Cells are text as a CSV file has them; None is no value.
"""

import csv
import io
import json
import math
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from tracing.canon import KindFinder, canonical_number

CITIES = ("杭州", "宁波", "温州", "绍兴", "湖州", "嘉兴", "金华", "台州")
GOODS = {
    "茶叶": (180.0, "农产品"), "丝绸": (420.0, "纺织"), "水产": (95.0, "农产品"),
    "模具": (2600.0, "机械"), "轴承": (38.0, "机械"), "服装": (160.0, "纺织"),
}  # fmt: skip
NOTES = ("已结清", "待付款", '客户备注:"加急"', "退货, 已登记", "两行\n文字", "见附件；编号不详")
JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Sample:
    """A table as text."""

    names: tuple
    rows: list

    def column(self, name):
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def kinds(self):
        found = []
        for cells in zip(*self.rows, strict=True):
            finder = KindFinder()
            finder.look(cells)
            found.append(finder.kind)
        return found or ["empty"] * len(self.names)

    def take(self, places):
        """These rows, in this order."""
        return replace(self, rows=[self.rows[place] for place in places])

    def select(self, names):
        """These columns, in this order."""
        places = [self.names.index(name) for name in names]
        return Sample(tuple(names), [tuple(row[place] for place in places) for row in self.rows])

    def rename(self, names):
        return replace(self, names=tuple(names))

    def change(self, row, name, cell):
        """One cell another."""
        rows, place = list(self.rows), self.names.index(name)
        rows[row] = (*rows[row][:place], cell, *rows[row][place + 1 :])
        return replace(self, rows=rows)


def make_sales(rows, seed=1):
    """Sales: key, date, time, city, good and its kind, quantity, price, total, score, phone, note.

    The good fixes its kind; the price varies around the good's; total = quantity * price; 90 of
    100 discounts are 0; phone numbers have a known prefix and are all different.
    """
    draw = Random(f"sales {seed}")
    phones = draw.sample(range(10**8), rows) if rows else []
    made = []
    start = datetime.fromisoformat("2023-01-01") + timedelta(days=seed % 365)
    for place in range(rows):
        good = draw.choices(tuple(GOODS), (30, 8, 25, 4, 18, 15))[0]
        city = draw.choices(CITIES, (30, 20, 12, 10, 8, 8, 7, 5))[0]
        price = round(GOODS[good][0] * math.exp(draw.gauss(0, 0.2)), 2)
        quantity = 1 + int(draw.expovariate(0.08))
        when = start + timedelta(minutes=place * 7 + draw.randrange(7))
        made.append((
            f"{seed:02}{place + 1:06}",
            f"{when:%Y-%m-%d}",
            f"{when:%Y-%m-%d %H:%M:00}",
            city,
            good,
            GOODS[good][1],
            str(quantity),
            f"{price:.2f}",
            f"{quantity * price:.2f}",
            "0" if draw.random() < 0.9 else str(draw.choice((5, 10, 15, 20))),
            None if draw.random() < 0.05 else f"{draw.gauss(70, 12):.1f}",
            f"139{phones[place]:08}",
            None if draw.random() < 0.3 else draw.choice(NOTES),
        ))  # fmt: skip
    names = (
        "order", "day", "time", "city", "good", "kind", "quantity", "price", "total", "discount",
        "score", "phone", "备注",
    )  # fmt: skip
    return Sample(names, made)


def make_sensors(rows, seed=1):
    """Measurements: many numbers, few categories: station, hour, and seven noisy series."""
    draw = Random(f"sensors {seed}")
    levels = [draw.gauss(20, 5) for _ in range(7)]
    made = []
    for place in range(rows):
        levels = [0.9 * level + 0.1 * draw.gauss(20, 25) for level in levels]
        made.append((
            f"S{1 + draw.randrange(12):02}",
            str(place % 24),
            *(f"{level:.{number % 4}f}" for number, level in enumerate(levels)),
        ))  # fmt: skip
    return Sample(("station", "hour", *(f"value_{number}" for number in range(7))), made)


# Writers


def write_table(path, sample):
    """In the form that the extension says, as plainly as it can be."""
    writers = {
        ".csv": write_csv, ".tsv": write_tsv, ".jsonl": write_jsonl, ".xlsx": write_xlsx,
        ".parquet": write_parquet,
    }  # fmt: skip
    return writers[Path(path).suffix](path, sample)


def write_csv(
    path, sample, *, delimiter=",", encoding="utf-8", line_end="\n", is_quoted=False, header=True
):
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerows(([sample.names] if header else []) + sample.rows)
    Path(path).write_bytes(text.getvalue().encode(encoding))
    return Path(path)


def write_tsv(path, sample, **options):
    return write_csv(path, sample, delimiter="\t", **options)


def write_jsonl(path, sample, *, encoding="utf-8", line_end="\n", is_sparse=False, is_typed=True):
    """Numbers of numeric columns as numbers; no value as null, or left out."""
    kinds = sample.kinds()
    lines = []
    for row in sample.rows:
        cells = zip(sample.names, row, kinds, strict=True)
        members = [
            f"{json.dumps(name, ensure_ascii=False)}: {_json_cell(cell, kind, is_typed)}"
            for name, cell, kind in cells
            if not (is_sparse and cell is None)
        ]
        lines.append("{" + ", ".join(members) + "}" + line_end)
    Path(path).write_bytes("".join(lines).encode(encoding))
    return Path(path)


def _json_cell(cell, kind, is_typed):
    if cell is None:
        return "null"
    if is_typed and kind == "number" and JSON_NUMBER.fullmatch(cell):
        return cell
    return json.dumps(cell, ensure_ascii=False)


def write_parquet(path, sample, *, is_typed=True):
    import polars as pl

    series = []
    for name, kind in zip(sample.names, sample.kinds(), strict=True):
        cells = sample.column(name)
        series.append(_typed_series(pl, name, kind if is_typed else "text", cells))
    pl.DataFrame(series).write_parquet(path)
    return Path(path)


def _typed_series(pl, name, kind, cells):
    if kind == "number" and all(map(_is_double, cells)):
        numbers = [None if cell is None else float(cell) for cell in cells]
        if all(number is None or number.is_integer() for number in numbers):
            whole = [None if number is None else int(number) for number in numbers]
            return pl.Series(name, whole, dtype=pl.Int64)
        return pl.Series(name, numbers, dtype=pl.Float64)
    if kind == "date":
        points = [None if cell is None else datetime.fromisoformat(cell) for cell in cells]
        if all(point is None or point.time() == datetime.min.time() for point in points):
            return pl.Series(name, [point and point.date() for point in points], dtype=pl.Date)
        return pl.Series(name, points, dtype=pl.Datetime("us"))
    return pl.Series(name, cells, dtype=pl.String)


def _is_double(cell):
    """Whether a double has exactly this value as its shortest spelling."""
    return cell is None or (
        abs(float(cell)) < 2**53 and canonical_number(repr(float(cell))) == canonical_number(cell)
    )


# XLSX by hand: bombs need what no library writes

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    "{}</Relationships>"
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STYLES = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><styleSheet xmlns="{MAIN}">'
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/>'
    '</borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0"/>'
    '<xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
    "</styleSheet>"
)


def xlsx_members(sheets):
    """Files of a workbook, by name.

    Args:
        sheets: XML of each sheet's data, by the sheet's name.
    """
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{place}" r:id="rId{place}"/>'
        for place, name in enumerate(sheets, 1)
    )
    related = (
        "".join(
            f'<Relationship Id="rId{place}" Type="{OFFICE}/worksheet" '
            f'Target="worksheets/sheet{place}.xml"/>'
            for place in range(1, len(sheets) + 1)
        )
        + f'<Relationship Id="rIdS" Type="{OFFICE}/styles" Target="styles.xml"/>'
    )
    root = f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    members = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS.format(root),
        "xl/workbook.xml": f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{MAIN}" '
        f'xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": RELATIONS.format(related),
        "xl/styles.xml": STYLES,
    }
    for place, data in enumerate(sheets.values(), 1):
        members[f"xl/worksheets/sheet{place}.xml"] = (
            f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}">{data}</worksheet>'
        )
    return members


def write_members(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return Path(path)


def sheet_data(sample):
    kinds = sample.kinds()
    lines = [_sheet_row(1, sample.names, ["text"] * len(sample.names))]
    lines += [_sheet_row(place, row, kinds) for place, row in enumerate(sample.rows, 2)]
    return f"<sheetData>{''.join(lines)}</sheetData>"


def _sheet_row(place, cells, kinds):
    written = [
        _sheet_cell(f"{column_letters(number)}{place}", cell, kind)
        for number, (cell, kind) in enumerate(zip(cells, kinds, strict=True))
        if cell is not None
    ]
    return f'<row r="{place}">{"".join(written)}</row>'


def column_letters(number):
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _sheet_cell(place, cell, kind):
    if kind == "number" and _is_double(cell):
        return f'<c r="{place}"><v>{float(cell)!r}</v></c>'
    if kind == "date":
        point = datetime.fromisoformat(cell)
        serial = (
            Decimal((point - datetime.fromisoformat("1899-12-30")) // timedelta(seconds=1)) / 86400
        )
        style = 1 if serial == serial.to_integral_value() else 2
        return f'<c r="{place}" s="{style}"><v>{serial:.11f}</v></c>'
    text = escape(re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", cell))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def write_xlsx(path, sample):
    return write_members(path, xlsx_members({"Sheet1": sheet_data(sample)}))
