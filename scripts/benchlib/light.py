"""Figures of the light client: how long it takes to catch up with a log, and in how much memory."""

import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nacl.signing import SigningKey
from typing_extensions import override

from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.entry import Seal, encode_seal
from ledger.core.hashing import hash_leaf
from ledger.core.merkle import hash_tree
from ledger.core.note import Algorithm, SignatureLine, SignedNote, create_verifier_key, format_note
from ledger.core.policy import Log, Policy, format_policy
from ledger.core.tiles import (
    TILE_WIDTH,
    TileUpdate,
    encode_entry_bundle,
    extend_tiles,
    parse_entries_path,
    parse_tile_path,
)
from ledger.core.types import Digest, TreeSize, UnixMillis
from ledger.errors import MalformedError, NotFoundError
from scripts.benchlib.measure import Row, Scale, at_most

ORIGIN = "example.org/bench"
_TIME = 1_763_800_000_000
_FIRST = 1_000
_ENTRY = b"x" * 1_500
_FOLLOW = """
import re, sys
from cli.main import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1])
sys.exit(code)
"""


class SyntheticLog:
    """A signed tree of invented leaves; only those that a light client reads are leaves of ours.

    Args:
        size: Number of leaves at the end; the log had 1,000 before.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._real = {n: _seal(n) for n in (_FIRST - 1, _FIRST, size - 1)}
        self.hashes = [hash_leaf(self.leaf(n)) for n in range(size)]
        updates = extend_tiles(_refuse, TreeSize(0), self.hashes)
        self._tiles = {(update.level, update.index): update for update in updates}
        secret = SigningKey(bytes(32))
        self._secret = secret
        self.key = create_verifier_key(ORIGIN, Algorithm.ED25519, bytes(secret.verify_key))

    def leaf(self, index: int) -> bytes:
        return self._real.get(index) or b"%d %b" % (index, _ENTRY)

    def note(self, size: int) -> bytes:
        root = hash_tree(self.hashes[:size])
        text = format_checkpoint(Checkpoint(ORIGIN, TreeSize(size), root))
        signature = self._secret.sign(text.encode()).signature
        return format_note(SignedNote(text, (SignatureLine(ORIGIN, self.key.key_id, signature),)))

    def read(self, path: str) -> bytes:
        """A tile or a bundle.

        Raises:
            NotFoundError: There is none.
        """
        try:
            tile = parse_entries_path(path)
        except MalformedError:
            tile = parse_tile_path(path)
            return self._tile(tile.level, tile.index).data[: tile.width * 32]
        first = tile.index * TILE_WIDTH
        return encode_entry_bundle([self.leaf(n) for n in range(first, first + tile.width)])

    def _tile(self, level: int, index: int) -> TileUpdate:
        try:
            return self._tiles[level, index]
        except KeyError:
            raise NotFoundError("no tile") from None


def measure_light(folder: Path, scale: Scale) -> list[Row]:
    """A light client that was away while a log grew, as a process of its own."""
    log = SyntheticLog(scale.large)
    notes = [log.note(_FIRST)]
    place = folder / "light"
    place.mkdir(exist_ok=True)
    (place / "trust.policy").write_bytes(format_policy(Policy((Log(log.key),))))
    with _serving(log, notes) as url:
        _follow(url, place)
        notes.append(log.note(scale.large))
        started = time.perf_counter()
        peak = _follow(url, place)
        took = time.perf_counter() - started
    name = f"{scale.large:,} entries caught up by proof"
    meaning = (
        "the command 'light follow --once' as a process of its own, start and end included, over "
        f"HTTP on loopback: consistency with {_FIRST:,} trusted entries from tiles, the first and "
        "the last new leaf"
    )
    return [
        Row("light", name, took, "s", at_most(2), meaning),
        Row("light", f"{name}, memory", peak, "MB", at_most(100), "peak of that process"),
    ]


def _follow(url: str, place: Path) -> float:
    """Peak memory of a follower, in megabytes."""
    words = ("--home", place, "light", "follow", url, "--once", "--json")
    command = [sys.executable, "-c", _FOLLOW, *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    document, _, peak = done.stdout.rstrip().rpartition("\n")
    if json.loads(document)["outcome"] not in {"first", "advanced"}:
        raise AssertionError("the client did not advance")
    return int(peak) / 1000


@contextmanager
def _serving(log: SyntheticLog, notes: list[bytes]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            data = notes[-1] if path == "checkpoint" else log.read(path)
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing is said of requests."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _seal(index: int) -> bytes:
    seal = Seal(
        count=1,
        first=index - 1,
        height=1,
        prev=Digest(bytes([1]) * 32),
        rules="muniment-rules/0",
        state_root=Digest(bytes(32)),
        state_size=1,
        time=UnixMillis(_TIME + index),
    )
    return encode_seal(seal)


def _refuse(_level: int, _index: int) -> bytes:
    raise AssertionError("nothing was there before")
