# SPDX-License-Identifier: Apache-2.0
"""A producer that hears no worker listens again."""

import pytest

from faafo.producer.hearing import Hearing
from faafo.producer.registry import WorkerRegistry


class Server:
    """Counts how often it is to listen again."""

    def __init__(self):
        self.times = 0

    def listen_again(self):
        self.times += 1


@pytest.fixture
def registry():
    return WorkerRegistry("me", 60.0, lambda: None)


def report(registry):
    registry.report({"worker": "w:1"}, "w", 1, 0, {}, "1.0")


@pytest.mark.parametrize(("was_heard", "level"), [(True, "WARNING"), (False, "INFO")])
def test_a_producer_without_reports_listens_again(
    registry, stop, wait_until, caplog, was_heard, level
):
    caplog.set_level("INFO")
    server = Server()
    if was_heard:
        report(registry)
    Hearing(server, registry, 0.1).start(stop)
    wait_until(lambda: server.times >= 2, "listening again twice")
    levels = [one.levelname for one in caplog.records if "no worker has" in one.getMessage()]
    assert levels == [level]


def test_a_report_counts_until_it_is_asked_for(registry):
    assert not registry.has_heard()
    report(registry)
    assert registry.has_heard()
    assert not registry.has_heard()
