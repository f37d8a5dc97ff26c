"""Results: what has been rendered, told to the API in batches."""

import logging
import threading
from collections import deque

from faafo import errors
from faafo.client.http import LARGEST_CLAIM, Client
from faafo.fractal.task import FractalResult
from faafo.producer.leases import Lease, Leases
from faafo.retry import patiently

LOG = logging.getLogger(__name__)

# Between two batches: nobody sees the difference, and one request does for what was ten.
PAUSE_SECONDS = 0.1


class Results:
    """Tells the API what came of leases, and lets them go.

    The first one is told at once. What arrives in the PAUSE_SECONDS after a batch makes the next.

    :param name: the producer that holds the leases.
    :param over: set when it is too late to wait for an API that is away.
    """

    def __init__(self, name: str, client: Client, leases: Leases, over: threading.Event) -> None:
        self._name = name
        self._client = client
        self._leases = leases
        self._over = over
        self._waiting: deque[tuple[Lease, FractalResult]] = deque()
        self._arrived = threading.Condition()
        self._stopped = False
        self._in_a_hurry = False

    def add(self, lease: Lease, result: FractalResult) -> None:
        """Have a result told, soon."""
        with self._arrived:
            self._waiting.append((lease, result))
            self._arrived.notify()

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
        results = [(result, lease.attempt) for lease, result in batch.items()]
        try:
            tell = patiently(errors.ApiUnavailable, self._over)
            for uuid in tell(self._client.complete_all, self._name, results):
                LOG.warning("the API did not take what became of task %s: no longer ours", uuid)
        except errors.FaafoError as error:
            for lease in batch:
                LOG.warning("the API did not take what became of task %s: %s", lease.uuid, error)
        # A thread that ends in silence would keep all that comes after.
        except Exception:
            LOG.exception("could not tell the API of %d task(s)", len(batch))
        finally:
            for lease in batch:
                self._leases.let_go(lease)
