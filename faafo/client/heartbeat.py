# SPDX-License-Identifier: Apache-2.0
"""Heartbeats: a service tells the API that it is alive, and learns what an operator wants of it."""

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from oslo_config import cfg

from faafo import errors
from faafo.client.service import ServiceClient
from faafo.client.service_auth import Credentials
from faafo.fractal.service import Process, Tally
from faafo.outage import Outage

LOG = logging.getLogger(__name__)

# Seconds for an answer: a heartbeat that takes longer is not worth the wait.
READ_TIMEOUT = 5.0
# Seconds that the API gets to remove a service that ends.
LEAVE_SECONDS = 1.0
# Seconds between two heartbeats, at least, and between two looks whether one is wanted.
SHORTEST_PAUSE = 0.25

Answer = dict[str, Any]
Members = dict[str, Any]


class RegistryClient(ServiceClient):
    """The registry of services in the API, for services; may be shared by threads."""

    def __init__(self, endpoint_url: str, auth: Credentials | None = None) -> None:
        super().__init__(endpoint_url, connections=1, read_timeout=READ_TIMEOUT, auth=auth)

    def report(self, uid: str, members: Members) -> Answer:
        """Send a heartbeat of the service ``uid``; return what it has to know."""
        return self._request("PUT", f"/api/service/{uid}", members)

    def remove(self, uid: str, instance_id: str) -> None:
        """Remove a service whose process ends."""
        parameters = {"instance_id": instance_id}
        path = f"/api/service/{uid}"
        self._request("DELETE", path, parameters=parameters, timeout=LEAVE_SECONDS)


class Heartbeat:
    """Sends heartbeats in a thread of its own while its block runs: it disturbs nothing else.

    :param describe: returns what the process tells beside what all do.
    :param on_answer: called with each answer of the API.
    :param interval: returns the seconds between two heartbeats.
    :param stopping: set once the process drains, which is told at once.
    """

    def __init__(
        self,
        client: RegistryClient,
        process: Process,
        interval: Callable[[], float],
        stopping: threading.Event,
        describe: Callable[[], Members] = dict,
        on_answer: Callable[[Answer], None] = lambda _answer: None,
    ) -> None:
        self._client = client
        self._process = process
        self._interval = interval
        self._stopping = stopping
        self._describe = describe
        self._on_answer = on_answer
        self._wanted = threading.Event()
        self._ended = threading.Event()
        self._leave_until = 0.0
        self._has_told_drain = False
        self._outage = Outage(LOG)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self.run, args=(self._ended,), name="heartbeat", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.leave()
        if self._thread is not None:
            self._thread.join(max(0.0, self._leave_until - time.monotonic()))

    def soon(self) -> None:
        """Send the next heartbeat now: there is something that the API, or we, should know."""
        self._wanted.set()

    def leave(self) -> None:
        """Begin to have the service removed; the end of the block waits for LEAVE_SECONDS of it."""
        if not self._ended.is_set():
            self._leave_until = time.monotonic() + LEAVE_SECONDS
            self._ended.set()
            self._wanted.set()

    def run(self, stop: threading.Event) -> None:
        """Send heartbeats until ``stop`` is set; then have the API remove the service."""
        while not stop.is_set():
            self._wanted.clear()
            self._has_told_drain = self._stopping.is_set()
            self._attempt(self._beat)
            stop.wait(SHORTEST_PAUSE)
            self._pause()
        self._attempt(lambda: self._client.remove(self._process.id, self._process.instance_id))

    def _pause(self) -> None:
        begun_at = time.monotonic()
        while time.monotonic() < begun_at + self._interval() - SHORTEST_PAUSE:
            if self._wanted.wait(SHORTEST_PAUSE):
                return
            if self._stopping.is_set() and not self._has_told_drain:
                return

    def _beat(self) -> None:
        members = self._process.members() | {"draining": self._stopping.is_set()}
        self._on_answer(self._client.report(self._process.id, members | self._describe()))

    def _attempt(self, act: Callable[[], Any]) -> None:
        """Act, and log the first of several failures in a row: the service is not disturbed."""
        try:
            act()
            self._outage.succeeded()
        except errors.FaafoError as error:
            self._log(error)
        # The answer comes from another process, and the next one may be better.
        except Exception:
            self._outage.failed("could not send a heartbeat", level=logging.ERROR, exc_info=True)

    def _log(self, error: errors.FaafoError) -> None:
        if isinstance(error, errors.ApiRefused) and error.status == HTTPStatus.NOT_FOUND:
            text = "the API keeps no registry of services: it is older"
            self._outage.failed(text, level=logging.INFO)
        else:
            self._outage.failed("could not send a heartbeat: %s", error)


def open_heartbeat(
    conf: cfg.ConfigOpts,
    process: Process,
    auth: Credentials | None,
    stopping: threading.Event,
    tally: Tally,
) -> Heartbeat:
    """Return the heartbeat of a process that an operator cannot disable.

    :param tally: of what the process does.
    """
    client = RegistryClient(conf.endpoint_url, auth)
    interval = lambda: conf.service.heartbeat_interval  # noqa: E731
    return Heartbeat(client, process, interval, stopping, lambda: report_of(tally))


def report_of(tally: Tally) -> Members:
    """Return what a heartbeat tells of what its process does."""
    return {"report": {"done": tally.done}}
