# SPDX-License-Identifier: Apache-2.0
"""What a worker serves, and the servers of the topics of those kinds that have one of their own."""

import threading
import time
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg

from faafo.fractal.kinds import Ability, TaskKind
from faafo.rpc import contract
from faafo.rpc.listening import STOP_SECONDS
from faafo.rpc.liveness import LivenessCheck
from faafo.rpc.server import Server
from faafo.rpc.transport import JOINS_OPTION, RPCTransport, get_joins_transport
from faafo.vital import VitalThreads

# Threads that answer WorkerBusy while all slots are occupied.
SPARE_THREADS = 2


class KindServers:
    """Serves ``endpoint`` on the topics of the worker's kinds, but not on that of renders.

    :param transport: that of renders, which is used unless these topics have a broker of their own.
    :param slots: the largest number of slots.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        transport: RPCTransport,
        name: str,
        endpoint: Any,
        slots: int,
        instance_id: str,
    ) -> None:
        self._options = conf.worker
        transport = get_joins_transport(conf, transport)
        threads = slots + SPARE_THREADS
        self._servers = {
            kind: Server(
                transport,
                contract.OF_KIND[kind],
                name,
                endpoint,
                threads,
                instance_id,
                option=JOINS_OPTION if conf.joins.transport_url else "transport_url",
            )
            for kind in kinds_of(conf.worker.kinds)
            if kind is not TaskKind.RENDER
        }
        interval = conf.rpc.pulse_interval
        self._checks = [
            LivenessCheck(transport, server, VitalThreads(), interval)
            for server in self._servers.values()
        ]

    def start(self, stop: threading.Event) -> None:
        """Start to listen, until ``stop`` is set or it is closed; returns at once."""
        for server in self._servers.values():
            server.start(stop)
        for check in self._checks:
            check.start(stop)

    def wait_until_listening(self, timeout: float) -> None:
        """Wait until the broker is reached, ``timeout`` seconds for each topic at most."""
        for server in self._servers.values():
            server.wait_until_listening(timeout)

    def ability(self) -> Ability:
        """Return what the worker serves now: no kind whose topic it does not listen on yet."""
        silent = {kind for kind, one in self._servers.items() if not one.wait_until_listening(0.0)}
        return Ability(kinds_of(self._options.kinds) - silent, frozenset(self._options.labels))

    def close(self) -> None:
        """Begin to stop listening."""
        for server in self._servers.values():
            server.close()

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """Stop listening; return whether all calls were answered within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        return all(one.stop(deadline - time.monotonic()) for one in self._servers.values())


def kinds_of(names: Iterable[str]) -> frozenset[TaskKind]:
    """Return the kinds of these names."""
    return frozenset(map(TaskKind, names))
