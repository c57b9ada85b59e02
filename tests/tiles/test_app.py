"""The log over HTTP: headers, conditions, compression, and what is no file of the log."""

import asyncio
import gzip
import re

import pytest

from ledger.errors import CorruptionError, UnavailableError
from node.tiles.app import TileApp, accepts_gzip
from node.tiles.source import StoreTiles
from tests.support.tile_logs import expected_files
from tests.tiles.conftest import LONG, call, get

FOR_EVER = "public, max-age=31536000, immutable"
ETAG = re.compile(r'"[0-9a-f]{32}(-gzip)?"')


class Counted:
    """A source that says how often it is asked, and fails when told."""

    def __init__(self, source):
        self.source = source
        self.asked = []
        self.error = None

    def read(self, path):
        self.asked.append(path)
        if self.error is not None:
            raise self.error
        return self.source.read(path)


@pytest.fixture
def source(long_log):
    return Counted(StoreTiles(long_log.store, long_log.notes))


@pytest.fixture
def app(source):
    return TileApp(source)


# headers


def test_the_checkpoint_is_text_that_caches_ask_for_again(app, long_log):
    answer = get(app, "/checkpoint")
    assert answer.status == 200
    assert answer.body == long_log.notes.published
    etag = answer.headers.pop("etag")
    assert ETAG.fullmatch(etag)
    assert answer.headers == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(answer.body)),
        "cache-control": "no-cache",
        "access-control-allow-origin": "*",
    }


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
)
def test_a_tile_is_bytes_that_may_be_kept_for_ever(app, long_log, path):
    answer = get(app, f"/{path}", accept_encoding="gzip")
    assert answer.status == 200
    assert answer.body == expected_files(long_log.leaves, LONG)[path]
    assert ETAG.fullmatch(answer.headers.pop("etag"))
    assert answer.headers == {
        "content-type": "application/octet-stream",
        "content-length": str(len(answer.body)),
        "cache-control": FOR_EVER,
        "access-control-allow-origin": "*",
    }


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/entries/273.p/112"])
def test_a_bundle_is_compressed_for_who_takes_it(app, long_log, path):
    expected = expected_files(long_log.leaves, LONG)[path]
    plain = get(app, f"/{path}")
    packed = get(app, f"/{path}", accept_encoding="gzip, deflate, br")
    assert plain.body == gzip.decompress(packed.body) == expected
    assert len(packed.body) < len(plain.body) / 2
    assert plain.headers.pop("etag") != packed.headers.pop("etag")
    assert packed.headers.pop("content-encoding") == "gzip"
    for answer in (plain, packed):
        assert answer.status == 200
        assert answer.headers == {
            "content-type": "application/octet-stream",
            "content-length": str(len(answer.body)),
            "cache-control": FOR_EVER,
            "vary": "accept-encoding",
            "access-control-allow-origin": "*",
        }


@pytest.mark.parametrize(
    ("codings", "is_taken"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("identity, gzip;q=0.001", True),
        ("br , gzip ; q=1.0", True),
        ("*", True),
        ("*;q=0.5", True),
        ("", False),
        ("identity", False),
        ("br, zstd", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("gzip; Q=0", False),
        ("*;q=0", False),
        ("gzipped", False),
        (",,;q=,;", False),
    ],
)
def test_a_client_says_which_codings_it_takes(codings, is_taken):
    assert accepts_gzip(codings.encode()) == is_taken


@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000", "/tile/entries/000"])
def test_head_tells_the_length_and_sends_nothing(app, path):
    whole, head = get(app, path), get(app, path, "HEAD")
    assert (head.status, head.headers, head.body) == (200, whole.headers, b"")
    assert int(head.headers["content-length"]) == len(whole.body) > 0


# conditions


@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000.p/7", "/tile/entries/000"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*", '"x",W/{} , "y"'])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_it_already_is_told_so(app, path, form, method):
    whole = get(app, path, accept_encoding="gzip")
    etag = whole.headers["etag"]
    answer = get(app, path, method, accept_encoding="gzip", if_none_match=form.format(etag))
    assert (answer.status, answer.body) == (304, b"")
    kept = {"etag", "cache-control", "vary", "access-control-allow-origin"}
    assert answer.headers == {name: whole.headers[name] for name in kept & whole.headers.keys()}


@pytest.mark.parametrize("tag", ['"x"', "", "W/", '"', "x" * 5000, 'W/"*"', "**"])
def test_who_has_another_gets_it_whole(app, tag):
    assert get(app, "/tile/0/000", if_none_match=tag).status == 200


def test_the_plain_form_is_not_the_compressed_one(app):
    etag = get(app, "/tile/entries/000").headers["etag"]
    assert get(app, "/tile/entries/000", if_none_match=etag, accept_encoding="gzip").status == 200


def test_a_new_checkpoint_is_seen_at_once_and_an_old_tag_is_of_no_use(log):
    log.grow(5)
    app = TileApp(StoreTiles(log.store, log.notes))
    first = get(app, "/checkpoint")
    assert get(app, "/tile/0/000.p/6").status == 404
    note = log.grow(6)
    second = get(app, "/checkpoint", if_none_match=first.headers["etag"])
    assert (second.status, second.body) == (200, note)
    assert get(app, "/tile/0/000.p/6").status == 200
    cosigned = log.sign(cosigned_at=1_763_800_000)
    third = get(app, "/checkpoint", if_none_match=second.headers["etag"])
    assert (third.status, third.body) == (200, cosigned)


# what is not there


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/274", "/tile/0/273", "/tile/0/273.p/113", "/tile/2/000.p/2", "/tile/3/000.p/1",
        "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/007", "/tile/00/000", "/tile/0/0",
        "/tile/0/%30%30%30", "/tile/0/000/", "/tile//0/000", "/tile/../checkpoint", "/tile/64/000",
        "/tile/entries/274", "/tile/entries/000.p/", "/tile/", "/tile/\xff\xfe", "/tile/0/000%00",
    ],
)  # fmt: skip
def test_what_is_not_there_yet_or_never_is_not_found_and_not_kept(app, path):
    answer = get(app, path)
    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers == {
        "content-length": "0",
        "cache-control": "no-store",
        "access-control-allow-origin": "*",
    }


def test_a_log_without_a_checkpoint_has_none(log):
    assert get(TileApp(StoreTiles(log.store, log.notes)), "/checkpoint").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "X"])
@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000", "/tile/none"])
def test_files_can_only_be_read(app, source, method, path):
    answer = get(app, path, method)
    assert (answer.status, answer.body) == (405, b"")
    assert answer.headers["allow"] == "GET, HEAD"
    assert source.asked == []


# beside other applications


@pytest.mark.parametrize(
    "path", ["/", "/v1/events", "/checkpoints", "/checkpoint/", "/tile", "/tiles/0"]
)
def test_all_other_paths_are_the_next_applications(source, path):
    seen = []

    async def next_app(scope, receive, send):
        seen.append((scope["path"], scope["method"]))
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    assert get(TileApp(source, next_app), path, "POST").status == 299
    assert seen == [(path, "POST")]
    assert get(TileApp(source), path).status == 404
    assert source.asked == []


def run_scope(app, scope, incoming=()):
    sent, queue = [], list(incoming)

    async def receive():
        return queue.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_the_start_and_end_of_the_server_reach_the_next_application(source):
    async def next_app(scope, receive, send):
        await send({"type": "next", "scope": scope["type"]})

    for kind in ("lifespan", "websocket"):
        assert run_scope(TileApp(source, next_app), {"type": kind}) == [
            {"type": "next", "scope": kind}
        ]
    turns = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = run_scope(TileApp(source), {"type": "lifespan"}, turns)
    assert [message["type"] for message in sent] == [f"{turn['type']}.complete" for turn in turns]
    (closed,) = run_scope(TileApp(source), {"type": "websocket", "path": "/checkpoint"})
    assert closed["type"] == "websocket.close"


def test_a_server_that_gives_no_raw_path_is_served_too(source, long_log):
    scope = {"type": "http", "method": "GET", "path": "/checkpoint", "headers": []}
    _, body = run_scope(TileApp(source), scope)
    assert body["body"] == long_log.notes.published


# what is kept


def test_what_was_answered_once_is_not_read_again(app, source):
    for path in ("/tile/0/000", "/tile/0/000.p/7", "/tile/entries/000"):
        first = get(app, path)
        assert get(app, path).body == get(app, path).body == first.body
    assert source.asked == ["tile/0/000", "tile/0/000.p/7", "tile/entries/000"]
    get(app, "/tile/entries/000", accept_encoding="gzip")
    get(app, "/tile/entries/000", accept_encoding="gzip")
    assert len(source.asked) == 4


def test_no_more_is_kept_than_there_is_room_for(source):
    """Three tiles fit; the one that nobody asked for the longest makes room."""
    app = TileApp(source, cache_bytes=3 * (8192 + 1024))
    for n in (0, 1, 2, 0, 3):
        get(app, f"/tile/0/00{n}")
    source.asked.clear()
    for n in (0, 2, 3, 1):
        get(app, f"/tile/0/00{n}")
    assert source.asked == ["tile/0/001"]


def test_what_is_too_large_to_be_kept_is_answered_all_the_same(source):
    app = TileApp(source, cache_bytes=100)
    assert get(app, "/tile/0/000").body == get(app, "/tile/0/000").body != b""
    assert len(source.asked) == 2


def test_what_is_not_found_is_looked_for_again(app, source):
    for _ in range(3):
        assert get(app, "/tile/0/999").status == 404
    assert len(source.asked) == 3


def test_many_who_want_one_bundle_cost_one_reading(app, source):
    async def ask():
        asking = [call(app, "/tile/entries/005", accept_encoding="gzip") for _ in range(50)]
        return await asyncio.gather(*asking)

    answers = asyncio.run(ask())
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert source.asked == ["tile/entries/005"]


def test_what_others_do_to_the_headers_of_an_answer_is_not_kept(app):
    """Middleware appends to the list that it sees."""
    sent = []

    async def send(message):
        sent.append(message)
        if "headers" in message:
            message["headers"].append((b"x-request-id", b"1"))

    scope = {"type": "http", "method": "GET", "path": "/tile/0/000", "headers": []}
    asyncio.run(app(scope, None, send))
    assert "x-request-id" not in get(app, "/tile/0/000").headers


# failures


@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000", "/tile/entries/000"])
def test_a_failing_source_is_an_error_that_is_not_kept(app, source, path):
    for error, status in ((CorruptionError("secret"), 500), (UnavailableError("busy"), 503)):
        source.error = error
        answer = get(app, path)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert ("retry-after" in answer.headers) == (status == 503)
        assert b"secret" not in answer.body
    source.error = None
    assert get(app, path).status == 200
