# SPDX-License-Identifier: Apache-2.0
"""Options of webhooks."""

from oslo_config import cfg, types

from faafo.conf.types import Network

group = cfg.OptGroup("webhook", title="Webhooks")

# Of the API, which checks URLs, and of the notifier, which checks the addresses behind them.
shared_opts: list[cfg.Opt] = [
    cfg.Opt(
        "egress_allowed",
        type=types.List(item_type=Network()),
        default=[],
        sample_default="<none>",
        metavar="NETWORKS",
        help="Networks to which webhooks may be delivered although they are not public, in CIDR "
        "notation, separated by commas: 10.1.0.0/16,fd00:1::/64. By default a URL whose host is, "
        "or resolves to, a private, loopback, link-local or reserved address is refused, since a "
        "user could reach with it what only the notifier can reach. Set it in api.conf and in "
        "notifier.conf alike.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(shared_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, shared_opts)]


def list_notifier_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, shared_opts)]
