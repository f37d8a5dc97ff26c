# SPDX-License-Identifier: Apache-2.0
"""Options of the notifier."""

from oslo_config import cfg

from faafo.conf.bounds import HOUR, LONGEST, MOST_THREADS
from faafo.conf.types import Name

group = cfg.OptGroup("notifier", title="The notifier")

notifier_opts: list[cfg.Opt] = [
    cfg.Opt(
        "name",
        type=Name(),
        sample_default="<host name>-<number>",
        metavar="NAME",
        help="Name of this notifier in the records of deliveries. By default the host name and the "
        "first number that no other notifier on this host uses. Claims are recorded under the "
        "instance id: the name and eight random digits.",
    ),
    cfg.IntOpt(
        "concurrency",
        default=32,
        min=1,
        max=MOST_THREADS,
        metavar="NUMBER",
        help="Number of places: deliveries that this notifier makes at the same time.",
    ),
    cfg.IntOpt(
        "per_webhook",
        default=2,
        min=1,
        max=MOST_THREADS,
        metavar="NUMBER",
        help="Number of places, at most, that the deliveries of one webhook occupy in this "
        "notifier, so that a receiver that hangs does not hold up the others. Events may arrive "
        "out of order unless it is 1 and there is one notifier.",
    ),
    cfg.FloatOpt(
        "timeout",
        default=10.0,
        min=0.1,
        max=600.0,
        help="Seconds that one delivery may take in all, from the look-up of the name to the "
        "status of the answer. Afterwards it counts as failed.",
    ),
    cfg.FloatOpt(
        "lease_duration",
        default=60.0,
        min=1.0,
        max=3600.0,
        help="Duration of a lease, in seconds. When a notifier dies, other notifiers can claim its "
        "deliveries after this time. A running one is renewed every third of it.",
    ),
    cfg.FloatOpt(
        "claim_interval",
        default=0.5,
        min=0.05,
        max=HOUR,
        mutable=True,
        help="Maximum number of seconds between two claims of an idle notifier while the API does "
        "not let requests wait. Otherwise it claims when the API tells that a delivery is due.",
    ),
    cfg.FloatOpt(
        "drain_timeout",
        default=2.0,
        min=0.0,
        max=LONGEST,
        mutable=True,
        help="Seconds that a stopping notifier waits for running deliveries. The others are "
        "released at once; what is running still is left to its lease, and delivered once more.",
    ),
    cfg.StrOpt(
        "pulse_file",
        sample_default="<none>",
        help="File that the notifier touches while its threads are well, also while the API is "
        "unavailable: a heartbeat for health checks of containers.",
    ),
    cfg.FloatOpt(
        "pulse_interval",
        default=10.0,
        min=0.5,
        max=HOUR,
        help="Seconds between two touches of pulse_file.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(notifier_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, notifier_opts)]
