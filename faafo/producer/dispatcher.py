"""The dispatcher: carries queued fractals to workers and their results back to the API."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from faafo import errors
from faafo.client.http import LARGEST_CLAIM, Client, Record
from faafo.fractal.task import FractalResult, FractalTask
from faafo.producer.workers import WorkerRegistry
from faafo.retry import patiently
from faafo.rpc.client import WorkerClient

LOG = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3

# What keeps a fractal from being rendered here and now, and is not held against it.
NO_FAULT_OF_THE_FRACTAL = (
    errors.BrokerUnavailable,
    errors.RenderCancelled,
    errors.StoreUnavailable,
    errors.WorkerBusy,
)


@dataclass(frozen=True)
class Pace:
    """How often the dispatcher does what, in seconds."""

    claim_interval: float
    lease_duration: float
    drain_timeout: float


class Dispatcher:
    """Claims as many fractals as there are free slots, and sees each one through in a thread."""

    def __init__(
        self,
        name: str,
        client: Client,
        registry: WorkerRegistry,
        workers: WorkerClient,
        pace: Pace,
        wake: threading.Event,
    ) -> None:
        self._name = name
        self._client = client
        self._registry = registry
        self._workers = workers
        self._pace = pace
        self._wake = wake
        # (uuid, attempt) of what we have claimed and not yet told the API the end of.
        self._held: set[tuple[str, int]] = set()
        self._idle = threading.Condition()
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Dispatch until ``stop`` is set; whoever sets it sets our ``wake`` as well."""
        self._stop = stop
        renewal = threading.Thread(target=self._renew_leases, name="leases", daemon=True)
        renewal.start()
        while True:
            # Cleared before looking, so that nothing that happens from here on is missed.
            self._wake.clear()
            if stop.is_set():
                break
            if not self._dispatch():
                self._wake.wait(self._pace.claim_interval)
        self._drain()

    def _dispatch(self) -> bool:
        """Fill the free slots; return whether there was anything to fill them with."""
        free = min(self._registry.free_slots(), LARGEST_CLAIM)
        if not free:
            return False
        try:
            claimed = patiently(errors.ApiUnavailable, self._stop)(
                self._client.claim, self._name, free, self._pace.lease_duration
            )
            for record in claimed:
                self._start(record)
            return bool(claimed)
        except errors.FaafoError as error:
            LOG.error("could not claim fractals: %s", error)
        # A dispatcher that ends in silence would be worse than one that makes a mistake.
        except Exception:
            LOG.exception("could not dispatch")
        return False

    def _start(self, record: Record) -> None:
        task, attempt = FractalTask.model_validate(record), record["attempt"]
        with self._idle:
            self._held.add((task.uuid, attempt))
        worker = self._registry.acquire()
        if worker is None:
            self._give_back(task.uuid, attempt)
            return
        threading.Thread(
            target=self._see_through,
            args=(task, attempt, worker),
            name=f"task-{task.uuid}",
            daemon=True,
        ).start()

    def _see_through(self, task: FractalTask, attempt: int, worker: str) -> None:
        """Have a fractal rendered and tell the API how that went."""
        try:
            result = self._workers.process(task, worker)
        except NO_FAULT_OF_THE_FRACTAL as error:
            LOG.info("worker %s did not render task %s: %s", worker, task.uuid, error.args[0])
            self._registry.mark_full(worker)
            self._registry.release(worker)
            self._give_back(task.uuid, attempt)
        except errors.WorkerLost as error:
            self._registry.forget(worker)
            self._fail(task.uuid, attempt, error)
        except errors.FaafoError as error:
            self._registry.release(worker)
            self._fail(task.uuid, attempt, error)
        # Whatever happens, a fractal must not stay ours for ever.
        except Exception as error:
            LOG.exception("task %s failed", task.uuid)
            self._registry.release(worker)
            self._fail(task.uuid, attempt, errors.FaafoError(f"{type(error).__name__}: {error}"))
        else:
            # The worker is free now: the result need not be recorded before it gets more work.
            self._registry.release(worker)
            self._complete(result, attempt)

    def _complete(self, result: FractalResult, attempt: int) -> None:
        LOG.info("task %s processed: %s", result.uuid, result.model_dump())
        self._tell_api((result.uuid, attempt), self._client.complete, result, attempt)

    def _fail(self, uuid: str, attempt: int, error: errors.FaafoError) -> None:
        # The text of an error that travelled ends with the worker's traceback; its argument
        # is the sentence alone.
        fault = str(error.args[0]) if error.args else type(error).__name__
        LOG.warning("attempt %d of task %s failed: %s", attempt, uuid, fault)
        self._tell_api((uuid, attempt), self._client.fail, uuid, attempt, fault)

    def _give_back(self, uuid: str, attempt: int) -> None:
        held = (uuid, attempt)
        self._tell_api(held, self._client.release, self._name, [held])

    def _tell_api(self, held: tuple[str, int], call: Callable, *arguments: Any) -> None:
        """Make a call that ends our hold on a fractal; if it fails, the lease will run out."""
        try:
            patiently(errors.ApiUnavailable, self._stop)(call, *arguments)
        except errors.FaafoError as error:
            LOG.warning("the API did not take what became of task %s: %s", held[0], error)
        finally:
            with self._idle:
                self._held.discard(held)
                self._idle.notify_all()

    def _renew_leases(self) -> None:
        while not self._stop.wait(self._pace.lease_duration / RENEWALS_PER_LEASE):
            held = self._holding()
            if not held:
                continue
            try:
                lost = self._client.renew(self._name, held, self._pace.lease_duration)
            except errors.FaafoError as error:
                LOG.warning("could not renew %d lease(s): %s", len(held), error)
                continue
            for uuid in sorted(set(lost) & {uuid for uuid, _attempt in self._holding()}):
                LOG.warning("the lease on task %s is lost: it may be rendered twice", uuid)

    def _holding(self) -> list[tuple[str, int]]:
        with self._idle:
            return list(self._held)

    def _drain(self) -> None:
        """Wait a little for results, then give back what has none."""
        deadline = time.monotonic() + self._pace.drain_timeout
        with self._idle:
            self._idle.wait_for(lambda: not self._held, deadline - time.monotonic())
        held = self._holding()
        if not held:
            return
        LOG.info("giving %d unfinished task(s) back to the queue", len(held))
        try:
            self._client.release(self._name, held)
        except errors.FaafoError as error:
            LOG.warning("they will be queued again when their leases run out: %s", error)
