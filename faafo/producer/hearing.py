# SPDX-License-Identifier: Apache-2.0
"""Hearing: a producer that hears no worker listens again, since it may have become deaf."""

import logging
import threading

from faafo.producer.registry import WorkerRegistry
from faafo.rpc.server import Server

LOG = logging.getLogger(__name__)

# Seconds between two times, at most: no worker may run, and then it is of no use.
LONGEST_PAUSE = 60.0


class Hearing:
    """Has ``server`` listen again while no report of any worker arrives.

    A broker does not tell a consumer that the exchange of the reports was deleted, or the binding
    of its queue. To listen again declares both.

    :param report_timeout: seconds without any report after which it listens again; the pauses
        double up to LONGEST_PAUSE.
    """

    def __init__(self, server: Server, registry: WorkerRegistry, report_timeout: float) -> None:
        self._server = server
        self._registry = registry
        self._report_timeout = report_timeout

    def start(self, stop: threading.Event) -> None:
        """Begin, and go on until ``stop`` is set; returns at once."""
        threading.Thread(target=self._run, args=(stop,), name="hearing", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        pause = self._report_timeout
        # A producer that starts may well be the first: only the loss of all workers is a problem.
        level = logging.INFO
        while not stop.wait(pause):
            if self._registry.has_heard():
                pause, level = self._report_timeout, logging.WARNING
                continue
            if pause == self._report_timeout:
                LOG.log(level, "no worker has reported for %.1f s: listening again", pause)
            self._server.listen_again()
            pause = min(2 * pause, max(LONGEST_PAUSE, self._report_timeout))
