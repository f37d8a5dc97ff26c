# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of faafo-api and faafo-all."""

import logging
import threading

from flask import Flask
from waitress.server import create_server
from waitress.trigger import trigger
from waitress.wasyncore import close_all

from faafo import errors

LOG = logging.getLogger(__name__)

# High enough that idle connections do not block new ones; with poll() they are cheap.
CONNECTIONS = 1000
# waitress spools a body before the application can reject it with a message. A body larger than
# SPOOLED_BODIES times the limit is rejected by waitress, unread.
SPOOLED_BODIES = 8
UNLIMITED = 2**30


class HttpServer:
    """Serves ``app`` with waitress in background threads.

    :raises faafo.errors.ConfigurationError: when address and port cannot be bound.
    """

    def __init__(self, app: Flask, address: str, port: int, threads: int) -> None:
        self._sockets: dict = {}
        largest_body = app.config["MAX_CONTENT_LENGTH"] or UNLIMITED
        try:
            self._server = create_server(
                app,
                map=self._sockets,
                host=address,
                port=port,
                threads=threads,
                ident="faafo",
                connection_limit=CONNECTIONS,
                asyncore_use_poll=True,
                max_request_body_size=max(
                    SPOOLED_BODIES * largest_body, app.config.get("MAX_IMAGE_SIZE", 0)
                ),
            )
        except (OSError, ValueError) as error:
            close_all(self._sockets)
            raise errors.ConfigurationError(
                f"listen_address = {address}, bind_port = {port}: {error}"
            ) from None
        self._trigger = trigger(self._sockets)
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)
        self.url = f"http://{self._host(address)}:{self._port()}"

    def start(self) -> None:
        """Serve requests in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Finish open requests within 5 s, then close all connections."""
        self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=5)
        self._trigger.pull_trigger(lambda: close_all(self._sockets))
        self._thread.join(timeout=5)

    def _host(self, address: str) -> str:
        return f"[{address}]" if ":" in address else address

    def _port(self) -> int:
        listening = getattr(self._server, "effective_listen", None)
        return listening[0][1] if listening else self._server.effective_port
