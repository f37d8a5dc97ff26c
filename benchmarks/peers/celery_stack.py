# SPDX-License-Identifier: Apache-2.0
"""The same job on Flask, Celery and Redis, with faafo's kernel and PNG.

``celery_stack api DATABASE_URL REDIS_URL`` and ``celery_stack worker DATABASE_URL REDIS_URL
DIRECTORY SLOTS``. The API stores a record and queues a task; the task renders, writes the file and
updates the record in the database itself.
"""

import hashlib
import sys
import time
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from sqlalchemy import update
from sqlalchemy.orm import Session

from benchmarks.peers import bare_api
from benchmarks.peers.table import FIELDS, Fractal, open_database
from faafo.fractal.task import FractalTask
from faafo.render import escape, image

TASK = "render"
READY = "ready."


def create_celery(redis_url: str) -> Celery:
    """Return the Celery application; results are kept in Redis, too."""
    celery = Celery("celery_stack", broker=redis_url, backend=redis_url)
    celery.conf.update(
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
    )
    return celery


def serve(database_url: str, redis_url: str) -> int:
    """Serve the API until the process is killed."""
    celery = create_celery(redis_url)

    def queue(fractal: Fractal) -> None:
        celery.send_task(TASK, [{name: getattr(fractal, name) for name in FIELDS}])

    engine = open_database(database_url, bare_api.THREADS)
    return bare_api.serve(bare_api.create_app(engine, created=queue))


class Renderer:
    """The task; each process has its own connection to the database."""

    def __init__(self, database_url: str, directory: Path) -> None:
        self._database_url = database_url
        self._directory = directory
        self._engine: Any = None

    def prepare(self, **_: Any) -> None:
        """Open the database and load the compiled kernel."""
        self._engine = open_database(self._database_url, 1)
        escape.warm_up()

    def render(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Render a fractal, store the image, complete the record and return the result."""
        started_at = time.perf_counter()
        picture = image.render(FractalTask(**fields))
        duration = time.perf_counter() - started_at
        png = image.encode(picture)
        (self._directory / f"{fields['uuid']}.png").write_bytes(png)
        result = {
            "checksum": hashlib.sha256(png).hexdigest(),
            "duration": duration,
            "size": len(png),
            "generated_by": "celery",
        }
        with Session(self._engine) as session:
            query = update(Fractal).where(Fractal.uuid == fields["uuid"])
            session.execute(query.values(status="complete", **result))
            session.commit()
        return result


def work(database_url: str, redis_url: str, directory: str, slots: str) -> int:
    """Render queued fractals in one process for each slot, until the process is killed."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    celery = create_celery(redis_url)
    renderer = Renderer(database_url, Path(directory))
    worker_process_init.connect(renderer.prepare)
    celery.task(name=TASK)(renderer.render)
    celery.worker_main(["worker", "--pool=prefork", f"--concurrency={slots}", "--loglevel=INFO"])
    return 0


def main() -> int:
    """Run the part that the first argument names."""
    role = sys.argv.pop(1)
    return {"api": serve, "worker": work}[role](*sys.argv[1:])
