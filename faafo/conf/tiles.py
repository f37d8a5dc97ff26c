# SPDX-License-Identifier: Apache-2.0
"""Options of the tiles of the explorer, which workers render while the client waits."""

from oslo_config import cfg

from faafo.conf.bounds import MOST_THREADS
from faafo.fractal.numbers import MAX_INT32

group = cfg.OptGroup("tiles", title="The tiles of the explorer")

shared_opts: list[cfg.Opt] = [
    cfg.StrOpt(
        "transport_url",
        secret=True,
        sample_default="<transport_url of group DEFAULT>",
        help="URL of the broker for tiles. With a broker of their own, tiles never wait for other "
        "messages. The API and all workers must use the same.",
    ),
    cfg.FloatOpt(
        "timeout",
        default=3.0,
        min=0.1,
        max=60.0,
        help="Seconds that the API waits for a tile before it answers 503. Workers cancel tiles "
        "that take longer.",
    ),
    cfg.IntOpt(
        "max_iterations",
        default=10_000,
        min=1,
        max=MAX_INT32,
        help="Maximum number of iterations of a tile; bounds its render time.",
    ),
]

api_opts: list[cfg.Opt] = [
    cfg.IntOpt(
        "max_in_flight",
        default=6,
        min=1,
        max=MOST_THREADS,
        help="Maximum number of tiles that one API process waits for at the same time; further "
        "requests get 503 at once. Tiles have threads beside [api] threads. It is 1 while no "
        "worker answers.",
    ),
]

worker_opts: list[cfg.Opt] = [
    cfg.IntOpt(
        "threads",
        default=2,
        min=0,
        max=MOST_THREADS,
        metavar="NUMBER",
        help="Number of tiles that a worker renders at the same time, in addition to the "
        "fractals in its slots. 0: serve no tiles.",
    ),
]

tiles_opts = [*shared_opts, *api_opts, *worker_opts]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(tiles_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, tiles_opts)]


def list_api_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, [*shared_opts, *api_opts])]


def list_worker_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, [*shared_opts, *worker_opts])]
