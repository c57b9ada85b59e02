"""The publisher: witnesses of every character, and a checkpoint that is published only when it may be."""

import asyncio
import contextlib
import gzip
import socketserver
import threading
import time
from contextlib import ExitStack

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ledger.core.bundle import verify_state_bundle
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.note import format_signature_line, parse_note
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Group, Log, Policy, Witness, format_policy
from ledger.errors import MalformedError, StoreFailedError, UnavailableError
from ledger.sequencer import Submission
from ledger.storage.base import KEPT_BLOCKS, PRUNE_EVERY, Table
from ledger.storage.sqlite import SqliteStore
from node.proofs import Prover
from node.server.peers import PublishingSettings
from node.server.publishing import Publisher, open_publisher
from node.server.witnessmetrics import WitnessCollector
from tests.support.ledgers import LOG_VERIFIER, FakeClock, Home, put, toy_key
from tests.support.note_signers import mldsa_signer, witness_signer
from tests.support.witnesses import app_of, serving, witness_key

QUICK = PublishingSettings(
    interval=0.02, hurry=0.001, longest_round=2, timeout=1.5, first_retry=0.05, last_retry=0.2
)
DEADLINE = 60


class World:
    """A ledger with a writer, and witnesses that its policy names.

    Args:
        folder: Of everything.
    """

    def __init__(self, folder, stack):
        self.folder, self.stack = folder, stack
        self.clock = FakeClock()
        self.home = Home(folder / "home").found()
        self.store, self.sequencer = stack.enter_context(self.home.open(self.clock))
        self.store._db.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug here
        self.reader = stack.enter_context(contextlib.closing(SqliteStore(self.home.ledger)))
        self.apps = {}
        self.policy = Policy((Log(LOG_VERIFIER),))
        self.number = 0
        self.witnesses = {}

    def write(self, count=1):
        """So many blocks; the size after them."""
        for _ in range(count):
            self.clock.pass_time(1000)
            self.sequencer.submit([Submission(put(self.number, toy_key(self.number % 5)))])
            self.number += 1
        return self.sequencer.head.size

    def add(self, name, app=None, key=None):
        """A witness of the policy; an honest one unless told."""
        if app is None:
            key = witness_key(f"{name}.example")
            folder = self.folder / name
            made = serving(folder, _Signer(LOG_VERIFIER), key=key, clock=self.clock)
            witness = self.witnesses[name] = self.stack.enter_context(made)
            app, key = app_of(witness), key.verifier
        self.apps[f"http://{name}.example"] = app
        url = f"http://{name}.example".encode()
        self.policy = Policy(
            self.policy.logs,
            (*self.policy.witnesses, Witness(name.encode(), key, url)),
            self.policy.groups,
            self.policy.quorum,
        )

    def need(self, count):
        names = tuple(witness.name for witness in self.policy.witnesses)
        groups = (Group(b"all-of-them", count, names),)
        self.policy = Policy(self.policy.logs, self.policy.witnesses, groups, b"all-of-them")

    def connect(self, witness):
        app = self.apps[witness.url.decode()]
        if isinstance(app, Raw):
            path = self.folder / f"{witness.name.decode()}.socket"
            app.listen(path, self.stack)
            transport = httpx2.AsyncHTTPTransport(uds=str(path))
        else:
            transport = httpx2.ASGITransport(app)
        return httpx2.AsyncClient(transport=transport)

    def publisher(self, settings=QUICK):
        return Publisher(
            self.store,
            lambda: self.policy,
            self.reader,
            clock=self.clock,
            settings=settings,
            connect=self.connect,
        )

    def run(self, scenario, settings=QUICK):
        """Have a publisher while a scenario lasts; what the scenario gives."""

        async def live():
            publisher = self.publisher(settings)
            publisher.start()
            try:
                return await asyncio.wait_for(scenario(publisher), DEADLINE)
            finally:
                await publisher.stop()

        return asyncio.run(live())


class _Signer:
    def __init__(self, key):
        self.key = key


@pytest.fixture
def world(tmp_path):
    with ExitStack() as stack:
        yield World(tmp_path, stack)


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


def names_under(note):
    return {line.name for line in parse_note(note).signatures}


# A lying, sleeping, endless or otherwise useless witness: what its application does.


async def respond(send, status, *chunks, content_type=b"text/plain"):
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def answering(status, body, content_type=b"text/plain"):
    async def app(scope, receive, send):
        await respond(send, status, body, content_type=content_type)

    return app


def cosigning(signer, timestamp, text=None):
    """Signs whatever text it is shown, or another one."""

    async def app(scope, receive, send):
        body = (await receive())["body"].decode()
        shown = body.split("\n\n", 1)[1].split("\n\n")[0] + "\n"
        line = signer.sign(text(shown) if text else shown, timestamp)
        await respond(send, 200, format_signature_line(line).encode())

    return app


async def sleeping(scope, receive, send):
    await asyncio.sleep(3600)


class Raw:
    """A witness that speaks HTTP over a real socket, or nearly.

    Args:
        speak: Sends what it likes; the other side may leave at any time.
    """

    def __init__(self, speak):
        self._speak = speak

    def listen(self, path, stack):
        speak = self._speak

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    self.request.recv(65536)
                    speak(self.request.sendall)

        server = stack.enter_context(socketserver.ThreadingUnixStreamServer(str(path), Handler))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        stack.callback(server.shutdown)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"


def breaking_off(send):
    send(HEAD[:20])


def endless(send):
    send(HEAD)
    while True:
        send(b"x" * 65536)


def endless_head(send):
    send(b"HTTP/1.1 200 OK\r\n")
    while True:
        send(b"x-more: and more\r\n" * 100)


def trickling(send):
    send(HEAD)
    while True:
        send(b"\n")
        time.sleep(0.02)


def bomb(send):
    packed = gzip.compress(b"x" * 50_000_000)
    head = HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
    send(head + packed)


BAD = witness_signer("bad.example")
NOW = FakeClock().now() // 1000
SIZE = b"text/x.tlog.size"
USELESS = {
    "sleeps": sleeping,
    "breaks off": Raw(breaking_off),
    "answers without end": Raw(endless),
    "answers with headers without end": Raw(endless_head),
    "trickles": Raw(trickling),
    "answers with 50 MB that were packed": Raw(bomb),
    "speaks another language": Raw(lambda send: send(b"220 mail.example ESMTP\r\n")),
    "answers nothing": answering(200, b""),
    "answers HTML": answering(200, b"<html>\n"),
    "answers a huge line": answering(200, "— bad.example ".encode() + b"A" * 50_000 + b"\n"),
    "redirects": answering(302, b""),
    "does not know us": answering(404, b""),
    "is down": answering(503, b""),
    "says that it knows a larger log": answering(409, b"999999\n", SIZE),
    "says that it knows another size each time": answering(409, b"1\n", SIZE),
    "says no size": answering(409, b"many\n", SIZE),
    "says a size of 1 MB": answering(409, b"1" * 1_000_000 + b"\n", SIZE),
    "says a size as another type": answering(409, b"0\n"),
    "signs another text": cosigning(BAD, NOW, lambda text: text.replace("example", "ex")),
    "signs with another key": cosigning(witness_signer("bad.example", "x"), NOW),
    "signs as another": cosigning(witness_signer("other.example"), NOW),
    "signs in the far future": cosigning(BAD, NOW + 10**9),
    "signs in the past": cosigning(BAD, NOW - 3600),
    "states a time beyond every year": cosigning(BAD, 2**63 - 1),
}


@pytest.mark.parametrize("name", USELESS)
def test_one_useless_witness_harms_nobody_else(world, name):
    world.add("bad", USELESS[name], BAD.key)
    world.add("one")
    world.add("two")
    world.need(2)

    async def scenario(publisher):
        for _ in range(3):
            size = world.write()
            publisher.note_block(size)
            assert await publisher.wait_published(size, DEADLINE)
        await until(lambda: publisher.witnesses[0].failures)
        return publisher.published, publisher.witnesses

    note, (bad, *good) = world.run(scenario)
    open_checkpoint(world.policy, note)
    assert names_under(note) == {LOG_VERIFIER.name, "one.example", "two.example"}
    assert bad.cosigned == 0 < bad.failures
    assert bad.last_error
    assert all(state.failures == 0 for state in good)


def test_what_a_useless_witness_does_is_never_published(world):
    world.add("bad", USELESS["signs another text"], BAD.key)
    world.need(1)

    async def scenario(publisher):
        size = world.write()
        publisher.note_block(size)
        assert not await publisher.wait_published(size, 0.3)
        return publisher.published, publisher.latest

    published, latest = world.run(scenario)
    assert published is None
    assert parse_signed_checkpoint(latest).body.size == 2


def test_without_witnesses_what_is_signed_is_published_at_once(world):
    async def scenario(publisher):
        assert publisher.published is None
        size = world.write(3)
        publisher.note_block(size)
        assert await publisher.wait_published(size, 0)
        assert not await publisher.wait_published(size + 2, 0.01)
        return publisher.published, publisher.latest, publisher.published_size

    published, latest, size = world.run(scenario)
    assert published == latest == world.store.read_checkpoint()
    assert size == world.store.read_head().size
    assert world.store.read_hold() is None


def test_a_lone_waiter_is_served_at_once_and_not_at_the_next_second(world):
    world.add("one")
    world.add("two")
    world.need(2)

    async def scenario(publisher):
        for _ in range(5):
            size = world.write()
            publisher.note_block(size)
            assert await publisher.wait_published(size, DEADLINE)

    world.run(scenario, PublishingSettings(interval=3600, hurry=0.001))


def test_nobody_is_asked_more_often_than_the_interval_while_nobody_waits(world):
    world.add("one")
    world.need(1)

    async def scenario(publisher):
        first = world.write()
        publisher.note_block(first)
        await until(lambda: publisher.published_size == first)
        for _ in range(20):
            publisher.note_block(world.write())
            await asyncio.sleep(0.005)
        return publisher.witnesses[0].cosigned

    assert world.run(scenario, PublishingSettings(interval=3600)) == 1


def test_two_slow_witnesses_come_together_on_one_checkpoint_while_the_log_grows(world):
    world.add("one")
    world.add("two")
    world.need(2)
    for offset, (url, app) in enumerate(list(world.apps.items())):
        world.apps[url] = slowed(app, 0.1 + 0.07 * offset)

    async def scenario(publisher):
        sizes = set()
        while len(sizes) < 3:
            publisher.note_block(world.write())
            await asyncio.sleep(0.01)
            sizes.add(publisher.published_size)

    world.run(scenario, PublishingSettings(interval=0.01, timeout=2, longest_round=2))


def test_what_is_asked_for_stays_the_same_until_it_is_published(world):
    world.add("one")
    world.add("two")
    world.need(2)
    app, may_answer = world.apps["http://two.example"], asyncio.Event()

    async def held_up(scope, receive, send):
        await may_answer.wait()
        await app(scope, receive, send)

    world.apps["http://two.example"] = held_up

    async def scenario(publisher):
        first = world.write()
        publisher.note_block(first)
        for _ in range(10):
            await asyncio.sleep(0.02)
            publisher.note_block(world.write())
        await until(lambda: publisher.witnesses[0].cosigned)
        assert publisher.witnesses[0].cosigned == 1
        may_answer.set()
        await until(lambda: publisher.published_size >= first)
        await until(lambda: publisher.published_size == world.sequencer.head.size)

    world.run(scenario, PublishingSettings(interval=0.001))


def slowed(app, seconds):
    async def slow(scope, receive, send):
        await asyncio.sleep(seconds)
        await app(scope, receive, send)

    return slow


def test_a_late_cosignature_joins_the_note_that_is_published_already(world):
    world.add("one")
    world.add("two")
    world.need(1)
    world.apps["http://two.example"] = slowed(world.apps["http://two.example"], 0.1)

    async def scenario(publisher):
        size = world.write()
        publisher.note_block(size)
        await until(lambda: publisher.published_size == size)
        await until(lambda: "two.example" in names_under(publisher.published))
        return publisher.published, publisher.latest

    published, latest = world.run(scenario)
    assert published == latest == world.store.read_checkpoint()


def test_a_witness_that_knows_more_or_less_than_we_think_is_asked_from_there(world):
    world.add("one")
    world.need(1)

    async def scenario(publisher):
        size = world.write(3)
        publisher.note_block(size)
        assert await publisher.wait_published(size, DEADLINE)

    world.run(scenario)
    size = world.write(2)
    with contextlib.closing(SqliteStore(world.home.ledger)) as store:
        bare = store.read_checkpoint(6).split("— one.example".encode())[0]
        store.save_checkpoint(6, bare)  # the node has forgotten that it was cosigned
        store.hold_pages(None)

    async def again(publisher):
        assert publisher.witnesses[0].size == 0
        assert publisher.published is None
        assert await publisher.wait_published(size, DEADLINE)
        return publisher.witnesses[0].failures

    assert world.run(again) == 0


@pytest.mark.parametrize(("content_type", "asked"), [(SIZE, 2), (b"text/plain", 1)])
def test_a_size_is_taken_from_an_answer_of_the_right_type_only(world, content_type, asked):
    requests = []

    async def conflict(scope, receive, send):
        requests.append((await receive())["body"].split(b"\n")[0])
        await respond(send, 409, b"2\n", content_type=content_type)

    world.add("bad", conflict, BAD.key)
    world.need(1)

    async def scenario(publisher):
        publisher.note_block(world.write(2))
        await until(lambda: publisher.witnesses[0].failures)

    world.run(scenario, PublishingSettings())
    assert requests == [b"old 0", b"old 2"][:asked]


def test_a_witness_that_comes_back_is_asked_again(world):
    world.add("one")
    world.need(1)
    app = world.apps["http://one.example"]
    is_down = True

    async def now_and_then(scope, receive, send):
        await (answering(503, b"") if is_down else app)(scope, receive, send)

    world.apps["http://one.example"] = now_and_then

    async def scenario(publisher):
        nonlocal is_down
        size = world.write()
        publisher.note_block(size)
        await until(lambda: publisher.witnesses[0].failures >= 3)
        assert publisher.witnesses[0].in_a_row >= 3
        is_down = False
        assert await publisher.wait_published(size, DEADLINE)
        return publisher.witnesses[0]

    state = world.run(scenario)
    assert (state.in_a_row, state.last_error) == (0, "")


def test_failures_are_spaced_further_and_further_apart(world):
    world.add("bad", answering(503, b""), BAD.key)
    world.need(1)

    async def scenario(publisher):
        publisher.note_block(world.write())
        await asyncio.sleep(0.5)
        return publisher.witnesses[0].failures

    slow = PublishingSettings(interval=0.001, first_retry=0.05, last_retry=60)
    assert world.run(scenario, slow) <= 5  # 0, 0.05, 0.15, 0.35, 0.75 s


def test_the_next_process_knows_what_was_published_and_asks_from_there(world):
    world.add("one")
    world.need(1)

    async def publish(publisher):
        size = world.write(3)
        publisher.note_block(size)
        assert await publisher.wait_published(size, DEADLINE)
        return publisher.published

    published = world.run(publish)
    world.write(70)  # while no publisher lives

    async def look(publisher):
        assert publisher.published == published
        assert publisher.witnesses[0].size == publisher.published_size == 6
        await until(lambda: publisher.published_size == 146)

    world.run(look)


def test_an_auditor_that_answers_later_is_waited_for_if_the_policy_needs_it(world):
    auditor = witness_signer("auditor.example")
    is_done = False

    async def audit(scope, receive, send):
        if not is_done:
            await respond(send, 503)
        else:
            await cosigning(auditor, world.clock.now() // 1000)(scope, receive, send)

    world.add("one")
    world.add("auditor.x", audit, auditor.key)
    world.need(2)

    async def scenario(publisher):
        nonlocal is_done
        size = world.write()
        publisher.note_block(size)
        assert not await publisher.wait_published(size, 0.2)
        is_done = True
        assert await publisher.wait_published(size, DEADLINE)
        return publisher.published

    assert open_checkpoint(world.policy, world.run(scenario)).is_audited


def test_an_ml_dsa_witness_counts_too(world):
    signer = mldsa_signer("pq.example")
    world.add("pq", cosigning(signer, NOW), signer.key)
    world.need(1)

    async def scenario(publisher):
        size = world.write()
        publisher.note_block(size)
        assert await publisher.wait_published(size, DEADLINE)

    world.run(scenario)


def test_witnesses_without_a_url_are_not_asked_and_a_wrong_url_is_refused(world):
    world.policy = Policy(world.policy.logs, (Witness(b"w", BAD.key),))
    assert world.publisher().witnesses == []
    for url in (
        b"ftp://w.example",
        b"w.example",
        b"http://",
        b"http://a@w.example",
        b"http://w/?q",
    ):
        world.policy = Policy(world.policy.logs, (Witness(b"w", BAD.key, url),))
        with pytest.raises(MalformedError, match=r"the URL of the witness w|no URL"):
            world.publisher()


def test_a_policy_file_that_names_a_witness_from_now_on_is_followed(world, monkeypatch):
    monkeypatch.setattr("node.server.publishing._LOOK_AGAIN_S", 0.02)
    path = world.folder / "trust.policy"
    path.write_bytes(format_policy(world.policy))
    monkeypatch.setattr("node.server.peers._connect", lambda _: None)

    async def live():
        publisher = open_publisher(
            world.store, path, world.reader, clock=world.clock, settings=QUICK
        )
        publisher._create.keywords["connect"] = world.connect
        publisher.start()
        try:
            publisher.note_block(world.write())
            assert publisher.published_size == 2
            world.add("one")
            world.need(1)
            path.write_bytes(b"nonsense\n")
            await asyncio.sleep(0.05)
            path.write_bytes(format_policy(world.policy))
            size = world.write()
            publisher.note_block(size)
            assert await publisher.wait_published(size, DEADLINE)
            return publisher.published
        finally:
            await publisher.stop()

    assert names_under(asyncio.run(live())) == {LOG_VERIFIER.name, "one.example"}


def test_waiters_are_let_go_when_the_node_stops(world):
    world.add("bad", sleeping, BAD.key)
    world.need(1)

    async def live():
        publisher = world.publisher(PublishingSettings())
        publisher.start()
        publisher.note_block(world.write())
        waiting = asyncio.create_task(publisher.wait_published(2, 3600))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await publisher.stop()
        assert time.monotonic() - began < 5
        return await waiting

    assert asyncio.run(asyncio.wait_for(live(), DEADLINE)) is False


def test_how_it_stands_with_each_witness_can_be_measured(world):
    world.add("bad", answering(503, b""), BAD.key)
    world.add("one")
    world.need(1)
    registry = CollectorRegistry()

    async def scenario(publisher):
        registry.register(WitnessCollector(publisher))
        size = world.write()
        publisher.note_block(size)
        assert await publisher.wait_published(size, DEADLINE)
        await until(lambda: publisher.witnesses[0].failures)
        return generate_latest(registry).decode()

    shown = world.run(scenario)
    assert 'muniment_witness_size{witness="one"} 2.0' in shown
    assert 'muniment_witness_cosignatures_total{witness="one"} 1.0' in shown
    assert 'muniment_witness_cosignatures_total{witness="bad"} 0.0' in shown
    assert 'muniment_witness_failures_total{witness="bad"} 0.0' not in shown


FAILURES = {
    "a failed write": (StoreFailedError("the disk is full"), StoreFailedError),
    "a bug of ours": (ZeroDivisionError("a secret"), UnavailableError),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_node_that_cannot_publish_any_more_says_so_and_has_to_exit(world, name, caplog):
    error, expected = FAILURES[name]
    world.add("one")
    world.need(1)

    async def scenario(publisher):
        assert publisher.failure is None
        size = world.write()
        world.store._failed = error
        publisher.note_block(size)
        await until(lambda: publisher.failure is not None)
        assert not await publisher.wait_published(size, 0.05)
        return publisher.failure

    assert isinstance(world.run(scenario), expected)
    world.store._failed = None
    assert "publishing failed" in caplog.text


# Pages of the map, which are kept for the published checkpoint.


def test_a_sleeping_quorum_holds_the_pages_of_the_published_checkpoint(world):
    world.add("one")
    world.need(1)

    async def publish(publisher):
        publisher.note_block(world.write())
        await until(lambda: publisher.published_size == world.sequencer.head.size)
        return publisher.published_size

    published = world.run(publish)
    world.write(KEPT_BLOCKS + 2 * PRUNE_EVERY)  # nobody cosigns
    opened = open_checkpoint(world.policy, world.store.read_checkpoint(published))
    verify_state_bundle(Prover(world.store, published).prove_state(toy_key(0)), opened)
    assert world.home.audit().size == world.sequencer.head.size
    held = count(world, Table.PAGE)

    published = world.run(publish)
    world.write(PRUNE_EVERY)
    assert world.home.audit().size == world.sequencer.head.size
    assert count(world, Table.PAGE) < held
    opened = open_checkpoint(world.policy, world.store.read_checkpoint(published))
    verify_state_bundle(Prover(world.store, published).prove_state(toy_key(0)), opened)


def count(world, table):
    return sum(1 for _ in world.store.iterate_rows(table))


def test_a_policy_without_witnesses_holds_nothing_any_more(world):
    world.add("one")
    world.need(1)

    async def publish(publisher):
        publisher.note_block(world.write())
        await until(lambda: publisher.published_size == 2)

    world.run(publish)
    assert world.store.read_hold() == 2
    needed, world.policy = world.policy, Policy(world.policy.logs)
    world.publisher()
    assert world.store.read_hold() is None
    world.store.hold_pages(2)
    world.policy = needed

    async def change(publisher):
        world.policy = Policy(world.policy.logs)
        publisher.note_block(world.write())
        await until(lambda: world.store.read_hold() is None)
        assert publisher.published == publisher.latest

    world.run(change)
