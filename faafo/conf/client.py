# SPDX-License-Identifier: Apache-2.0
"""Options of everybody who talks to the API."""

from oslo_config import cfg

default_opts = [
    cfg.URIOpt(
        "endpoint_url",
        default="http://127.0.0.1:5000",
        schemes=["http", "https"],
        help="URL of the API that fractals are posted to, claimed from and reported to, and that "
        "workers with [store] url = api:// send images to.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts)]
