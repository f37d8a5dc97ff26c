# SPDX-License-Identifier: Apache-2.0
"""Listening to a broker that may be unreachable, at the start and later."""

import logging
import threading
from abc import ABC, abstractmethod

from oslo_messaging.server import MessageHandlingServer
from oslo_messaging.transport import Transport

from faafo import errors
from faafo.retry import with_backoff
from faafo.rpc.transport import shown_url
from faafo.urls import masked_text

LOG = logging.getLogger(__name__)

# Seconds between two warnings, at most, while the broker is unreachable.
LONGEST_WARNING_INTERVAL = 30.0
# Seconds that a server gets to stop; a driver notices it within four.
STOP_SECONDS = 4.0


class Listening(ABC):
    """Listens in ``threads`` threads once the broker is reachable, until it is closed.

    :param option: what holds the URL of ``transport``.
    """

    def __init__(self, transport: Transport, threads: int, option: str = "transport_url") -> None:
        self._transport = transport
        self._threads = threads
        self._option = option
        self._server: MessageHandlingServer | None = None
        self._listening = threading.Event()
        self._closing: threading.Thread | None = None
        # Held while the server listens again, which may wait for the broker.
        self._renewing = threading.Lock()

    @abstractmethod
    def _make(self) -> MessageHandlingServer:
        """Return a server of oslo.messaging that has not been started."""

    def start(self, stop: threading.Event) -> None:
        """Start to listen; returns at once and retries until ``stop`` is set."""
        for target in (self._listen, self._watch):
            threading.Thread(target=target, args=(stop,), name="rpc-server", daemon=True).start()

    def wait_until_listening(self, timeout: float) -> bool:
        """Return whether the broker has been reached within ``timeout`` seconds."""
        return self._listening.wait(timeout)

    def listen_again(self) -> None:
        """Declare exchanges, queues and bindings again, which the broker may have lost.

        What is being processed is finished by the server before.
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

    def _connect(self) -> MessageHandlingServer:
        server = self._make()
        try:
            server.start(override_pool_size=self._threads)
        # A driver retries known errors, and raises all others of its library.
        except Exception as error:
            url = shown_url(self._transport)
            raise errors.BrokerUnavailable(
                f"{self._option} = {url}: {masked_text(str(error))}"
            ) from None
        return server

    def _watch(self, stop: threading.Event) -> None:
        """Log which broker is unreachable: the driver logs only that it retries."""
        interval = 1.0
        while not self._listening.wait(interval) and not stop.is_set():
            LOG.warning(
                "%s = %s: no connection to the broker yet; retrying",
                self._option,
                shown_url(self._transport),
            )
            interval = min(2 * interval, LONGEST_WARNING_INTERVAL)


def _close(server: MessageHandlingServer | None) -> None:
    """Stop to listen, and wait until all messages have been processed."""
    if server is None:
        return
    try:
        server.stop()
        server.wait()
    # Whatever a driver or its library raises, the connection ends with the process.
    except Exception as error:
        LOG.warning("could not disconnect from the broker in an orderly way: %s", error)
