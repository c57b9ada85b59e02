"""What Prometheus asks of a node."""

from collections import Counter as Tally
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from ledger.errors import LedgerError, RejectedError
from ledger.sequencer import Outcome, Refused
from node.server.logs import count_dropped
from node.server.writer import Written

if TYPE_CHECKING:
    from node.server.node import Node

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ACCEPTED: Final = "accepted"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_EVENTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """Counts what a node does; read by `GET /metrics`.

    Args:
        node: Whose gauges are read when asked.
    """

    def __init__(self, node: "Node") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own
        self._registry = CollectorRegistry()
        self._node = node
        self._requests = Counter(
            "muniment_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "muniment_request_seconds",
            "From the head of a request to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._events = Counter(
            "muniment_events", "Events by outcome.", ["outcome"], registry=self._registry
        )
        self._refusals = Counter(
            "muniment_refusals", "Refused events by code.", ["code"], registry=self._registry
        )
        self._block = Histogram(
            "muniment_block_events",
            "Events written by one call of the sequencer.",
            buckets=_EVENTS,
            registry=self._registry,
        )
        self._commit = Histogram(
            "muniment_commit_seconds",
            "Signatures, execution, commit and checkpoint of such a call.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._gauge("muniment_queue_events", "Waiting or being written.", self._read_queue)
        self._gauge("muniment_log_size", "Leaves of the log.", self._read_size)
        self._gauge("muniment_published_size", "Leaves published.", self._read_published)
        self._gauge(
            "muniment_published_age_seconds",
            "Since the published checkpoint was known to be the newest.",
            self._read_age,
        )
        self._gauge(
            "muniment_log_lines_dropped",
            "Lines of the log that nobody read in time, since the start.",
            count_dropped,
        )
        self._gauge("muniment_ready", "1 while the node takes events.", self._read_ready)

    @property
    def registry(self) -> CollectorRegistry:
        """For counters of other parts of the node."""
        return self._registry

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer.

        Args:
            method: Of HTTP; one that is not known counts as `OTHER`.
            route: Template of the path, never the path.
            status: Of the answer.
            seconds: That it took.
        """
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def note_written(self, written: Written) -> None:
        """Count what one call of the sequencer did."""
        self._commit.observe(written.seconds)
        outcomes = Tally(map(_name, written.outcomes))
        for outcome, count in outcomes.items():
            self._events.labels(outcome).inc(count)
        refused = (one.error for one in written.outcomes if isinstance(one, Refused))
        for code, count in Tally(map(_code_of, refused)).items():
            self._refusals.labels(code).inc(count)
        if outcomes[_ACCEPTED]:
            self._block.observe(outcomes[_ACCEPTED])

    def expose(self) -> bytes:
        """All of it, in Prometheus's text form."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(read)

    def _read_queue(self) -> float:
        return self._node.writer.queued

    def _read_size(self) -> float:
        return self._node.reader.count_leaves()

    def _read_published(self) -> float:
        return self._node.publisher.published_size

    def _read_age(self) -> float:
        time = self._node.publisher.published_time
        return 0.0 if time is None else max(0, self._node.registry.clock.now() - time) / 1000

    def _read_ready(self) -> float:
        try:
            self._node.check_ready()
        except LedgerError:
            return 0.0
        return 1.0


def _name(outcome: Outcome) -> str:
    if isinstance(outcome, Refused):
        return "refused"
    return "duplicate" if outcome.is_duplicate else _ACCEPTED


def _code_of(error: LedgerError) -> str:
    return error.reason if isinstance(error, RejectedError) else error.code
