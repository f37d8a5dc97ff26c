# SPDX-License-Identifier: Apache-2.0
"""The worker service: compiles the kernel, listens, reports, drains."""

import logging
import os
import threading
from collections.abc import Callable

from oslo_config import cfg

from faafo import errors
from faafo.render import escape
from faafo.retry import with_backoff
from faafo.rpc import contract
from faafo.rpc.client import ReportClient
from faafo.rpc.liveness import make_liveness_check
from faafo.rpc.server import Server
from faafo.rpc.transport import RPCTransport
from faafo.store.base import ImageWriter
from faafo.worker.cancellations import Cancellations
from faafo.worker.endpoint import WorkerEndpoint
from faafo.worker.progress import Renders
from faafo.worker.slots import Slots
from faafo.worker.tile import TileServer

LOG = logging.getLogger(__name__)

# Additional threads, which answer WorkerBusy and cancel renders while all slots are occupied.
SPARE_THREADS = 4
# Two, since an answer to a producer that has stopped occupies a thread for some seconds.
THREADS_PER_SLOT = 2


class WorkerService:
    """A worker called ``name`` that saves images in ``store``.

    :param instance_id: differs from that of earlier processes with the same name.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        transport: RPCTransport,
        store: ImageWriter,
        name: str,
        instance_id: str,
        version: str,
    ) -> None:
        self._name = name
        self._store = store
        self._report_interval = conf.rpc.report_interval
        self._drain_timeout = conf.worker.drain_timeout
        self._cancellations = Cancellations()
        self._store_problem: str | None = None
        total = conf.worker.slots or len(os.sched_getaffinity(0))
        self._slots = Slots(total)
        self._renders = Renders()
        endpoint = WorkerEndpoint(
            name,
            instance_id,
            self._slots,
            store,
            self._cancellations,
            self._renders,
            conf.store.save_timeout,
        )
        threads = THREADS_PER_SLOT * total + SPARE_THREADS
        self._server = Server(transport, contract.TASKS, name, endpoint, threads)
        self._tiles = TileServer(conf, name)
        self._liveness = make_liveness_check(conf, transport, contract.TASKS, name)
        self._reports = ReportClient(transport, name, instance_id, version)

    def run(
        self,
        stop: threading.Event,
        immediate: threading.Event,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Run until ``stop`` is set, then drain; once ``immediate`` is set, cancel running renders.

        :param on_ready: called once the worker listens for tasks.
        :raises faafo.errors.StoreUnavailable: when the store cannot be written and a retry would
            not help.
        """
        try:
            with_backoff(errors.StoreUnreachable, stop)(self._store.check)
        except errors.StoreUnreachable:
            # Stopped while the store did not answer.
            return
        self._tidy()
        LOG.info("worker %s compiles its kernel", self._name)
        escape.warm_up()
        self._server.start(stop)
        self._tiles.start(stop)
        if self._liveness is not None:
            self._liveness.start(stop)
        while not stop.is_set() and not self._server.wait_until_listening(timeout=0.5):
            continue
        if not stop.is_set():
            LOG.info("worker %s is ready, with %d slot(s)", self._name, self._slots.total)
            on_ready()
        while not stop.is_set():
            self._report()
            stop.wait(self._report_interval)
        self._drain(immediate)

    def _tidy(self) -> None:
        """Remove what an earlier process has half written; that need not succeed to render."""
        try:
            if removed := self._store.remove_partial():
                LOG.info("worker %s removed %d incomplete image file(s)", self._name, removed)
        except errors.StoreUnavailable as error:
            LOG.warning("worker %s could not remove incomplete images: %s", self._name, error)

    def _report(self) -> None:
        self._reports.report(self._usable_slots(), self._slots.busy_for, self._renders.rows_done())

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
        self._slots.close()
        self._tiles.stop()
        if self._server.wait_until_listening(timeout=0):
            self._report()
        waited = threading.Thread(target=self._give_up, args=(immediate,), daemon=True)
        waited.start()
        self._server.stop()
        LOG.info("worker %s has stopped", self._name)

    def _give_up(self, immediate: threading.Event) -> None:
        """Cancel running renders after drain_timeout, or once ``immediate`` is set."""
        if not immediate.wait(self._drain_timeout):
            LOG.warning("worker %s cancels its unfinished renders", self._name)
        self._cancellations.cancel_everything()
