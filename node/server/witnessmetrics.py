"""How it stands with each witness, for Prometheus."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from node.server.publishing import Publisher


class WitnessCollector(Collector):
    """Reads the publisher's state when it is asked; `CollectorRegistry.register` takes it.

    Args:
        publisher: Of the node.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    @override
    def collect(self) -> Iterable[Metric]:
        """One sample of each kind for each witness that is asked, named as the policy does."""
        size = GaugeMetricFamily(
            "muniment_witness_size", "Leaves of the newest cosigned checkpoint.", labels=["witness"]
        )
        cosigned = CounterMetricFamily(
            "muniment_witness_cosignatures", "Cosignatures obtained.", labels=["witness"]
        )
        failures = CounterMetricFamily(
            "muniment_witness_failures", "Times that it gave none.", labels=["witness"]
        )
        for state in self._publisher.witnesses:
            size.add_metric([state.name], state.size)
            cosigned.add_metric([state.name], state.cosigned)
            failures.add_metric([state.name], state.failures)
        return size, cosigned, failures
