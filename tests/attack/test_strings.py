"""Hostile texts in events, queries, paths and headers: refused or kept as they are, never more."""

import json
import unicodedata
from urllib.parse import quote_from_bytes

import pytest

from ledger.core.bundle import parse_receipt
from ledger.core.event import decode_signed_event
from tests.attack.process import CLOSE, HOST, PROBLEM, split
from tests.attack.process import make_wires as make

pytestmark = pytest.mark.slow
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u200c\u200d\u2060\xad\ufe0f\ufe00\u115f\u3164\U000e0041"
CONTROLS = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0)]))
NONCHARACTERS = "\ufffe\uffff\ufdd0\U0001ffff\U0010ffff"
HARMLESS = {
    "composed": "é한Å",
    "decomposed": unicodedata.normalize("NFD", "é한"),
    "compatible": "ﬁ①Ａ",
    "full width": "，。！",
    "astral": "𠀀🀄🏳",
    "many marks": "a" + "\u0301" * 50,
    "markup": "<script>alert(1)</script>'\"`${7*7}{{7*7}}",
    "SQL": "'; DROP TABLE entry; --\" OR 1=1 \\",
    "search words": 'NEAR("a" "b") AND NOT * ^ : col - "',
    "spreadsheet": '=HYPERLINK("http://evil")',
    "shell": "$(reboot) `reboot` | reboot & ; ../../../../etc/passwd",
    "terminal": "[31m not an escape without its control",
    "long": "长" * 200,
}
NUMBERS = {
    "a float": "1.0",
    "an exponent": "1e400",
    "minus nothing": "-0",
    "beyond 64 bits": "18446744073709551616",
    "beyond every number": "9" * 10_000,
    "not a number": "NaN",
    "endless": "Infinity",
}


@pytest.fixture(scope="module")
def make_wire(standing):
    numbers = iter(range(1000))
    return lambda **members: make(standing.home, [next(numbers)], **members)[0]


@pytest.mark.parametrize("name", HARMLESS)
def test_a_text_that_may_be_is_kept_to_the_byte(standing, make_wire, name):
    wire = make_wire(filler=HARMLESS[name])
    answer = standing.post(wire)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    event = decode_signed_event(wire).id
    receipt = standing.http.get(f"/v1/events/{event}").json()
    kept = parse_receipt(receipt).content.signed
    assert kept.event_bytes == decode_signed_event(wire).event_bytes
    assert (result["event"], kept.event.body["content"]["filler"]) == (event, HARMLESS[name])


@pytest.mark.parametrize("character", sorted({*BIDI, *CONTROLS, *NONCHARACTERS}), ids=ascii)
def test_a_character_that_deceives_is_refused_wherever_it_comes(standing, make_wire, character):
    wire = make_wire(filler="FILLER")
    for text in (character, json.dumps(character)[1:-1]):
        bad = wire.replace(b"FILLER", text.encode("utf-8", "surrogatepass"))
        answer = standing.post(bad)
        assert answer.status_code in {400, 422}, (text, answer.text)
        assert answer.headers["content-type"] == PROBLEM
        assert json.loads(answer.content)["code"]
        answer.content.decode()


ESCAPES = {
    "half a pair": b"\\ud800",
    "the other half": b"\\udc00",
    "the wrong way round": b"\\udc00\\ud800",
    "a pair that needs no escape": b"\\ud840\\udc00",
    "half a pair in UTF-8": b"\xed\xa0\x80",
    "overlong": b"\xc0\xaf",
    "overlong NUL": b"\xc0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "cut off": b"\xe4\xb8",
    "a stray byte": b"\x80",
    "UTF-16": "x".encode("utf-16"),
    "an escape of nothing": b"\\q",
    "hex digits in capitals": b"\\u00E9",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_a_text_that_is_none_is_refused(standing, make_wire, name):
    wire = make_wire(filler="FILLER")
    for path in ("/add", "/v1/events"):
        bad = wire.replace(b"FILLER", ESCAPES[name])
        answer = standing.http.post(path, content=bad, headers={"content-type": "application/json"})
        assert answer.status_code == 400, answer.text
        assert "answer" not in answer.json()


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_is_none_is_refused(standing, make_wire, name):
    wire = make_wire()
    answer = standing.post(wire.replace(b'"version":1', b'"version":' + NUMBERS[name].encode()))
    assert answer.status_code == 400, answer.text


SHAPES = {
    "deep arrays": b"[" * 20_000 + b"]" * 20_000,
    "deep objects": b'{"a":' * 8_000 + b"1" + b"}" * 8_000,
    "arrays that do not end": b"[" * 40_000,
    "a member twice": b'{"event":{},"event":{},"signatures":[]}',
    "a member twice within": b'{"event":{"v":1,"v":1},"signatures":[]}',
    "a member twice by an escape": b'{"event":{},"\\u0065vent":{},"signatures":[]}',
    "thousands of members": b"{" + b",".join(b'"%d":1' % n for n in range(5_000)) + b"}",
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "null": b"null",
    "a text": b'"event"',
    "two": b"{}{}",
}


@pytest.mark.parametrize("name", SHAPES)
def test_json_of_another_shape_is_refused_in_an_instant(standing, name):
    for path in ("/add", "/v1/events", "/v1/check"):
        answer = standing.http.post(
            path, content=SHAPES[name], headers={"content-type": "application/json"}
        )
        assert answer.status_code in {400, 413}, (path, answer.text[:200])
        assert answer.json()["status"] == answer.status_code


PATHS = {
    "parents": b"/v1/state/%2e%2e/%2e%2e/etc/passwd",
    "parents in plain": b"/v1/state/../../etc/passwd",
    "parents of tiles": b"/tile/../ledger.db",
    "packed parents of tiles": b"/tile/%2e%2e%2fledger.db",
    "a backslash": b"/v1/state/..%5c..%5cledger",
    "a NUL": b"/v1/state/ledger/self%00",
    "a line feed": b"/v1/state/ledger/self%0a",
    "a carriage return and more": b"/v1/state/x%0d%0ax-evil:%201",
    "overlong": b"/v1/state/%c0%ae%c0%ae",
    "half a pair": b"/v1/state/%ed%a0%80",
    "no hex digits": b"/v1/state/%zz",
    "packed twice": b"/v1/state/ledger%252fself",
    "10,000 characters": b"/v1/state/" + b"a" * 10_000,
    "10,000 slashes": b"/v1/state" + b"/" * 10_000,
    "10,000 escapes": b"/v1/state/" + b"%e4%b8%ad" * 3_000,
    "two slashes": b"//v1/state/ledger/self",
    "another script's digits": "/v1/entries/١".encode(),
    "packed digits of another script": b"/v1/entries/%d9%a1",
    "a number of 5,000 digits": b"/v1/entries/" + b"9" * 5_000,
    "a blank": b"/v1/entries/%200",
    "a colon": b"/v1/vouchers/:",
    "a semicolon": b"/v1/state/ledger/self;x=1",
    "bidi": quote_from_bytes("/v1/vouchers/\u202eTEST".encode()).encode(),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_path_that_leads_nowhere_is_not_found_or_wrong(standing, name):
    path = PATHS[name]
    status, body = split(standing.ask(b"GET " + path + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"))
    assert status in {400, 404}
    assert b"evil" not in body or b"x-evil" in path
    body.decode()
    if body:
        assert json.loads(body)["status"] == status


QUERIES = ["%00", "%ff", "%ed%a0%80", "%c0%80", "%", "%zz", "%22", "*", "-", "^", "%22a%22*", "(", "NEAR(",
           "a%20OR%20b", "col:a", "%E2%80%AE", "%EF%BF%BF", "%27", "%5c", "%20", "+", "", "%0a", "a" * 200,
           "%E9%95%BF" * 199, "%22" * 200, "a%20" * 100, "%F0%A0%80%80"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:12] or "nothing")
def test_nothing_that_is_searched_for_breaks_the_search(standing, query):
    status, body = standing.get(b"/v1/search?q=" + query.encode())
    assert status in {200, 400, 413}, body
    assert json.loads(body)


HEADERS = [
    "accept-encoding", "if-none-match", "last-event-id", "prefer", "content-type", "expect", "range",
    "x-request-id", "x-forwarded-for", "forwarded", "content-encoding", "cookie", "te", "origin",
    "access-control-request-method", "content-length", "connection", "transfer-encoding", "host",
]  # fmt: skip
VALUES = [
    b"", b",", b"\xff\xfe", b"*" * 8_000, b'"' * 4_000, b"gzip;q=" + b"0." * 2_000, b"1e9",
    b"\xc2\xb2", b"-1", b"a," * 4_000, b";" * 4_000, "١٢".encode(), b"W/" * 4_000, b"null",
    b"http://evil.example", b"bytes=0-0,-1", b"=" * 4_000,
]  # fmt: skip


STATE = b"GET /v1/state/ledger/self HTTP/1.1\r\n" + CLOSE


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_breaks_an_answer(standing, header):
    for value in VALUES:
        line = header.encode() + b": " + value + b"\r\n"
        answer = standing.ask(STATE + line + b"\r\n")
        assert split(answer)[0] in {200, 304, 400, 431}, (value, answer)
