"""An RPC server that listens under one name on one topic."""

import threading
from typing import Any

import oslo_messaging
from oslo_messaging.transport import RPCTransport

# Errors that are answers, not accidents: the server does not log them.
expected_exceptions = oslo_messaging.expected_exceptions


class Server:
    """Serves ``endpoint`` as ``target``, once the broker can be reached."""

    def __init__(
        self,
        transport: RPCTransport,
        target: oslo_messaging.Target,
        name: str,
        endpoint: Any,
        threads: int,
    ) -> None:
        self._threads = threads
        self._listening = threading.Event()
        self._server = oslo_messaging.get_rpc_server(
            transport,
            target(server=name, version=None),
            [endpoint],
            executor="threading",
            access_policy=oslo_messaging.DefaultRPCAccessPolicy,
        )

    def start(self) -> None:
        """Begin to listen; returns at once and goes on trying while the broker is away."""
        threading.Thread(target=self._start, name="rpc-server", daemon=True).start()

    def wait_until_listening(self, timeout: float) -> bool:
        """Return whether the broker has been reached within ``timeout`` seconds."""
        return self._listening.wait(timeout)

    def stop(self) -> None:
        """Stop listening and wait for what is being answered."""
        if self._listening.is_set():
            self._server.stop()
            self._server.wait()

    def _start(self) -> None:
        self._server.start(override_pool_size=self._threads)
        self._listening.set()
