"""``faafo-worker``: renders fractals."""

import sys

from oslo_service import systemd

from faafo import service
from faafo.rpc.transport import get_transport
from faafo.store.factory import open_writer
from faafo.worker.service import WorkerService


def main() -> int:
    """Work until told to stop; return the exit status."""
    return service.run(work)


def work(stop: service.Stop) -> None:
    """Render what the broker brings until ``stop`` is asked for."""
    conf = service.prepare_service("faafo-worker")
    transport = get_transport(conf)
    service.warn_of_unknown_options(conf)
    name = conf.worker.name or service.unique_name("worker")
    store = open_writer(conf, owner=f"worker-{name}")
    identity = service.identity(name)
    worker = WorkerService(conf, transport, store, name, identity, service.version())
    stop.listen()
    worker.run(stop.asked, stop.urged, systemd.notify)


if __name__ == "__main__":
    sys.exit(main())
