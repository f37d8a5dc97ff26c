# SPDX-License-Identifier: Apache-2.0
"""Cancellations are cast one after the other, and again when the broker was unavailable."""

import threading

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.producer.canceller import Canceller

FIRST, SECOND = (Lease(f"00000000-0000-4000-8000-00000000000{number}", 1) for number in (1, 2))


class Workers:
    """Stands for the client of the workers; casts wait for ``proceed``, and may fail first."""

    def __init__(self):
        self.proceed = threading.Event()
        self.problems = []
        self.cast = []

    def cancel(self, lease, worker):
        self.proceed.wait()
        if self.problems:
            raise self.problems.pop(0)
        self.cast.append((lease, worker))


@pytest.fixture
def workers():
    workers = Workers()
    yield workers
    workers.proceed.set()


@pytest.fixture
def canceller(workers):
    canceller = Canceller(workers)
    threading.Thread(target=canceller.run, daemon=True).start()
    return canceller


def test_a_silent_broker_does_not_keep_the_caller_waiting(canceller, workers, wait_until):
    for _ in range(3):
        canceller.cancel(FIRST, "w")
        canceller.cancel(SECOND, "w")
    canceller.cancel(SECOND, None)
    workers.proceed.set()
    wait_until(lambda: {(FIRST, "w"), (SECOND, "w")} == set(workers.cast), "both casts")
    # One may have been under way when it was requested again.
    assert len(workers.cast) <= 4


def test_a_cast_is_repeated_when_the_broker_was_unavailable(canceller, workers, wait_until):
    workers.problems = [errors.BrokerUnavailable("unavailable")] * 2
    workers.proceed.set()
    canceller.cancel(FIRST, "w")
    wait_until(lambda: workers.cast == [(FIRST, "w")], "the cast")
