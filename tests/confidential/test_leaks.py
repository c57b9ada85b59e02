"""The search for secrets finds them however they are written, and nothing else."""

import base64
import gzip
import io
import json
import zipfile
import zlib
from hashlib import sha256
from urllib.parse import quote

import pytest

from ledger.core.text import format_base64url
from tests.confidential.leaks import MARKS, Secrets, find_leaks


def zipped(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", text)
    return file.getvalue()


WAYS = {
    "as it is": lambda text: text.encode(),
    "two bytes a character": lambda text: text.encode("utf-16-le"),
    "two bytes, the other way round": lambda text: text.encode("utf-16-be"),
    "JSON, escaped": lambda text: json.dumps({"a": text}).encode(),
    "in a URL": lambda text: quote(text).encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "hex of two bytes a character": lambda text: text.encode("utf-16-le").hex().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one byte later": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, two bytes later": lambda text: base64.b64encode(b"xy" + text.encode()),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"="),
    "backwards": lambda text: text.encode()[::-1],
    "gzip": lambda text: b"head" + gzip.compress(text.encode()) + b"tail",
    "zlib": lambda text: b"head" + zlib.compress(text.encode()) + b"tail",
    "zip": zipped,
    "unsalted hash": lambda text: b'"' + sha256(text.encode()).hexdigest().encode() + b'"',
    "hash of its JSON": lambda text: b'"' + format_base64url(
        sha256(json.dumps(text, ensure_ascii=False).encode()).digest()
    ).encode() + b'"',
}  # fmt: skip


@pytest.fixture
def secrets():
    return Secrets()


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_found_however_it_is_written(way, secrets):
    for value in (secrets.text("姓名"), secrets.code()):
        content = b"before " + WAYS[way](f"so: {value}" if "hash" not in way else value)
        leaks = find_leaks(secrets, {"file": content + b" after", "other": b"nothing"})
        assert {name.removesuffix(" (inflated)") for name, _ in leaks} == {"file"}


def test_a_number_is_found_in_a_document(secrets):
    price = secrets.number()
    assert find_leaks(secrets, {"file": json.dumps({"amount": price}).encode()})


def test_the_digest_of_a_secret_file_is_found(secrets):
    digest = secrets.digest("contract")
    assert find_leaks(secrets, {"file": f"evidence {digest}".encode()})


def test_every_secret_has_a_mark(secrets):
    made = [secrets.text("a"), secrets.number(), secrets.code()]
    assert all(any(mark in str(value) for mark in MARKS) for value in made)
    assert len(set(made)) == 3


def test_what_is_no_secret_is_not_found(secrets):
    secrets.text("a")
    plain = "航班数据 2025 ZqVk 7340192 龘".encode()
    assert find_leaks(secrets, {"file": plain, "hash": sha256(plain).hexdigest().encode()}) == []
