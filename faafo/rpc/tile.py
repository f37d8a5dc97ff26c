# SPDX-License-Identifier: Apache-2.0
"""The RPC call for a tile: its client, and how a tile is encoded on the wire."""

import base64
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_context.context import get_current
from oslo_messaging.transport import RPCTransport

from faafo import errors
from faafo.fractal.drawing import parameter_version, without_defaults
from faafo.fractal.picture_tile import PictureTile
from faafo.fractal.tile import Output, Tile, TileView
from faafo.rpc import contract
from faafo.rpc.transport import get_tiles_transport

# Workers that are asked for a tile, at most, while those that answer are too old for it.
MOST_ASKED = 3


def packed(tile: Tile, output: str) -> dict[str, Any]:
    """Return ``tile`` as JSON can hold it: its body in base64, as the member ``output``."""
    body = base64.b64encode(tile.body).decode("ascii")
    return {output: body, "worker": tile.worker, "duration": tile.duration}


def unpacked(answer: dict[str, Any], output: str) -> Tile:
    """Return the tile that ``packed`` has encoded."""
    body = base64.b64decode(answer[output], validate=True)
    return Tile(body, str(answer["worker"]), float(answer["duration"]))


def connect(conf: cfg.ConfigOpts) -> "TileClient":
    """Return a client for the broker that ``conf`` names; it connects with its first call.

    :raises faafo.errors.ConfigurationError: when the URL is not valid.
    """
    return TileClient(get_tiles_transport(conf), conf.tiles.timeout)


class TileClient:
    """Calls any worker to render a tile."""

    def __init__(self, transport: RPCTransport, timeout: float) -> None:
        self._timeout = timeout
        self._client = oslo_messaging.get_rpc_client(
            transport, contract.TILES, timeout=timeout, retry=1
        )

    def render(self, view: TileView | PictureTile) -> Tile:
        """Return the tile of ``view``.

        The first call blocks until the broker is reachable, without a timeout.

        :raises faafo.errors.TileUnavailable: when no worker answers in time.
        :raises faafo.errors.WorkerBusy: when all that are asked are of earlier versions, which
            do not know all of ``view``.
        :raises faafo.errors.BrokerUnavailable: when the call cannot be made.
        :raises faafo.errors.FaafoError: any error that the worker raises.
        """
        for number in range(1, MOST_ASKED + 1):
            try:
                return self._call(view)
            except errors.WorkerBusy:
                # The broker hands the next call to another worker.
                if number == MOST_ASKED:
                    raise
        raise AssertionError

    def _call(self, view: TileView | PictureTile) -> Tile:
        try:
            context = {"timeout": self._timeout, **_request_id()}
            target = self._client.prepare(version=_version_for(view))
            told = without_defaults(view.model_dump())
            answer = target.call(context, "render_tile", view=told)
            return unpacked(answer, view.output)
        except errors.FaafoError:
            raise
        except oslo_messaging.MessagingTimeout:
            raise errors.TileUnavailable(
                f"no worker has answered within {self._timeout:g} s"
            ) from None
        except oslo_messaging.RemoteError as error:
            if error.exc_type == contract.TOO_OLD:
                raise errors.WorkerBusy(f"the worker is too old: {error.value}") from None
            raise errors.RenderFailed(f"the render of the tile failed: {error}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise errors.RenderFailed(f"the render of the tile failed: {error}") from None
        # Any other error of a driver or its library is about the broker.
        except Exception as error:
            raise errors.BrokerUnavailable(f"the call could not be made: {error}") from None


def _version_for(view: TileView | PictureTile) -> str:
    """Return the RPC version that a worker must serve: an older one would ignore parameters."""
    if isinstance(view, PictureTile):
        return contract.PICTURE_TILE_VERSION
    if parameter_version(view) > 1 or view.output != Output.PNG:
        return contract.TILE_DRAWING_VERSION
    return contract.VERSION if view.scale == 1 else contract.SCALE_VERSION


def _request_id() -> dict[str, str]:
    """Return the id of the HTTP request that the calling thread works for, if there is one."""
    current = get_current()
    return {"request_id": current.request_id} if current else {}
