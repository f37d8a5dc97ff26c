# SPDX-License-Identifier: Apache-2.0
"""Options of the clients of the API: producers, notifiers, readers, workers that upload images."""

from oslo_config import cfg

from faafo.conf.types import HttpUrl

default_opts: list[cfg.Opt] = [
    cfg.Opt(
        "endpoint-url",
        type=HttpUrl(login=True),
        default="http://127.0.0.1:5000",
        secret=True,
        metavar="URL",
        help="URL of the API. Producers post, claim and report fractals there; notifiers claim and "
        "report deliveries; workers with [store] url = api:// upload images; producers, "
        "notifiers and readers send heartbeats. If a proxy in front of it needs a login, "
        "http://user:password@host, set it in a file: every user can read command lines.",
    ),
]

AUTH_GROUP = "service_auth"

auth_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "auth_type",
        default="none",
        choices=[
            ("none", "the API needs no login"),
            ("http_basic", "username and password, for auth_strategy = http_basic"),
            ("password", "a token of Keystone for a user"),
            ("v3applicationcredential", "a token of Keystone for an application credential"),
        ],
        help="How producers, notifiers, readers, and workers with [store] url = api://, log in at "
        "the API. The other options of this group come from keystoneauth1 and depend on it.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    # A new object each time: what a plugin registers later is kept in it.
    title = "How producers, notifiers, readers and workers log in at the API"
    conf.register_group(cfg.OptGroup(AUTH_GROUP, title=title))
    conf.register_opts(auth_opts, group=AUTH_GROUP)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (AUTH_GROUP, auth_opts)]
