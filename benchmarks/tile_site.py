# SPDX-License-Identifier: Apache-2.0
"""Services that serve tiles, behind a real broker, for the benchmarks of tiles and explorer."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.functional.cluster import Cluster
from tests.functional.servers import RabbitMQ, started


@contextlib.contextmanager
def tile_site(slots: int = 2) -> Iterator[Cluster]:
    """Run RabbitMQ, an API with SQLite, a producer and a worker during the block.

    :param slots: of the worker.
    """
    with (
        tempfile.TemporaryDirectory(prefix="faafo-tiles-") as directory,
        started(RabbitMQ) as rabbitmq,
        Cluster(
            Path(directory), f"sqlite:///{directory}/faafo.sqlite", f"{rabbitmq.url}/"
        ) as cluster,
    ):
        cluster.start_api(tiles={"transport_url": f"{rabbitmq.url}/"})
        cluster.start_producer()
        cluster.start_worker(slots=slots)
        yield cluster
