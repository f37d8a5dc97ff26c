# SPDX-License-Identifier: Apache-2.0
"""Options of the registry of services: heartbeats, and how long they count."""

from oslo_config import cfg

from faafo.conf.bounds import HOUR, LONGEST

group = cfg.OptGroup("service", title="The registry of services")

service_opts: list[cfg.Opt] = [
    cfg.FloatOpt(
        "heartbeat_interval",
        default=4.0,
        min=0.5,
        max=HOUR,
        metavar="SECONDS",
        mutable=True,
        help="Seconds between two heartbeats, by which a service tells the API that it is alive "
        "and what it does. A producer tells of its workers, too. The answer says whether the "
        "service is disabled.",
    ),
]

api_opts: list[cfg.Opt] = [
    cfg.FloatOpt(
        "service_down_time",
        default=12.0,
        min=1.0,
        max=HOUR,
        metavar="SECONDS",
        mutable=True,
        help="Seconds without a heartbeat after which a service is shown as down. It should be "
        "three times [service] heartbeat_interval of the services.",
    ),
    cfg.FloatOpt(
        "service_retention",
        default=86_400.0,
        min=60.0,
        max=LONGEST,
        metavar="SECONDS",
        mutable=True,
        help="Seconds without a heartbeat after which a service is removed from the registry. One "
        "that is disabled is kept for seven times as long.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(service_opts, group=group)
    conf.register_opts(api_opts, group="api")


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, service_opts), ("api", api_opts)]


def list_service_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Return the options of services other than the API, for oslo-config-generator."""
    return [(group.name, service_opts)]
