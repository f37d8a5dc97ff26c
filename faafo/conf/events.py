# SPDX-License-Identifier: Apache-2.0
"""Options of events: how long they are kept, and the bus on which the notifier publishes them."""

from oslo_config import cfg

from faafo.conf.bounds import LONGEST
from faafo.conf.types import Name

group = cfg.OptGroup("events", title="Events about fractals")

api_opts: list[cfg.Opt] = [
    cfg.FloatOpt(
        "retention",
        default=604_800.0,
        min=60.0,
        max=LONGEST,
        mutable=True,
        help="Seconds for which events and the log of their deliveries are kept. A delivery that "
        "is still pending then is lost: the sum of the delays in retry_schedule must be less.",
    ),
]

bus_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "transport_url",
        secret=True,
        sample_default="<none>",
        help="URL of the broker on which the notifier publishes events, for faafo-reader and other "
        "services. Without it there is no bus. It may be the broker of the RPC.",
    ),
    cfg.Opt(
        "topic",
        type=Name(),
        default="faafo_events",
        help="Topic of the notifications: they go to the durable queue <topic>.info of the "
        "exchange control_exchange, and to the queue of each pool of listeners.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts([*api_opts, *bus_opts], group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, [*api_opts, *bus_opts])]


def list_api_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, api_opts)]


def list_bus_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, bus_opts)]
