# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of faafo-api and faafo-all: waitress, hardened against slow clients."""

import errno
import logging
import resource
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from faafo import errors
from faafo.app.bodies import Budget
from faafo.app.connection import Channel
from faafo.app.gate import authenticator_of
from faafo.app.identification import Identifier
from faafo.app.lanes import UNLIMITED, Lanes, Route, routes
from faafo.app.parking import HIGH_WATERMARK_BYTES
from faafo.app.pausing import pausable
from faafo.app.sizes import queues_of_lanes, threads_of_lanes
from faafo.app.waiting_channels import WaitingChannels

LOG = logging.getLogger(__name__)

# The loop visits each connection whenever one is ready, so idle ones are not free.
CONNECTIONS = 1000
ACCEPTS_A_PASS = 64
# Maximum of the limit that is set; some hard limits are 2**30.
DESCRIPTORS = 2**16
# Reserved for the database, logs, images and libraries.
RESERVED_DESCRIPTORS = 64
# A connection takes up to two: its socket and a file.
DESCRIPTORS_A_CONNECTION = 2
OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
ACCEPT_AGAIN_SECONDS = 1.0
WARN_AGAIN_SECONDS = 60.0
LOOP_SECONDS = 1.0
# How long stop() waits for answers under way, and for a client that does not read its answer.
DRAIN_SECONDS = 4.0
DRAIN_STALLED_SECONDS = 1.0
# How long stop() then waits for the threads of the pool.
POOL_SECONDS = 0.5
# Uploads that are being received have that many times the size of the largest one, on disk.
LARGEST_UPLOADS = 8
# A body with more bytes is spooled to disk: each connection may send one.
LARGEST_IN_MEMORY = 2**14
# Requests with a large head, such as a long q, that are arriving at the same time.
LARGE_HEADS = 64


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files to the hard one; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def most_connections(descriptors: int) -> int:
    """Return the maximum number of connections for that many file descriptors."""
    return max(
        1, min(CONNECTIONS, (descriptors - RESERVED_DESCRIPTORS) // DESCRIPTORS_A_CONNECTION)
    )


class Listener(TcpWSGIServer):
    """A listening socket. When all connections are taken, the one idle for longest makes room."""

    channel_class = Channel
    most_connections = CONNECTIONS
    route: Callable[[str, str], Route]
    uploads: Budget
    heads: Budget
    identifier: Identifier
    waiting: WaitingChannels
    _accept_after = 0.0
    _accepting_more = False
    _warn_after = 0.0

    def add_task(self, task: Any) -> None:
        super().add_task(self.identifier.first(task))

    def readable(self) -> bool:
        return self.accepting and time.monotonic() >= self._accept_after

    def handle_accept(self) -> None:
        """Accept up to ACCEPTS_A_PASS connections: a pass of the loop visits every connection."""
        self._accepting_more = True
        for _ in range(ACCEPTS_A_PASS):
            if len(_channels(self._map)) + len(self.waiting) >= self.most_connections:
                self._warn("%d connections are open: new ones replace the longest idle ones")
                self._make_room(ACCEPTS_A_PASS)
            super().handle_accept()
            if not self._accepting_more:
                break

    def accept(self) -> Any:
        accepted = None
        try:
            accepted = super().accept()
        except OSError as error:
            if error.errno not in OUT_OF_DESCRIPTORS:
                raise
            self._warn(f"with %d connections open, no other can be accepted: {error.strerror}")
            self._make_room(ACCEPTS_A_PASS)
        self._accepting_more = accepted is not None
        return accepted

    def _make_room(self, count: int) -> None:
        """Close the longest idle connections; if all are in service, pause accepting for 1 s."""
        idle = [one for one in _channels(self._map) if not one.in_service()]
        idle.sort(key=lambda one: (one.is_unsent(), one.last_activity))
        for channel in idle[: max(1, min(count, len(idle) // 4))]:
            channel.handle_close()
        if not idle:
            self._accept_after = time.monotonic() + ACCEPT_AGAIN_SECONDS

    def _warn(self, message: str) -> None:
        now = time.monotonic()
        if now >= self._warn_after:
            LOG.warning(message, len(_channels(self._map)))
            self._warn_after = now + WARN_AGAIN_SECONDS


class HttpServer:
    """Serves ``app`` in threads of its own; raises the process's limit of file descriptors.

    :param threads: maximum number of ordinary requests that are processed at the same time;
        claims, renewals, reports and the health check have a quarter of that beside them.
    :param slow_threads: maximum number of slow requests at the same time; ``threads`` by default.
    :raises faafo.errors.ConfigurationError: when address and port cannot be bound.
    """

    def __init__(
        self, app: Flask, address: str, port: int, threads: int, slow_threads: int | None = None
    ) -> None:
        self._sockets: dict[int, Any] = {}
        self._waiting = WaitingChannels(self._sockets)
        self._stopping = threading.Event()
        self._lanes = Lanes()
        authenticator = authenticator_of(app)
        self._identifier = Identifier(authenticator, self._lanes)
        try:
            self._listeners = self._listen(app, address, port, threads)
        except (OSError, ValueError) as error:
            wasyncore.close_all(self._sockets)
            self._waiting.close()
            raise errors.ConfigurationError(
                f"listen_address = {address}, bind_port = {port}: {error}"
            ) from None
        self.most_connections = connections = self._listeners[0].most_connections
        lanes = threads_of_lanes(threads, slow_threads or threads, authenticator is not None)
        self._lanes.start(lanes, queues_of_lanes(lanes, connections))
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)
        host = f"[{address}]" if ":" in address else address
        self.url = f"http://{host}:{self._listeners[0].effective_port}"

    def start(self) -> None:
        """Serve requests in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Answer the requests that have been received, within 5 s, then close every connection."""
        self._stopping.set()
        self._listeners[0].pull_trigger()
        self._thread.join(timeout=DRAIN_SECONDS + LOOP_SECONDS)
        self._lanes.shutdown(timeout=POOL_SECONDS)
        # The triggers come last: threads of the pool wake the loop with them.
        wasyncore.close_all(self._sockets)
        self._waiting.close()

    def _listen(self, app: Flask, address: str, port: int, threads: int) -> list[Listener]:
        settings = Adjustments(
            host=address,
            port=port,
            threads=threads,
            ident="faafo",
            max_request_body_size=UNLIMITED,
            inbuf_overflow=LARGEST_IN_MEMORY,
            outbuf_high_watermark=HIGH_WATERMARK_BYTES,
            cleanup_interval=UNLIMITED,
            # The application knows which of them to believe: proxies.py.
            clear_untrusted_proxy_headers=False,
        )
        limit = most_connections(raise_descriptor_limit())
        route = routes(app)
        uploads = Budget(lambda: LARGEST_UPLOADS * app.config.get("MAX_IMAGE_SIZE", 0))
        heads = Budget(lambda: LARGE_HEADS * settings.max_request_header_size)
        listeners = []
        for info in settings.listen:
            listener = Listener(
                pausable(app),
                map=self._sockets,
                dispatcher=self._lanes,
                adj=settings,
                sockinfo=info,
            )
            listener.most_connections = limit
            listener.route = route
            listener.uploads = uploads
            listener.heads = heads
            listener.identifier = self._identifier
            listener.waiting = self._waiting
            listeners.append(listener)
        return listeners

    def _serve(self) -> None:
        looked_after = time.monotonic()
        while not self._stopping.is_set():
            self._loop_once(LOOP_SECONDS)
            if time.monotonic() - looked_after >= LOOP_SECONDS:
                self._close_channels(lambda one: one.has_expired(time.time()))
                looked_after = time.monotonic()
        self._drain()
        self._waiting.take_back_all()
        self._close_channels(lambda _: True)

    def _drain(self) -> None:
        for listener in self._listeners:
            wasyncore.dispatcher.close(listener)
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            # What was called a moment ago is to be answered, too.
            self._waiting.take_back_ready()
            self._close_channels(_has_drained)
            if not _channels(self._sockets) and not self._waiting:
                break
            self._loop_once(DRAIN_STALLED_SECONDS / 4)

    def _loop_once(self, seconds: float) -> None:
        wasyncore.loop(seconds, use_poll=True, map=self._sockets, count=1)
        self._waiting.take_back_ready()

    def _close_channels(self, which: Callable[[Channel], bool]) -> None:
        for channel in _channels(self._sockets):
            if which(channel):
                channel.handle_close()


def _channels(sockets: dict[int, Any]) -> list[Channel]:
    return [one for one in list(sockets.values()) if isinstance(one, Channel)]


def _has_drained(channel: Channel) -> bool:
    if channel.in_service():
        return False
    stalled = time.time() - channel.last_activity > DRAIN_STALLED_SECONDS
    return stalled or not channel.is_unsent()
