# SPDX-License-Identifier: Apache-2.0
"""Options of the producer: its generator and its dispatcher."""

from oslo_config import cfg, types

from faafo.conf.bounds import HOUR, LONGEST
from faafo.conf.types import Name
from faafo.fractal.generate import RANGES, Style
from faafo.fractal.locks import LONGEST_TTL, SHORTEST_TTL
from faafo.fractal.numbers import MAX_INT32
from faafo.fractal.palette import DEFAULT, NAMES
from faafo.fractal.task import MAX_COORDINATE

# The ends of each range have the names of the first faafo: max is the one of larger magnitude.
WHAT = {
    "width": "width of a generated fractal, in pixels",
    "height": "height of a generated fractal, in pixels",
    "iterations": "number of iterations of a generated fractal",
    "xa": "real part of the left edge of a generated fractal",
    "xb": "real part of the right edge of a generated fractal",
    "ya": "imaginary part of the top edge of a generated fractal",
    "yb": "imaginary part of the bottom edge of a generated fractal",
}


def _range_opts() -> list[cfg.Opt]:
    opts: list[cfg.Opt] = []
    for name, ends in RANGES.items():
        text = f"One end of the range of the {WHAT[name]}."
        for end, default in zip(("min", "max"), ends, strict=True):
            opts.append(_range_opt(f"{end}_{name}", default, text))
    return opts


def _range_opt(name: str, default: float, text: str) -> cfg.Opt:
    if isinstance(default, int):
        return cfg.IntOpt(name, default=default, min=1, max=MAX_INT32, mutable=True, help=text)
    bounds = {"min": -MAX_COORDINATE, "max": MAX_COORDINATE}
    return cfg.FloatOpt(name, default=default, **bounds, mutable=True, help=text)


default_opts: list[cfg.Opt] = [
    cfg.BoolOpt(
        "one-shot",
        default=False,
        help="Generate one set of fractals, wait for it and exit: with status 0 when all of them "
        "are complete, else with 1.",
    ),
    cfg.FloatOpt(
        "interval",
        default=10.0,
        min=0.01,
        max=LONGEST,
        metavar="SECONDS",
        mutable=True,
        help="Seconds between two sets of generated fractals.",
    ),
    cfg.IntOpt(
        "min-tasks",
        default=1,
        min=0,
        max=10_000,
        metavar="NUMBER",
        mutable=True,
        help="Minimum number of fractals in a generated set.",
    ),
    cfg.IntOpt(
        "max-tasks",
        default=10,
        min=0,
        max=10_000,
        metavar="NUMBER",
        mutable=True,
        help="Maximum number of fractals in a generated set. 0, together with min_tasks = 0: "
        "generate nothing, only dispatch fractals that clients have posted.",
    ),
    *_range_opts(),
    cfg.ListOpt(
        "palettes",
        item_type=types.String(choices=NAMES),
        default=[DEFAULT],
        metavar="NAMES",
        mutable=True,
        help="Palettes to choose from at random for each generated fractal, separated by commas: "
        f"{', '.join(NAMES)}. The default of [producer] style = taste is all of them.",
    ),
]

group = cfg.OptGroup("producer", title="The producer's dispatcher")

producer_opts: list[cfg.Opt] = [
    cfg.Opt(
        "name",
        type=Name(),
        sample_default="<host name>-<number>",
        metavar="NAME",
        help="Name of this producer's queue, to which workers report; it must be unique on the "
        "broker and, since the queue is durable, stay the same after a restart. By default the "
        "host name and the first number that no other producer on this host uses. Claims are "
        "recorded under the instance id: the name and eight random digits.",
    ),
    cfg.StrOpt(
        "style",
        choices=[style.value for style in Style],
        sample_default=Style.TASTE.value,
        mutable=True,
        help="How fractals are generated. taste: a whole Julia set in a frame that fits it, with "
        "smooth colours and 2 x 2 samples; the formula, c, the size in pixels, density and offset "
        "are chosen so that the picture is worth looking at. classic: as the first faafo did, at "
        "random from the ranges min_width to max_yb. By default taste, and classic where one of "
        "these ranges, or palettes, is set.",
    ),
    cfg.FloatOpt(
        "claim_interval",
        default=1.0,
        min=0.05,
        max=HOUR,
        mutable=True,
        help="Maximum number of seconds between two claims of an idle dispatcher. It claims at "
        "once when a slot becomes free, and when the API tells that there is a fractal.",
    ),
    cfg.FloatOpt(
        "lease_duration",
        default=30.0,
        min=1.0,
        max=3600.0,
        help="Duration of a lease, in seconds. When a producer dies, other producers can claim its "
        "fractals after this time.",
    ),
    cfg.FloatOpt(
        "renew_interval",
        default=2.0,
        min=0.05,
        max=HOUR,
        mutable=True,
        help="Seconds between two renewals of leases; a third of lease_duration if that is less. "
        "The answer also names deleted fractals, whose renders are then cancelled.",
    ),
    cfg.FloatOpt(
        "drain_timeout",
        default=2.0,
        min=0.0,
        max=LONGEST,
        mutable=True,
        help="Seconds that a stopping producer waits for the results of running renders. It then "
        "cancels the others and releases their leases.",
    ),
    cfg.BoolOpt(
        "leader",
        default=False,
        help="Generate only while this producer holds the lock 'generator', of which the API gives "
        "one at a time: set it to true where several producers run, which would otherwise generate "
        "a set each. All of them claim and dispatch. A producer that generates nothing, and one "
        "with --one-shot, does not ask for the lock.",
    ),
    cfg.FloatOpt(
        "leader_ttl",
        default=10.0,
        min=SHORTEST_TTL,
        max=LONGEST_TTL,
        help="Seconds after which another producer generates when the leader is lost. The leader "
        "extends the lock in a third of that time, and releases it when it stops.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(default_opts)
    conf.register_group(group)
    conf.register_opts(producer_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [("DEFAULT", default_opts), (group.name, producer_opts)]
