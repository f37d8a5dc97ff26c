# SPDX-License-Identifier: Apache-2.0
"""The same job on Flask and Celery, with faafo's kernel and PNG.

``celery_stack api DATABASE_URL BROKER_URL`` and ``celery_stack worker DATABASE_URL BROKER_URL
DIRECTORY SLOTS``. The API stores a record and queues a task; the task renders, writes the file and
updates the record in the database itself. On ``redis://`` nothing but the record is durable. On
``amqp://`` all is, as faafo's work is: durable queues and messages, publisher confirms, late
acknowledgements, and images that are synced, with their directory, before the record is updated.
"""

import hashlib
import os
import sys
import tempfile
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
# For each process: while one task ends, the next ones are there already.
PREFETCH = 4
CONFIRM = {"confirm_publish": True}


def create_celery(broker_url: str) -> Celery:
    """Return the Celery application.

    On Redis, results are kept there, too. On RabbitMQ the updated record is the result: another
    one would cost a second transaction.
    """
    is_durable = _is_durable(broker_url)
    celery = Celery("celery_stack", broker=broker_url, backend=None if is_durable else broker_url)
    celery.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=is_durable,
        worker_prefetch_multiplier=PREFETCH,
        broker_connection_retry_on_startup=True,
    )
    if is_durable:
        celery.conf.update(task_ignore_result=True, broker_transport_options=CONFIRM)
    return celery


def _is_durable(broker_url: str) -> bool:
    return broker_url.startswith("amqp:")


def serve(database_url: str, broker_url: str) -> int:
    """Serve the API until the process is killed."""
    celery = create_celery(broker_url)

    def queue(fractal: Fractal) -> None:
        celery.send_task(TASK, [{name: getattr(fractal, name) for name in FIELDS}])

    engine = open_database(database_url, bare_api.THREADS)
    return bare_api.serve(bare_api.create_app(engine, created=queue))


class Renderer:
    """The task; each process has its own connection to the database.

    :param is_durable: whether images are on the disk before their records are updated.
    """

    def __init__(self, database_url: str, directory: Path, is_durable: bool) -> None:
        self._database_url = database_url
        self._directory = directory
        self._save = _save_durably if is_durable else _save
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
        self._save(self._directory / f"{fields['uuid']}.png", png)
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


def _save(path: Path, png: bytes) -> None:
    path.write_bytes(png)


def _save_durably(path: Path, png: bytes) -> None:
    """Write a file that is there whole or not at all after a power failure."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(png)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def work(database_url: str, broker_url: str, directory: str, slots: str) -> int:
    """Render queued fractals in one process for each slot, until the process is killed."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    celery = create_celery(broker_url)
    renderer = Renderer(database_url, Path(directory), _is_durable(broker_url))
    worker_process_init.connect(renderer.prepare)
    celery.task(name=TASK)(renderer.render)
    celery.worker_main(["worker", "--pool=prefork", f"--concurrency={slots}", "--loglevel=INFO"])
    return 0


def main() -> int:
    """Run the part that the first argument names."""
    role = sys.argv.pop(1)
    return {"api": serve, "worker": work}[role](*sys.argv[1:])
