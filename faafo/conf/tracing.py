# SPDX-License-Identifier: Apache-2.0
"""Options of tracing with OpenTelemetry."""

from oslo_config import cfg

from faafo.conf.types import HttpUrl

group = cfg.OptGroup("tracing", title="Traces of OpenTelemetry")

tracing_opts: list[cfg.Opt] = [
    cfg.Opt(
        "otlp_endpoint",
        type=HttpUrl(),
        sample_default="<none>",
        metavar="URL",
        help="URL of a collector that takes spans by OTLP over HTTP, without its path /v1/traces, "
        "such as http://collector.example:4318. Without it there are no traces, at no cost. It "
        "needs the extra faafo[tracing].",
    ),
    cfg.FloatOpt(
        "sample_ratio",
        default=1.0,
        min=0.0,
        max=1.0,
        help="The share of posts of which the API begins a trace, from 0 to 1. A request that "
        "brings a sampled traceparent is traced in any case, and the other services follow the "
        "API.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(tracing_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, tracing_opts)]
