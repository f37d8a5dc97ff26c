# SPDX-License-Identifier: Apache-2.0
"""Options of webhooks: where they may lead, and how often a delivery is tried."""

from oslo_config import cfg, types

from faafo.conf.bounds import LONGEST
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

# Those that Standard Webhooks recommends: after the last one, three days have passed.
RETRY_SCHEDULE = [5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0]

api_opts: list[cfg.Opt] = [
    cfg.ListOpt(
        "retry_schedule",
        item_type=types.Float(min=0.0, max=LONGEST),
        default=RETRY_SCHEDULE,
        metavar="SECONDS",
        mutable=True,
        help="Seconds, separated by commas, before the second attempt at a delivery, before the "
        "third, and so on; each is changed at random by up to a fifth. After the attempt that "
        "follows the last one, the delivery is given up: it can be repeated on request.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts([*shared_opts, *api_opts], group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, [*shared_opts, *api_opts])]


def list_notifier_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, shared_opts)]
