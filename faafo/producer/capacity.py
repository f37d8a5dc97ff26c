# SPDX-License-Identifier: Apache-2.0
"""Which fractals the slots of the live workers can draw, and how many of them to claim."""

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from faafo.client.http import Client
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.producer.backlog import Backlog
from faafo.producer.worker_state import Worker
from faafo.rpc.messages import Report

LOG = logging.getLogger(__name__)


class Group(NamedTuple):
    """The slots of live workers that know the same version of the drawing parameters."""

    version: int
    free: int
    slots: int


class Share(NamedTuple):
    """How many fractals to claim whose drawing parameters are of at most this version."""

    version: int
    most: int


def grouped(workers: Iterable[Worker]) -> list[Group]:
    """Return the slots of those workers that are live, the latest version first."""
    usable = [one for one in workers if one.is_live and one.usable]
    return [
        Group(
            version,
            sum(max(0, one.free) for one in usable if one.parameters == version),
            sum(one.usable for one in usable if one.parameters == version),
        )
        for version in sorted({one.parameters for one in usable}, reverse=True)
    ]


def shares(groups: Sequence[Group], backlog: Backlog) -> list[Share]:
    """Return what to claim, the latest version first: one share if all workers know the same.

    Else the slots of each version get a share of their own, so that neither fractals that need a
    later version, nor those that do not, keep the slots from work that these can do.

    :param groups: as ``grouped`` returns them.
    """
    if not groups:
        return []
    slots = sum(group.slots for group in groups)
    below = [*(group.version for group in groups[1:]), 0]
    wanted = [
        Share(
            group.version,
            backlog.wanted(group.free, group.slots / slots, range(lower + 1, group.version + 1)),
        )
        for group, lower in zip(groups, below, strict=True)
    ]
    return [share for share in wanted if share.most]


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
    """Waits at the API for fractals that free slots can draw.

    :ivar version: the latest version of the drawing parameters that a free slot knows.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.version = 1

    def wait_for_claimable(self, seconds: float) -> bool:
        """Return whether there is something to claim, as soon as there is within ``seconds``."""
        return self._client.wait_for_claimable(seconds, self.version)
