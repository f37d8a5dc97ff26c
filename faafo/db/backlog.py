# SPDX-License-Identifier: Apache-2.0
"""The backlog: how much work there is for workers, and so how many of them are worth running."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, func, select

from faafo.db import Session, shares
from faafo.db.clock import moment
from faafo.db.deadline import BOUNDED
from faafo.db.models import Fractal
from faafo.db.waiting import FRACTAL, Project, in_order
from faafo.fractal.kinds import Need, TaskKind
from faafo.fractal.task import Status


@dataclass(frozen=True)
class Backlog:
    """Numbers of fractals, the parts of posters included, and the longest wait in seconds.

    ``queued`` ones that a claim would hand out are ``claimable``; ``rendering`` ones have a lease.
    """

    queued: int = 0
    claimable: int = 0
    rendering: int = 0
    oldest_seconds: float = 0.0

    @property
    def outstanding(self) -> int:
        """The number of fractals that workers render, or could render, at present."""
        return self.claimable + self.rendering


class Group(NamedTuple):
    """The fractals of a project that have the same need; ``waited`` is the longest wait if any."""

    project: Project
    need: Need
    queued: int = 0
    claimable: int = 0
    rendering: int = 0
    waited: float | None = None


def total(
    groups: Sequence[Group],
    limit: int = shares.NO_LIMIT,
    is_meant: Callable[[Need], bool] = lambda _need: True,
) -> Backlog:
    """Return the backlog of the groups whose needs are meant.

    :param limit: the number of fractals of a project that may be rendered at the same time: more
        of them are not claimable.
    """
    rendering: Counter[Project] = Counter()
    for one in groups:
        rendering[one.project] += one.rendering
    meant = [one for one in groups if is_meant(one.need)]
    claimable: Counter[Project] = Counter()
    for one in meant:
        claimable[one.project] += one.claimable
    if limit != shares.NO_LIMIT:
        # What was posted without a login has no limit.
        for project in claimable.keys() - {None}:
            room = max(0, limit - rendering[project])
            claimable[project] = min(claimable[project], room)
    return Backlog(
        queued=sum(one.queued for one in meant),
        claimable=claimable.total(),
        rendering=sum(one.rendering for one in meant),
        oldest_seconds=max(_waits(meant, claimable), default=0.0),
    )


def _waits(groups: Sequence[Group], claimable: Mapping[Project, int]) -> Iterator[float]:
    """Yield the longest wait of each group from which a claim would hand out something."""
    for one in groups:
        if one.waited is not None and claimable[one.project]:
            yield one.waited


def read(session: Session) -> list[Group]:
    """Return all groups; reads an entry of an index for each queued fractal."""
    now = session.scalars(select(moment())).one()
    return [*_leased(session), *_queued(session, now)]


def _queued(session: Session, now: datetime) -> list[Group]:
    # A parameter: SQLite would ask for the time with each row.
    can_be_claimed = FRACTAL.claimable_at <= now
    group = (FRACTAL.project_id, FRACTAL.kind, FRACTAL.label)
    query = in_order(
        select(
            *group,
            func.count(),
            func.count(case((can_be_claimed, 1))),
            func.min(case((can_be_claimed, FRACTAL.claimable_at))),
        )
        .where(FRACTAL.status == Status.QUEUED)
        .group_by(*group)
    )
    return [
        Group(project, _need(kind, label), queued, claimable, 0, _seconds(now, oldest))
        for project, kind, label, queued, claimable, oldest in _rows(session, query)
    ]


def _leased(session: Session) -> list[Group]:
    """Return the groups of what has a lease; a parent that waits for its children has none."""
    group = (Fractal.project_id, Fractal.kind, Fractal.label)
    where = (Fractal.status == Status.RENDERING, Fractal.lease_expires_at.is_not(None))
    query = select(*group, func.count()).where(*where).group_by(*group)
    return [
        Group(project, _need(kind, label), rendering=count)
        for project, kind, label, count in _rows(session, query)
    ]


def _rows(session: Session, query: Any) -> Sequence[Any]:
    return session.execute(query, execution_options=BOUNDED).all()


def _need(kind: str, label: str | None) -> Need:
    return Need(TaskKind(kind), label)


def _seconds(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())
