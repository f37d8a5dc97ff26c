# SPDX-License-Identifier: Apache-2.0
"""The size of each lane: its threads, and the requests that wait for one of them."""

from faafo.app.lanes import Lane
from faafo.core.settings import MOST_WAITING

# For claims, renewals, reports and the health check: at least this many threads of their own.
LEAST_LEASE_THREADS = 2
# Producers that wait for work at the same time; each occupies a thread. Others ask again and again.
WAITING_THREADS = 16
# Requests for settings: those that may wait, and two that are answered at once.
SETTING_THREADS = MOST_WAITING + 2
# That begin streams, and read what clients have missed.
STREAM_THREADS = 2
# Of each of the two lanes that check credentials: a check of a password occupies a processor.
CHECKING = (Lane.IDENTIFYING, Lane.CONFIRMING)
CHECKING_THREADS = 2
# Requests that wait in the queue of a lane: at most this many for each thread, and a quarter of the
# connections, so that the queues leave connections for everything else.
QUEUED_A_THREAD = 16
LANES_SHARE = 4


def threads_of_lanes(threads: int, slow_threads: int, checks: bool) -> dict[Lane, int]:
    """Return the number of threads of each lane.

    :param threads: for ordinary requests.
    :param checks: whether there are credentials to check.
    """
    return {
        Lane.LEASES: max(LEAST_LEASE_THREADS, threads // 4),
        Lane.SLOW: slow_threads,
        Lane.WAITING: WAITING_THREADS,
        Lane.SETTINGS: SETTING_THREADS,
        Lane.STREAMS: STREAM_THREADS,
        Lane.LIVENESS: 1,
        Lane.ORDINARY: threads,
        **dict.fromkeys(CHECKING, CHECKING_THREADS if checks else 1),
    }


def queues_of_lanes(lanes: dict[Lane, int], connections: int) -> dict[Lane, int]:
    """Return the maximum number of requests that wait in each lane, with that many threads."""
    # The queue of leases is as long as the ordinary one: its requests take milliseconds.
    least = lanes[Lane.ORDINARY]
    queued = {lane: most_queued(max(count, least), connections) for lane, count in lanes.items()}
    # These wait for a thread as long as others wait for work: no more than may arrive at once.
    queued[Lane.WAITING] = WAITING_THREADS
    # As many as there can be.
    queued[Lane.STREAMS] = max(1, connections // LANES_SHARE)
    # Nobody knows who fills these: together they take an eighth of the connections.
    short = most_queued(CHECKING_THREADS, connections // LANES_SHARE)
    return queued | dict.fromkeys(CHECKING, short)


def most_queued(threads: int, connections: int) -> int:
    """Return the maximum number of requests that wait in the queue of a lane."""
    return max(1, min(QUEUED_A_THREAD * threads, connections // LANES_SHARE))
