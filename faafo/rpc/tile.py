# SPDX-License-Identifier: Apache-2.0
"""The RPC call for a tile: its client, and how a tile is encoded on the wire."""

import base64
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_context.context import get_current
from oslo_messaging.transport import RPCTransport

from faafo import errors
from faafo.fractal.tile import Tile, TileView
from faafo.rpc import contract
from faafo.rpc.transport import get_tiles_transport


def packed(tile: Tile) -> dict[str, Any]:
    """Return ``tile`` as JSON can hold it: the PNG file in base64."""
    png = base64.b64encode(tile.png).decode("ascii")
    return {"png": png, "worker": tile.worker, "duration": tile.duration}


def unpacked(answer: dict[str, Any]) -> Tile:
    """Return the tile that ``packed`` has encoded."""
    png = base64.b64decode(answer["png"], validate=True)
    return Tile(png, str(answer["worker"]), float(answer["duration"]))


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

    def render(self, view: TileView) -> Tile:
        """Return the tile of ``view``.

        The first call blocks until the broker is reachable, without a timeout.

        :raises faafo.errors.TileUnavailable: when no worker answers in time, or an older one that
            cannot render at the scale of ``view``.
        :raises faafo.errors.BrokerUnavailable: when the call cannot be made.
        :raises faafo.errors.FaafoError: any error that the worker raises.
        """
        try:
            context = {"timeout": self._timeout, **_request_id()}
            # A worker of version 1.0 knows no scale: it would render too few pixels.
            version = contract.VERSION if view.scale == 1 else contract.SCALE_VERSION
            target = self._client.prepare(version=version)
            return unpacked(target.call(context, "render_tile", view=view.model_dump()))
        except errors.FaafoError:
            raise
        except oslo_messaging.MessagingTimeout:
            raise errors.TileUnavailable(
                f"no worker has answered within {self._timeout:g} s"
            ) from None
        except oslo_messaging.RemoteError as error:
            if error.exc_type == contract.TOO_OLD:
                raise errors.TileUnavailable(f"the worker is too old: {error.value}") from None
            raise errors.RenderFailed(f"the render of the tile failed: {error}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise errors.RenderFailed(f"the render of the tile failed: {error}") from None
        # Any other error of a driver or its library is about the broker.
        except Exception as error:
            raise errors.BrokerUnavailable(f"the call could not be made: {error}") from None


def _request_id() -> dict[str, str]:
    """Return the id of the HTTP request that the calling thread works for, if there is one."""
    current = get_current()
    return {"request_id": current.request_id} if current else {}
