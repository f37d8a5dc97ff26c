# SPDX-License-Identifier: Apache-2.0
"""Options of logging, beside those of oslo.log."""

from oslo_config import cfg

default_opts: list[cfg.Opt] = [
    cfg.BoolOpt(
        "quiet",
        default=False,
        help="Log warnings and errors only. faafo-all then prints no address and no summaries "
        "either. debug takes precedence.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts)]
