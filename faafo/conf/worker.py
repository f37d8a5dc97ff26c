# SPDX-License-Identifier: Apache-2.0
"""Options of the worker."""

from oslo_config import cfg

group = cfg.OptGroup("worker", title="The worker")

worker_opts = [
    cfg.StrOpt(
        "name",
        sample_default="<host name>-<number>",
        help="Name that producers call this worker by; it must be unique on the broker. By "
        "default the host name and the first number that no other worker on this host has: "
        "it names a durable queue, so it should be the same after a restart.",
    ),
    cfg.IntOpt(
        "slots",
        default=0,
        min=0,
        help="Number of fractals that this worker renders at the same time. 0 means one for "
        "each processor core it may use.",
    ),
    cfg.FloatOpt(
        "drain_timeout",
        default=60.0,
        min=0.0,
        help="Seconds that a worker, told to stop by SIGTERM, gives its running renders to "
        "finish. What has not finished by then is given up and rendered elsewhere. A second "
        "signal, or Ctrl-C, gives up at once.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(worker_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, worker_opts)]
