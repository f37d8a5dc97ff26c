# SPDX-License-Identifier: Apache-2.0
"""``faafo-notifier``: delivers events to webhooks, and publishes them on the bus."""

import sys

from oslo_service import systemd

from faafo import process
from faafo.client import service_auth
from faafo.metrics.server import serving
from faafo.notifier.service import NotifierService
from faafo.rpc.events import open_publisher
from faafo.rpc.transport import register_opts


def main() -> int:
    """Deliver until stopped; return the exit status."""
    return process.run(notify)


def notify(stop: process.Stop) -> None:
    """Deliver events until ``stop`` is requested."""
    live = process.prepare_live("faafo-notifier", register_more=register_opts)
    conf = live.conf
    name = conf.notifier.name or process.unique_name("notifier")
    publisher = open_publisher(conf, name)
    auth = service_auth.from_conf(conf)
    process.warn_of_unknown_options(conf)
    publish = None if publisher is None else publisher.publish
    instance_id = process.instance_id(name)
    notifier = NotifierService(conf, instance_id, process.version(), auth, publish)
    stop.listen(lambda: conf.notifier.drain_timeout)
    live.follow(stop.requested, stop.reload)
    with serving(conf.metrics.bind, process.version(), ["notifier"]):
        notifier.run(stop.requested, systemd.notify, stop.forced)


if __name__ == "__main__":
    sys.exit(main())
