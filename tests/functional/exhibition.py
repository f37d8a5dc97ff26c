# SPDX-License-Identifier: Apache-2.0
"""A site worth looking at: pictures in many palettes, and a fractal of each other status."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from faafo.fractal import palette
from faafo.fractal.constants import CONSTANTS
from faafo.fractal.lease import Lease
from tests.functional.cluster import Cluster
from tests.functional.processes import wait_until

WINDOW = {"xa": -1.6, "xb": 1.6, "ya": -1.2, "yb": 1.2}
# A window that shows where the middle of a picture is worth a closer look.
CLOSER = {"xa": -0.4, "xb": 0.4, "ya": -0.3, "yb": 0.3}

# Nothing is delivered there.
RECEIVER = "https://receiver.example/fractals/that/have/ended?and=a-query-that-is-rather-long"


@dataclass
class Exhibition:
    """A site at ``url``, the uuids of what is there by status, and that of a webhook."""

    url: str
    uuids: dict[str, list[str]]
    webhook: str


def picture(number: int, width: int) -> dict[str, Any]:
    """Return the parameters of the picture with that number."""
    constant = CONSTANTS[number % len(CONSTANTS)]
    return {
        "width": width,
        "height": width * 3 // 4,
        "iterations": 400,
        "cx": constant.cx,
        "cy": constant.cy,
        "palette": palette.NAMES[number % len(palette.NAMES)],
        **(WINDOW if number % 3 else CLOSER),
    }


def open_exhibition(
    cluster: Cluster,
    broker: str,
    width: int,
    pictures: int,
    make: Callable[[int, int], dict[str, Any]] = picture,
) -> Exhibition:
    """Start services, and have so many pictures rendered, ``width`` pixels wide.

    :param make: returns the parameters of a picture by its number and the width.
    """
    cluster.start_api(tiles={"transport_url": broker, "timeout": 60}, api={"retry_delay": 0.1})
    cluster.start_worker(slots=2)
    producer = cluster.start_producer(patient=True)
    complete = [post(cluster.url, **make(number, width)) for number in range(pictures)]
    wait_until(lambda: _are_complete(cluster, complete), "all pictures to be complete")
    producer.stop()
    failed = post(cluster.url, **picture(0, width), callback_url=RECEIVER)
    while cluster.client.get(failed)["status"] != "error":
        (record,) = wait_until(lambda: cluster.client.claim("exhibition", 1, 600), "a claim")
        cluster.client.fail(Lease(failed, record["attempt"]), "the disk of worker w-7 is full")
    rendering = post(cluster.url, **picture(1, width))
    ((claimed, attempt),) = [
        (one["uuid"], one["attempt"]) for one in cluster.client.claim("exhibition", 1, 600)
    ]
    assert claimed == rendering
    done = {rendering: round(width * 3 / 4 * 0.4)}
    cluster.client.renew("exhibition", [Lease(rendering, attempt)], 600, done)
    queued = [post(cluster.url, **picture(number, width)) for number in range(2, 5)]
    uuids = {
        "complete": complete,
        "error": [failed],
        "rendering": [rendering],
        "queued": queued,
    }
    return Exhibition(cluster.url, uuids, _fail_delivery(cluster.url))


def _fail_delivery(url: str) -> str:
    """Have the callback of the fractal in error fail; return the uuid of its webhook."""
    address, name = f"{url}/api/delivery/claim", {"claimed_by": "exhibition", "lease": 60}
    (one,) = requests.post(address, json={**name, "count": 1}, timeout=60).json()["objects"]
    failure = {
        "id": one["id"],
        "attempt": one["attempt"],
        "http_status": 503,
        "duration": 0.2,
        "fault": "the receiver answered 503",
    }
    answer = requests.put(address, json={**name, "failed": [failure]}, timeout=60)
    assert answer.json() == {"lost": []}
    return one["webhook"]["uuid"]


def post(url: str, **parameters: Any) -> str:
    """Post a fractal; return its uuid."""
    answer = requests.post(f"{url}/api/fractal", json=parameters, timeout=120)
    assert answer.status_code == 201, answer.text
    return answer.json()["uuid"]


def _are_complete(cluster: Cluster, uuids: list[str]) -> bool:
    return all(one["status"] == "complete" for one in cluster.client.get_all(uuids))
