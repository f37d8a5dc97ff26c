# SPDX-License-Identifier: Apache-2.0
"""``faafo-producer``: generates fractals, and dispatches queued ones to workers."""

import sys

from faafo import process
from faafo.client import service_auth
from faafo.client.setting_watch import READ_TIMEOUT, SettingClient, SettingWatch
from faafo.metrics.server import serving
from faafo.producer.producer import ProducerService
from faafo.rpc.transport import get_transport, register_opts


def main() -> int:
    """Produce until stopped; return the exit status."""
    return process.run(produce)


def produce(stop: process.Stop) -> int:
    """Generate and dispatch until ``stop`` is requested, or a single set is done."""
    live = process.prepare_live("faafo-producer", register_more=register_opts)
    conf = live.conf
    transport = get_transport(conf)
    auth = service_auth.from_conf(conf)
    process.warn_of_unknown_options(conf)
    name = conf.producer.name or process.unique_name("producer")
    instance_id = process.instance_id(name)
    producer = ProducerService(conf, transport, name, instance_id, auth, process.version(), live)
    stop.listen(lambda: conf.producer.drain_timeout)
    live.follow(stop.requested, stop.reload)
    client = SettingClient(conf.endpoint_url, 1, READ_TIMEOUT, auth)
    SettingWatch(client, producer.settings.follow).start(stop.requested)
    with serving(conf.metrics.bind, process.version(), ["producer"]):
        return producer.run(stop.requested, process.ready, stop.forced)


if __name__ == "__main__":
    sys.exit(main())
