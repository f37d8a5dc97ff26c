# SPDX-License-Identifier: Apache-2.0
"""The worker service: compiles the kernel, listens, reports, drains."""

import logging
import threading
import time
from collections.abc import Callable

from oslo_config import cfg

from faafo import errors
from faafo.fractal.service import Kind, Process
from faafo.fractal.settings import Live
from faafo.metrics import catalogue as metrics
from faafo.pause import pause
from faafo.render import escape
from faafo.retry import with_backoff
from faafo.rpc import contract
from faafo.rpc.listening import STOP_SECONDS
from faafo.rpc.liveness import TAKEN_SECONDS, LivenessCheck
from faafo.rpc.report import ReportClient
from faafo.rpc.server import Server
from faafo.rpc.transport import RPCTransport
from faafo.store.base import ImageWriter
from faafo.vital import VitalThreads
from faafo.worker import films
from faafo.worker.attempt import Renderer
from faafo.worker.cancellations import Cancellations
from faafo.worker.endpoint import WorkerEndpoint
from faafo.worker.kinds import KindServers, kinds_of
from faafo.worker.progress import Renders
from faafo.worker.reporter import Reporter
from faafo.worker.settings import Following
from faafo.worker.slots import SlotNumber, Slots
from faafo.worker.standing import Standing
from faafo.worker.tile import TileServer
from faafo.worker.work import WorkDone

LOG = logging.getLogger(__name__)

# Additional threads, which answer WorkerBusy and cancel renders while all slots are occupied.
SPARE_THREADS = 4
# Two, since an answer to a producer that has stopped occupies a thread for some seconds.
THREADS_PER_SLOT = 2
# Seconds between two checks whether to wait any longer.
POLL_SECONDS = 0.2
# Seconds that a worker that drains still listens: calls may be under way to it.
LISTEN_SECONDS = 1.0
# Seconds that the last report may take beyond the drain.
LAST_REPORT_SECONDS = 0.5
# Seconds that cancelled renders get to end; they check several times a second.
CANCEL_SECONDS = 2.0


class WorkerService:
    """A worker called ``name`` that saves images in ``store``.

    :param instance_id: differs from that of earlier processes with the same name.
    :param live: follows the settings that producers tell; None: this worker follows none.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        transport: RPCTransport,
        store: ImageWriter,
        name: str,
        instance_id: str,
        version: str,
        live: Live | None = None,
    ) -> None:
        self._name = name
        self._store = store
        self._report_interval = conf.rpc.report_interval
        self._options = conf.worker
        self._cancellations = Cancellations()
        self._store_problem: str | None = None
        self._listens = threading.Event()
        self._drained = threading.Event()
        self._number = SlotNumber(conf.worker)
        self._slots = Slots(self._number)
        renders = Renders()
        metrics.SLOTS.read_from(lambda: self._reporter.slots)
        metrics.BUSY.read_from(lambda: sum(self._slots.busy_for.values()))
        standing = Standing(name, self._change_standing)
        work = WorkDone()
        renderer = Renderer(name, store, renders, conf.store.save_timeout, work)
        endpoint = WorkerEndpoint(
            *(instance_id, self._slots, renderer, self._cancellations, standing),
            kinds_of(conf.worker.kinds),
        )
        following = Following(live)
        threads = THREADS_PER_SLOT * self._number.most + SPARE_THREADS
        called = (contract.TASKS, name, endpoint, threads, instance_id, following.endpoints)
        self._server = Server(transport, *called)
        self._kinds = KindServers(conf, transport, name, endpoint, self._number.most, instance_id)
        self._tiles = TileServer(conf, name, instance_id)
        self._vital = VitalThreads()
        self._liveness = LivenessCheck(
            transport,
            self._server,
            self._vital,
            conf.rpc.pulse_interval,
            conf.rpc.pulse_file,
            option="[worker] name",
        )
        self._reporter = Reporter(
            ReportClient(
                *(transport, name, instance_id, version, store.finds),
                *(self._kinds.ability, following.version, films.known_parameters()),
            ),
            Process(Kind.WORKER, name, instance_id, version, configuration=following.configuration),
            self._slots,
            renders,
            work,
            standing,
        )

    def run(
        self,
        stop: threading.Event,
        immediate: threading.Event,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Run until ``stop`` is set, then drain; once ``immediate`` is set, cancel running renders.

        Errors of the store that a retry would not mend are raised in the thread that starts the
        worker; like any error that ends a thread, they end the process.

        :param on_ready: called once the worker listens for tasks.
        """
        reporting = threading.Thread(
            target=self._serve, args=(stop, on_ready), name="reports", daemon=True
        )
        reporting.start()
        stop.wait()
        # Without a server there is nothing to drain, and what has kept it from starting is logged.
        if self._listens.is_set():
            self._drain(immediate)
            reporting.join(LAST_REPORT_SECONDS)

    def _serve(self, stop: threading.Event, on_ready: Callable[[], None]) -> None:
        """Start, and then report until the worker has drained.

        This is a thread of its own, since store and broker may be silent: the main thread drains.
        """
        if not self._start(stop):
            return
        total = self._slots.total
        LOG.info("worker %s is ready, with %d slot(s)", self._name, total)
        on_ready()
        while not stop.is_set():
            self._vital.beat("reports", self._report_interval)
            slots = self._usable_slots()
            # A store that does not answer takes its time, and is no reason to restart the worker.
            self._vital.beat("reports", self._report_interval)
            self._reporter.report(slots)
            total = self._wait_to_report(stop, total)
        while not self._drained.is_set():
            self._reporter.report(0, draining=True)
            self._drained.wait(self._report_interval)
        self._reporter.report(0, draining=True, stopped=True)

    def _start(self, stop: threading.Event) -> bool:
        """Listen once the store and the kernel are ready; return False if ``stop`` is set first."""
        try:
            with_backoff(errors.StoreUnreachable, stop)(self._store.check)
        except errors.StoreUnreachable as error:
            LOG.debug("stopped before the store was reached: %s", error)
            return False
        self._tidy()
        asking = self._liveness.ask_for_name()
        LOG.info("worker %s compiles its kernel", self._name)
        escape.warm_up()
        asking.join(TAKEN_SECONDS)
        if stop.is_set():
            return False
        self._listens.set()
        self._server.start(stop)
        self._kinds.start(stop)
        self._tiles.start()
        self._liveness.start(stop)
        while not stop.is_set():
            if self._server.wait_until_listening(POLL_SECONDS):
                self._kinds.wait_until_listening(POLL_SECONDS)
                return True
        return False

    def _tidy(self) -> None:
        """Remove what an earlier process has half written; that need not succeed to render."""
        try:
            if removed := self._store.remove_partial():
                LOG.info("worker %s removed %d incomplete image file(s)", self._name, removed)
        except errors.StoreUnavailable as error:
            LOG.warning("worker %s could not remove incomplete images: %s", self._name, error)

    def _change_standing(self, disabled: bool) -> None:
        self._slots.disable(disabled)
        self._tiles.pause(disabled)

    def _wait_to_report(self, stop: threading.Event, total: int) -> int:
        """Wait for the time of the next report; not after ``total`` has changed. Return it."""
        pause(stop, lambda: self._report_interval if self._slots.total == total else 0.0)
        now = self._slots.total
        if now != total and not self._slots.is_closed:
            LOG.info("worker %s has %d slot(s) now", self._name, now)
            if now < self._number.configured:
                LOG.warning("[worker] slots: more than %d need a restart", now)
        return now

    def _usable_slots(self) -> int:
        """Return the number of slots, or 0 while the store cannot be written."""
        problem = None
        try:
            self._store.check()
        except errors.StoreUnavailable as error:
            problem = str(error)
        if problem != self._store_problem:
            if problem:
                LOG.error("worker %s takes no tasks: %s", self._name, problem)
            else:
                LOG.info("worker %s takes tasks again", self._name)
            self._store_problem = problem
        return 0 if problem else self._slots.total

    def _drain(self, immediate: threading.Event) -> None:
        """Finish the renders under way, up to ``drain_timeout``; then cancel them.

        Until all producers know of it, the worker answers further calls that it is busy. Then it
        listens no longer: the next process of this name may.
        """
        deadline = time.monotonic() + self._options.drain_timeout
        is_idle = self._slots.wait_until_free(0)
        self._slots.close()
        self._tiles.close()
        self._server.yield_name()
        immediate.wait(min(LISTEN_SECONDS, self._options.drain_timeout))
        self._server.close()
        self._kinds.close()
        if not self._finishes_before(deadline, immediate):
            LOG.warning("worker %s cancels its unfinished renders", self._name)
            self._cancellations.cancel_everything()
            self._slots.wait_until_free(CANCEL_SECONDS)
        # The last answers are part of the drain; without any there is nothing worth a long wait.
        # Nothing is rendered any more: the last report may travel meanwhile.
        self._drained.set()
        now = time.monotonic()
        left = 0.0 if is_idle or immediate.is_set() else deadline - now
        end = now + min(max(STOP_SECONDS, left), deadline + STOP_SECONDS - now)
        ours = (self._server, self._kinds, self._tiles)
        if not all(one.stop(end - time.monotonic()) for one in ours):
            LOG.warning("worker %s stops before the broker has taken its last answers", self._name)
        LOG.info("worker %s has stopped", self._name)

    def _finishes_before(self, deadline: float, immediate: threading.Event) -> bool:
        """Return whether all renders have ended before ``deadline`` and before ``immediate``."""
        while not self._slots.wait_until_free(POLL_SECONDS):
            if immediate.is_set() or time.monotonic() > deadline:
                return False
        return True
