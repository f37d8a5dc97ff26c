# SPDX-License-Identifier: Apache-2.0
"""``faafo-all``: all services in one process, without a broker or a database server."""

import contextlib
import logging
import sys
import threading
from dataclasses import replace

from oslo_config import cfg

from faafo import process
from faafo.app import settings
from faafo.app.activity import activity_of
from faafo.app.factory import create_app
from faafo.app.lifecycle import ApiService
from faafo.client import service_auth
from faafo.client.heartbeat import open_heartbeat
from faafo.cmd.console import Console
from faafo.fractal.service import Kind
from faafo.metrics.server import serving
from faafo.notifier.service import NotifierService
from faafo.producer.producer import ProducerService
from faafo.rpc.events import open_publisher
from faafo.rpc.transport import get_transport, register_opts
from faafo.store.factory import open_store
from faafo.worker import memory
from faafo.worker.worker import WorkerService

ROLES = ("api", "producer", "worker", "notifier")
# The user waits for it at a terminal.
DRAIN_SECONDS = 2.0


def main() -> int:
    """Run everything until stopped; return the exit status."""
    return process.run(run_all)


def run_all(stop: process.Stop) -> int:
    """Run the services as threads until ``stop`` is requested, or a single set is done."""
    memory.give_back()
    live = process.prepare_live("faafo-all", has_console=True, register_more=_register_more)
    conf = live.conf
    transport = get_transport(conf, default_url="inprocess://")
    name = process.unique_name("all")
    publisher = open_publisher(conf, name)
    auth = service_auth.from_conf(conf)
    process.warn_of_unknown_options(conf)
    if conf.one_shot and not conf.quiet:
        # The outcome of the set is what the user waits for.
        logging.getLogger(ProducerService.__module__).setLevel(logging.INFO)
    store = open_store(conf, owner=f"all-{name}")
    store.check()
    console = Console(lambda: activity_of(app), stop.requested, conf.quiet and not conf.debug)
    app = create_app(conf, store, process.version(), console.notice)
    told = process.describe(Kind.API, live, name)
    api = ApiService(conf, app, told)
    instance_id, version = told.instance_id, told.version
    worker = WorkerService(conf, transport, store, name, instance_id, version, live)
    drains = (conf.worker, conf.producer, conf.notifier)
    stop.listen(lambda: max(options.drain_timeout for options in drains))
    settings.follow(app, live)
    live.follow(stop.requested, stop.reload)
    measured = contextlib.ExitStack()
    measured.enter_context(serving(conf.metrics.bind, process.version(), ROLES))
    url = api.start(stop.requested)
    conf.set_override("endpoint_url", url)
    console.start(f"{url}/")

    def on_ready() -> None:
        console.ready.set()
        process.ready()

    def work() -> None:
        try:
            # A Ctrl-C must not cut the drain short: it is short enough.
            worker.run(stop.requested, threading.Event(), on_ready)
        finally:
            stop.requested.set()
            console.ready.set()

    working = threading.Thread(target=work, name="worker")
    publish = None if publisher is None else publisher.publish
    notifier = NotifierService(conf, instance_id, version, auth, publish)
    working.start()
    ours = replace(told, kind=Kind.NOTIFIER)
    heartbeat = open_heartbeat(conf, ours, auth, stop.requested, notifier.tally)

    def notify() -> None:
        with heartbeat:
            notifier.run(stop.requested)

    notifying = threading.Thread(target=notify, name="notifier")
    notifying.start()
    try:
        producer = ProducerService(conf, transport, name, instance_id, auth, version, live)
        return producer.run(stop.requested, forced=stop.forced)
    finally:
        stop.requested.set()
        working.join()
        notifying.join()
        console.join()
        api.stop()
        measured.close()


def _register_more(conf: cfg.ConfigOpts) -> None:
    register_opts(conf)
    conf.set_default("drain_timeout", DRAIN_SECONDS, group="worker")


if __name__ == "__main__":
    sys.exit(main())
