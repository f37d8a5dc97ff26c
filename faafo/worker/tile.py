# SPDX-License-Identifier: Apache-2.0
"""The tile server of a worker: renders tiles in threads of its own, beside the slots."""

import logging
import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_context.context import RequestContext

from faafo import errors
from faafo.fractal.picture_tile import PictureTile, parse_tile
from faafo.fractal.tile import Output, Tile, TileView
from faafo.render import image, values
from faafo.rpc import contract, messages
from faafo.rpc.listening import STOP_SECONDS
from faafo.rpc.liveness import LivenessCheck
from faafo.rpc.server import Server, expected_exceptions
from faafo.rpc.tile import packed
from faafo.rpc.transport import get_tiles_transport
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)


class TileEndpoint:
    """The RPC method of topic ``tiles``.

    :param max_iterations: the largest number of iterations of a tile.
    :param timeout: seconds after which a render is cancelled, unless the caller names its own.
    """

    target = contract.TILES_SERVED

    def __init__(
        self, name: str, max_iterations: int, timeout: float, stopping: threading.Event
    ) -> None:
        self._name = name
        self._max_iterations = max_iterations
        self._timeout = timeout
        self._stopping = stopping
        self._lock = threading.Lock()
        # The number of tiles that are rendered now.
        self.under_way = 0

    @expected_exceptions(errors.FaafoError)
    def render_tile(self, ctxt: dict[str, Any], view: dict[str, Any]) -> dict[str, Any]:
        """Render the tile that ``view`` describes; return the fields of a ``Tile``.

        :raises faafo.errors.InvalidMessage: when ``ctxt`` is malformed.
        :raises faafo.errors.InvalidTask: when ``view`` is not valid.
        :raises faafo.errors.LimitExceeded: when it has too many iterations.
        :raises faafo.errors.RenderCancelled: after the timeout, or when the worker stops.
        :raises faafo.errors.RenderFailed: when anything else goes wrong.
        """
        try:
            with self._lock:
                self.under_way += 1
            caller = messages.parse(messages.TileContext, ctxt)
            # What this thread logs has the id of the HTTP request, else a new one.
            RequestContext(request_id=caller.request_id)
            timeout = caller.timeout or self._timeout
            parsed = parse_tile(view)
            tile = self._render(parsed, time.perf_counter(), timeout)
            return packed(tile, parsed.output)
        except errors.FaafoError:
            raise
        # Only faafo's errors travel.
        except Exception as error:
            LOG.exception("tile failed: %s", view)
            raise errors.RenderFailed(f"{type(error).__name__}: {error}") from error
        finally:
            with self._lock:
                self.under_way -= 1

    def _render(self, view: TileView | PictureTile, started_at: float, timeout: float) -> Tile:
        if view.iterations > view.iterations_within(self._max_iterations):
            raise errors.LimitExceeded(
                f"iterations: {view.iterations} is more than this worker allows for tiles, "
                f"[tiles] max_iterations = {self._max_iterations}"
            )

        def is_cancelled() -> bool:
            return self._stopping.is_set() or time.perf_counter() - started_at > timeout

        if view.output == Output.VALUES:
            body = values.render_values(view.task(), is_cancelled)
        else:
            body = image.encode(image.render(view.task(), is_cancelled))
        duration = time.perf_counter() - started_at
        LOG.debug("rendered tile %s in %f seconds", view, duration)
        return Tile(body, self._name, duration)


class TileServer:
    """Serves tiles under the worker's ``name``, unless ``[tiles] threads`` is 0.

    While the worker is disabled it does not listen, so that other workers get the tiles.
    """

    def __init__(self, conf: cfg.ConfigOpts, name: str, instance_id: str = "") -> None:
        self._conf = conf
        self._name = name
        self._instance_id = instance_id
        self._stopping = threading.Event()
        self._endpoint = TileEndpoint(
            name, conf.tiles.max_iterations, conf.tiles.timeout, self._stopping
        )
        self._transport = get_tiles_transport(conf) if conf.tiles.threads else None
        # The latest server, and what ends its threads.
        self._server: Server | None = None
        self._leaving = threading.Event()
        self._has_started = self._has_closed = self._is_paused = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start to serve; returns at once and retries until it is closed."""
        with self._lock:
            self._has_started = True
            if not self._is_paused:
                self._open()

    def pause(self, paused: bool) -> None:
        """Take no tiles, or take them again; those that are being rendered are finished."""
        with self._lock:
            if paused == self._is_paused or self._has_closed:
                return
            self._is_paused = paused
            if paused:
                self._leave()
            elif self._has_started:
                self._open()

    def close(self) -> None:
        """Cancel all renders and begin to stop serving; clients may retry."""
        self._stopping.set()
        with self._lock:
            self._has_closed = True
            if not self._is_paused:
                self._leave()

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """Stop serving; return whether all calls were answered within ``timeout`` seconds."""
        return self._server is None or self._server.stop(timeout)

    def _open(self) -> None:
        if self._transport is None:
            return
        conf, leaving = self._conf, threading.Event()
        server = Server(
            self._transport,
            contract.TILES,
            self._name,
            self._endpoint,
            conf.tiles.threads,
            self._instance_id,
        )
        liveness = LivenessCheck(
            self._transport,
            server,
            VitalThreads(),
            conf.rpc.pulse_interval,
            is_busy=lambda: self._endpoint.under_way > 0,
        )
        self._server, self._leaving = server, leaving
        server.start(leaving)
        liveness.start(leaving)

    def _leave(self) -> None:
        self._leaving.set()
        if self._server is not None:
            self._server.close()
