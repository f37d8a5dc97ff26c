# SPDX-License-Identifier: Apache-2.0
"""Options of the states of recent jobs in Redis, which readers write and APIs read."""

from oslo_config import cfg

from faafo.conf.bounds import HOUR
from faafo.conf.types import Name, RedisUrl

group = cfg.OptGroup("reader", title="The states of recent jobs in Redis")

shared_opts: list[cfg.Opt] = [
    cfg.Opt(
        "redis_url",
        type=RedisUrl(),
        secret=True,
        sample_default="<none>",
        help="URL of the Redis server with the states of recent jobs: redis://, rediss:// for TLS, "
        "or unix:// for a socket, such as rediss://:password@host:6379/0?ssl_ca_certs=/path or "
        "unix://:password@/path?db=0. GET /api/job/<uuid> reads them there, and in the database "
        "what is not there. Without it the API asks the database only.",
    ),
    cfg.IntOpt(
        "ttl",
        default=86400,
        min=60,
        max=31_536_000,
        help="Seconds for which the state of a job is kept in Redis after its last change. A job "
        "takes about 500 bytes.",
    ),
]

service_opts: list[cfg.Opt] = [
    cfg.Opt(
        "pool",
        type=Name(),
        sample_default="<none>",
        help="Name of the queue from which this reader takes events: readers with the same one "
        "share the events. Readers of another Redis need a pool of their own. Without it they take "
        "them from the queue <topic>.info.",
    ),
    cfg.StrOpt(
        "pulse_file",
        sample_default="<none>",
        help="File that a reader touches each time it has received, through the broker, a message "
        "that it sent to itself: a heartbeat for health checks of containers.",
    ),
    cfg.FloatOpt(
        "pulse_interval",
        default=10.0,
        min=0.5,
        max=HOUR,
        help="Seconds between two messages of a reader to itself, by which it finds out whether "
        "the broker still delivers them.",
    ),
    cfg.FloatOpt(
        "drain_timeout",
        default=2.0,
        min=0.0,
        max=HOUR,
        mutable=True,
        help="Seconds that a stopping reader has to store the events that it has received. Those "
        "that it has not stored stay in the queue.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts([*shared_opts, *service_opts], group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, [*shared_opts, *service_opts])]


def list_api_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, shared_opts)]
