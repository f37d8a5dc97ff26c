# SPDX-License-Identifier: Apache-2.0
"""The gateway to the workers that render tiles: a bulkhead, a timeout and a circuit breaker."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Protocol

from oslo_config import cfg

from faafo import errors
from faafo.fractal.tile import Tile, TileView

LOG = logging.getLogger(__name__)

# Seconds that a call may take longer than its timeout.
GRACE_SECONDS = 0.5


class Renderer(Protocol):
    """Renders tiles: ``faafo.rpc.tile.TileClient`` in production."""

    def render(self, view: TileView) -> Tile: ...


def connect(conf: cfg.ConfigOpts) -> Renderer:
    """Return a client of the workers behind the broker that ``conf`` names.

    :raises faafo.errors.ConfigurationError: when the broker's URL makes no sense.
    """
    # oslo.messaging takes half a second and 20 MB to import: an API without an explorer needs none.
    from faafo.rpc import tile  # noqa: PLC0415

    return tile.connect(conf)


class TileGateway:
    """Has tiles rendered by workers, a few at a time.

    Each call has a thread of its own, because oslo.messaging waits for a broker without end, and a
    request must not. While nobody answers, one tile at a time is tried, so that what must fail does
    not keep requests waiting that would not.

    :param connect: called once, before the first tile.
    """

    def __init__(
        self,
        connect: Callable[[], Renderer],
        timeout: float,
        max_in_flight: int,
        max_iterations: int,
    ) -> None:
        self._connect = connect
        self._connecting = threading.Lock()
        self._renderer: Renderer | None = None
        self._timeout = timeout
        self._most = max_in_flight
        self.max_iterations = max_iterations
        self._under_way = 0
        self._answered = True
        self._lock = threading.Lock()

    @property
    def under_way(self) -> int:
        """The number of tiles that are waited for now."""
        return self._under_way

    def render(self, view: TileView) -> Tile:
        """Return the tile of ``view``.

        :raises faafo.errors.LimitExceeded: when it has more iterations than tiles may have.
        :raises faafo.errors.TilesBusy: at once, when enough tiles are under way.
        :raises faafo.errors.TileUnavailable: when no worker answers in time.
        """
        self._check(view)
        self._enter()
        answer: Future[Tile] = Future()
        threading.Thread(target=self._call, args=(view, answer), name="tile", daemon=True).start()
        try:
            return answer.result(self._timeout + GRACE_SECONDS)
        except FutureTimeoutError:
            self._note(answered=False)
            raise errors.TileUnavailable("the message broker has not let us in yet") from None
        except (errors.BrokerUnavailable, errors.RenderCancelled) as error:
            LOG.debug("tile %s: %s", view, error)
            raise errors.TileUnavailable(_UNAVAILABLE[type(error)]) from None

    def _check(self, view: TileView) -> None:
        if view.iterations > self.max_iterations:
            raise errors.LimitExceeded(
                f"iterations: {view.iterations} is more than this service allows for tiles, "
                f"[tiles] max_iterations = {self.max_iterations}"
            )

    def _enter(self) -> None:
        with self._lock:
            if not self._answered and self._under_way:
                raise errors.TileUnavailable("no worker answers; this is tried again and again")
            if self._under_way >= self._most:
                raise errors.TilesBusy(
                    f"{self._most} tiles are under way: as many as [tiles] max_in_flight allows"
                )
            self._under_way += 1

    def _call(self, view: TileView, answer: Future[Tile]) -> None:
        try:
            answer.set_result(self._connected().render(view))
            self._note(answered=True)
        except errors.FaafoError as error:
            self._note(not isinstance(error, errors.TileUnavailable | errors.BrokerUnavailable))
            answer.set_exception(error)
        # In a thread of its own, so nobody else would tell whoever waits.
        except Exception as error:
            answer.set_exception(error)
        finally:
            with self._lock:
                self._under_way -= 1

    def _connected(self) -> Renderer:
        with self._connecting:
            if self._renderer is None:
                self._renderer = self._connect()
            return self._renderer

    def _note(self, answered: bool) -> None:
        with self._lock:
            changed, self._answered = self._answered != answered, answered
        if changed and answered:
            LOG.info("workers render tiles again")
        elif changed:
            LOG.warning("no worker renders tiles")


_UNAVAILABLE = {
    errors.BrokerUnavailable: "the message broker cannot be reached",
    errors.RenderCancelled: "the worker has given the tile up",
}
