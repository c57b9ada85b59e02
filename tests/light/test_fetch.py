"""Fetching from real servers on UNIX sockets that answer badly, slowly or without end."""

import gc
import gzip
import threading
import time
import warnings

import httpx2
import pytest

from ledger.errors import LimitError, MalformedError, NotFoundError, UnavailableError
from ledger.light.fetch import FolderFetcher, HttpFetcher, check_path, check_url
from ledger.light.hook import MAX_HOOK_BYTES, PAUSES_S, Hook
from ledger.light.waking import Waker
from tests.light.house import Follower, give, serve

LONGEST_S = 30
pytestmark = pytest.mark.filterwarnings(
    # the library leaves the socket of a connection that failed to the garbage collector
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def server(tmp_path, asked):
    """Start a server that answers by a function; gives a fetcher to it."""
    running, fetchers = [], []

    def start(respond, *, seconds=10):
        def noted(handler, path):
            asked.append((path, dict(handler.headers)))
            respond(handler, path)

        path = tmp_path / "s"
        context = serve(path, noted)
        context.__enter__()
        running.append(context)
        transport = httpx2.HTTPTransport(uds=str(path))
        fetchers.append(HttpFetcher("http://node", seconds=seconds, transport=transport))
        return fetchers[-1]

    yield start
    for fetcher in fetchers:
        fetcher.close()
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def in_time():
    """No server holds a test for long."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < LONGEST_S


@pytest.fixture(autouse=True, scope="module")
def swept():
    """The sockets that the library leaves open are noticed here, not in another module."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def test_bytes_come_as_they_are(server):
    fetcher = server(lambda handler, path: give(handler, f"<{path}>".encode()))
    assert fetcher.get("tile/0/000.p/7", max_bytes=100) == b"<tile/0/000.p/7>"
    assert fetcher.get("v1/state/name/uscc:9?size=3", max_bytes=100).endswith(b"?size=3>")


def test_bytes_may_come_compressed(server, asked):
    data = b"0123456789" * 100
    fetcher = server(lambda handler, _: give(handler, gzip.compress(data), content_encoding="gzip"))
    assert fetcher.get("tile/entries/000", max_bytes=1000) == data
    assert asked[0][1]["accept-encoding"] == "gzip, identity"
    with pytest.raises(LimitError):
        fetcher.get("tile/entries/000", max_bytes=999)


def test_a_small_answer_that_unfolds_to_much_is_cut_off(server):
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    fetcher = server(lambda handler, _: give(handler, bomb, content_encoding="gzip"))
    with pytest.raises(LimitError):
        fetcher.get("checkpoint", max_bytes=65_536)


BAD_GZIP = {
    "broken": (b"not gzip", "gzip"),
    "cut off": (gzip.compress(b"x" * 1000)[:-9], "gzip"),
    "of another kind": (b"x", "br"),
}


@pytest.mark.parametrize("name", BAD_GZIP)
def test_a_bad_compression_is_no_answer(server, name):
    data, coding = BAD_GZIP[name]
    fetcher = server(lambda handler, _: give(handler, data, content_encoding=coding))
    with pytest.raises(UnavailableError):
        fetcher.get("checkpoint", max_bytes=65_536)


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_told_from_what_fails(server, status):
    fetcher = server(lambda handler, _: give(handler, b"", status))
    with pytest.raises(NotFoundError):
        fetcher.get("checkpoint", max_bytes=10)


@pytest.mark.parametrize("status", [204, 304, 400, 403, 413, 429, 500, 503])
def test_another_status_is_no_answer(server, status):
    fetcher = server(lambda handler, _: give(handler, b"", status))
    with pytest.raises(UnavailableError, match=f"status {status}"):
        fetcher.get("checkpoint", max_bytes=10)


def test_a_redirect_is_not_followed_and_is_named(server, asked):
    fetcher = server(lambda handler, _: give(handler, b"", 302, location="http://evil/"))
    with pytest.raises(UnavailableError, match="http://evil/"):
        fetcher.get("checkpoint", max_bytes=10)
    assert len(asked) == 1


def send_forever(handler, _path):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(65_536))
    except OSError:
        handler.close_connection = True


def test_a_body_without_end_is_cut_off(server):
    with pytest.raises(LimitError, match="more than 65536 bytes"):
        server(send_forever).get("checkpoint", max_bytes=65_536)


def test_a_body_longer_than_allowed_is_cut_off(server):
    fetcher = server(lambda handler, _: give(handler, b"x" * 11))
    assert fetcher.get("checkpoint", max_bytes=11) == b"x" * 11
    with pytest.raises(LimitError):
        fetcher.get("checkpoint", max_bytes=10)


def drip(*before):
    """A server that goes on byte by byte for ever after some first lines."""

    def respond(handler, _path):
        try:
            for piece in before:
                handler.wfile.write(piece)
            while True:
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            handler.close_connection = True

    return respond


DRIPS = {
    "the status": [],
    "the headers": [b"HTTP/1.1 200 OK\r\nx-long: "],
    "the body": [b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n"],
}


@pytest.mark.parametrize("name", DRIPS)
def test_an_answer_that_drips_is_given_up(server, name):
    start = time.monotonic()
    with pytest.raises(UnavailableError):
        server(drip(*DRIPS[name]), seconds=0.5).get("checkpoint", max_bytes=65_536)
    assert time.monotonic() - start < 20


def test_a_server_that_says_nothing_is_given_up(server):
    done = threading.Event()
    fetcher = server(lambda *_: done.wait(60), seconds=0.5)
    try:
        with pytest.raises(UnavailableError, match=r"in time|does not answer"):
            fetcher.get("checkpoint", max_bytes=10)
    finally:
        done.set()


def test_an_answer_that_is_cut_off_is_no_answer(server):
    def respond(handler, _path):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        handler.close_connection = True

    with pytest.raises(UnavailableError):
        server(respond).get("checkpoint", max_bytes=100)


def test_what_is_no_http_is_no_answer(server):
    def respond(handler, _path):
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        handler.close_connection = True

    with pytest.raises(UnavailableError):
        server(respond).get("checkpoint", max_bytes=100)


def test_nobody_there_is_unavailable(tmp_path):
    transport = httpx2.HTTPTransport(uds=str(tmp_path / "nobody"))
    with pytest.raises(UnavailableError, match="does not answer"):
        HttpFetcher("http://node", transport=transport).get("checkpoint", max_bytes=10)


def test_a_log_is_followed_over_http(server, house, tmp_path):
    def respond(handler, path):
        try:
            give(handler, house.answer(path))
        except NotFoundError:
            give(handler, b"", 404)

    follower = Follower(tmp_path / "client", server(respond), clock=house.clock)
    assert follower.follow().outcome == "first"
    house.write(times=300)
    assert follower.follow().opened.body.size == house.size


ADDRESSES = {
    "another scheme": "file:///etc/passwd",
    "no scheme": "example.org",
    "no host": "http://",
    "with a password": "https://me:secret@example.org",
    "with a query": "https://example.org/?a=1",
    "with a fragment": "https://example.org/#a",
    "a port that is none": "https://example.org:port",
    "too long": "https://example.org/" + "a" * 2000,
    "no brackets": "http://[::1",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_what_is_no_address_is_refused(name):
    with pytest.raises(MalformedError):
        HttpFetcher(ADDRESSES[name])


def test_a_hook_may_have_a_query():
    assert check_url("https://example.org/?token=a", may_query=True)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/checkpoint",
        "../x",
        "a/../b",
        "./a",
        "a//b",
        "a/",
        "a b",
        "a\n",
        "http://x",
        "a?b?c",
        "é",
    ],
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(MalformedError):
        check_path(path)


def test_a_folder_is_read_and_never_left(tmp_path):
    folder = tmp_path / "log"
    (folder / "tile/0").mkdir(parents=True)
    (folder / "checkpoint").write_bytes(b"note")
    (tmp_path / "secret").write_bytes(b"secret")
    fetcher = FolderFetcher(folder)
    assert fetcher.get("checkpoint", max_bytes=4) == b"note"
    with pytest.raises(LimitError):
        fetcher.get("checkpoint", max_bytes=3)
    for path in ("tile/0/000", "tile/0", "checkpoint/x"):
        with pytest.raises(NotFoundError):
            fetcher.get(path, max_bytes=10)
    with pytest.raises(MalformedError):
        fetcher.get("../secret", max_bytes=10)


# --- hooks


@pytest.fixture
def hooked(tmp_path):
    """A listener with a list of statuses to answer with; gives hook, posts and pauses."""
    posts, pauses, statuses = [], [], []

    def respond(handler, _path):
        length = int(handler.headers["content-length"])
        posts.append((handler.rfile.read(length), handler.headers["idempotency-key"]))
        give(handler, b"x" * 1000, statuses.pop(0) if statuses else 200)

    with serve(tmp_path / "h", respond):
        transport = httpx2.HTTPTransport(uds=str(tmp_path / "h"))
        hook = Hook("http://hook/?a=1", seconds=20, transport=transport, wait=pauses.append)
        yield hook, posts, pauses, statuses


def test_a_post_carries_its_key(hooked):
    hook, posts, pauses, _ = hooked
    hook.post(b"{}", "asset/x#3")
    assert (posts, pauses) == ([(b"{}", "asset/x#3")], [])


def test_a_post_is_repeated_with_the_same_key_until_it_is_taken(hooked):
    hook, posts, pauses, statuses = hooked
    statuses += [503, 404, 302]
    hook.post(b"{}", "asset/x#3")
    assert posts == [(b"{}", "asset/x#3")] * 4
    assert pauses == list(PAUSES_S[:3])


def test_a_post_that_is_never_taken_is_said_to_be_lost_to_nobody(hooked):
    hook, posts, _, statuses = hooked
    statuses += [500] * 5
    with pytest.raises(UnavailableError, match="status 500: nothing is lost"):
        hook.post(b"{}", "asset/x#3")
    assert len(posts) == 5


def test_a_post_that_is_too_large_is_not_sent(hooked):
    hook, posts, _, _ = hooked
    with pytest.raises(LimitError):
        hook.post(b"x" * (MAX_HOOK_BYTES + 1), "asset/x#3")
    assert posts == []


def test_a_hook_that_nobody_listens_to_is_unavailable(tmp_path):
    transport = httpx2.HTTPTransport(uds=str(tmp_path / "nobody"))
    hook = Hook("http://hook", transport=transport, wait=lambda _: None)
    with pytest.raises(UnavailableError):
        hook.post(b"{}", "asset/x#3")


# --- waking


def woken_after(tmp_path, respond, seconds):
    with serve(tmp_path / "w", respond):
        waker = Waker("http://node", transport=httpx2.HTTPTransport(uds=str(tmp_path / "w")))
        start = time.monotonic()
        waker.wait(seconds)
        waker.close()
        return time.monotonic() - start


def test_a_stream_wakes_early(tmp_path):
    done = threading.Event()

    def respond(handler, path):
        assert path == "v1/stream"
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nid: 3\n\n")
        done.wait(40)

    try:
        assert woken_after(tmp_path, respond, 29) < 20
    finally:
        done.set()


def test_a_stream_that_calls_without_end_does_not_make_the_client_run(tmp_path):
    took = woken_after(tmp_path, send_forever, 29)
    assert 0.4 < took < 20


@pytest.mark.parametrize("status", [404, 500])
def test_without_a_stream_the_time_is_waited_for(tmp_path, status):
    took = woken_after(tmp_path, lambda handler, _: give(handler, b"", status), 0.8)
    assert took >= 0.7


def test_without_an_address_the_time_is_waited_for():
    start = time.monotonic()
    Waker(None).wait(0.1)
    assert time.monotonic() - start >= 0.1


def test_a_compressed_answer_that_goes_on_after_its_end_is_cut_off_at_once(server):
    def respond(handler, path):
        handler.send_response(200)
        handler.send_header("content-encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(gzip.compress(b"{}"))
        send_parts(handler, bytes(65_536))

    fetcher = server(respond, seconds=4)
    with pytest.raises(UnavailableError, match="after the end of its gzip"):
        fetcher.get("checkpoint", max_bytes=65_536)


def send_parts(handler, part):
    try:
        while True:
            handler.wfile.write(part)
    except OSError:
        handler.close_connection = True


def test_what_a_server_sets_to_know_who_asks_again_is_not_sent_back(server, asked):
    fetcher = server(lambda handler, _: give(handler, b"x", set_cookie="who=you; Path=/"))
    for _ in range(2):
        fetcher.get("checkpoint", max_bytes=10)
    assert [headers.get("cookie") for _, headers in asked] == [None, None]


def test_a_failure_that_nobody_foresaw_is_no_answer(monkeypatch):
    class Broken(httpx2.BaseTransport):
        def handle_request(self, request):
            raise KeyError("a bug of the library")

    seen = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    fetcher = HttpFetcher("http://node", transport=Broken())
    with pytest.raises(UnavailableError, match="not foreseen"):
        fetcher.get("checkpoint", max_bytes=10)
    fetcher.close()
    assert isinstance(seen[0].exc_value, KeyError)
