# SPDX-License-Identifier: Apache-2.0
"""Results: what came of claimed fractals, told to the API; what is rendered, in batches."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from faafo import errors
from faafo.client.http import LARGEST_CLAIM, Client
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult
from faafo.producer.leases import Leases
from faafo.retry import patiently

LOG = logging.getLogger(__name__)

# Between two batches: nobody sees the difference, and one request does for what was ten.
PAUSE_SECONDS = 0.1


class Results:
    """Tells the API what came of leases, and lets them go.

    The first picture is told at once; those of the PAUSE_SECONDS after a batch make the next one.
    If something cannot be told, its lease runs out.

    :param claimed_by: the instance id of the producer that holds the leases.
    :param over: set when it is too late to wait for an API that is away.
    """

    def __init__(
        self, claimed_by: str, client: Client, leases: Leases, over: threading.Event
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._leases = leases
        self._over = over
        self._waiting: deque[tuple[Lease, FractalResult]] = deque()
        self._arrived = threading.Condition()
        self._stopped = False
        self._in_a_hurry = False

    def add(self, lease: Lease, result: FractalResult) -> None:
        """Have told, soon, what has been rendered."""
        with self._arrived:
            self._waiting.append((lease, result))
            self._arrived.notify()

    def fail(self, lease: Lease, worker: str, error: errors.FaafoError) -> None:
        """Tell that an attempt has failed on a worker."""
        fault = _fault(lease, worker, error)
        LOG.warning("task %s: %s", lease.uuid, fault)
        self._tell_end(lease, self._client.fail, lease, fault)

    def give_back(
        self, lease: Lease, worker: str = "", in_the_way: errors.FaafoError | None = None
    ) -> None:
        """Have a fractal queued again, and tell what was in the way on a worker, if anything."""
        fault = in_the_way and _fault(lease, worker, in_the_way)
        self._tell_end(lease, self._client.release, self._claimed_by, [lease], fault)

    def run(self) -> None:
        """Tell results until ``stop`` is called."""
        while batch := self._next_batch():
            self._tell(batch)
            with self._arrived:
                self._arrived.wait_for(lambda: self._in_a_hurry, PAUSE_SECONDS)

    def hurry(self) -> None:
        """Tell everything as soon as it arrives from now on."""
        with self._arrived:
            self._in_a_hurry = True
            self._arrived.notify_all()

    def stop(self) -> None:
        """Tell what is waiting, and no more."""
        with self._arrived:
            self._in_a_hurry = self._stopped = True
            self._arrived.notify_all()

    def _next_batch(self) -> dict[Lease, FractalResult]:
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting or self._stopped)
            size = min(len(self._waiting), LARGEST_CLAIM)
            return dict(self._waiting.popleft() for _ in range(size))

    def _tell(self, batch: dict[Lease, FractalResult]) -> None:
        """Tell a batch; if that fails, the leases will run out."""
        try:
            tell = patiently(errors.ApiUnavailable, self._over)
            for uuid in tell(self._client.complete_all, self._claimed_by, batch.items()):
                LOG.warning("the API did not take what became of task %s: no longer ours", uuid)
        except errors.FaafoError as error:
            for lease in batch:
                LOG.warning("the API did not take what became of task %s: %s", lease.uuid, error)
        # A thread that ends in silence would keep all that comes after.
        except Exception:
            LOG.exception("could not tell the API of %d task(s)", len(batch))
        finally:
            for lease in batch:
                self._leases.discard(lease)

    def _tell_end(self, lease: Lease, call: Callable, *arguments: Any) -> None:
        """Make a call that ends our hold on a fractal."""
        try:
            patiently(errors.ApiUnavailable, self._over)(call, *arguments)
        except errors.FaafoError as error:
            LOG.warning("the API did not take what became of task %s: %s", lease.uuid, error)
        finally:
            self._leases.discard(lease)


def _fault(lease: Lease, worker: str, error: errors.FaafoError) -> str:
    """Return what happened, where and when, for people."""
    # The text of an error that travelled ends with the worker's traceback; its argument is the
    # sentence alone.
    sentence = str(error.args[0]) if error.args else type(error).__name__
    moment = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"attempt {lease.attempt} failed on worker {worker} at {moment}: {sentence}"
