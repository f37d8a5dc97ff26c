# SPDX-License-Identifier: Apache-2.0
"""``faafo-notifier``: delivers events to webhooks, and publishes them on the bus."""

import sys

from faafo import process
from faafo.client import service_auth
from faafo.client.heartbeat import open_heartbeat
from faafo.client.setting_watch import READ_TIMEOUT, SettingClient, SettingWatch
from faafo.fractal.service import Kind
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
    told = process.describe(Kind.NOTIFIER, live, conf.notifier.name)
    publisher = open_publisher(conf, told.name)
    auth = service_auth.from_conf(conf)
    process.warn_of_unknown_options(conf)
    publish = None if publisher is None else publisher.publish
    notifier = NotifierService(conf, told.instance_id, told.version, auth, publish)
    heartbeat = open_heartbeat(conf, told, auth, stop.requested, notifier.tally)
    stop.listen(lambda: conf.notifier.drain_timeout)
    live.follow(stop.requested, stop.reload)
    client = SettingClient(conf.endpoint_url, 1, READ_TIMEOUT, auth)
    SettingWatch(client, live.apply_settings).start(stop.requested)
    with serving(conf.metrics.bind, told.version, ["notifier"]), heartbeat:
        notifier.run(stop.requested, process.ready, stop.forced)


if __name__ == "__main__":
    sys.exit(main())
