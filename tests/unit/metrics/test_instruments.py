# SPDX-License-Identifier: Apache-2.0
"""Instruments: they count once they are open, and known values of labels begin with 0."""

import pytest
from prometheus_client import CollectorRegistry

from faafo.metrics.catalogue import ROLES
from faafo.metrics.instruments import SHORT, Counter, Gauge, Histogram


@pytest.fixture
def registry():
    return CollectorRegistry()


def test_a_counter_counts_nothing_until_it_is_open(registry):
    counter = Counter("faafo_tests_total", "Tests.")
    counter.add()
    counter.open(registry)
    counter.add()
    counter.add(amount=2)
    assert registry.get_sample_value("faafo_tests_total") == 3


def test_a_series_whose_labels_are_known_begins_with_0(registry):
    counter = Counter("faafo_tests_total", "Tests.", {"outcome": ("passed", "failed")})
    counter.open(registry)
    counter.add("passed")
    values = {
        one: registry.get_sample_value("faafo_tests_total", {"outcome": one})
        for one in ("passed", "failed")
    }
    assert values == {"passed": 1, "failed": 0}


def test_a_histogram_measures_until_it_is_closed(registry):
    histogram = Histogram("faafo_test_seconds", "Tests.", SHORT, {"kind": ()})
    histogram.open(registry)
    histogram.observe(0.25, "unit")
    histogram.close()
    histogram.observe(0.25, "unit")
    assert registry.get_sample_value("faafo_test_seconds_sum", {"kind": "unit"}) == 0.25


@pytest.mark.parametrize(
    ("reading", "shown"), [(2.0, {(): 2.0}), ({("up",): 1.0}, {("up",): 1.0}), (None, {})]
)
def test_a_gauge_reads_when_it_is_asked(registry, reading, shown):
    gauge = Gauge("faafo_test", "Tests.", {"state": ()} if isinstance(reading, dict) else None)
    gauge.open(registry)
    gauge.read_from(lambda: reading)
    (family,) = registry.collect()
    assert {tuple(one.labels.values()): one.value for one in family.samples} == shown


def test_names_are_unique_and_tell_the_unit():
    instruments = [one for role in ROLES.values() for one in role]
    names = [one.name for one in instruments]
    assert len(set(names)) == len(names)
    for one in instruments:
        assert one.name.startswith("faafo_")
        assert one.name.endswith("_total") == (one.kind == "counter")
        assert one.name.endswith("_seconds") or one.kind != "histogram"
