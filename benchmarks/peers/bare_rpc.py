# SPDX-License-Identifier: Apache-2.0
"""A bare oslo.messaging RPC call of an empty method: ``bare_rpc TRANSPORT_URL`` serves it."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from oslo_config import cfg

# It chooses the threads of oslo.messaging, before that is imported.
import faafo.rpc  # noqa: F401  # isort: skip
import oslo_messaging

TOPIC = "bare"
NAME = "server"
READY = "waits for calls"
TIMEOUT = 60


class Endpoint:
    """The endpoint of the server."""

    def nothing(self, ctxt: dict[str, Any]) -> None:
        """Do nothing."""


def _transport(url: str) -> oslo_messaging.transport.RPCTransport:
    # oslo.messaging has registered its options for tracing there.
    cfg.CONF([], default_config_files=[])
    return oslo_messaging.get_rpc_transport(cfg.CONF, url=url)


class Caller:
    """Calls the empty method."""

    def __init__(self, transport: Any) -> None:
        target = oslo_messaging.Target(topic=TOPIC, server=NAME)
        self._client = oslo_messaging.get_rpc_client(transport, target, timeout=TIMEOUT)

    def time(self, calls: int) -> float:
        """Return the seconds that so many calls take, one after the other."""
        started_at = time.perf_counter()
        for _ in range(calls):
            self._client.call({}, "nothing")
        return time.perf_counter() - started_at


@contextlib.contextmanager
def caller(transport_url: str) -> Iterator[Caller]:
    """Give a caller, which lives in the process of the benchmark."""
    transport = _transport(transport_url)
    try:
        yield Caller(transport)
    finally:
        transport.cleanup()


def main() -> int:
    """Serve until the process is killed."""
    target = oslo_messaging.Target(topic=TOPIC, server=NAME)
    server = oslo_messaging.get_rpc_server(_transport(sys.argv[1]), target, [Endpoint()])
    server.start()
    print(READY, flush=True)
    threading.Event().wait()
    return 0
