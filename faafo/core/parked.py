# SPDX-License-Identifier: Apache-2.0
"""What our HTTP server keeps without a thread: a request that waits, or a response that streams."""

from typing import Protocol


class Parking(Protocol):
    """What a parked request is waiting for; thread-safe."""

    @property
    def is_due(self) -> bool:
        """Whether a thread is to go on with the request."""
        ...

    @property
    def is_abandoned(self) -> bool:
        """Whether the connection is to be closed: its client reads too slowly."""
        ...

    def call(self, finally_: bool = False) -> None:
        """Have a thread go on with the request; for the last time if ``finally_``."""
        ...

    def take(self) -> bytes:
        """Return the next piece of what is to be sent meanwhile; empty if there is none."""
        ...


class Parked(BaseException):
    """Ends the work of a thread on a request that is parked; waitress passes it on."""

    def __init__(self, ticket: Parking) -> None:
        super().__init__()
        self.ticket = ticket
