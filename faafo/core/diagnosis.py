# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the system, in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from faafo.db.services import Seen
from faafo.fractal.service import CHANGEABLE, Kind, State
from faafo.fractal.task import Status

# Services of a kind that are named one by one.
MOST_NAMED = 5
# Seconds that a queued fractal may wait before that is worth a sentence.
LONG_WAIT = 300.0
NOBODY = "no producer tells of itself or of a worker: none is up, or all are of an early release"


def problems(
    services: Sequence[Seen],
    counts: Mapping[str, int],
    oldest: float | None,
    delayed: int = 0,
    unserved: Sequence[str] = (),
) -> list[str]:
    """Return a sentence for each thing that is wrong, the worst first.

    :param counts: the number of fractals by status.
    :param oldest: seconds for which the oldest queued fractal has waited; None without one.
    :param delayed: the number of queued fractals that cannot be claimed yet: they do not wait.
    :param unserved: what no live worker serves, in words.
    """
    return [
        *_of_the_queue(services, counts[Status.QUEUED] - delayed, oldest),
        *unserved,
        *_of_services(services),
        *_of_errors(counts[Status.ERROR]),
    ]


def _of_the_queue(services: Sequence[Seen], queued: int, oldest: float | None) -> Iterator[str]:
    if queued <= 0:
        return
    waiting = f"{queued:,} {'fractal waits' if queued == 1 else 'fractals wait'}"
    # Producers of early releases tell the registry of nobody.
    if not any(one.kind in CHANGEABLE for one in services):
        yield f"{waiting}, and {NOBODY}."
        return
    missing = [
        kind
        for kind in (Kind.WORKER, Kind.PRODUCER)
        if not any(one.kind == kind and one.state == State.UP for one in services)
    ]
    for kind in missing:
        yield f"{waiting} and no {kind} is up."
    if not missing and oldest is not None and oldest > LONG_WAIT:
        yield f"The oldest fractal in the queue has waited for {_duration(oldest)}."


def _of_services(services: Sequence[Seen]) -> Iterator[str]:
    order = {kind.value: number for number, kind in enumerate(Kind)}
    for kind, group in groupby(sorted(services, key=lambda one: order[one.kind]), _kind):
        listed = [*group]
        down = [one for one in listed if one.state == State.DOWN]
        yield from _named(down, _not_seen, f"{kind}s have not been seen lately")
        disabled = [one for one in listed if one.state == State.DISABLED]
        yield from _named(disabled, _disabled, f"{kind}s are disabled")


def _named(some: Sequence[Seen], sentence: Callable[[Seen], str], others: str) -> Iterator[str]:
    """Yield a sentence for each of the first MOST_NAMED services, and one for all others."""
    for one in some[:MOST_NAMED]:
        yield sentence(one)
    if len(some) > MOST_NAMED:
        yield f"{len(some) - MOST_NAMED} more {others}."


def _not_seen(one: Seen) -> str:
    disabled = f" and is disabled{_why(one)}" if one.disabled else ""
    return f"{one.kind} {one.name} has not been seen for {_duration(one.unseen)}{disabled}."


def _disabled(one: Seen) -> str:
    return f"{one.kind} {one.name} is disabled{_why(one)}."


def _of_errors(count: int) -> Iterator[str]:
    if count:
        yield f"{count:,} {'fractal is' if count == 1 else 'fractals are'} in error."


def _kind(one: Seen) -> str:
    return one.kind


def _why(one: Seen) -> str:
    return f": {one.reason}" if one.reason else ""


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
