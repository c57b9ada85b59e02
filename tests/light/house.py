"""A node to follow: a real store and sequencer, signed and cosigned, with the routes that are read.

`Road` is the way to it: a Fetcher, behind which a test may put another answer. `serve` puts any
answers behind a real HTTP server on a UNIX socket.
"""

import json
import shutil
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn, UnixStreamServer
from urllib.parse import parse_qs, urlsplit

from ledger.core.bundle import format_state_bundle
from ledger.core.checkpoint import Checkpoint, format_checkpoint, parse_signed_checkpoint
from ledger.core.dossier import format_dossier, format_dossier_events
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_DOSSIER_EVENTS
from ledger.core.merkle import hash_tree
from ledger.core.note import SignatureLine
from ledger.core.policy import Log, Policy, Witness
from ledger.core.subjects import parse_subject
from ledger.core.tiles import TILE_WIDTH, extend_tiles, parse_tile_path
from ledger.errors import LedgerError, LimitError, NotFoundError, UnavailableError
from ledger.light.client import LightClient
from ledger.light.fetch import Fetcher
from ledger.light.state import StateFile
from ledger.sequencer import Accepted, Sequencer, Submission
from ledger.storage.sqlite import SqliteStore
from node.proofs import Prover
from node.tiles.source import Notes, StoreTiles
from tests.support.ledgers import LOG_KEY, LOG_VERIFIER, RULES, FakeClock, Home, put
from tests.support.log_builder import ORIGIN, START, toy_key
from tests.support.note_signers import note_bytes, witness_signer

WITNESS = witness_signer("witness.example")


def log_line(text):
    return SignatureLine(ORIGIN, LOG_VERIFIER.key_id, LOG_KEY.sign(text.encode()))


def policy(*, quorum=True):
    logs = (Log(LOG_VERIFIER),)
    return Policy(logs, (Witness(b"w", WITNESS.key),), (), b"w") if quorum else Policy(logs)


class House(Notes):
    """A log in a folder that grows, and what its node answers."""

    def __init__(self, folder, clock=None):
        self.home = Home(folder)
        self.clock = clock or FakeClock()
        if not self.home.ledger.exists():
            self.home.found()
        self.store = SqliteStore(self.home.ledger, is_durable=False)
        self.sequencer = Sequencer(self.store, RULES, self.clock, self.home.signer())
        self.count = 0
        self.published_note = None
        self.tiles = StoreTiles(self.store, self)

    def close(self):
        self.store.close()

    def fork(self, folder):
        """Another node with the same key and the same log so far."""
        shutil.copytree(self.home.folder, folder)
        twin = House(folder, self.clock)
        twin.count = self.count + 1_000_000
        twin.published_note = self.published_note
        return twin

    def write(self, *keys, times=1, cosigned=True):
        """One block of so many events, about these subjects or each about one of its own."""
        events = []
        for _ in range(times):
            events.append(put(self.count, *keys))
            self.count += 1
        outcomes = self.sequencer.submit([Submission(each) for each in events])
        assert all(isinstance(each, Accepted) for each in outcomes), outcomes
        if cosigned:
            self.publish()
        return self

    def publish(self, *, at=None, is_cosigned=True):
        """Publish the newest checkpoint, cosigned now or at a time in milliseconds."""
        text = parse_signed_checkpoint(self.latest).note.text
        time = (self.clock.now() if at is None else at) // 1000
        lines = [log_line(text)] + ([WITNESS.sign(text, time)] if is_cosigned else [])
        self.published_note = note_bytes(text, *lines)
        self.store.save_checkpoint(self.size, self.published_note)
        return self

    @property
    def latest(self):
        return self.store.read_checkpoint()

    @property
    def published(self):
        return self.published_note

    @property
    def size(self):
        return self.store.read_head().size

    def answer(self, path):
        """Bytes of any path; NotFoundError, LimitError as the routes would have them."""
        parts = urlsplit(path)
        query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        if parts.path == "checkpoint" or parts.path.startswith("tile/"):
            found = self.tiles.read(parts.path)
            if found is None:
                raise NotFoundError(f"no {path}")
            return found
        kind, _, subject = parts.path.removeprefix("v1/").partition("/")
        prover = Prover(self.store, query.get("size"))
        key = parse_subject(subject)
        if kind == "state":
            return dump(format_state_bundle(prover.prove_state(key)))
        if kind == "dossier":
            return dump(self._dossier(prover, key, query.get("from", 0)))
        raise NotFoundError(f"no {path}")

    def _dossier(self, prover, key, start):
        """A dossier, or a part of one as the node's route gives it."""
        value = prover.read_state(key)
        if value is None or value.n - start <= MAX_DOSSIER_EVENTS:
            return format_dossier(prover.prove_history(key, start))
        events = prover.prove_events(key, start, start + MAX_DOSSIER_EVENTS)
        shown = format_dossier_events(events)
        return {"subject": key, "from": start, "events": shown, "next": start + len(shown)}


def dump(document):
    return json.dumps(document).encode()


class Road(Fetcher):
    """The way to a house; `answers` replaces paths by bytes, errors or functions of the answer."""

    def __init__(self, house):
        self.house = house
        self.answers = {}
        self.asked = []

    def get(self, path, *, max_bytes):
        self.asked.append(path)
        data = self._find(path)
        if len(data) > max_bytes:
            raise LimitError(f"{len(data)} bytes")
        return data

    def _find(self, path):
        for prefix, other in self.answers.items():
            if path.startswith(prefix):
                if isinstance(other, LedgerError):
                    raise other
                return other(self.house.answer(path)) if callable(other) else other
        try:
            return self.house.answer(path)
        except LimitError as exc:
            raise UnavailableError(str(exc)) from exc


class Follower:
    """A light client of a house, with a clock and a file of its own."""

    def __init__(self, folder, road, *, quorum=True, clock=None):
        folder.mkdir(exist_ok=True)
        self.road = road
        self.clock = clock or FakeClock()
        self.file = StateFile(folder / "light.state", patience_s=0)
        self.client = LightClient(policy(quorum=quorum), road, self.file, self.clock)

    def follow(self, **members):
        return self.client.follow_once(**members)


class ForgedTree:
    """A tree of so many invented leaves, signed and cosigned: the tiles that a node would serve.

    Args:
        count: Leaves; the last is a seal only if `leaves` says so.
    """

    def __init__(self, count, label=b"leaf"):
        self.hashes = [hash_leaf(label + b"%d" % n) for n in range(count)]
        self.tiles = {}
        for update in extend_tiles(self._read, 0, self.hashes):
            self.tiles[update.level, update.index] = update.data

    def _read(self, level, index):
        raise AssertionError("nothing is there before")

    def root(self, size):
        return hash_tree(self.hashes[:size])

    def read_tile(self, level, index):
        if (level, index) not in self.tiles:
            raise NotFoundError("no tile")
        return self.tiles[level, index]

    def note(self, size, time=START // 1000, *, is_cosigned=True, root=None):
        text = format_checkpoint(Checkpoint(ORIGIN, size, root or self.root(size)))
        lines = [log_line(text)] + ([WITNESS.sign(text, time)] if is_cosigned else [])
        return note_bytes(text, *lines)

    def get(self, path, *, max_bytes):
        tile = parse_tile_path(path)
        data = self.read_tile(tile.level, tile.index)[: tile.width * 32]
        assert tile.width <= TILE_WIDTH
        assert len(data) <= max_bytes
        return data


class _UnixServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Clients leave as they like."""

    def get_request(self):
        request, _ = super().get_request()
        return request, ("unix", 0)


class _TcpServer(ThreadingMixIn, TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """Clients leave as they like."""


@contextmanager
def serve(socket_path, respond):
    """A real HTTP server on a UNIX socket; `respond(handler, path)` writes the whole answer."""
    with _running(_UnixServer(str(socket_path), _handler(respond))):
        yield


@contextmanager
def serve_tcp(respond):
    """The same on this machine's loopback; gives its address."""
    server = _TcpServer(("127.0.0.1", 0), _handler(respond))
    with _running(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


def _handler(respond):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            respond(self, self.path.lstrip("/"))

        def do_POST(self):
            respond(self, self.path.lstrip("/"))

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def _running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def give(handler, data, status=200, **headers):
    """A whole answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@contextmanager
def opened(folder, **members):
    with closing(House(folder, **members)) as house:
        yield house


ASSET = toy_key(777_777)
