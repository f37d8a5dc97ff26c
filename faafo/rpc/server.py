# SPDX-License-Identifier: Apache-2.0
"""An RPC server that listens under one name on one topic."""

from collections.abc import Sequence
from typing import Any

import oslo_messaging
from oslo_messaging.rpc.server import RPCServer
from oslo_messaging.transport import RPCTransport

from faafo.rpc.listening import Listening
from faafo.rpc.ping import PingEndpoint

# Seconds by which the ages of two processes may differ while a message travels.
SAME_AGE_SECONDS = 1.0

# Errors that are answers: the server sends them to the caller without logging them.
expected_exceptions = oslo_messaging.expected_exceptions


class Server(Listening):
    """Serves ``endpoint`` as ``target``, once the broker is reachable.

    :param instance_id: differs from that of other processes with the same ``name``.
    :param more: further endpoints.
    :param option: what holds the URL of ``transport``.
    """

    def __init__(
        self,
        transport: RPCTransport,
        target: oslo_messaging.Target,
        name: str,
        endpoint: Any,
        threads: int,
        instance_id: str = "",
        more: Sequence[Any] = (),
        option: str = "transport_url",
    ) -> None:
        super().__init__(transport, threads, option)
        self._more = more
        self.target = target(server=name, version=None)
        self._endpoint = endpoint
        self._instance_id = instance_id
        self._ping = PingEndpoint(instance_id)

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

    def yield_name(self) -> None:
        """Let another process have this name from now on, since this one stops."""
        self._ping.is_stopping = True

    def _make(self) -> RPCServer:
        return oslo_messaging.get_rpc_server(
            self._transport,
            self.target,
            [self._endpoint, *self._more, self._ping],
            access_policy=oslo_messaging.DefaultRPCAccessPolicy,
        )
