# SPDX-License-Identifier: Apache-2.0
"""What waits that no live worker serves, in words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from faafo.db import Session, counts
from faafo.db.backlog import Group
from faafo.db.services import Seen
from faafo.fractal.drawing import LATEST_VERSION, PARAMETER_VERSION
from faafo.fractal.kinds import Ability, Need, TaskKind
from faafo.fractal.service import Kind, State, ability_of, parameters_of

# What is missing where a worker has all but the version of the drawing parameters.
OF_LATER_VERSION = "for a worker of a later version: none that is up can draw so."
WITH_EXTRA = "for a worker with the extra faafo[film]: none that is up has it."
WORK = {
    TaskKind.RENDER: "renders",
    TaskKind.JOIN: "joins posters",
    TaskKind.FILM: "joins films",
}
# What waits of each kind: one, and several.
WAITING = {
    TaskKind.RENDER: ("fractal waits", "fractals wait"),
    TaskKind.JOIN: ("poster waits to be joined", "posters wait to be joined"),
    TaskKind.FILM: ("film waits to be joined", "films wait to be joined"),
}


def abilities(services: Iterable[Seen]) -> list[Ability]:
    """Return what each worker that is up serves."""
    return [ability_of(one.report) for one in _workers(services)]


def parameters_known(services: Iterable[Seen]) -> int | None:
    """Return the latest version of the drawing parameters that workers know; None: none is up."""
    return max((parameters_of(one.report) for one in _workers(services)), default=None)


def why(need: Need, able: Sequence[Ability]) -> str | None:
    """Return why nothing that has a need can be claimed; None if it can."""
    if any(one.serves(*need) for one in able):
        return None
    if not able:
        return "No worker is up."
    if need.label is not None and not any(need.label in one.labels for one in able):
        return f"It asks for the label {need.label}, which no live worker has."
    those = "" if need.label is None else f" with the label {need.label}"
    return f"No live worker{those} {WORK[need.kind]}."


def too_old(need: Need, version: int, services: Iterable[Seen]) -> str | None:
    """Return why nothing with a need and a version of the drawing parameters can be claimed.

    None if it can, or if no worker serves the need.
    """
    able = [one for one in _workers(services) if ability_of(one.report).serves(*need)]
    if not able or any(parameters_of(one.report) >= version for one in able):
        return None
    if version > PARAMETER_VERSION:
        return f"It waits {WITH_EXTRA}"
    return f"It waits {OF_LATER_VERSION}"


def unserved(session: Session, groups: Iterable[Group], services: Sequence[Seen]) -> list[str]:
    """Return a sentence for each thing that no live worker serves; none if no worker is up."""
    return [*sentences(groups, abilities(services)), *_of_versions(session, services)]


def sentences(groups: Iterable[Group], able: Sequence[Ability]) -> list[str]:
    """Return a sentence for each kind and each label that is asked for and not served.

    None if no worker is up: then all that is queued waits.
    """
    counts: Counter[Need] = Counter()
    for group in groups:
        counts[group.need] += group.claimable
    unserved = {
        need: count
        for need, count in sorted(counts.items(), key=lambda one: one[0].as_text())
        if count and not any(one.serves(*need) for one in able)
    }
    return [*_of_labels(unserved, able), *_of_kinds(unserved, able)] if able else []


def _of_labels(unserved: Mapping[Need, int], able: Sequence[Ability]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for (_kind, label), count in unserved.items():
        if label is not None and not any(label in one.labels for one in able):
            counts[label] += count
    for label, count in sorted(counts.items()):
        asking = f"{count:,} {'fractal asks' if count == 1 else 'fractals ask'}"
        yield f"{asking} for the label {label}, which no live worker has."


def _of_kinds(unserved: Mapping[Need, int], able: Sequence[Ability]) -> Iterator[str]:
    for (kind, label), count in unserved.items():
        if label is not None and not any(label in one.labels for one in able):
            continue
        those = "" if label is None else f" with the label {label}"
        waiting = f"{count:,} {WAITING[kind][count != 1]}"
        yield f"{waiting}{those}, and no live worker{those} {WORK[kind]}."


def _of_versions(session: Session, services: Sequence[Seen]) -> Iterator[str]:
    known = parameters_known(services)
    if known is None or known >= LATEST_VERSION:
        return
    if count := counts.later_queued(session, known):
        yield later(count, known)


def later(count: int, known: int) -> str:
    """Return that so many fractals need a later version of the drawing parameters than is known."""
    if known >= PARAMETER_VERSION:
        waiting = f"{count:,} {'film in WebM waits' if count == 1 else 'films in WebM wait'}"
        return f"{waiting} {WITH_EXTRA}"
    waiting = f"{count:,} {'fractal waits' if count == 1 else 'fractals wait'}"
    return f"{waiting} {OF_LATER_VERSION}"


def _workers(services: Iterable[Seen]) -> list[Seen]:
    return [one for one in services if one.kind == Kind.WORKER and one.state == State.UP]
