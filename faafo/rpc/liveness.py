# SPDX-License-Identifier: Apache-2.0
"""The liveness check: a service calls itself through the broker and touches a file."""

import logging
import threading
from pathlib import Path
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_messaging.transport import RPCTransport

from faafo.rpc import contract

LOG = logging.getLogger(__name__)


class PingEndpoint:
    """The RPC method that every server offers in addition to its own."""

    target = contract.LIVENESS

    def ping(self, ctxt: dict[str, Any]) -> None:
        """Answer."""


def make_liveness_check(
    conf: cfg.ConfigOpts, transport: RPCTransport, target: oslo_messaging.Target, name: str
) -> "LivenessCheck | None":
    """Return the check for the server called ``name``, None without ``[rpc] pulse_file``."""
    if not conf.rpc.pulse_file:
        return None
    return LivenessCheck(
        transport, target, name, Path(conf.rpc.pulse_file), conf.rpc.pulse_interval
    )


class LivenessCheck:
    """Touches ``file`` each time the server called ``name`` has answered through the broker.

    A health check takes the service for unhealthy when the file has not been touched for several
    intervals.

    :param target: the topic that the server listens on.
    :param interval: seconds between two calls, and the timeout of each call.
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
            server=name, namespace=contract.LIVENESS.namespace, version=contract.LIVENESS.version
        )
        self._client = oslo_messaging.get_rpc_client(transport, own, timeout=interval, retry=1)
        self._file = file
        self._interval = interval
        self._failing = False

    def start(self, stop: threading.Event) -> None:
        """Check until ``stop`` is set; returns at once."""
        threading.Thread(target=self._run, args=(stop,), name="liveness", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._check()
            stop.wait(self._interval)

    def _check(self) -> None:
        try:
            self._client.call({}, "ping")
            self._file.touch()
        except OSError as error:
            self._warn(f"[rpc] pulse_file = {self._file}: {error.strerror or error}")
        # Whatever a driver or its library raises, the next call may succeed.
        except Exception as error:
            self._warn(f"the call to this service through the broker failed: {error}")
        else:
            self._failing = False

    def _warn(self, problem: str) -> None:
        """Log the first of several problems in a row."""
        if not self._failing:
            LOG.warning("%s", problem)
        self._failing = True
