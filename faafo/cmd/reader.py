# SPDX-License-Identifier: Apache-2.0
"""``faafo-reader``: keeps the states of recent jobs in Redis."""

import sys

from faafo import errors, process
from faafo.client import service_auth
from faafo.client.heartbeat import open_heartbeat
from faafo.client.setting_watch import READ_TIMEOUT, SettingClient, SettingWatch
from faafo.fractal.service import Kind
from faafo.metrics.server import serving
from faafo.reader.reader import ReaderService
from faafo.recent.server import RecentJobs
from faafo.rpc.transport import get_events_transport, get_liveness_transport, register_opts

# Seconds for a connection to Redis, and for an answer; the events wait in the queue.
REDIS_TIMEOUT = 5.0


def main() -> int:
    """Read until stopped; return the exit status."""
    return process.run(read)


def read(stop: process.Stop) -> None:
    """Store the states that events tell of until ``stop`` is requested."""
    live = process.prepare_live("faafo-reader", register_more=register_opts)
    conf = live.conf
    events, liveness = get_events_transport(conf), get_liveness_transport(conf)
    if not conf.reader.redis_url:
        raise errors.ConfigurationError("[reader] redis_url: is not set; it names the server")
    recent = RecentJobs(conf.reader.redis_url, conf.reader.ttl, REDIS_TIMEOUT)
    auth = service_auth.from_conf(conf)
    process.warn_of_unknown_options(conf)
    told = process.describe(Kind.READER, live)
    reader = ReaderService(conf, events, liveness, recent, told.name, told.instance_id)
    heartbeat = open_heartbeat(conf, told, auth, stop.requested, reader.tally)
    stop.listen(lambda: conf.reader.drain_timeout)
    live.follow(stop.requested, stop.reload)
    client = SettingClient(conf.endpoint_url, 1, READ_TIMEOUT, auth)
    SettingWatch(client, live.apply_settings).start(stop.requested)
    with serving(conf.metrics.bind, told.version, ["reader"]), heartbeat:
        reader.run(stop.requested, process.ready)


if __name__ == "__main__":
    sys.exit(main())
