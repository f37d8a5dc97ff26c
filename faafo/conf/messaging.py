# SPDX-License-Identifier: Apache-2.0
"""Options of the RPC between producers and workers, beside those of oslo.messaging."""

from oslo_config import cfg

from faafo.conf.bounds import HOUR

group = cfg.OptGroup("rpc", title="RPC between producers and workers")

rpc_opts: list[cfg.Opt] = [
    cfg.FloatOpt(
        "report_interval",
        default=2.0,
        min=0.1,
        max=HOUR,
        help="Seconds between two reports of a worker about its slots. A producer forgets a worker "
        "after report_interval times report_patience seconds without a report.",
    ),
    cfg.IntOpt(
        "report_patience",
        default=5,
        min=2,
        max=1000,
        help="Number of report intervals without a report after which producers forget a worker.",
    ),
    cfg.IntOpt(
        "call_monitor_timeout",
        default=8,
        min=2,
        max=3600,
        help="Seconds without a heartbeat after which a producer regards the worker of a running "
        "call as lost. A worker sends a heartbeat every half of that while it renders.",
    ),
    cfg.IntOpt(
        "render_timeout",
        default=86400,
        min=1,
        max=31_536_000,
        help="Maximum duration of a render, in seconds. The producer then cancels the render and "
        "reports the attempt as failed, even though the worker still sends heartbeats.",
    ),
    cfg.StrOpt(
        "pulse_file",
        sample_default="<none>",
        help="File that a worker or a producer touches each time it has received, through the "
        "broker, a message that it sent to itself, and its threads are well: a heartbeat for "
        "health checks of containers.",
    ),
    cfg.FloatOpt(
        "pulse_interval",
        default=10.0,
        min=0.5,
        max=HOUR,
        help="Seconds between two messages of a service to itself, by which it finds out whether "
        "the broker still delivers them.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(rpc_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, rpc_opts)]
