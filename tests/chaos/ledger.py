# SPDX-License-Identifier: Apache-2.0
"""The client that remembers every 201, and what became of each fractal in the end."""

import hashlib
import threading
import time
import uuid as uuidlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import requests

from faafo.fractal.task import FractalTask
from faafo.render import image

THREADS = 8
PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
WORTH_A_RETRY = (429, 503)
# Some fractals are small, and some take long enough to be hit in the middle: every point near 0 is
# followed to the end, since c = 1/4 has no attracting cycle.
SMALL = {"xa": -1.6, "xb": 1.6, "ya": -1.1, "yb": 1.1, "cx": -0.8, "cy": 0.156}
HEAVY = {
    "width": 300,
    "height": 300,
    "iterations": 15_000,
    "xa": -0.1,
    "xb": 0.1,
    "ya": -0.1,
    "yb": 0.1,
    "cx": 0.25,
    "cy": 0.0,
}
HEAVY_SHARE = 0.4


def random_tasks(rng: Random, count: int) -> list[FractalTask]:
    """Return fractals, small ones and some heavier ones, that depend on ``rng`` only."""
    return [_random_task(rng) for _ in range(count)]


def _random_task(rng: Random) -> FractalTask:
    uuid = str(uuidlib.UUID(int=rng.getrandbits(128), version=4))
    if rng.random() < HEAVY_SHARE:
        return FractalTask(uuid=uuid, **HEAVY)
    return FractalTask(
        uuid=uuid,
        width=rng.randint(24, 60),
        height=rng.randint(24, 60),
        iterations=rng.randint(50, 300),
        **SMALL,
    )


@dataclass
class Verdict:
    """How many fractals there are of each kind, when everything has come to rest."""

    attempted: int = 0
    acknowledged: int = 0
    complete: int = 0
    error: int = 0
    lost: int = 0
    stuck: int = 0
    wrong_checksum: int = 0
    duplicate: int = 0
    miscounted: int = 0
    notes: list[str] = field(default_factory=list)


class Ledger:
    """Posts fractals to any of ``urls``, again and again until each is taken.

    :param user: name and password, where an API asks for a login.
    :param callback_url: is told how each of them ends; ``secrets`` sign what it is told.
    """

    # How long it tries to post each of them.
    patience = PATIENCE_SECONDS

    def __init__(
        self,
        urls: Sequence[str],
        user: tuple[str, str] | None = None,
        callback_url: str | None = None,
    ) -> None:
        self._urls = urls
        self.user = user
        self._more = {} if callback_url is None else {"callback_url": callback_url}
        self.secrets: set[str] = set()
        self.attempted: dict[str, FractalTask] = {}
        self.acknowledged: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.without_retry_after = 0
        self.slowest_post = 0.0
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Post nothing more: somebody has pressed Ctrl-C, or the row has come to grief."""
        self._stopped.set()

    def post_all(self, tasks: Sequence[FractalTask], seconds: float) -> None:
        """Post ``tasks``, evenly over so many seconds; return when each has been taken."""
        begun_at = time.monotonic()
        deadline = begun_at + seconds + self.patience

        def post(number: int) -> None:
            pause = begun_at + number * seconds / len(tasks) - time.monotonic()
            self._stopped.wait(max(0.0, pause))
            self.post(tasks[number], self._urls[number % len(self._urls)], deadline)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(post, range(len(tasks))))

    def post(self, task: FractalTask, url: str, deadline: float | None = None) -> None:
        """Post one fractal until it is taken, or patience is at an end."""
        self.attempted[task.uuid] = task
        deadline = deadline or time.monotonic() + self.patience
        while time.monotonic() < deadline and not self._stopped.is_set():
            status = self._post_once(task, url)
            # 409: an answer was lost on the way, and the fractal is there.
            if status in (201, 409):
                with self._lock:
                    self.acknowledged.add(task.uuid)
                return
            self._stopped.wait(PAUSE_SECONDS)

    def members(self, task: FractalTask) -> dict[str, Any]:
        """Return the members of the body that posts a task."""
        return task.model_dump() | self._more

    def _post_once(self, task: FractalTask, url: str) -> int | None:
        begun_at = time.monotonic()
        try:
            answer = requests.post(
                f"{url}/api/fractal",
                json=self.members(task),
                auth=self.user,
                timeout=30,
            )
        except requests.RequestException:
            return None
        with self._lock:
            self.statuses[answer.status_code] += 1
            if answer.status_code == 201 and self._more:
                self.secrets.add(answer.json()["callback_secret"])
            if answer.status_code in WORTH_A_RETRY and "Retry-After" not in answer.headers:
                self.without_retry_after += 1
            self.slowest_post = max(self.slowest_post, time.monotonic() - begun_at)
        return answer.status_code

    def judge(self, url: str, records: Sequence[dict[str, Any]]) -> Verdict:
        """Return what became of everything, given all records there are."""
        verdict = Verdict(len(self.attempted), len(self.acknowledged))
        found = Counter(record["uuid"] for record in records)
        verdict.lost = len(self.acknowledged - found.keys())
        verdict.duplicate = sum(count - 1 for count in found.values())
        strangers = found.keys() - self.attempted.keys()
        verdict.duplicate += len(strangers)
        for record in records:
            if record["status"] == "complete":
                verdict.complete += 1
                verdict.wrong_checksum += not self._is_right(url, record)
            elif record["status"] == "error":
                verdict.error += 1
                verdict.notes.append(f"{record['uuid']}: {record['fault']}")
            else:
                verdict.stuck += 1
                verdict.notes.append(f"{record['uuid']} is {record['status']}: {record['fault']}")
        return verdict

    def _is_right(self, url: str, record: dict[str, Any]) -> bool:
        """Tell whether record, served image and a render of our own agree."""
        task = self.attempted.get(record["uuid"])
        if task is None:
            return False
        path = f"{url}/api/fractal/{record['uuid']}/image"
        served = requests.get(path, auth=self.user, timeout=60)
        checksums = {record["checksum"], hashlib.sha256(served.content).hexdigest()}
        return checksums == {_checksum_of(task.model_copy(update={"uuid": _ANY}))}


_ANY = "00000000-0000-4000-8000-000000000000"


@cache
def _checksum_of(task: FractalTask) -> str:
    return hashlib.sha256(image.encode(image.render(task))).hexdigest()
