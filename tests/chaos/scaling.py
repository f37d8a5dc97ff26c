# SPDX-License-Identifier: Apache-2.0
"""Row: as many workers as there is work for, by the arithmetic of KEDA, in a burst."""

import math
import threading
import time
from collections import deque
from random import Random
from typing import Any

import requests

from faafo.fractal.task import FractalTask
from tests.chaos.counters import ADMIN
from tests.chaos.lab import Lab, Line, Scale, tell
from tests.chaos.ledger import HEAVY, random_tasks
from tests.chaos.site import REST_SECONDS, UNHURRIED, Site
from tests.functional.processes import wait_until

SLOTS = 1
LEAST = 1
# Fractals of a burst, and workers at most: in the short suite, and in the whole.
SHORT_BURST, LONG_BURST = 24, 500
SHORT_MOST, LONG_MOST = 2, 5
# Of KEDA's object: pollingInterval, and stabilizationWindowSeconds of scaling down.
POLL_SECONDS = 0.25
STABILIZATION_SECONDS = 0.5
# Half a second of a processor each, or so: a worker is told to stop in the middle of one.
LONG = {**HEAVY, "iterations": 20_000}


def scaled_by_backlog(lab: Lab, rng: Random, scale: Scale) -> Line:
    """a burst of long fractals; workers 1 to N and back by the backlog, as KEDA scales them"""
    count = LONG_BURST if scale.full else SHORT_BURST
    most = LONG_MOST if scale.full else SHORT_MOST
    with lab.site(UNHURRIED) as site:
        site.add_api()
        with site.starting_together():
            site.add_worker("worker-1", SLOTS)
            site.add_producer()
        tasks = [FractalTask(uuid=one.uuid, **LONG) for one in random_tasks(rng, count)]
        ledger = site.ledger()
        begun_at = time.monotonic()
        with Scaler(site, most) as scaler:
            ledger.post_all(tasks, 0.0)
            verdict = site.settle(ledger, REST_SECONDS * max(1.0, count / SHORT_BURST))
            took = time.monotonic() - begun_at
            wait_until(lambda: scaler.workers == LEAST, "one worker to be left", REST_SECONDS)
        told = "%d fractals in %.0f s, workers %s; %d were stopped while they rendered"
        tell(told, count, took, scaler.history, scaler.stopped_busy)
        problems = scaler.problems
        if max(scaler.history) < most:
            problems.append(f"no more than {max(scaler.history)} of {most} workers were started")
        if scale.full and not scaler.stopped_busy:
            problems.append("no worker was stopped while it rendered")
        if ledger.statuses[500]:
            problems.append(f"{ledger.statuses[500]} answers of 500")
        # Whoever is stopped finishes what it has begun: nothing is wasted.
        changes = len(scaler.history) - 1
        return Line(changes, verdict, site.rendered_twice(), 0, 0.0, problems=problems)


class Scaler:
    """Starts and stops workers by the backlog; use it as a context manager.

    This is what KEDA and the autoscaler of Kubernetes compute: outstanding work divided by the
    target, rounded up, within bounds. More at once; fewer when none of the last seconds asked for
    more.
    """

    def __init__(self, site: Site, most: int) -> None:
        self._site = site
        self._most = most
        self._wanted: deque[tuple[float, int]] = deque()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._draining: list[threading.Thread] = []
        self.workers = LEAST
        self.history = [LEAST]
        self.problems: list[str] = []
        self.stopped_busy = 0

    def __enter__(self) -> "Scaler":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stopped.set()
        self._thread.join()
        for one in self._draining:
            one.join()

    def _run(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            answer = requests.get(f"{self._site.apis[0]}/api/backlog", auth=ADMIN, timeout=30)
            # Without an answer nothing changes.
            if answer.ok:
                self._scale_to(self._average_value(answer.json()["outstanding"]))

    def _average_value(self, outstanding: int) -> int:
        now = time.monotonic()
        wanted = max(LEAST, min(self._most, math.ceil(outstanding / SLOTS)))
        self._wanted.append((now, wanted))
        while self._wanted[0][0] < now - STABILIZATION_SECONDS:
            self._wanted.popleft()
        return max(one for _at, one in self._wanted)

    def _scale_to(self, workers: int) -> None:
        for number in range(self.workers + 1, workers + 1):
            self._start(f"worker-{number}")
        for number in range(self.workers, workers, -1):
            stop = threading.Thread(target=self._drain, args=(f"worker-{number}",))
            stop.start()
            self._draining.append(stop)
        if workers != self.workers:
            self.workers = workers
            self.history.append(workers)

    def _start(self, name: str) -> None:
        # One of that name that is still draining keeps the name until it ends.
        for one in self._draining:
            one.join()
        known = self._site.members.get(name)
        if known:
            known.start(wait=False)
            return
        with self._site.starting_together():
            self._site.add_worker(name, SLOTS)

    def _drain(self, name: str) -> None:
        member = self._site.members[name]
        log = member.service
        if len(log.lines_with("processing task")) > len(log.lines_with(" processed in ")):
            self.stopped_busy += 1
        try:
            member.terminate()
        except AssertionError as error:
            self.problems.append(str(error))
