"""What all routes that read share: caching, packing, HEAD, CORS, problems, bounds."""

import asyncio
import copy
import gzip
import threading
from dataclasses import dataclass

import pytest

from ledger.errors import UnavailableError
from ledger.storage.base import Table
from node.server.replies import MIN_PACKED_BYTES, Page, Wish, json_page, pack_page
from node.server.room import Room, TimedStore
from node.server.settings import NodeSettings
from tests.support.ledgers import FakeClock
from tests.support.site import Site, open_site

IMMUTABLE = "public, max-age=31536000, immutable"


def caching(site, path):
    response = site.get(path)
    assert response.status_code == 200, response.text
    return response.headers["cache-control"]


def test_what_path_and_query_decide_for_ever_is_immutable(site):
    size = site.node.publisher.published_size
    event_id = site.node.registry.read_leaf(0).signed.id
    for path in (
        f"/v1/blocks/{size}",
        f"/v1/entries/0?size={size}",
        f"/v1/events/{event_id}?size={size}",
        f"/v1/proofs/inclusion?index=0&size={size}",
        f"/v1/proofs/consistency?old=1&new={size}",
    ):
        assert caching(site, path) == IMMUTABLE, path


def test_what_grows_with_the_log_is_asked_for_anew(site, trade):
    size = site.node.publisher.published_size
    for path in (
        "/v1/checkpoint/latest",
        "/v1/entries/0",
        "/v1/proofs/inclusion?index=0",
        "/v1/proofs/consistency?old=1",
        f"/v1/state/{trade.asset}",
        f"/v1/state/{trade.asset}?size={size}",
        f"/v1/dossier/{trade.asset}",
        f"/v1/vouchers/{trade.number}",
        "/v1/search?q=2026",
        "/v1/registrations",
        "/v1/subjects?prefix=asset/",
    ):
        assert caching(site, path) == "no-cache", path


def test_an_unchanged_answer_costs_no_bytes(site, trade):
    path = f"/v1/state/{trade.asset}"
    first = site.get(path)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = site.get(path, **{"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "no-cache"
    for other in ('"other"', "", tag[:-2] + '"', "W/*"):
        assert site.get(path, **{"if-none-match": other}).content == first.content


def test_a_tag_is_of_the_bytes(site, trade):
    tags = {site.get(f"/v1/state/{key}").headers["etag"] for key in (trade.asset, trade.grant)} | {
        site.get(f"/v1/entries/{index}").headers["etag"] for index in range(3)
    }
    assert len(tags) == 5


def test_large_answers_are_packed_for_who_wants_that(site, trade):
    path = f"/v1/dossier/{trade.asset}"
    plain = site.get(path, **{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(plain.content) > MIN_PACKED_BYTES
    packed = site.get(path, **{"accept-encoding": "br, gzip;q=0.5"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    for tag in (plain.headers["etag"], packed.headers["etag"]):
        assert site.get(path, **{"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [("gzip", True), ("GZIP", True), ("br,*", True), ("gzip;q=1.0", True), ("gzip; q=0.001", True),
     ("", False), ("br", False), ("gzip;q=0", False), ("gzip;q=0.000", False), ("xgzip", False)],
)  # fmt: skip
def test_packing_goes_by_the_header(site, trade, accepted, is_packed):
    response = site.get(f"/v1/dossier/{trade.asset}", **{"accept-encoding": accepted})
    assert ("content-encoding" in response.headers) == is_packed


def test_small_answers_are_not_packed():
    wish = Wish(takes_gzip=True, known=frozenset())
    at_bound = Page(b"a" * MIN_PACKED_BYTES)
    below = Page(b"a" * (MIN_PACKED_BYTES - 1))
    assert gzip.decompress(pack_page(at_bound, wish).body) == at_bound.content
    assert pack_page(below, wish).body == below.content


def test_what_is_never_kept_is_never_unchanged():
    page = json_page({}, "no-store")
    tag = pack_page(page, Wish(takes_gzip=False, known=frozenset())).headers["etag"].strip('"')
    assert pack_page(page, Wish(takes_gzip=False, known=frozenset({tag, "*"}))).status == 200


def test_head_says_what_get_would_without_the_body(site, trade):
    for path in (f"/v1/state/{trade.asset}", f"/v1/dossier/{trade.asset}", "/v1/entries/0"):
        got = site.get(path, **{"accept-encoding": "identity"})
        head = site.ask("HEAD", path, headers={"accept-encoding": "identity"})
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-length", "content-type", "cache-control"):
            assert head.headers[name] == got.headers[name]
    assert site.ask("HEAD", "/v1/entries/999999").status_code == 404
    assert site.ask("HEAD", "/v1/stream").status_code == 405
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert site.ask("HEAD", path).status_code == 200


def test_no_body_follows_a_head(site):
    """Whatever the server beneath would do with one."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "HEAD",
        "scheme": "http", "path": "/v1/entries/0", "raw_path": b"/v1/entries/0",
        "query_string": b"", "root_path": "", "server": ("node", 80),
        "client": ("127.0.0.1", 1), "headers": [(b"host", b"node")],
    }  # fmt: skip
    site.run(site.app(scope, receive, send))
    assert sent[0]["status"] == 200
    assert b"".join(message.get("body", b"") for message in sent[1:]) == b""
    assert scope["method"] == "HEAD", "the server goes by it"


def test_scripts_of_any_origin_may_read(site, trade):
    path = f"/v1/state/{trade.asset}"
    response = site.get(path, origin="https://verifier.example")
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers
    missing = site.get("/v1/entries/999999", origin="https://verifier.example")
    assert missing.headers["access-control-allow-origin"] == "*"
    asked = {"origin": "https://a.example", "access-control-request-method": "GET"}
    allowed = site.ask("OPTIONS", path, headers=asked)
    assert (allowed.status_code, allowed.content) == (204, b"")
    assert allowed.headers["access-control-allow-origin"] == "*"
    assert allowed.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "If-None-Match" in allowed.headers["access-control-allow-headers"]
    written = site.ask("POST", "/v1/check", content=b"{}", headers={"origin": "https://a.example"})
    assert "access-control-allow-origin" not in written.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/v1/nothing", 404, "not_found"), ("GET", "/v1", 404, "not_found"),
     ("GET", "/v1/entries", 404, "not_found"), ("GET", "/v1/entries/0/", 404, "not_found"),
     ("DELETE", "/v1/entries/0", 405, "method"), ("GET", "/v1/check", 405, "method"),
     ("PUT", "/v1/search", 405, "method")],
)  # fmt: skip
def test_what_the_framework_refuses_is_a_problem_too(site, method, path, status, code):
    assert site.problem(path, status, method=method)["code"] == code


def test_no_page_loads_scripts_from_elsewhere(site):
    for path in ("/docs", "/redoc"):
        assert site.problem(path, 404)["code"] == "not_found"


def test_answers_are_not_sniffed(site):
    assert site.get("/v1/entries/0").headers["x-content-type-options"] == "nosniff"


@dataclass
class Frozen:
    """A publisher whose witnesses sleep: it shows an old checkpoint."""

    latest: bytes
    published: bytes | None
    published_size: int


def test_what_is_in_the_log_and_not_published_yet_is_to_be_tried_again(site, trade):
    blocks = list(site.node.reader.iterate_blocks())
    old, newest = blocks[-2].size, blocks[-1].size
    event_id = site.node.registry.read_leaf(old).signed.id
    frozen = Frozen(b"", site.node.reader.read_checkpoint(old), old)
    late = showing(site, frozen)
    for path in (
        f"/v1/entries/{old}",
        f"/v1/events/{event_id}",
        f"/v1/proofs/inclusion?index={old}",
    ):
        response = late.get(path)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
        again = "&" if "?" in path else "?"
        assert late.get(f"{path}{again}size={newest}").status_code == 200
    assert late.json(f"/v1/state/{trade.grant}")["seal"]["proof"].count(f"\n{old}\n") == 1
    assert caching(late, f"/v1/entries/0?size={newest}") == "no-cache", "not settled yet"


def test_the_published_note_is_the_one_with_its_cosignatures(site):
    """The store keeps a note for the same size that may have fewer."""
    size = site.node.publisher.published_size
    note = site.node.publisher.published
    more = note + b"\xe2\x80\x94 witness.example AAAAAAAA\n"
    richer = showing(site, Frozen(more, more, size))
    for path in ("/v1/entries/0", f"/v1/entries/0?size={size}"):
        assert richer.json(path)["proof"].encode().endswith(more)
    old = next(iter(site.node.reader.iterate_blocks())).size
    assert not richer.json(f"/v1/entries/0?size={old}")["proof"].encode().endswith(more)


def test_nothing_published_yet_is_to_be_tried_again(site, trade):
    empty = showing(site, Frozen(b"", None, 0))
    for path in (f"/v1/state/{trade.asset}", "/v1/entries/0", f"/v1/dossier/{trade.asset}"):
        assert empty.problem(path, 503)["code"] == "unavailable"


def test_a_published_checkpoint_whose_states_are_gone_is_to_be_tried_again(long_site):
    old = list(long_site.node.reader.iterate_blocks())[3].size
    late = showing(long_site, Frozen(b"", long_site.node.reader.read_checkpoint(old), old))
    problem = late.problem("/v1/state/ledger/self", 503)
    assert "size=" in problem["detail"]


def showing(site, publisher):
    """The same node, with another publisher."""
    node = copy.copy(site.node)
    node.publisher = publisher
    return Site(node, site.loop)


# long reads


@pytest.fixture
def room(own_home):
    settings = NodeSettings(reader_threads=1, read_seconds=1.0)
    with open_site(own_home, settings) as site:
        clock = FakeClock()
        room = Room(site.node, clock)
        yield site, room, clock
        room.close()


def test_who_takes_too_long_is_told_and_stopped(room):
    site, room, clock = room
    blocked, stopped = threading.Event(), []

    def work(library):
        blocked.wait(10)
        try:
            library.store.read_leaves(0, 1)
        except UnavailableError as exc:
            stopped.append(exc)
            raise

    async def ask():
        with pytest.raises(UnavailableError, match="takes longer than this node allows"):
            await room.run(lambda: work(room._slow))
        clock.pass_time(1000)
        blocked.set()

    site.run(ask())
    assert site.run(room.run(lambda: 7)) == 7, "the thread is free again"
    assert len(stopped) == 1, "and it read nothing more"


def test_more_long_reads_than_may_wait_are_refused(room):
    site, room, _ = room
    release = threading.Event()

    async def ask():
        waiting = [asyncio.ensure_future(room.run(lambda: release.wait(10))) for _ in range(16)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError, match="too many long reads"):
            await room.run(lambda: None)
        release.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    done = site.run(ask())
    assert len(done) == 16
    assert site.run(room.run(lambda: 7)) == 7


def test_a_closed_room_takes_no_long_work(room):
    site, room, _ = room
    room.close()
    with pytest.raises(UnavailableError, match="stopping"):
        site.run(room.run(lambda: 7))


def test_a_timed_store_stops_every_loop_at_its_next_read(own_home):
    clock = FakeClock()
    store = TimedStore(own_home / "ledger.db", clock)
    root = store.read_head().map_root
    reads = {
        "leaves": lambda: store.read_leaves(0, 1),
        "states": lambda: store.read_stored_state(root, "ledger/self"),
        "rows": lambda: next(store.iterate_rows(Table.LISTING)),
    }
    for read in reads.values():
        with store.until(clock.monotonic() + 5):
            read()
            clock.pass_time(5)
            with pytest.raises(UnavailableError):
                read()
        read()
    store.close()


def test_reads_go_on_while_the_writer_is_at_work(own_home):
    """Nothing that reads uses the writer's connection."""
    with open_site(own_home) as site:
        lock = site.node.registry.store.lock
        with lock:
            for path in ("/v1/entries/0", "/v1/state/ledger/self", "/v1/search?q=2026"):
                assert site.get(path).status_code == 200
