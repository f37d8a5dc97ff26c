# SPDX-License-Identifier: Apache-2.0
"""The reader: listens for events, stores states, and tells that it is alive."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from oslo_config import cfg

from faafo.reader.states import Jobs, States
from faafo.rpc import contract
from faafo.rpc.events import EventListener
from faafo.rpc.liveness import LivenessCheck
from faafo.rpc.server import Server
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds between two looks whether the broker has been reached.
LOOK_SECONDS = 1.0


class _SelfCall(Server):
    """Listens again together with the listener: the broker may have lost the bindings of both."""

    def __init__(self, listener: EventListener, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._listener = listener

    def listen_again(self) -> None:
        super().listen_again()
        self._listener.listen_again()


class ReaderService:
    """Listens until it is stopped.

    :param events: the transport of events.
    :param liveness: the transport by which it calls itself.
    :param name: of its queue for that.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        events: Any,
        liveness: Any,
        jobs: Jobs,
        name: str,
        instance_id: str,
    ) -> None:
        options = conf.reader
        self._options = options
        self._stopping = threading.Event()
        states = States(jobs, self._stopping)
        self.tally = states.tally
        self._listener = EventListener(events, conf.events.topic, options.pool, states.store)
        called = (liveness, contract.READERS, name, object(), 1, instance_id)
        self._server = _SelfCall(self._listener, *called)
        self._check = LivenessCheck(
            liveness, self._server, VitalThreads(), options.pulse_interval, options.pulse_file
        )

    def run(self, stop: threading.Event, on_ready: Callable[[], None] = lambda: None) -> None:
        """Read until ``stop`` is set; then store what has been received, within the drain."""
        self._listener.start(stop)
        self._server.start(stop)
        self._check.start(stop)
        while not stop.is_set() and not self._listener.wait_until_listening(LOOK_SECONDS):
            continue
        if not stop.is_set():
            LOG.info("the reader listens for events")
            on_ready()
        stop.wait()
        # What Redis does not take now is queued again.
        self._stopping.set()
        for one in (self._listener, self._server):
            one.close()
        if not self._listener.stop(self._options.drain_timeout):
            LOG.warning("events that were not stored in time stay in the queue")
        LOG.info("the reader has stopped")
