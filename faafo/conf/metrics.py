# SPDX-License-Identifier: Apache-2.0
"""Options of the metrics, which every role has."""

from oslo_config import cfg

from faafo.conf.types import Address

group = cfg.OptGroup("metrics", title="The metrics for Prometheus")

metrics_opts: list[cfg.Opt] = [
    cfg.Opt(
        "bind",
        type=Address(),
        sample_default="<none>",
        help="Address and port at which the process shows its metrics to Prometheus, below the "
        "path /metrics, such as 127.0.0.1:9464 or [::1]:9464. Everybody who reaches it can read "
        "them, without a login: take an address that only Prometheus reaches. Without it nothing "
        "is measured. Each process on a host needs a port of its own; 0 is any free one, which is "
        "logged.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(metrics_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, metrics_opts)]
