# SPDX-License-Identifier: Apache-2.0
"""The design of the original faafo: a producer that handles one fractal after the other.

``original api DATABASE_URL``, ``original worker TRANSPORT_URL DIRECTORY`` and ``original producer
TRANSPORT_URL API_URL TASKS``, a file with a JSON array of tasks. The worker computes with the plain
Python loop, sets pixel by pixel and saves an RGB image as Pillow does by default.
"""

import hashlib
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import requests
from oslo_config import cfg
from PIL import Image

from benchmarks.peers import bare_api

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

    from oslo_service import backend

    # Must come before oslo.messaging, which would take eventlet otherwise.
    backend.init_backend(backend.BackendType.THREADING)

    import oslo_messaging

EXCHANGE = "original"
TOPIC = "tasks"
NAME = "worker"
READY = "waits for tasks"
FINISHED = "finished after"
TIMEOUT = 300
BLOCK = 65536


def render(task: dict[str, Any]) -> Image.Image:
    """Return the RGB image of ``task``, made by the plain loop."""
    width, height, iterations = task["width"], task["height"], task["iterations"]
    xa, xb, ya, yb = task["xa"], task["xb"], task["ya"], task["yb"]
    cx, cy = task["cx"], task["cy"]
    image = Image.new("RGB", (width, height))
    for y in range(height):
        first_zy = y * (yb - ya) / (height - 1) + ya
        for x in range(width):
            zx, zy = x * (xb - xa) / (width - 1) + xa, first_zy
            for i in range(iterations):  # noqa: B007 - the last one is the colour
                if zx * zx + zy * zy > 4.0:
                    break
                zx, zy = zx * zx - zy * zy + cx, 2.0 * zx * zy + cy
            image.putpixel((x, y), (i % 8 * 32, i % 16 * 16, i % 32 * 8))
    return image


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, read block by block."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


class Endpoint:
    """The RPC endpoint of the worker."""

    target = oslo_messaging.Target(version="1.0")

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def process(self, ctxt: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
        """Render and save ``task``; return what the producer reports."""
        started_at = time.perf_counter()
        image = render(task)
        duration = time.perf_counter() - started_at
        path = self._directory / f"{task['uuid']}.png"
        image.save(path, "PNG")
        return {
            "checksum": checksum(path),
            "duration": duration,
            "size": path.stat().st_size,
            "generated_by": NAME,
        }


def transport(url: str) -> oslo_messaging.transport.RPCTransport:
    """Return the transport that ``url`` names."""
    cfg.CONF([])
    oslo_messaging.set_transport_defaults(control_exchange=EXCHANGE)
    return oslo_messaging.get_rpc_transport(cfg.CONF, url=url)


def work(transport_url: str, directory: str) -> int:
    """Render the requested fractals until the process is killed."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    target = oslo_messaging.Target(topic=TOPIC, server=NAME)
    server = oslo_messaging.get_rpc_server(
        transport(transport_url), target, [Endpoint(Path(directory))]
    )
    server.start()
    print(READY, flush=True)
    server.wait()
    return 0


def produce(transport_url: str, url: str, tasks: str) -> int:
    """Have each task of a file rendered; print the seconds that it took."""
    target = oslo_messaging.Target(topic=TOPIC, version="1.0")
    client = oslo_messaging.get_rpc_client(transport(transport_url), target, timeout=TIMEOUT)
    started_at = time.monotonic()
    for task in json.loads(Path(tasks).read_text()):
        requests.post(f"{url}/api/fractal", json=task).raise_for_status()
        result = client.call({}, "process", task=task)
        requests.put(f"{url}/api/fractal/{task['uuid']}", json=result).raise_for_status()
    print(f"{FINISHED} {time.monotonic() - started_at} s", flush=True)
    return 0


def main() -> int:
    """Run the part that the first argument names."""
    role = sys.argv.pop(1)
    return {"api": lambda _url: bare_api.main(), "worker": work, "producer": produce}[role](
        *sys.argv[1:]
    )
