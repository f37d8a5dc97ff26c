# SPDX-License-Identifier: Apache-2.0
"""Options of the RPC between producers and workers that oslo.messaging does not have itself."""

from oslo_config import cfg

group = cfg.OptGroup("rpc", title="RPC between producers and workers")

rpc_opts = [
    cfg.FloatOpt(
        "report_interval",
        default=2.0,
        min=0.1,
        help="Seconds between two reports of a worker about its free slots. Producers take a "
        "worker for gone that has been silent for report_patience reports.",
    ),
    cfg.IntOpt(
        "report_patience",
        default=5,
        min=2,
        help="Number of reports that a worker may miss before producers forget it.",
    ),
    cfg.IntOpt(
        "call_monitor_timeout",
        default=8,
        min=2,
        help="Seconds without a heartbeat after which a producer gives up a worker that it has "
        "called. A living worker sends one every half of that, however long it renders.",
    ),
    cfg.IntOpt(
        "render_timeout",
        default=86400,
        min=1,
        help="Seconds after which a producer gives up a render even though its worker is alive.",
    ),
    cfg.StrOpt(
        "pulse_file",
        sample_default="<none>",
        help="File that a worker or a producer touches each time a message that it sends to itself "
        "has come back from the broker: a sign of life, for health checks of containers.",
    ),
    cfg.FloatOpt(
        "pulse_interval",
        default=10.0,
        min=0.5,
        help="Seconds between two such messages.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(rpc_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, rpc_opts)]
