# SPDX-License-Identifier: Apache-2.0
"""Options of events: how long they are kept."""

from oslo_config import cfg

from faafo.conf.bounds import LONGEST

group = cfg.OptGroup("events", title="Events about fractals")

api_opts: list[cfg.Opt] = [
    cfg.FloatOpt(
        "retention",
        default=604_800.0,
        min=60.0,
        max=LONGEST,
        help="Seconds for which events and the log of their deliveries are kept. A delivery that "
        "is still pending then is lost: the sum of the delays in retry_schedule must be less.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(api_opts, group=group)


def list_api_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, api_opts)]


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, api_opts)]
