# SPDX-License-Identifier: Apache-2.0
"""The reporter of a worker: tells producers of its slots, and what the registry shows of it."""

from faafo.fractal.service import Process
from faafo.rpc.report import ReportClient
from faafo.worker.progress import Renders
from faafo.worker.slots import Slots
from faafo.worker.standing import Standing
from faafo.worker.work import WorkDone


class Reporter:
    """Reports how a worker is, as its collaborators know."""

    def __init__(
        self,
        client: ReportClient,
        process: Process,
        slots: Slots,
        renders: Renders,
        work: WorkDone,
        standing: Standing,
    ) -> None:
        self._client = client
        self._process = process
        self._slots = slots
        self._renders = renders
        self._work = work
        self._standing = standing
        # The number of slots in the last report.
        self.slots = 0

    def report(self, slots: int, draining: bool = False, stopped: bool = False) -> None:
        """Report ``slots``, of which none is usable while the worker drains."""
        self.slots = slots
        shown = {
            "host": self._process.host,
            "age": self._process.age,
            "configuration": self._process.configuration(),
            "work": self._work.members(),
            "disabled": self._standing.disabled,
            "draining": draining,
            "stopped": stopped,
        }
        self._client.report(slots, self._slots.busy_for, self._renders.rows_done(), shown)
