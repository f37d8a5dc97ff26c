# SPDX-License-Identifier: Apache-2.0
"""``faafo-worker``: renders fractals."""

import sys

from faafo import process
from faafo.metrics.server import serving
from faafo.rpc.transport import get_transport, register_opts
from faafo.store.factory import open_writer
from faafo.worker import memory
from faafo.worker.worker import WorkerService


def main() -> int:
    """Work until stopped; return the exit status."""
    return process.run(work)


def work(stop: process.Stop) -> None:
    """Render tasks from the broker until ``stop`` is requested."""
    memory.give_back()
    live = process.prepare_live("faafo-worker", register_more=register_opts)
    conf = live.conf
    transport = get_transport(conf)
    name = conf.worker.name or process.unique_name("worker")
    store = open_writer(conf, owner=f"worker-{name}")
    instance_id = process.instance_id(name)
    worker = WorkerService(conf, transport, store, name, instance_id, process.version(), live)
    process.warn_of_unknown_options(conf)
    stop.listen(lambda: conf.worker.drain_timeout)
    live.follow(stop.requested, stop.reload)
    with serving(conf.metrics.bind, process.version(), ["worker"]):
        worker.run(stop.requested, stop.immediate, process.ready)


if __name__ == "__main__":
    sys.exit(main())
