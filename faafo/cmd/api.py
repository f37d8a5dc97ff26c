# SPDX-License-Identifier: Apache-2.0
"""``faafo-api``: the REST API and the web interface."""

import sys

from faafo import errors, process
from faafo.app import settings
from faafo.app.factory import create_app
from faafo.app.lifecycle import ApiService
from faafo.fractal.service import Kind
from faafo.metrics.server import serving
from faafo.store.factory import open_store

# Seconds that an answer under way gets beyond what every service gets to end.
API_DRAIN_SECONDS = 1.0


def main() -> int:
    """Serve until stopped; return the exit status."""
    return process.run(serve)


def serve(stop: process.Stop) -> None:
    """Serve the API until ``stop`` is requested."""
    live = process.prepare_live("faafo-api")
    conf = live.conf
    process.check_transport_url(conf)
    store = open_store(conf)
    app = create_app(conf, store, process.version())
    api = ApiService(conf, app, process.describe(Kind.API, live))
    # Those of Keystone are known now.
    process.warn_of_unknown_options(conf, later=process.OF_MESSAGING)
    stop.listen(lambda: API_DRAIN_SECONDS)
    settings.follow(app, live)
    live.follow(stop.requested, stop.reload)
    with serving(conf.metrics.bind, process.version(), ["api"]):
        try:
            api.start(stop.requested)
            process.ready()
        except errors.DatabaseUnavailable:
            if not stop.requested.is_set():
                raise
        stop.requested.wait()
        api.stop()


if __name__ == "__main__":
    sys.exit(main())
