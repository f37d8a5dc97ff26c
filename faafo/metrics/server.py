# SPDX-License-Identifier: Apache-2.0
"""The server of metrics: a small one of its own, which answers GET /metrics to Prometheus."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from faafo import errors
from faafo.metrics.catalogue import ROLES

LOG = logging.getLogger(__name__)

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Seconds for which a page is shown again: to make one takes milliseconds.
REUSE_SECONDS = 1.0
# Seconds that a client may take to send its request, and to take the answer.
CLIENT_SECONDS = 10.0
# Connections at a time, each of which has a thread; one more is closed. A Prometheus needs one.
MOST_CLIENTS = 32
# Seconds between two looks of the server whether it has to stop.
POLL_SECONDS = 0.1


class _Page:
    """What is shown, made when it is asked for and at most once in REUSE_SECONDS; thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._made: tuple[float, bytes] | None = None

    def get(self) -> bytes:
        with self._lock:
            now = time.monotonic()
            if self._made is None or now >= self._made[0] + REUSE_SECONDS:
                self._made = (now, generate_latest(self._registry))
            return self._made[1]


class _Handler(BaseHTTPRequestHandler):
    # Prometheus keeps its connections.
    protocol_version = "HTTP/1.1"
    timeout = CLIENT_SECONDS
    server_version = "faafo"
    sys_version = ""
    server: "_Server"

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"The metrics are at {PATH}.")
            return
        try:
            body = self.server.page.get()
        # One gauge that cannot be read must not end up as a broken connection without a line.
        except Exception:
            LOG.exception("could not collect the metrics")
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text: str, *arguments: Any) -> None:
        LOG.debug(text, *arguments)


# HTTPServer would look up the name of the address, which may take a minute.
class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    # Stopping waits for no client.
    block_on_close = False

    def __init__(self, address: tuple[str, int], registry: CollectorRegistry) -> None:
        self.page = _Page(registry)
        self._places = threading.BoundedSemaphore(MOST_CLIENTS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            LOG.debug("the metrics have %d clients already", MOST_CLIENTS)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        # The system may refuse another thread.
        except RuntimeError:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug("a client of the metrics has gone", exc_info=True)


@contextlib.contextmanager
def serving(address: str | None, version: str, roles: Sequence[str]) -> Iterator[None]:
    """Show the metrics of ``roles`` at ``address`` until the end of the block.

    :param address: ``host:port``; nothing is measured or served if it is empty.
    :param version: of faafo.
    :raises faafo.errors.ConfigurationError: when the address cannot be bound.
    """
    if not address:
        yield
        return
    instruments = [one for role in roles for one in ROLES[role]]
    registry = _registry(version)
    for one in instruments:
        one.open(registry)
    server = _bound(address, registry)
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_SECONDS,), name="metrics", daemon=True
    )
    thread.start()
    port = server.server_address[1]
    LOG.info("metrics are at http://%s:%s%s", address.rpartition(":")[0], port, PATH)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        for one in instruments:
            one.close()


def _registry(version: str) -> CollectorRegistry:
    # A time series for when each other one began says nothing here.
    disable_created_metrics()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    Info("faafo_build", "The version of faafo.", registry=registry).info({"version": version})
    return registry


def _bound(address: str, registry: CollectorRegistry) -> _Server:
    host, _, port = address.rpartition(":")
    try:
        return _Server((host.strip("[]"), int(port)), registry)
    except OSError as error:
        raise errors.ConfigurationError(
            f"[metrics] bind = {address}: {error.strerror or error}"
        ) from None
