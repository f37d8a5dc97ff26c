# SPDX-License-Identifier: Apache-2.0
"""Options of the tiles that the explorer shows and that workers render while somebody waits."""

from oslo_config import cfg

from faafo.fractal.task import MAX_INT32

group = cfg.OptGroup("tiles", title="The tiles of the explorer")

shared_opts = [
    cfg.StrOpt(
        "transport_url",
        secret=True,
        sample_default="<transport_url of group DEFAULT>",
        help="URL of the broker that the API and workers use for tiles. With one of their own, "
        "tiles do not wait behind anything else. The API and all workers must have the same.",
    ),
    cfg.FloatOpt(
        "timeout",
        default=3.0,
        min=0.1,
        max=60.0,
        help="Seconds that the API waits for a tile before it answers 503. A worker gives up what "
        "takes longer.",
    ),
    cfg.IntOpt(
        "max_iterations",
        default=10_000,
        min=1,
        max=MAX_INT32,
        help="Most iterations of a tile; they bound the time that it can take.",
    ),
]

api_opts = [
    cfg.IntOpt(
        "max_in_flight",
        default=6,
        min=1,
        help="Number of tiles that one API process waits for at the same time; others are "
        "answered with 503 at once. Keep it below [api] threads, so that tiles never keep other "
        "requests waiting. While no worker answers it is one tile.",
    ),
]

worker_opts = [
    cfg.IntOpt(
        "threads",
        default=2,
        min=0,
        help="Number of tiles that a worker renders at the same time, beside the fractals in its "
        "slots. 0 serves no tiles.",
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
