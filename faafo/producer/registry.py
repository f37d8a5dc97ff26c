# SPDX-License-Identifier: Apache-2.0
"""The registry of workers, which their reports keep up to date."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from faafo import errors
from faafo.producer.backlog import Skill, any_one
from faafo.producer.capacity import Group, grouped, rank, tell_if_old
from faafo.producer.passing import MOST_WORKERS, is_told, of_worker
from faafo.producer.worker_state import Slot, Worker
from faafo.rpc import messages

LOG = logging.getLogger(__name__)


class WorkerRegistry:
    """Keeps the live workers; also the RPC endpoint of topic ``producers``.

    :param producer: our instance id, under which a report counts the slots that we occupy.
    :param report_timeout: seconds without a report after which a worker is no longer live.
    :param changed: called, without a lock, when a slot may have become free.
    :param urgent: called, without a lock, when the API must hear of a worker soon: it has stopped,
        or it reports another standing than the API has told.
    """

    def __init__(
        self,
        producer: str,
        report_timeout: float,
        changed: Callable[[], None],
        urgent: Callable[[], None] = lambda: None,
    ) -> None:
        self._producer = producer
        self._report_timeout = report_timeout
        self._changed = changed
        self._urgent = urgent
        self._disabled: frozenset[str] = frozenset()
        self._workers: dict[str, Worker] = {}
        self._has_heard = False
        self._lock = threading.Lock()

    def report(
        self,
        ctxt: dict[str, Any],
        server: str,
        slots: int,
        busy: int,
        busy_for: dict[str, int],
        version: str,
    ) -> None:
        """Record a worker's report; one that is malformed is logged and ignored."""
        arguments = {
            "server": server,
            "slots": slots,
            "busy": busy,
            "busy_for": busy_for,
            "version": version,
        }
        try:
            report = messages.parse(messages.Report, ctxt | arguments)
        except errors.InvalidMessage as error:
            LOG.warning("ignoring a malformed report of worker %.100r: %s", server, error)
            return
        if self._record(report):
            self._changed()
        # The next heartbeat would come after the last report of a worker has expired.
        if report.stopped or self._contradicts(server):
            self._urgent()

    def has_heard(self) -> bool:
        """Return whether any report has arrived since the last call."""
        with self._lock:
            has_heard, self._has_heard = self._has_heard, False
            return has_heard

    def _record(self, report: messages.Report) -> bool:
        """Update the worker of a report; return whether a slot of it has become free.

        A worker that drains reports no slots, also while the next process of its name runs. One
        that is disabled reports none, either, and says that it does not drain.
        """
        name = report.server
        with self._lock:
            self._has_heard = True
            worker = self._workers.get(name)
            drains = not report.slots and report.draining is not False
            if worker and worker.instance_id != report.worker and drains:
                return False
            if worker is None or worker.instance_id != report.worker:
                # The renders of an earlier process have ended with that process.
                LOG.info("worker %s (faafo %s) has %d slot(s)", name, report.version, report.slots)
                worker = self._workers[name] = Worker(report.worker)
                worker.disabled = name in self._disabled
                tell_if_old(report)
            elif worker.slots and not report.slots:
                LOG.info("worker %s takes no more tasks", name)
            free = worker.free
            worker.update(report, report.busy_for.get(self._producer, 0))
            return worker.free > free

    def disable(self, names: Iterable[str]) -> bool:
        """Acquire no slots of workers of these names, and of the others again.

        :return: whether these names are others than before.
        """
        with self._lock:
            known, self._disabled = self._disabled, frozenset(names)
            for name, worker in self._workers.items():
                worker.disabled = name in self._disabled
            enabled = known - self._disabled
        if enabled:
            self._changed()
        return known != self._disabled

    def _contradicts(self, name: str) -> bool:
        with self._lock:
            worker = self._workers.get(name)
            return worker is not None and worker.contradicts

    def contradicting(self) -> list[tuple[str, str | None]]:
        """Return name and instance id of each worker that reports another standing than it has."""
        with self._lock:
            found = [(name, one) for name, one in self._workers.items() if one.contradicts]
            return [(name, one.instance_id) for name, one in found]

    def reports(self) -> list[dict[str, Any]]:
        """Return what the registry of services is told of the workers that have reported lately."""
        with self._lock:
            self._forget_expired()
            oldest = time.monotonic() - self._report_timeout
            known = [one for one in self._workers.values() if one.seen_at >= oldest]
            told = [(one, one.report) for one in known if one.report and is_told(one.report)]
            return [of_worker(one, report) for one, report in told[:MOST_WORKERS]]

    def rows_done(self, uuid: str, worker: str | None) -> int | None:
        """Return how many rows of a fractal ``worker`` has reported, None without a report."""
        with self._lock:
            known = self._workers.get(worker or "")
            return known.rows_done.get(uuid) if known else None

    def free_slots(self) -> int:
        """Return the number of slots that can be acquired now."""
        return sum(group.free for group in self.groups())

    def slots(self) -> int:
        """Return the number of slots of the live workers, free or not."""
        return sum(group.slots for group in self.groups())

    def groups(self) -> list[Group]:
        """Return the slots of live workers by what these can do, the most first."""
        with self._lock:
            self._forget_expired()
            return grouped(self._workers.values())

    def count(self) -> int:
        """Return the number of live workers."""
        with self._lock:
            self._forget_expired()
            return sum(worker.is_live for worker in self._workers.values())

    def acquire(
        self, exclusive: bool = False, fits: Callable[[Skill], bool] = any_one
    ) -> Slot | None:
        """Occupy a slot of the least loaded live worker; return it, None if all are full.

        Workers that can do more than others are left for what needs them.

        :param exclusive: acquire no other slot of this worker until this one is released.
        :param fits: tells whether a worker with a skill can be taken.
        """
        with self._lock:
            self._forget_expired()
            known = {name: one for name, one in self._workers.items() if one.free > 0}
            free = {name: one for name, one in known.items() if fits(one.skill)}
            if not free:
                return None
            name = min(free, key=lambda name: (rank(free[name].skill)[:3], free[name].load))
            return free[name].slot(name, exclusive)

    def release(self, slot: Slot) -> None:
        """Free the slot that ``acquire`` occupied."""
        with self._lock:
            worker = self._worker_of(slot)
            if worker is not None:
                worker.end_call(slot)
        self._changed()

    def record(self, slot: Slot, tasks: int, seconds: float) -> None:
        """Record that the worker has rendered ``tasks`` small tasks in ``slot`` in ``seconds``."""
        with self._lock:
            worker = self._worker_of(slot)
            if worker is not None:
                worker.record(tasks, seconds)

    def with_batches(self) -> list[str]:
        """Return the names of the live workers that take batches, those with slots first."""
        with self._lock:
            self._forget_expired()
            live = {name: one for name, one in self._workers.items() if one.is_live}
            names = [name for name, one in live.items() if one.takes_batches]
            return sorted(names, key=lambda name: live[name].slots == 0)

    def behind(self, version: int) -> dict[str, str]:
        """Return the names of the live workers that know fewer changes of settings, by their ids.

        :param version: number of changes.
        """
        with self._lock:
            self._forget_expired()
            return {
                one.instance_id: name
                for name, one in self._workers.items()
                if one.is_live
                and one.instance_id
                and one.settings is not None
                and one.settings < version
            }

    def mark_full(self, slot: Slot) -> None:
        """Acquire no more slots of a worker that answered WorkerBusy until its next report."""
        with self._lock:
            worker = self._worker_of(slot)
            if worker is not None:
                worker.busy_for_others = worker.slots
                worker.has_given_up = True

    def give_up(self, slot: Slot, is_lost: bool) -> None:
        """End a call whose render may still run: its slot is busy until a report says otherwise.

        :param is_lost: acquire no slot of this worker until it reports again.
        """
        with self._lock:
            worker = self._worker_of(slot)
            if worker is not None:
                worker.end_call(slot)
                worker.given_up += worker.slots if slot.exclusive else 1
                worker.has_given_up = True
                worker.is_live = worker.is_live and not is_lost
        self._changed()

    def _worker_of(self, slot: Slot) -> Worker | None:
        """Return the worker of ``slot``, None if it has another instance id now."""
        worker = self._workers.get(slot.worker)
        return worker if worker is not None and worker.instance_id == slot.instance_id else None

    def _forget_expired(self) -> None:
        """Use no worker that has sent no report; forget it once none of our calls is in flight."""
        oldest = time.monotonic() - self._report_timeout
        expired = {name: one for name, one in self._workers.items() if one.seen_at < oldest}
        for name, worker in expired.items():
            if worker.is_live:
                LOG.warning("worker %s has sent no report for %.1f s", name, self._report_timeout)
            worker.is_live = False
            if not worker.in_flight:
                del self._workers[name]
