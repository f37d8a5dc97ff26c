# SPDX-License-Identifier: Apache-2.0
"""Rows: posters and films that are cancelled, retried and deleted in random order, among kills."""

import hashlib
import io
import threading
import time
import uuid as uuidlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import requests
from PIL import Image

from faafo.fractal.task import FractalTask
from faafo.render import image
from tests.chaos.counters import SERVICE, miscounted
from tests.chaos.deaths import populate
from tests.chaos.lab import Lab, Line, Scale, tell
from tests.chaos.ledger import HEAVY, PATIENCE_SECONDS, SMALL, WORTH_A_RETRY, Verdict
from tests.chaos.remains import every, sweep, wrong
from tests.chaos.site import QUICK, Site, pause
from tests.functional.processes import wait_until

COUNT = 300
# Parents at the same time.
THREADS = 8
MOST_DEEDS = 6
LONGEST_PAUSE = 0.8
SECONDS_BETWEEN_KILLS = (2.0, 6.0)
# How long one waits for something to cancel, or to retry; a machine may be busy.
LOOKS, LOOK_SECONDS = 15, 0.2
# A part that is reported as failed, or whose producer is killed, ends its parent and the others.
SETTINGS = {**QUICK, "api": {**QUICK["api"], "max_attempts": 1}}
CALM_SECONDS = 600.0
ROUNDS = 20
POSTERS: tuple[dict[str, Any], ...] = (
    {**SMALL, "width": 60, "height": 40, "iterations": 200},
    {**SMALL, "width": 60, "height": 40, "iterations": 200, "colouring": "smooth"},
    {**HEAVY, "width": 240, "height": 180, "iterations": 8000},
    {**HEAVY, "width": 300, "height": 300, "iterations": 15_000},
)
WINDOW = {one: SMALL[one] for one in ("xa", "xb", "ya", "yb")}
FILM: dict[str, Any] = {
    **WINDOW,
    "width": 48,
    "height": 32,
    "iterations": 300,
    "path": {"type": "circle", "centre": [-0.8, 0.156], "radius": 0.01},
    "fps": 10,
}
FRAMES = (2, 5)
DEEDS = ("cancel", "cancel", "retry", "retry", "retry part", "delete", "delete part", "wait")


def interleavings(lab: Lab, rng: Random, scale: Scale) -> Line:
    """300 posters and films: kill, cancel, retry and delete them and parts of them, on MariaDB"""
    with lab.site(SETTINGS) as site:
        return _play(populate(site, producers=2, apis=2), rng, scale)


def interleavings_on_sqlite(lab: Lab, rng: Random, scale: Scale) -> Line:
    """300 posters and films: kill, cancel, retry and delete them and parts of them, on SQLite"""
    with lab.site(SETTINGS, sqlite=True) as site:
        return _play(populate(site, producers=2), rng, scale)


def _play(site: Site, rng: Random, scale: Scale) -> Line:
    count = max(COUNT, scale.count) if scale.full else scale.count
    crowd = [Parent(site, Random(rng.getrandbits(64)), number) for number in range(count)]
    over = threading.Event()
    killed: Counter[str] = Counter()
    killer = threading.Thread(target=_kill, args=(site, Random(rng.getrandbits(64)), over, killed))
    killer.start()
    begun_at = time.monotonic()
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(Parent.play, crowd))
    finally:
        over.set()
        killer.join()
    deeds = sum((one.answers for one in crowd), Counter())
    tell("%d parents in %.0f s", count, time.monotonic() - begun_at)
    tell("kills %s, answers %s", dict(killed), dict(sorted(deeds.items())))
    recovered = _calm(site)
    problems = [f"at rest: {one}" for one in wrong(site)]
    tell("at rest: %s", every(site, "SELECT status, COUNT(*) FROM fractal GROUP BY status"))
    problems += [f"after the sweep: {one}" for one in sweep(site)]
    problems += _heal(site)
    problems += [f"at the end: {one}" for one in wrong(site) + sweep(site)] + site.dead()
    problems += [f"{number} answers of 500" for kind, number in deeds.items() if "500" in kind]
    return Line(killed.total(), _verdict(site, crowd), 0, 0, recovered, problems=problems)


@dataclass
class Parent:
    """A poster or a film, and what becomes of it; what is done to it depends on ``rng`` only."""

    site: Site
    rng: Random
    number: int
    is_posted: bool = False
    may_be_gone: bool = False
    answers: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.uuid = str(uuidlib.UUID(int=self.rng.getrandbits(128), version=4))
        self.kind = self.rng.randrange(len(POSTERS) + 1)
        self.size = self.rng.randint(*FRAMES)
        self.url = self.site.apis[self.number % len(self.site.apis)]

    @property
    def is_film(self) -> bool:
        return self.kind == len(POSTERS)

    def play(self) -> None:
        """Post it, and do to it what comes to mind."""
        self._post()
        for _ in range(self.rng.randint(1, MOST_DEEDS)):
            pause(self.rng.uniform(0.0, LONGEST_PAUSE))
            deed = self.rng.choice(DEEDS)
            if deed == "cancel":
                self._cancel()
            elif deed == "retry":
                self._retry()
            elif deed == "delete":
                self.may_be_gone = True
                self._ask("DELETE")
                if self.rng.random() < 0.5:
                    self._post()
            elif deed != "wait":
                self._refused(deed)

    def _post(self) -> None:
        body = {"uuid": self.uuid, **(FILM if self.is_film else POSTERS[self.kind])}
        body |= {"frames" if self.is_film else "split": self.size}
        path = "film" if self.is_film else "fractal"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._send("POST", f"{self.url}/api/{path}", json=body)
            # 409: an answer was lost on the way.
            if answer is not None and answer.status_code in (201, 409):
                self.is_posted = True
                return
            assert answer is None or answer.status_code in (*WORTH_A_RETRY, 500), answer.text
            pause(0.2)

    def _cancel(self) -> None:
        """Fail a part of it, as its producer does: that ends it, and all others."""
        for _ in range(LOOKS):
            parts = self._parts()
            under_way = [one for one in parts if one["status"] == "rendering"]
            if under_way:
                one = self.rng.choice(under_way)
                body = {"attempt": one["attempt"], "fault": "cancelled by the row"}
                self._ask("PUT", uuid=one["uuid"], json=body, user=SERVICE)
            if under_way or not any(one["status"] == "queued" for one in parts):
                return
            pause(LOOK_SECONDS)

    def _retry(self) -> None:
        """Retry it, soon after it is in error if it will be; all else is refused."""
        for _ in range(self.rng.randint(0, LOOKS)):
            answer = self._ask("GET")
            if answer is None or not answer.ok or answer.json()["status"] != "rendering":
                break
            pause(LOOK_SECONDS)
        self._ask("POST", "/retry", json={})

    def _refused(self, deed: str) -> None:
        """Do to a part what nobody may do to a part alone."""
        parts = self._parts()
        if not parts:
            return
        uuid = self.rng.choice(parts)["uuid"]
        if deed == "retry part":
            answer = self._ask("POST", "/retry", uuid=uuid, json={})
        else:
            answer = self._ask("DELETE", uuid=uuid)
        assert answer is None or answer.status_code in (404, 409, 500, *WORTH_A_RETRY), answer.text

    def _parts(self) -> list[dict[str, Any]]:
        query = f"{self.url}/api/fractal?children={self.uuid}&results_per_page=100"
        answer = self._send("GET", query)
        return answer.json()["objects"] if answer is not None and answer.ok else []

    def _ask(
        self,
        method: str,
        end: str = "",
        uuid: str = "",
        **named: Any,
    ) -> requests.Response | None:
        return self._send(method, f"{self.url}/api/fractal/{uuid or self.uuid}{end}", **named)

    def _send(self, method: str, url: str, user: Any = None, **named: Any) -> Any:
        """Return the answer to a request, None if it was lost; wait for an API that is killed."""
        auth, deadline = user or self.site.user, time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = requests.request(method, url, auth=auth, timeout=30, **named)
                self.answers[f"{method} {answer.status_code}"] += 1
                return answer
            except requests.ConnectionError as error:
                # What was sent already may have been done.
                if "refused" not in str(error):
                    break
            except requests.RequestException:
                break
            pause(0.2)
        self.answers["lost"] += 1
        return None

    def is_right(self, record: dict[str, Any]) -> bool:
        """Tell whether the stored picture or film of a record that is complete is right."""
        path = f"{self.url}/api/fractal/{self.uuid}/image"
        served = requests.get(path, auth=self.site.user, timeout=60).content
        if hashlib.sha256(served).hexdigest() != record["checksum"]:
            return False
        with Image.open(io.BytesIO(served)) as picture:
            if self.is_film:
                return picture.n_frames == self.size and picture.size == (48, 32)
            return _pixels(picture) == _pixels_of(self.kind)


def _kill(site: Site, rng: Random, over: threading.Event, killed: Counter[str]) -> None:
    """Kill one service after the other, and start it again after a second."""
    while not over.wait(rng.uniform(*SECONDS_BETWEEN_KILLS)):
        kind = rng.choice(("worker", "worker", "producer", "api"))
        rng.choice(site.of(kind)).crash()
        killed[kind] += 1


def _calm(site: Site) -> float | None:
    """Wait until nothing is queued or rendered any more; return the seconds; None: it never is."""
    begun_at = time.monotonic()
    unfinished = "SELECT COUNT(*) FROM fractal WHERE status NOT IN ('complete', 'error')"
    try:
        wait_until(lambda: every(site, unfinished) == [(0,)], "the end of all", CALM_SECONDS)
    except AssertionError:
        return None
    return time.monotonic() - begun_at


def _heal(site: Site) -> list[str]:
    """Retry all parents that are in error until none is; return which one stays so."""
    in_error = "SELECT uuid FROM fractal WHERE children > 0 AND status = 'error'"
    for _ in range(ROUNDS):
        uuids = [one.uuid for one in every(site, in_error)]
        if not uuids:
            return []
        for uuid in uuids:
            url = f"{site.apis[0]}/api/fractal/{uuid}/retry"
            requests.post(url, json={}, auth=site.user, timeout=30).raise_for_status()
        if _calm(site) is None:
            return ["parents are stuck after a retry"]
    faults = f"{in_error.replace('uuid', 'fault', 1)}"
    return [f"stays in error: {one.fault}" for one in every(site, faults)]


def _verdict(site: Site, crowd: list[Parent]) -> Verdict:
    records = {one["uuid"]: one for one in site.records()}
    verdict = Verdict(len(crowd), sum(one.is_posted for one in crowd))
    verdict.duplicate = len(records.keys() - {one.uuid for one in crowd})
    for parent in crowd:
        record = records.get(parent.uuid)
        if record is None:
            verdict.lost += parent.is_posted and not parent.may_be_gone
        elif record["status"] == "complete":
            verdict.complete += 1
            verdict.wrong_checksum += not parent.is_right(record)
        else:
            verdict.stuck += record["status"] != "error"
            verdict.error += record["status"] == "error"
            verdict.notes.append(f"{parent.uuid} is {record['status']}: {record['fault']}")
    films = {one.size: set() for one in crowd if one.is_film}
    for one in crowd:
        if one.is_film and records.get(one.uuid, {}).get("status") == "complete":
            films[one.size].add(records[one.uuid]["checksum"])
    # The same request gives the same bytes.
    verdict.wrong_checksum += sum(len(found) > 1 for found in films.values())
    miscounts = miscounted(site.apis[0], site.database_url)
    verdict.miscounted = len(miscounts)
    verdict.notes += miscounts
    return verdict


def _pixels(picture: Image.Image) -> str:
    return hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()


@cache
def _pixels_of(kind: int) -> str:
    """Return the checksum of the pixels of a kind of poster that is rendered whole."""
    return _pixels(image.render(FractalTask(uuid=str(uuidlib.UUID(int=0)), **POSTERS[kind])))
