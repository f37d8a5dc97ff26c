# SPDX-License-Identifier: Apache-2.0
"""The pace of a producer: its intervals and timeouts."""

from dataclasses import dataclass

# Seconds of work that are claimed ahead of free slots, and that a call carries: fractals that take
# milliseconds travel in batches, and one that takes seconds does not wait while another producer,
# or another slot, is free.
AHEAD_SECONDS = 0.25
RENEWALS_PER_LEASE = 3
# Bounds of the read timeout of a request, in seconds; in between, it is a fraction of a lease.
SHORTEST_READ_TIMEOUT = 5.0
LONGEST_READ_TIMEOUT = 20.0


@dataclass(frozen=True)
class Pace:
    """The intervals and timeouts of the dispatcher, in seconds."""

    claim_interval: float
    lease_duration: float
    renew_interval: float
    drain_timeout: float

    @property
    def read_timeout(self) -> float:
        """Seconds that a request waits for the API: a later answer serves no lease."""
        fraction = self.lease_duration / RENEWALS_PER_LEASE
        return min(LONGEST_READ_TIMEOUT, max(SHORTEST_READ_TIMEOUT, fraction))
