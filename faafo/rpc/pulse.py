# SPDX-License-Identifier: Apache-2.0
"""A sign of life that is worth something: a message to oneself that came back from the broker."""

import logging
import threading
from pathlib import Path

import oslo_messaging
from oslo_config import cfg
from oslo_messaging.transport import RPCTransport

from faafo.rpc import contract

LOG = logging.getLogger(__name__)


class Echo:
    """The RPC method that every server has beside its own."""

    target = contract.PULSE

    def ping(self, ctxt: dict) -> None:
        """Answer."""


def make_pulse(
    conf: cfg.ConfigOpts, transport: RPCTransport, target: oslo_messaging.Target, name: str
) -> "Pulse | None":
    """Return the pulse of the server called ``name``; None when nobody wants to feel it."""
    if not conf.rpc.pulse_file:
        return None
    return Pulse(transport, target, name, Path(conf.rpc.pulse_file), conf.rpc.pulse_interval)


class Pulse:
    """Touches ``file`` each time the server called ``name`` has answered us through the broker.

    Whoever watches the file takes a service for ill when it has not been touched for some
    intervals.

    :param target: the topic that the server listens on.
    :param interval: seconds between two calls, and how long each may take.
    """

    def __init__(
        self,
        transport: RPCTransport,
        target: oslo_messaging.Target,
        name: str,
        file: Path,
        interval: float,
    ) -> None:
        own = target(
            server=name, namespace=contract.PULSE.namespace, version=contract.PULSE.version
        )
        self._client = oslo_messaging.get_rpc_client(transport, own, timeout=interval, retry=1)
        self._file = file
        self._interval = interval
        self._failing = False

    def start(self, stop: threading.Event) -> None:
        """Beat until ``stop`` is set; returns at once."""
        threading.Thread(target=self._run, args=(stop,), name="pulse", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._beat()
            stop.wait(self._interval)

    def _beat(self) -> None:
        try:
            self._client.call({}, "ping")
            self._file.touch()
        except OSError as error:
            self._tell(f"[rpc] pulse_file = {self._file}: {error.strerror or error}")
        # Whatever a driver or its library raises, the next call may get through.
        except Exception as error:
            self._tell(f"the broker does not bring us what we send to ourselves: {error}")
        else:
            self._failing = False

    def _tell(self, problem: str) -> None:
        """Log the first of several problems in a row."""
        if not self._failing:
            LOG.warning("%s", problem)
        self._failing = True
