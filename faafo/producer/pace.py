# SPDX-License-Identifier: Apache-2.0
"""The pace of a producer: its intervals and timeouts."""

from typing import Protocol

# Seconds of work that are claimed ahead of free slots, and that a call carries: fractals that take
# milliseconds travel in batches, and one that takes seconds does not wait while another producer,
# or another slot, is free.
AHEAD_SECONDS = 0.25
RENEWALS_PER_LEASE = 3
# Bounds of the read timeout of a request, in seconds; in between, it is a fraction of a lease.
SHORTEST_READ_TIMEOUT = 5.0
LONGEST_READ_TIMEOUT = 20.0


class Options(Protocol):
    """The options of group ``[producer]``, in seconds; all but lease_duration may change."""

    claim_interval: float
    lease_duration: float
    renew_interval: float
    drain_timeout: float


class Pace:
    """The intervals and timeouts of the dispatcher, in seconds, as they are now."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @property
    def claim_interval(self) -> float:
        """Seconds between two claims, at most."""
        return self._options.claim_interval

    @property
    def lease_duration(self) -> float:
        """Seconds until a lease expires that is not renewed."""
        return self._options.lease_duration

    @property
    def renew_interval(self) -> float:
        """Seconds between two renewals: several fit into a lease."""
        return min(self._options.renew_interval, self.lease_duration / RENEWALS_PER_LEASE)

    @property
    def drain_timeout(self) -> float:
        """Seconds that running renders get to end when the producer stops."""
        return self._options.drain_timeout

    @property
    def read_timeout(self) -> float:
        """Seconds that a request waits for the API: a later answer serves no lease."""
        fraction = self.lease_duration / RENEWALS_PER_LEASE
        return min(LONGEST_READ_TIMEOUT, max(SHORTEST_READ_TIMEOUT, fraction))
