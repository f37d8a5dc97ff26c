# SPDX-License-Identifier: Apache-2.0
"""Instruments: what counts and measures, once a process shows its metrics.

Until then each call is one look at an attribute. Labels have few values, which are known or come
from our own code: each combination is a time series that Prometheus keeps.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import prometheus_client
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

# Upper bounds, in seconds: of requests and calls, and of renders and queues.
SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LONG = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)

# What a gauge shows: one number, or one for the values of its labels; None: nothing is known.
Reading = float | Mapping[tuple[str, ...], float] | None


def _nothing() -> Reading:
    return None


class Instrument:
    """A metric with a name, a text that explains it, and labels.

    :param labels: the values of each label, empty if they are not known beforehand. Where they are
        known, a series begins with 0, so that Prometheus sees the first increase.
    """

    kind = ""

    def __init__(
        self, name: str, text: str, labels: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.name = name
        self.text = text
        self.labels = dict(labels or {})
        self._metric: Any = None

    def open(self, registry: CollectorRegistry) -> None:
        """Count and measure from now on, for ``registry``."""
        metric = self._made(registry)
        if self.labels:
            for values in product(*self.labels.values()):
                metric.labels(*values)
        self._metric = metric

    def close(self) -> None:
        """Count and measure no longer."""
        self._metric = None

    def _made(self, registry: CollectorRegistry) -> Any:
        raise NotImplementedError


class Counter(Instrument):
    """Counts events."""

    kind = "counter"

    def add(self, *values: str, amount: float = 1) -> None:
        """Count ``amount`` events with these values of the labels."""
        metric = self._metric
        if metric is not None:
            (metric.labels(*values) if values else metric).inc(amount)

    def _made(self, registry: CollectorRegistry) -> Any:
        return prometheus_client.Counter(self.name, self.text, [*self.labels], registry=registry)


class Histogram(Instrument):
    """Measures durations.

    :param buckets: upper bounds in seconds.
    """

    kind = "histogram"

    def __init__(
        self,
        name: str,
        text: str,
        buckets: Sequence[float],
        labels: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(name, text, labels)
        self._buckets = buckets

    def observe(self, seconds: float, *values: str) -> None:
        """Record a duration with these values of the labels."""
        metric = self._metric
        if metric is not None:
            (metric.labels(*values) if values else metric).observe(seconds)

    def _made(self, registry: CollectorRegistry) -> Any:
        return prometheus_client.Histogram(
            self.name, self.text, [*self.labels], buckets=self._buckets, registry=registry
        )


class Gauge(Instrument, Collector):
    """Shows what it reads whenever Prometheus asks."""

    kind = "gauge"

    def __init__(
        self, name: str, text: str, labels: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(name, text, labels)
        self._read: Callable[[], Reading] = _nothing

    def read_from(self, read: Callable[[], Reading]) -> None:
        """Have ``read`` tell what to show; it must not raise."""
        self._read = read

    def open(self, registry: CollectorRegistry) -> None:
        """Show what it reads in ``registry``."""
        registry.register(self)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Tell the registry the name, without a reading."""
        yield GaugeMetricFamily(self.name, self.text, labels=[*self.labels])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read, and yield what is known."""
        (family,) = self.describe()
        reading = self._read()
        if isinstance(reading, Mapping):
            for values, number in reading.items():
                family.add_metric(values, number)
        elif reading is not None:
            family.add_metric([], reading)
        yield family
