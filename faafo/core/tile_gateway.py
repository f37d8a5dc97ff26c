# SPDX-License-Identifier: Apache-2.0
"""The gateway to the workers that render tiles: a bulkhead, a timeout and a circuit breaker."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Protocol

from oslo_config import cfg
from oslo_context import context

from faafo import errors
from faafo.fractal.picture_tile import PictureTile
from faafo.fractal.tile import Tile, TileView

LOG = logging.getLogger(__name__)

# Seconds that a request waits for a call beyond the timeout of the call.
GRACE_SECONDS = 0.5


class Renderer(Protocol):
    """Renders tiles: ``faafo.rpc.tile.TileClient`` in production."""

    def render(self, view: TileView | PictureTile) -> Tile: ...


def connect(conf: cfg.ConfigOpts) -> Renderer:
    """Return a client of the workers behind the broker that ``conf`` names.

    :raises faafo.errors.ConfigurationError: when the broker's URL is not valid.
    """
    # Imported on first use: oslo.messaging takes half a second and 20 MB.
    from faafo.rpc import tile  # noqa: PLC0415

    return tile.connect(conf)


class TileGateway:
    """Calls workers to render tiles, with at most ``max_in_flight`` calls at a time.

    Each call has a thread of its own, because oslo.messaging waits for a broker without a timeout,
    and a request must not. The circuit breaker opens when a call gets no answer: then one call at
    a time probes the workers, all other requests fail at once, and an answer closes it.

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
        self.max_in_flight = max_in_flight
        self.max_iterations = max_iterations
        self._in_flight = 0
        self._is_open = False
        self._lock = threading.Lock()

    @property
    def in_flight(self) -> int:
        """The number of calls in flight."""
        return self._in_flight

    def render(self, view: TileView | PictureTile) -> Tile:
        """Return the tile of ``view``.

        :raises faafo.errors.LimitExceeded: when ``view`` has too many iterations for a tile.
        :raises faafo.errors.TilesBusy: at once, when too many calls are in flight.
        :raises faafo.errors.TileUnavailable: when no worker answers in time; at once when the
            circuit breaker is open.
        """
        self._check(view)
        self._acquire()
        answer: Future[Tile] = Future()
        self._start_call(view, answer)
        try:
            return answer.result(self._timeout + GRACE_SECONDS)
        except FutureTimeoutError:
            self._record(answered=False)
            raise errors.TileUnavailable("no connection to the message broker yet") from None
        except tuple(_UNAVAILABLE) as error:
            LOG.debug("tile %s: %s", view, error)
            raise errors.TileUnavailable(_UNAVAILABLE[type(error)]) from None

    def _check(self, view: TileView | PictureTile) -> None:
        limit = view.iterations_within(self.max_iterations)
        if view.iterations > limit:
            dense = view.scale > 1 or view.samples > 1
            at = f"scale {view.scale}" + (f", {view.samples} samples" if view.samples > 1 else "")
            scaled = f", which allows {limit} at {at}" if dense else ""
            raise errors.LimitExceeded(
                f"iterations: {view.iterations} exceeds the limit for tiles, "
                f"[tiles] max_iterations = {self.max_iterations}{scaled}"
            )

    def _acquire(self) -> None:
        with self._lock:
            if self._is_open and self._in_flight:
                raise errors.TileUnavailable("no worker answers; the service keeps trying")
            if self._in_flight >= self.max_in_flight:
                raise errors.TilesBusy(
                    f"too many tiles in flight, [tiles] max_in_flight = {self.max_in_flight}"
                )
            self._in_flight += 1

    def _start_call(self, view: TileView | PictureTile, answer: Future[Tile]) -> None:
        """Make the call in a thread; its place among those in flight is free if that fails."""
        try:
            threading.Thread(
                target=self._call,
                args=(view, answer, context.get_current()),
                name="tile",
                daemon=True,
            ).start()
        # The system may refuse another thread.
        except RuntimeError as error:
            with self._lock:
                self._in_flight -= 1
            LOG.error("no tile can be requested: %s", error)
            raise errors.TileUnavailable("the service is overloaded") from None

    def _call(
        self,
        view: TileView | PictureTile,
        answer: Future[Tile],
        caller: context.RequestContext | None,
    ) -> None:
        if caller is not None:
            # What this thread logs and sends has the id of the request.
            caller.update_store()
        try:
            answer.set_result(self._connected().render(view))
            self._record(answered=True)
        except errors.FaafoError as error:
            self._record(not isinstance(error, errors.TileUnavailable | errors.BrokerUnavailable))
            answer.set_exception(error)
        # This thread has no caller: the future passes the error to the request.
        except Exception as error:
            answer.set_exception(error)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _connected(self) -> Renderer:
        with self._connecting:
            if self._renderer is None:
                self._renderer = self._connect()
            return self._renderer

    def _record(self, answered: bool) -> None:
        with self._lock:
            changed, self._is_open = self._is_open == answered, not answered
        if changed and answered:
            LOG.info("workers answer requests for tiles again")
        elif changed:
            LOG.warning("no worker answers requests for tiles")


_UNAVAILABLE = {
    errors.BrokerUnavailable: "the message broker cannot be reached",
    errors.RenderCancelled: "the worker has cancelled the render",
    errors.WorkerBusy: "the workers that answer are of an earlier version and cannot draw so",
}
