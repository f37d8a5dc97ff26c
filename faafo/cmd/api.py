"""``faafo-api``: the REST API and the web interface."""

import sys

from oslo_service import systemd

from faafo import errors, service
from faafo.app.factory import create_app
from faafo.app.lifecycle import ApiService
from faafo.store.factory import open_store


def main() -> int:
    """Serve until told to stop; return the exit status."""
    return service.run(serve)


def serve(stop: service.Stop) -> None:
    """Serve the API until ``stop`` is asked for."""
    conf = service.prepare_service("faafo-api")
    service.warn_of_unknown_options(conf, later=service.OF_MESSAGING)
    store = open_store(conf)
    api = ApiService(conf, create_app(conf, store, service.version()))
    stop.listen()
    try:
        api.start(stop.asked)
        systemd.notify()
    except errors.DatabaseUnavailable:
        if not stop.asked.is_set():
            raise
    stop.asked.wait()
    api.stop()


if __name__ == "__main__":
    sys.exit(main())
