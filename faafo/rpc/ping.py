# SPDX-License-Identifier: Apache-2.0
"""The ping: tells which process answers under a name, and since when."""

import time
from typing import Any

from faafo.rpc import contract


class PingEndpoint:
    """The RPC method that every server offers in addition to its own.

    :param instance_id: differs from that of other processes with the same name.
    """

    target = contract.LIVENESS

    def __init__(self, instance_id: str) -> None:
        self._instance_id = instance_id
        self._begun_at = time.monotonic()
        # Whether the process lets another one have its name.
        self.is_stopping = False

    @property
    def age(self) -> float:
        """The number of seconds since this process began."""
        return time.monotonic() - self._begun_at

    def ping(self, ctxt: dict[str, Any]) -> dict[str, Any]:
        """Return the instance id, the age in seconds, and whether the process stops.

        It is an age and not a time, since the clocks of two hosts may differ.
        """
        return {"instance": self._instance_id, "age": self.age, "is_stopping": self.is_stopping}
