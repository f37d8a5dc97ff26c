# SPDX-License-Identifier: Apache-2.0
"""Fair shares: from which projects the fractals of a claim come.

Each comes from the project of which the fewest are being rendered; among equals, from the one that
has waited the longest since this process gave it a turn. What was posted without a login counts as
one project more, which has no limit.
"""

import heapq
import itertools
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, update

from faafo.db import Session, waiting
from faafo.db.models import Deletions
from faafo.db.statements import execute_update
from faafo.db.waiting import Project
from faafo.fractal.kinds import FIRST_NEEDS, Need

# Returns the first fractals of a project that can be claimed, at most as many as asked for.
Fetch = Callable[[Project, int], Sequence[Row[Any]]]

NO_LIMIT = 0
# Projects that one claim looks at, at most: the next one looks at others.
MOST_PROJECTS = 100
# Projects whose last turn is known: a hundred bytes each.
MOST_KNOWN = 10_000


class Turns:
    """When projects had their last turns in this process; thread-safe."""

    def __init__(self) -> None:
        self._last: OrderedDict[Project, int] = OrderedDict()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def last(self, projects: Iterable[Project]) -> dict[Project, int]:
        """Return the number of the last turn of each project; 0 of one without."""
        with self._lock:
            return {one: self._last.get(one, 0) for one in projects}

    def note(self, projects: Iterable[Project]) -> None:
        """Note that projects have had turns, in this order."""
        with self._lock:
            for one in projects:
                self._last[one] = next(self._numbers)
                self._last.move_to_end(one)
            while len(self._last) > MOST_KNOWN:
                self._last.popitem(last=False)


@dataclass(frozen=True)
class Standing:
    """How many fractals of a project are being rendered, and how many more may be.

    :ivar needs: those of its fractals that wait, of what a claim serves.
    """

    rendering: int = 0
    room: int | None = None
    needs: tuple[Need, ...] = ()


def standings(
    session: Session, limit: int = NO_LIMIT, needs: tuple[Need, ...] = FIRST_NEEDS
) -> dict[Project, Standing]:
    """Return the standings of the projects that may have fractals to claim.

    :param limit: the number of fractals of a project that may be rendered at the same time.
    :param needs: what the claim serves.
    """
    standing: dict[Project, Standing] = {}
    for project, found in waiting.projects(session, needs).items():
        is_limited = limit != NO_LIMIT and project is not None
        room = max(0, limit - found.rendering) if is_limited else None
        if room != 0:
            standing[project] = Standing(found.rendering, room, found.needs)
    return standing


def lock(session: Session) -> None:
    """Keep other claims out until the transaction ends, so that no two of them pass the limit."""
    # Any row will do that is always there, and that no POST needs.
    same = update(Deletions).where(Deletions.id == 1).values(count=Deletions.count)
    execute_update(session, same)


def pick(
    standing: Mapping[Project, Standing], count: int, turns: Turns, fetch: Fetch
) -> list[Row[Any]]:
    """Return up to ``count`` fractals in the order of fair shares."""
    last = turns.last(standing)
    # Of each project the fractals that were found so far, by id.
    found: dict[Project, dict[int, Row[Any]]] = {one: {} for one in _first(standing, last)}
    places: list[Project] = []
    exhausted: set[Project] = set()
    while len(places) < count:
        open_ones = {one: standing[one] for one in found if one not in exhausted}
        wanted = [*places, *_next_places(open_ones, places, last, count - len(places))]
        if len(wanted) == len(places):
            break
        for project, number in Counter(wanted).items():
            if number > len(found[project]):
                found[project] |= {row.id: row for row in fetch(project, number)}
            if number > len(found[project]):
                exhausted.add(project)
        places = _filled(wanted, found)
    turns.note([*exhausted, *places])
    rows = {project: iter(some.values()) for project, some in found.items()}
    return [next(rows[project]) for project in places]


def _first(standing: Mapping[Project, Standing], last: Mapping[Project, int]) -> Sequence[Project]:
    if len(standing) <= MOST_PROJECTS:
        return [*standing]
    return heapq.nsmallest(
        MOST_PROJECTS, standing, key=lambda one: (standing[one].rendering, last[one])
    )


def _next_places(
    standing: Mapping[Project, Standing],
    places: Sequence[Project],
    last: Mapping[Project, int],
    count: int,
) -> Iterator[Project]:
    """Yield the projects of up to ``count`` more places, if each has fractals enough."""
    given = Counter(places)
    number = itertools.count(max(last.values(), default=0) + 1)
    # The last turn of those that have got places is in these.
    turn = {project: next(number) for project in places}
    heap = [
        (one.rendering + given[project], turn.get(project, last[project]), index, project)
        for index, (project, one) in enumerate(standing.items())
    ]
    heapq.heapify(heap)
    while heap and count:
        rendering, _turn, index, project = heapq.heappop(heap)
        room = standing[project].room
        if room is not None and given[project] >= room:
            continue
        given[project] += 1
        count -= 1
        heapq.heappush(heap, (rendering + 1, next(number), index, project))
        yield project


def _filled(places: Iterable[Project], found: Mapping[Project, Sized]) -> list[Project]:
    """Return the places for which there are fractals."""
    filled: Counter[Project] = Counter()
    kept = []
    for project in places:
        if filled[project] < len(found[project]):
            filled[project] += 1
            kept.append(project)
    return kept
