# SPDX-License-Identifier: Apache-2.0
"""Redis and the database agree on every job, whatever has died on the way from one to the other."""

import contextlib
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from faafo.recent.server import RecentJobs
from tests.functional.processes import Service, run, running_api, wait_until, write_config
from tests.functional.redis_server import Redis
from tests.functional.servers import PASSWORD

RESULT = {"checksum": 64 * "a", "duration": 0.5, "size": 100, "generated_by": "worker-1"}
BODY = {"width": 8, "height": 6, "iterations": 40, "xa": -1.5, "xb": 1.5, "ya": -1, "yb": 1}


class World:
    """Clients, producers and workers in one: they post, claim, fail, complete, retry, delete."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._rng = random.Random(seed)
        self.uuids: list[str] = []

    def live(self, steps: int) -> None:
        """Do something, that many times."""
        for _ in range(steps):
            acts = [self._post, self._claim, self._claim, self._retry, self._delete]
            self._rng.choice(acts)()

    def _post(self) -> None:
        body = [BODY for _ in range(10)]
        posted = requests.post(f"{self._url}/api/fractals", json=body, timeout=60)
        self.uuids += [one["uuid"] for one in posted.json()["objects"]]

    def _claim(self) -> None:
        wanted = {"claimed_by": "me", "count": 6, "lease": 600}
        claimed = requests.post(f"{self._url}/api/claim", json=wanted, timeout=60)
        for one in claimed.json()["objects"]:
            lease = {"attempt": one["attempt"], "token": one["token"]}
            path = f"{self._url}/api/fractal/{one['uuid']}"
            end = self._rng.choice([RESULT, RESULT, {"fault": "lost"}, None])
            if end is not None:
                requests.put(path, json={**lease, **end}, timeout=60)

    def _retry(self) -> None:
        for uuid in self._some():
            requests.post(f"{self._url}/api/fractal/{uuid}/retry", timeout=60)

    def _delete(self) -> None:
        for uuid in self._some()[:1]:
            requests.delete(f"{self._url}/api/fractal/{uuid}", timeout=60)

    def _some(self) -> list[str]:
        return self._rng.sample(self.uuids, min(4, len(self.uuids)))


def differences(url: str, redis: Redis, uuids: list[str]) -> list[Any]:
    """Return the jobs of which Redis says something else than the database."""
    recent = RecentJobs(redis.url, 3600, timeout=60)
    found = []
    for uuid in uuids:
        answer = requests.get(f"{url}/api/fractal/{uuid}", timeout=60)
        record = answer.json() if answer.ok else {"status": "deleted"}
        state = recent.get(uuid)
        known = {} if state is None else state.fields
        fields = ("status", "fault", *RESULT) if answer.ok else ("status",)
        if any(record[name] != known.get(name) for name in fields):
            found.append((uuid, record["status"], known))
    recent.close()
    return found


def start_reader(directory: Path, name: str) -> Service:
    config = directory / "reader.conf"
    return Service(directory, "faafo-reader", "--config-file", config, name=name)


def test_redis_and_database_agree_after_all_has_died(
    tmp_path, rabbitmq, transport_url, redis_server
):
    redis = redis_server
    redis.client.flushall()
    quick = {"retry_delay": 0, "retry_delay_max": 0, "max_attempts": 2}
    events, places = {"transport_url": transport_url}, {"redis_url": redis.url}
    write_config(tmp_path / "reader.conf", events=events, reader=places)
    with running_api(tmp_path, groups={"reader": places}, **quick) as api:
        world = World(api.url, seed=17)
        notified = {"DEFAULT": {"endpoint_url": api.url}, "events": events}
        config = write_config(tmp_path / "notifier.conf", **notified)
        with (
            Service(tmp_path, "faafo-notifier", "--config-file", config) as notifier,
            contextlib.ExitStack() as stack,
        ):
            reader = stack.enter_context(start_reader(tmp_path, "reader-0"))
            # The API writes events once the notifier has asked for them.
            notifier.wait_for_line("is ready")
            with living(world):
                for number in range(1, 6):
                    reader.wait_for_line("listens for events")
                    reader.kill()
                    reader = stack.enter_context(start_reader(tmp_path, f"reader-{number}"))
                rabbitmq.kill()
                try:
                    notifier.wait_for_line("event(s) wait, trying again")
                    # A reader that has no broker waits, and stops all the same.
                    with start_reader(tmp_path, "lonely") as lonely:
                        lonely.wait_for_line("no connection to the broker yet")
                finally:
                    rabbitmq.start()
                redis.kill()
                redis.start()
            # Redis was emptied: the events before that are gone.
            rebuilt = run(
                tmp_path, "faafo-manage", "--config-file", api.config, "reader", "rebuild"
            )
            assert rebuilt.returncode == 0, rebuilt.stderr
            assert "state(s) written" in rebuilt.stdout
            wait_until(lambda: not _wrong(api.url, redis, world), "Redis to agree")
            world.live(20)
            wait_until(lambda: not _wrong(api.url, redis, world), "Redis to agree again")
            assert len(world.uuids) > 50
            assert PASSWORD not in notifier.output() + reader.output()


@contextlib.contextmanager
def living(world: World) -> Iterator[None]:
    """Let the world live during the block."""
    end = threading.Event()

    def live() -> None:
        while not end.is_set():
            world.live(5)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(live)
        try:
            yield
        finally:
            end.set()
        future.result()


def _wrong(url: str, redis: Redis, world: World) -> list[Any]:
    # A job that was deleted before Redis was emptied is not in there.
    return [one for one in differences(url, redis, world.uuids) if one[1:] != ("deleted", {})]
