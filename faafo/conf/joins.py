# SPDX-License-Identifier: Apache-2.0
"""Options of the messages about joins and films, which may have a broker of their own."""

from oslo_config import cfg

group = cfg.OptGroup("joins", title="Joins of posters and of films")

joins_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "transport_url",
        secret=True,
        sample_default="<transport_url of group DEFAULT>",
        help="URL of the broker of the topics joins and films. All producers and workers must use "
        "the same.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(joins_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, joins_opts)]
