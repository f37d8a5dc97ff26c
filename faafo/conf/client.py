# SPDX-License-Identifier: Apache-2.0
"""Options of the clients of the API: producers, and workers that upload images."""

from oslo_config import cfg

from faafo.conf.types import HttpUrl

default_opts: list[cfg.Opt] = [
    cfg.Opt(
        "endpoint-url",
        type=HttpUrl(login=True),
        default="http://127.0.0.1:5000",
        secret=True,
        metavar="URL",
        help="URL of the API. Producers post, claim and report fractals there; workers with "
        "[store] url = api:// upload images there. If a proxy in front of it needs a login, "
        "http://user:password@host, set it in a file: every user can read command lines.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts)]
