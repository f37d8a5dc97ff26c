# SPDX-License-Identifier: Apache-2.0
"""The tiles of a worker, called over a broker in memory."""

import contextlib
import io
import logging
import zlib

import pytest
from oslo_context.context import RequestContext, get_current
from PIL import Image

from faafo import errors
from faafo.fractal.tile import TileView
from faafo.render.image import render
from faafo.render.values import render_values
from faafo.rpc import contract
from faafo.rpc import tile as rpc_tiles
from faafo.worker.tile import TileEndpoint, TileServer

VIEW = TileView(z=2, x=1, y=2, cx=-0.8, cy=0.156, iterations=80, palette="lagoon")


@pytest.fixture
def serve(conf, transport, warm_kernel):
    """Starts a tile server with options of group [tiles], and returns a client for it."""
    servers = []

    def start(**options):
        for name, value in options.items():
            conf.set_override(name, value, group="tiles")
        server = TileServer(conf, "w-1")
        server.start()
        servers.append(server)
        return rpc_tiles.connect(conf)

    yield start
    for server in servers:
        server.close()
        server.stop()


def test_a_tile_is_the_picture_of_its_task(serve):
    tile = serve().render(VIEW)
    image = Image.open(io.BytesIO(tile.body))
    assert (image.mode, image.size) == ("P", (256, 256))
    assert image.convert("RGB").tobytes() == render(VIEW.task()).convert("RGB").tobytes()
    assert tile.worker == "w-1"
    assert tile.duration > 0


def test_a_tile_is_logged_with_the_id_of_the_request_that_asked_for_it(serve, caplog):
    caplog.set_level(logging.DEBUG, "faafo.worker.tile")
    seen = []

    def keep(record):
        seen.append(get_current().request_id)
        return True

    logger = logging.getLogger("faafo.worker.tile")
    logger.addFilter(keep)
    mine = RequestContext()
    try:
        serve().render(VIEW)
    finally:
        logger.removeFilter(keep)
    assert seen == [mine.request_id]


def test_a_tile_at_a_scale_has_more_pixels(serve):
    view = VIEW.model_copy(update={"scale": 2})
    image = Image.open(io.BytesIO(serve().render(view).body))
    assert image.size == (512, 512)
    assert image.convert("RGB").tobytes() == render(view.task()).convert("RGB").tobytes()


def test_a_worker_that_knows_no_scale_renders_none(serve, monkeypatch):
    monkeypatch.setattr(TileEndpoint, "target", contract.TILES)
    client = serve()
    assert client.render(VIEW).worker == "w-1"
    with pytest.raises(errors.WorkerBusy, match="the worker is too old"):
        client.render(VIEW.model_copy(update={"scale": 2}))


def test_a_tile_of_values_has_a_number_for_each_pixel(serve):
    view = VIEW.model_copy(update={"output": "values"})
    body = zlib.decompress(serve().render(view).body)
    assert body == zlib.decompress(render_values(view.task()))
    assert len(body) == 256 * 256 * 4


def test_a_worker_of_the_release_before_renders_no_later_parameters(serve, monkeypatch):
    monkeypatch.setattr(TileEndpoint, "target", contract.TILES(version="1.1"))
    client = serve()
    assert client.render(VIEW).worker == "w-1"
    for later in ({"output": "values"}, {"formula": "tricorn"}):
        with pytest.raises(errors.WorkerBusy, match="the worker is too old"):
            client.render(VIEW.model_copy(update=later))


@pytest.mark.parametrize(("more", "limit"), [({}, 79), ({"scale": 2}, 319), ({"samples": 2}, 319)])
def test_a_worker_bounds_the_iterations_of_a_tile(serve, more, limit):
    with pytest.raises(errors.LimitExceeded, match=f"max_iterations = {limit}"):
        serve(max_iterations=limit).render(VIEW.model_copy(update=more))


def test_a_tile_that_takes_too_long_is_cancelled(serve, wait_until):
    # A Siegel disc has no trap, so that its points are followed to the end.
    endless = VIEW.model_copy(
        update={"z": 1, "x": 0, "y": 0, "cx": -0.39054, "cy": -0.58679, "iterations": 10**9}
    )
    client = serve(max_iterations=10**9, timeout=0.3)
    unavailable = (errors.RenderCancelled, errors.TileUnavailable)
    with pytest.raises(unavailable):
        client.render(endless)

    def answers() -> bool:
        with contextlib.suppress(*unavailable):
            return client.render(VIEW).worker == "w-1"
        return False

    wait_until(answers, "an answer to the next one")


def test_an_invalid_view_is_refused(serve, conf):
    with pytest.raises(errors.InvalidTask, match="^z: must be an integer from 0 to 42"):
        serve().render(VIEW.model_copy(update={"z": 43}))


def test_a_worker_without_threads_for_tiles_serves_none(serve):
    with pytest.raises(errors.TileUnavailable, match="no worker has answered within 0.2 s"):
        serve(threads=0, timeout=0.2).render(VIEW)


def test_a_disabled_worker_takes_no_tiles_until_it_is_enabled(conf, transport, warm_kernel):
    conf.set_override("timeout", 1.0, group="tiles")
    server = TileServer(conf, "w-1")
    server.pause(True)
    server.start()
    server.pause(False)
    client = rpc_tiles.connect(conf)
    try:
        assert client.render(VIEW).worker == "w-1"
        server.pause(True)
        assert server.stop(30)
        with pytest.raises(errors.FaafoError):
            client.render(VIEW)
        server.pause(False)
        assert client.render(VIEW).worker == "w-1"
    finally:
        server.close()
        server.stop()
