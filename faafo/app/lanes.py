# SPDX-License-Identifier: Apache-2.0
"""Lanes: threads for each kind of requests, so that no kind waits for another."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from flask import Flask
from waitress.task import ThreadedTaskDispatcher
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from faafo.policies.endpoints import PUBLIC

UNLIMITED = 2**40
IMAGE_ENDPOINT = "fractal.put_image"


class Lane(Enum):
    """What a request has to do with: leases, slow work, a wait, a stream, or anything else.

    That for the version asks for life alone: it waits for no other, and needs no database.

    Before that, its sender may have to be identified: in IDENTIFYING, where users log in, too, or
    in CONFIRMING when the credentials were valid when they were checked last.
    """

    LEASES = auto()
    SLOW = auto()
    WAITING = auto()
    SETTINGS = auto()
    STREAMS = auto()
    LIVENESS = auto()
    ORDINARY = auto()
    IDENTIFYING = auto()
    CONFIRMING = auto()


LANES = {
    Lane.LEASES: {
        "claim.post_claim",
        "claim.put_claim",
        "delivery.post_claim",
        "delivery.put_claim",
        "fractal.put_fractal",
        "fractal.patch_fractal",
        "health.get_health",
        # A leader that cannot extend its lock in time loses it.
        "lock.delete_lock",
        "lock.post_lock",
        "lock.put_lock",
    },
    # Each of these holds a place of a bulkhead while it is slow: core/bulkhead.py.
    Lane.SLOW: {
        "action.post_delete",
        "card.get_card",
        "download.get_download",
        "film.get_films",
        "fractal.delete_fractal",
        "fractal.get_fractals",
        "fractal.get_image",
        "health.get_store_health",
        "many.post_delete",
        "thumbnail.get_thumbnail",
        "tile.get_tile",
        "viewer.get_tile",
        IMAGE_ENDPOINT,
    },
    Lane.WAITING: {"claim.get_claim", "delivery.get_claim", "lock.get_lock"},
    # Wait for a change of settings, not behind those that wait for work.
    Lane.SETTINGS: {"setting.get_settings"},
    # All clients connect again together when an API has been restarted.
    Lane.STREAMS: {"event.get_events"},
    # Where a database hangs all other threads do: a kubelet would start the API again and again.
    Lane.LIVENESS: {"version.get_version"},
    Lane.IDENTIFYING: {
        "login.post_login",
        "login.post_logout",
        "token.delete_token",
        "token.post_token",
    },
}


@dataclass(frozen=True)
class Route:
    """The lane of a request, and the largest body in bytes that is read: 0 for none.

    ``is_private``: whether it must be known who sends it, unless that is so for everybody.
    """

    lane: Lane = Lane.ORDINARY
    largest_body: int = 0
    is_upload: bool = False
    is_private: bool = False


def routes(app: Flask) -> Callable[[str, str], Route]:
    """Return the function from method and path to the route; it reads no body without one."""
    adapter = app.url_map.bind("localhost")
    lanes = {endpoint: lane for lane, endpoints in LANES.items() for endpoint in endpoints}

    def route(method: str, path: str) -> Route:
        # waitress passes paths on as WSGI wants them: bytes as Latin-1, one slash at the start.
        decoded = "/" + path.lstrip("/").encode("latin-1").decode("utf-8", "replace")
        try:
            endpoint, _ = adapter.match(decoded, method)
        except (HTTPException, RequestRedirect):
            return Route()
        is_upload = endpoint == IMAGE_ENDPOINT
        largest = app.config["MAX_IMAGE_SIZE" if is_upload else "MAX_CONTENT_LENGTH"]
        return Route(
            lanes.get(endpoint, Lane.ORDINARY),
            largest or UNLIMITED,
            is_upload,
            endpoint not in PUBLIC,
        )

    return route


class Lanes:
    """Hands each task to the threads of its ``lane``; takes the place of waitress' dispatcher."""

    def __init__(self) -> None:
        self._pools = {lane: ThreadedTaskDispatcher() for lane in Lane}
        # Answers what finds a queue full; that needs neither the application nor a wait.
        self._refusals = ThreadedTaskDispatcher()
        self._most_queued = dict.fromkeys(Lane, UNLIMITED)

    def start(self, threads: Mapping[Lane, int], most_queued: Mapping[Lane, int]) -> None:
        """Start that many threads in each lane, and bound its queue to that many requests."""
        self._most_queued = dict(most_queued)
        for lane, pool in self._pools.items():
            pool.set_thread_count(threads[lane])
        self._refusals.set_thread_count(1)

    def add_task(self, task: Any) -> None:
        """Have a task serviced by a thread of its lane, or turned away when too many wait there."""
        pool = self._pools[task.lane]
        if len(pool.queue) >= self._most_queued[task.lane] and task.turn_away():
            pool = self._refusals
        pool.add_task(task)

    def shutdown(self, timeout: float) -> None:
        """Stop all threads within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        pools = [*self._pools.values(), self._refusals]
        for pool in pools:
            pool.set_thread_count(0)
        for pool in pools:
            pool.shutdown(timeout=max(0.0, deadline - time.monotonic()))
