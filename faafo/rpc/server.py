# SPDX-License-Identifier: Apache-2.0
"""An RPC server that listens under one name on one topic."""

import logging
import threading
from typing import Any

import oslo_messaging
from oslo_messaging.rpc.server import RPCServer
from oslo_messaging.transport import RPCTransport

from faafo import errors
from faafo.retry import with_backoff
from faafo.rpc.ping import PingEndpoint
from faafo.rpc.transport import shown_url
from faafo.urls import masked_text

LOG = logging.getLogger(__name__)

# Seconds between two warnings, at most, while the broker is unreachable.
LONGEST_WARNING_INTERVAL = 30.0
# Seconds that a server gets to stop; a driver notices it within four.
STOP_SECONDS = 4.0
# Seconds by which the ages of two processes may differ while a message travels.
SAME_AGE_SECONDS = 1.0

# Errors that are answers: the server sends them to the caller without logging them.
expected_exceptions = oslo_messaging.expected_exceptions


class Server:
    """Serves ``endpoint`` as ``target``, once the broker is reachable.

    :param instance_id: differs from that of other processes with the same ``name``.
    """

    def __init__(
        self,
        transport: RPCTransport,
        target: oslo_messaging.Target,
        name: str,
        endpoint: Any,
        threads: int,
        instance_id: str = "",
    ) -> None:
        self._transport = transport
        self.target = target(server=name, version=None)
        self._endpoint = endpoint
        self._instance_id = instance_id
        self._ping = PingEndpoint(instance_id)
        self._threads = threads
        self._server: RPCServer | None = None
        self._listening = threading.Event()
        self._closing: threading.Thread | None = None
        # Held while the server listens again, which may wait for the broker.
        self._renewing = threading.Lock()

    def start(self, stop: threading.Event) -> None:
        """Start to listen; returns at once and retries until ``stop`` is set."""
        for target in (self._listen, self._watch):
            threading.Thread(target=target, args=(stop,), name="rpc-server", daemon=True).start()

    def wait_until_listening(self, timeout: float) -> bool:
        """Return whether the broker has been reached within ``timeout`` seconds."""
        return self._listening.wait(timeout)

    def is_younger_than(self, answer: Any) -> bool:
        """Return whether an answer to a ping is that of an older process with the same name.

        The ids decide between two that began at the same time. A process of an earlier version
        answers None.
        """
        if not isinstance(answer, dict):
            return answer is None
        if answer.get("instance") == self._instance_id or answer.get("is_stopping"):
            return False
        younger_by = float(answer.get("age", 0.0)) - self._ping.age
        if abs(younger_by) < SAME_AGE_SECONDS:
            return str(answer.get("instance")) < self._instance_id
        return younger_by > 0

    def listen_again(self) -> None:
        """Declare exchanges, queues and bindings again, which the broker may have lost.

        The calls that are being answered are finished by the server before.
        """
        if not self._renewing.acquire(blocking=False):
            return
        try:
            before = self._server
            if before is not None and self._closing is None:
                self._server = self._connect()
                threading.Thread(
                    target=_close, args=(before,), name="rpc-close", daemon=True
                ).start()
        except errors.BrokerUnavailable as error:
            LOG.warning("%s", error)
        finally:
            self._renewing.release()

    def yield_name(self) -> None:
        """Let another process have this name from now on, since this one stops."""
        self._ping.is_stopping = True

    def close(self) -> None:
        """Begin to stop listening; returns at once, since a silent broker can delay it for ever."""
        closing = threading.Thread(
            target=_close, args=(self._server,), name="rpc-close", daemon=True
        )
        try:
            closing.start()
        # The system may refuse another thread; the connection then ends with the process.
        except RuntimeError as error:
            LOG.warning("could not disconnect from the broker: %s", error)
        else:
            self._closing = closing

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """Stop listening; return whether all calls were answered within ``timeout`` seconds."""
        if self._closing is None:
            self.close()
        if self._closing is None:
            return False
        self._closing.join(max(0.0, timeout))
        return not self._closing.is_alive()

    def _listen(self, stop: threading.Event) -> None:
        try:
            self._server = with_backoff(errors.BrokerUnavailable, stop)(self._connect)
        except errors.BrokerUnavailable as error:
            LOG.debug("stopped before the broker was reached: %s", error)
        else:
            self._listening.set()

    def _connect(self) -> RPCServer:
        server = oslo_messaging.get_rpc_server(
            self._transport,
            self.target,
            [self._endpoint, self._ping],
            access_policy=oslo_messaging.DefaultRPCAccessPolicy,
        )
        try:
            server.start(override_pool_size=self._threads)
        # A driver retries known errors, and raises all others of its library.
        except Exception as error:
            url = shown_url(self._transport)
            raise errors.BrokerUnavailable(
                f"transport_url = {url}: {masked_text(str(error))}"
            ) from None
        return server

    def _watch(self, stop: threading.Event) -> None:
        """Log which broker is unreachable: the driver logs only that it retries."""
        interval = 1.0
        while not self._listening.wait(interval) and not stop.is_set():
            LOG.warning(
                "transport_url = %s: no connection to the broker yet; retrying",
                shown_url(self._transport),
            )
            interval = min(2 * interval, LONGEST_WARNING_INTERVAL)


def _close(server: RPCServer | None) -> None:
    """Stop to listen, and wait until all calls have been answered."""
    if server is None:
        return
    try:
        server.stop()
        server.wait()
    # Whatever a driver or its library raises, the connection ends with the process.
    except Exception as error:
        LOG.warning("could not disconnect from the broker in an orderly way: %s", error)
