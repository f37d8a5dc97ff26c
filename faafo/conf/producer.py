# SPDX-License-Identifier: Apache-2.0
"""Options of the producer: its generator and its dispatcher."""

from oslo_config import cfg, types

from faafo.fractal.palette import DEFAULT, NAMES
from faafo.fractal.task import MAX_COORDINATE, MAX_INT32

# The ends of each range as the first faafo named them: max is the end with the larger magnitude.
RANGES = {
    "width": (256, 1024, "width of a generated fractal, in pixels"),
    "height": (256, 1024, "height of a generated fractal, in pixels"),
    "iterations": (128, 512, "number of iterations of a generated fractal"),
    "xa": (-1.0, -4.0, "real part of the left edge of a generated fractal"),
    "xb": (1.0, 4.0, "real part of the right edge of a generated fractal"),
    "ya": (-0.5, -3.0, "imaginary part of the top edge of a generated fractal"),
    "yb": (0.5, 3.0, "imaginary part of the bottom edge of a generated fractal"),
}


def _range_opts() -> list[cfg.Opt]:
    opts: list[cfg.Opt] = []
    for name, (low, high, what) in RANGES.items():
        for end, default in (("min", low), ("max", high)):
            help_text = f"One end of the range that the {what} is drawn from."
            if isinstance(default, int):
                opt = cfg.IntOpt(
                    f"{end}_{name}", default=default, min=1, max=MAX_INT32, help=help_text
                )
            else:
                opt = cfg.FloatOpt(
                    f"{end}_{name}",
                    default=default,
                    min=-MAX_COORDINATE,
                    max=MAX_COORDINATE,
                    help=help_text,
                )
            opts.append(opt)
    return opts


default_opts = [
    cfg.BoolOpt(
        "one_shot",
        default=False,
        help="Generate one set of fractals, see it through and exit: with 0 when all of them "
        "are complete, with 1 when one is not.",
    ),
    cfg.FloatOpt(
        "interval",
        default=10.0,
        min=0.01,
        help="Seconds between two sets of generated fractals.",
    ),
    cfg.IntOpt(
        "min_tasks",
        default=1,
        min=0,
        max=10_000,
        help="Fewest fractals in a generated set.",
    ),
    cfg.IntOpt(
        "max_tasks",
        default=10,
        min=0,
        max=10_000,
        help="Most fractals in a generated set. 0, together with min_tasks = 0, makes a producer "
        "that only dispatches what others have posted.",
    ),
    *_range_opts(),
    cfg.ListOpt(
        "palettes",
        item_type=types.String(choices=NAMES),
        default=[DEFAULT],
        help="Palettes that each generated fractal gets one of, by chance. There are "
        f"{', '.join(NAMES)}.",
    ),
]

group = cfg.OptGroup("producer", title="The producer's dispatcher")

producer_opts = [
    cfg.StrOpt(
        "name",
        sample_default="<host name>-<number>",
        help="Name that this producer listens to workers under; it must be unique on the broker. "
        "By default the host name and the first number that no other producer on this host has: "
        "it names a durable queue, so it should be the same after a restart. Claims are recorded "
        "under the name and some digits that tell one process from the next.",
    ),
    cfg.FloatOpt(
        "claim_interval",
        default=1.0,
        min=0.05,
        help="Seconds between two looks for queued fractals, at most, while nothing else happens. "
        "After there was work the dispatcher looks more often for a while, and at once when a slot "
        "becomes free.",
    ),
    cfg.FloatOpt(
        "lease_duration",
        default=30.0,
        min=1.0,
        max=3600.0,
        help="Seconds that a claim holds without being renewed. When a producer dies, its "
        "fractals can be claimed by others after this time.",
    ),
    cfg.FloatOpt(
        "renew_interval",
        default=2.0,
        min=0.05,
        help="Seconds between two renewals of what the producer has claimed, or a third of "
        "lease_duration if that is less. A renewal also tells which fractals were deleted, so "
        "that their renders are stopped.",
    ),
    cfg.FloatOpt(
        "drain_timeout",
        default=2.0,
        min=0.0,
        help="Seconds that a producer, told to stop, waits for results of what it has "
        "dispatched. The rest is stopped, released, and queued again at once.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(producer_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, producer_opts)]
