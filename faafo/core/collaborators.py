# SPDX-License-Identifier: Apache-2.0
"""The collaborators that the factory gives the application, and that views ask for."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app

from faafo.core.arrivals import Arrivals
from faafo.core.backlog import KnownBacklog
from faafo.core.bulkhead import Bulkheads
from faafo.core.cache import ByteCache
from faafo.core.endings import Endings
from faafo.core.image_queue import ImageQueue
from faafo.core.limits import Limits
from faafo.core.policy import Policy
from faafo.core.receivers import Receivers
from faafo.core.registry import Registry
from faafo.core.settings import FollowedSettings
from faafo.core.streams import Streams
from faafo.core.tile_gateway import TileGateway
from faafo.core.upkeep import Upkeep
from faafo.db.counts import CountsByScope
from faafo.db.outcomes import RetryPolicy
from faafo.store.base import ImageStore

if TYPE_CHECKING:
    from faafo.recent.server import RecentJobs

KEY = "faafo"


@dataclass(frozen=True)
class Collaborators:
    """What an application works with, apart from its database session.

    ``notice`` returns a sentence to show in the gallery at present, or None. ``recent`` is None
    without Redis.
    """

    store: ImageStore
    limits: Limits
    counts: CountsByScope
    backlog: KnownBacklog
    tiles: TileGateway
    bulkheads: Bulkheads
    thumbnails: ByteCache
    images: ImageQueue
    arrivals: Arrivals
    deliveries: Arrivals
    locks: Arrivals
    receivers: Receivers
    registry: Registry
    settings: FollowedSettings
    upkeep: Upkeep
    endings: Endings
    streams: Streams
    notice: Callable[[], str | None]
    policy: Policy
    recent: "RecentJobs | None"

    @property
    def retry_policy(self) -> RetryPolicy:
        """How often a fractal is rendered again after a failure, and when."""
        return self.limits.retry_policy

    def announce_ends(self, uuids: Collection[str]) -> None:
        """Tell requests that wait: those for the end of fractals, and for what it has delivered."""
        self.endings.announce(uuids)
        if uuids:
            self.deliveries.announce()

    def install(self, app: Flask) -> None:
        """Make ``collaborators()`` return this object in requests to ``app``."""
        app.extensions[KEY] = self


def collaborators() -> Collaborators:
    """Return the collaborators of the current application."""
    return current_app.extensions[KEY]
