"""The fingerprint record: written one way, read strictly."""

import copy

import pytest

from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.errors import MalformedError
from tests.support.tables import make_sales, write_csv
from tracing.fingerprint import Fingerprint
from tracing.keys import derive_hash_keys
from tracing.record import FingerprintRecord, format_fingerprint, parse_fingerprint, show_name
from tracing.sketch import Parts, fold_table, sketch_content
from tracing.tables import digest_rows, read_table

LIMIT = 1024 * 1024
CODE = "ISCC:KUAEHTSN76WFKKSZYQRCH4P36KJPM"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    path = tmp_path_factory.mktemp("record") / "sales.csv"
    write_csv(path, make_sales(6000))
    table = read_table(path)
    parts = Parts(fold_table(table), digest_rows(table).digest, [b"a" * 32], [b"b" * 32])
    content = sketch_content(parts, derive_hash_keys(bytes(32)))
    return FingerprintRecord(
        "asset/a", "content.0", Fingerprint("0" * 64, 7), "canon-1", "asset", content, CODE
    )


def test_a_record_is_read_as_it_was_written(record):
    data = encode_canonical(format_fingerprint(record))
    assert parse_fingerprint(decode_canonical(data, max_bytes=LIMIT)) == record
    assert len(record.digest) == 64


def test_a_record_fits_into_the_vault(record):
    assert len(encode_canonical(format_fingerprint(record))) < 200_000
    assert record.content.table.sampled == 512
    assert [each.name for each in record.content.table.columns][NUMBER[2]] == "price"
    assert record.content.table.rows.count == 4096
    assert record.content.table.rows.total == 6000


NUMBER = ("table", "columns", 7, "cells")  # of the column price


def change(path, value):
    def apply(document):
        place = document
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return apply


MANGLINGS = {
    "another format": change(["format"], "muniment/fingerprint/v2"),
    "a member more": change(["more"], 1),
    "another key": change(["key"], "mine"),
    "a code that is none": change(["iscc"], "ISCC:kuae"),
    "a code that is a number": change(["iscc"], 1),
    "a size that is text": change(["file", "size"], "7"),
    "a negative size": change(["file", "size"], -1),
    "no table digest": lambda document: document["table"].pop("digest"),
    "columns that are none": change(["table", "columns"], {}),
    "a column that is none": change(["table", "columns", 0], []),
    "a bound of nothing": change(["table", "rows", "below"], "0" * 16),
    "a bound in capitals": change(["table", "rows", "below"], "FFFFFFFFFFFFFFFF"),
    "a short bound": change(["table", "rows", "below"], "ff"),
    "hashes above the bound": change(["table", "rows", "below"], "0000000000000001"),
    "half a hash": change(["table", "rows", "hashes"], "AAAA"),
    "more hashes than there are": change(["table", "rows", "total"], 3),
    "hashes that are no text": change(["table", "rows", "hashes"], 3),
    "hashes out of order": change(["chunks", "hashes"], "AAAAAAAAAAIAAAAAAAAAAQ"),
    "a hash twice": change(["chunks", "hashes"], "AAAAAAAAAAEAAAAAAAAAAQ"),
    "a paired column that is a number": change(["table", "paired"], [1]),
    "more sampled rows than cells": change(["table", "sampled"], 513),
    "a sample that is no number": change(["table", "sampled"], "512"),
    "a cell less": change([*NUMBER, "whole"], "AAAA"),
    "digits of some rows": change([*NUMBER, "digits"], "AAAA"),
    "bins of some rows": change([*NUMBER, "bins"], "AAAA"),
    "bins without a width": change([*NUMBER, "width"], ""),
    "a width without bins": change([*NUMBER, "bins"], ""),
    "a width that is nothing": change([*NUMBER, "width"], "1e-999"),
    "a width without end": change([*NUMBER, "width"], "1e999"),
    "a width of three": change([*NUMBER, "width"], "3e0"),
    "a width that is written otherwise": change([*NUMBER, "width"], "1e+0"),
    "cells that are none": change(["table", "columns", 0, "cells"], None),
    "a column without cells": lambda document: document["table"]["columns"][0].pop("cells"),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_record_is_refused(record, name):
    document = copy.deepcopy(format_fingerprint(record))
    document["chunks"]["total"] = 2
    parse_fingerprint(document)
    MANGLINGS[name](document)
    with pytest.raises(MalformedError):
        parse_fingerprint(document)


def test_any_name_of_a_column_can_be_kept():
    for name in ("a\tb", "\u202eabc", "x" * 5000, "\udc80", "列"):
        shown = show_name(name)
        assert len(shown) <= 200
        assert decode_canonical(encode_canonical(shown), max_bytes=5000) == shown
    assert show_name("列") == "列"
