"""A running node: the registry that it writes, what it reads from, and what it promises."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from ledger.clock import Clock
from ledger.errors import LedgerError, UnavailableError
from ledger.keys import Passphrase
from ledger.sequencer import Accepted
from ledger.storage.cache import READER_PAGES
from ledger.storage.sqlite import SqliteStore
from node.registry import Registry, open_registry
from node.server.limits import Rates
from node.server.metrics import Metrics
from node.server.publishing import Publisher, open_publisher
from node.server.settings import NodeSettings
from node.server.statements import Answers, load_node_key
from node.server.witnessmetrics import WitnessCollector
from node.server.writer import Writer, Written


class Node:
    """What the routes of a node use; `open_node` makes one.

    Args:
        settings: Its bounds.
        registry: Opened for writing; its store is the writer's.
        reader: Another connection to the same ledger, which never waits for a commit.
        publisher: Which checkpoint is shown.
        answers: Signs what is said about submissions.
    """

    def __init__(
        self,
        settings: NodeSettings,
        registry: Registry,
        reader: SqliteStore,
        publisher: Publisher,
        answers: Answers,
    ) -> None:
        self.settings = settings
        self.registry = registry
        self.reader = reader
        self.publisher = publisher
        self.answers = answers
        self.rates = Rates(settings, registry.clock)
        self.metrics = Metrics(self)
        self.metrics.registry.register(WitnessCollector(publisher))
        self.writer = Writer(
            registry, max_events=settings.queue_events, max_bytes=settings.queue_bytes
        )
        self.is_stopping = False
        self._endings: list[Callable[[], None]] = []
        self.writer.on_written(self._note)

    @property
    def failure(self) -> LedgerError | None:
        """Why this process has to exit; None while it works."""
        return self.writer.failure or self.publisher.failure

    def check_ready(self) -> None:
        """Make sure that the node takes events and can read what it holds.

        Raises:
            UnavailableError: It stops, or its writer has failed.
            LedgerError: The store cannot be read.
        """
        if self.is_stopping:
            raise UnavailableError("the node is stopping")
        if self.failure is not None or not self.writer.is_ready:
            raise UnavailableError("the node's writer is not at work")
        self.reader.read_head()

    def at_end(self, close: Callable[[], None]) -> None:
        """Call this in a thread once the node has stopped."""
        self._endings.append(close)

    def begin_stop(self) -> None:
        """Take nothing new and say so; what is under way goes on."""
        self.is_stopping = True

    def run(self) -> AbstractAsyncContextManager[None]:
        """Write and publish while within; at the end, what was accepted is finished first."""
        return self._run()

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        self.writer.start()
        self.publisher.start()
        try:
            yield
        finally:
            self.begin_stop()
            await self.writer.stop()
            await self.publisher.stop()
            for close in self._endings:
                await asyncio.to_thread(close)

    def _note(self, written: Written) -> None:
        """In the event loop, after each call of the sequencer."""
        sizes = [one.size for one in written.outcomes if isinstance(one, Accepted)]
        if sizes:
            self.publisher.note_block(max(sizes))
        self.metrics.note_written(written)


@contextmanager
def open_node(
    home: Path,
    passphrase: Passphrase | None,
    settings: NodeSettings,
    *,
    clock: Clock | None = None,
) -> Iterator[Node]:
    """Open the node of a home folder; hold its lock until the end.

    Args:
        home: The home folder.
        passphrase: Opens the log's and the node's key.
        settings: Bounds.
        clock: The machine's unless told.

    Raises:
        NotFoundError: There is no registry, no key or no policy.
        UnavailableError: Another process is writing.
        RollbackError: The ledger does not contain what its key signed.
        CorruptionError: A library, the file or a key is not to be trusted.
        RejectedError: The ledger was opened under other trial rules.
        PassphraseRequiredError: A key is sealed and no passphrase was given.
    """
    with ExitStack() as stack:
        registry = stack.enter_context(open_registry(home, passphrase, is_writer=True, clock=clock))
        reader = SqliteStore(registry.home.ledger, pages=READER_PAGES)
        stack.callback(reader.close)
        key = load_node_key(registry.ring, registry.ledger.node)
        answers = Answers(key, registry.origin, registry.clock)
        publisher = open_publisher(
            registry.store, registry.home.policy, reader, clock=registry.clock
        )
        yield Node(settings, registry, reader, publisher, answers)
