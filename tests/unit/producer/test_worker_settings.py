# SPDX-License-Identifier: Apache-2.0
"""A producer tells workers the settings, by a broker in memory."""

import pytest

from faafo.fractal.settings import NONE, Settings
from faafo.producer.registry import WorkerRegistry
from faafo.producer.worker_settings import WorkerSettings
from faafo.rpc import contract
from faafo.rpc.client import WorkerClient
from faafo.rpc.server import Server
from faafo.worker.settings import SettingsEndpoint


class Live:
    """Stands for the configuration of a process."""

    settings = NONE

    def apply_settings(self, version, values):
        self.settings = Settings(version, values)


@pytest.fixture
def worker(transport, stop):
    """A worker that follows settings."""
    live = Live()
    more = [SettingsEndpoint(live)]
    server = Server(transport, contract.TASKS, "w", object(), threads=1, more=more)
    server.start(stop)
    assert server.wait_until_listening(60)
    yield live
    server.stop()


@pytest.fixture
def registry():
    return WorkerRegistry("me", 60.0, lambda: None)


@pytest.fixture
def settings(registry, transport):
    return WorkerSettings(registry, WorkerClient(transport, "me", 30, 5), Live())


def report(registry, known):
    registry.report({"worker": "w:1", "settings": known}, "w", 1, 0, {}, "1.0")


def test_a_worker_that_knows_less_is_told_and_never_what_is_older(
    worker, registry, settings, wait_until
):
    report(registry, 0)
    settings.follow(2, {"worker.slots": "3"})
    settings.tell()
    wait_until(lambda: worker.settings == (2, {"worker.slots": "3"}))
    SettingsEndpoint(worker).configure({}, 1, {})
    SettingsEndpoint(worker).configure({}, "many", {})
    assert worker.settings.version == 2


def test_settings_are_told_at_once_when_they_change(worker, registry, settings, stop, wait_until):
    settings.start(stop)
    for version in (1, 2, 3):
        report(registry, version - 1)
        settings.follow(version, {})
        wait_until(lambda version=version: worker.settings.version == version)


@pytest.mark.parametrize("known", [None, 2, 3, -1, "x"])
def test_no_other_worker_is_told(registry, settings, known):
    report(registry, known)
    settings.follow(2, {})
    assert registry.behind(2) == {}
    report(registry, 1)
    assert registry.behind(2) == {"w:1": "w"}
