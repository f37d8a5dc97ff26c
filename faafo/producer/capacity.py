# SPDX-License-Identifier: Apache-2.0
"""Which fractals the slots of the live workers can do, and how many of them to claim."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from faafo.client.http import Client
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.kinds import FIRST, Need, in_order
from faafo.producer.backlog import Backlog, Job, Skill
from faafo.producer.worker_state import Worker
from faafo.rpc.messages import Report

LOG = logging.getLogger(__name__)


class Group(NamedTuple):
    """The slots of live workers that have the same skill."""

    skill: Skill
    free: int
    slots: int


class Share(NamedTuple):
    """How many fractals to claim that workers with this skill can do."""

    skill: Skill
    most: int


def grouped(workers: Iterable[Worker]) -> list[Group]:
    """Return the slots of those workers that are live, those that can do more first.

    A worker that serves no kind, such as one that joins while the broker of joins is away, has
    none: a claim that names nothing would be one for renders.
    """
    usable = [one for one in workers if one.is_live and one.usable and one.ability.kinds]
    return [
        Group(
            skill,
            sum(max(0, one.free) for one in usable if one.skill == skill),
            sum(one.usable for one in usable if one.skill == skill),
        )
        for skill in sorted({one.skill for one in usable}, key=rank, reverse=True)
    ]


def rank(skill: Skill) -> tuple[Any, ...]:
    """Return a key by which skills are sorted that can do more than others, and by names."""
    version, (kinds, labels) = skill
    return version, len(labels), len(kinds), sorted(kinds), sorted(labels)


def shares(groups: Sequence[Group], backlog: Backlog) -> list[Share]:
    """Return what to claim, for those that can do more first: one share if all can do the same.

    Else the slots of each skill get a share of their own, so that neither fractals that need more,
    nor those that do not, keep the slots from work that these can do. What waits is counted for the
    last group that can do it.

    :param groups: as ``grouped`` returns them.
    """
    if not groups:
        return []
    slots = sum(group.slots for group in groups)

    def wanted(number: int, group: Group) -> int:
        later = [one.skill for one in groups[number + 1 :]]

        def is_for(job: Job) -> bool:
            return group.skill.fits(job) and not any(one.fits(job) for one in later)

        return backlog.wanted(group.free, group.slots / slots, is_for)

    found = [Share(group.skill, wanted(number, group)) for number, group in enumerate(groups)]
    return [share for share in found if share.most]


def covers(share: Share, other: Share) -> bool:
    """Return whether whatever could be claimed for ``other`` could be for ``share``, too."""
    (version, ability), (least, needed) = share.skill, other.skill
    return version >= least and ability.needs() >= needed.needs()


def tell_if_old(report: Report) -> None:
    """Log that a worker, which reports for the first time, cannot draw all fractals."""
    known = report.parameters or 1
    if known < PARAMETER_VERSION:
        LOG.warning(
            "worker %s (faafo %s) knows version %d of the drawing parameters: fractals of version "
            "%d wait for other workers",
            report.server,
            report.version,
            known,
            PARAMETER_VERSION,
        )


class Waiting:
    """Waits at the API for fractals that free slots can do."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._version = 1
        self._needs: tuple[Need, ...] = in_order(FIRST.needs())

    def want(self, shares: Iterable[Share]) -> None:
        """Wait for what can be claimed as one of ``shares`` from now on.

        If workers of several versions serve different kinds, some of it may fit none of them.
        """
        skills = [share.skill for share in shares]
        self._version = max(skill.version for skill in skills)
        self._needs = in_order(need for skill in skills for need in skill.ability.needs())

    def wait_for_claimable(self, seconds: float) -> bool:
        """Return whether there is something to claim, as soon as there is within ``seconds``."""
        return self._client.wait_for_claimable(seconds, self._version, self._needs)
