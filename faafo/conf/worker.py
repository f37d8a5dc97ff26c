# SPDX-License-Identifier: Apache-2.0
"""Options of the worker."""

from oslo_config import cfg

from faafo.conf.bounds import LONGEST, MOST_THREADS
from faafo.conf.types import Kinds, Labels, Name
from faafo.fractal.kinds import KINDS

group = cfg.OptGroup("worker", title="The worker")

worker_opts: list[cfg.Opt] = [
    cfg.Opt(
        "name",
        type=Name(),
        sample_default="<host name>-<number>",
        metavar="NAME",
        help="Name of this worker's queue, to which producers send tasks; it must be unique on "
        "the broker and, since the queue is durable, stay the same after a restart. By default "
        "the host name and the first number that no other worker on this host uses. A worker "
        "whose name is taken ends.",
    ),
    cfg.IntOpt(
        "slots",
        default=0,
        min=0,
        max=MOST_THREADS,
        metavar="NUMBER",
        mutable=True,
        help="Number of fractals that this worker renders at the same time. 0: one for each "
        "processor core that it may use.",
    ),
    cfg.Opt(
        "kinds",
        type=Kinds(),
        default=[kind.value for kind in KINDS],
        metavar="KINDS",
        help="What this worker does, separated by commas: render pictures, bands of posters and "
        "frames of films; join the bands of posters; make a film of its frames. Producers give it "
        "nothing else. The slots are for all of these.",
    ),
    cfg.Opt(
        "labels",
        type=Labels(),
        default=[],
        sample_default="<none>",
        metavar="LABELS",
        help="Labels of this worker, separated by commas, such as bigmem. Fractals that ask for "
        "one of them are given to it, and those that ask for none.",
    ),
    cfg.FloatOpt(
        "drain_timeout",
        default=60.0,
        min=0.0,
        max=LONGEST,
        mutable=True,
        help="Seconds that running renders get to finish after SIGTERM. Unfinished ones are "
        "cancelled, and their fractals queued again. A second signal, or Ctrl-C, cancels at "
        "once.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(group)
    conf.register_opts(worker_opts, group=group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    return [(group.name, worker_opts)]
