# SPDX-License-Identifier: Apache-2.0
"""``faafo-all``: API, worker and producer in one process, without a broker or a database server."""

import sys
import threading

from oslo_service import systemd

from faafo import process
from faafo.app.factory import create_app
from faafo.app.lifecycle import ApiService
from faafo.producer.producer import ProducerService
from faafo.rpc.transport import get_transport
from faafo.store.factory import open_store
from faafo.worker.worker import WorkerService

# A person at a terminal waits for this process to end.
DRAIN_SECONDS = 2.0


def main() -> int:
    """Run everything until told to stop; return the exit status."""
    return process.run(run_all)


def run_all(stop: process.Stop) -> int:
    """Run the three services as threads until ``stop`` is asked for, or a single set is through."""
    conf = process.prepare_service("faafo-all")
    conf.set_default("drain_timeout", DRAIN_SECONDS, group="worker")
    transport = get_transport(conf, default_url="fake://")
    process.warn_of_unknown_options(conf)
    name = process.unique_name("all")
    store = open_store(conf, owner=f"all-{name}")
    store.check()
    api = ApiService(conf, create_app(conf, store, process.version()))
    identity = process.instance_id(name)
    worker = WorkerService(conf, transport, store, name, identity, process.version())
    stop.listen()
    url = api.start(stop.requested)
    conf.set_override("endpoint_url", url)
    print(f"faafo is at {url}/", flush=True)

    def work() -> None:
        try:
            # A Ctrl-C must not cut the drain short: it is short enough.
            worker.run(stop.requested, threading.Event(), systemd.notify)
        finally:
            stop.requested.set()

    working = threading.Thread(target=work, name="worker")
    working.start()
    try:
        return ProducerService(conf, transport, name, identity).run(stop.requested)
    finally:
        stop.requested.set()
        working.join()
        api.stop()


if __name__ == "__main__":
    sys.exit(main())
