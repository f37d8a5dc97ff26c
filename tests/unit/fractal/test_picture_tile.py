# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from faafo import errors
from faafo.fractal.picture_tile import PictureTile, deepest, parse_tile
from faafo.fractal.task import FractalTask
from faafo.fractal.tile import NO_UUID, TileView
from faafo.render.image import render

WIDTH, HEIGHT = 700, 300
PICTURE = {
    "width": WIDTH,
    "height": HEIGHT,
    "iterations": 60,
    "xa": 1.5,
    "xb": -1.3,
    "ya": -0.4,
    "yb": 0.9,
    "cx": -0.8,
    "cy": 0.156,
    "palette": "dawn",
}


def pixels(task: FractalTask) -> np.ndarray:
    return np.asarray(render(task).convert("RGB"), np.int16)


def tile(z: int, x: int, y: int, **changes) -> PictureTile:
    return PictureTile(z=z, x=x, y=y, **PICTURE | changes)


@pytest.mark.parametrize(
    ("width", "height", "zoom"),
    [(1, 1, 0), (256, 256, 0), (257, 1, 1), (512, 9, 1), (513, 9, 2), (65_536, 65_536, 8)],
)
def test_the_deepest_zoom_is_that_at_which_tiles_have_the_pixels_of_the_picture(
    width: int, height: int, zoom: int
):
    assert deepest(width, height) == deepest(height, width) == zoom
    assert 256 * 2**zoom >= max(width, height)


@pytest.mark.parametrize("drawing", [{}, {"samples": 2, "colouring": "smooth"}])
def test_the_tiles_of_the_deepest_zoom_are_the_picture(drawing):
    whole = pixels(FractalTask(uuid=NO_UUID, **PICTURE | drawing))
    rows = [
        np.concatenate([pixels(tile(2, x, y, **drawing).task()) for x in range(3)], axis=1)
        for y in range(2)
    ]
    tiles = np.concatenate(rows)
    assert tiles.shape == whole.shape
    # The last bit of a coordinate may be another one.
    assert (tiles != whole).any(axis=2).mean() < 0.001


def test_a_pixel_of_a_smaller_zoom_is_in_the_middle_of_those_that_it_stands_for():
    task = tile(0, 0, 0).task()
    assert (task.width, task.height) == (WIDTH // 4, HEIGHT // 4)
    gap = (PICTURE["xb"] - PICTURE["xa"]) / (WIDTH - 1)
    assert task.xa == pytest.approx(PICTURE["xa"] + 1.5 * gap)
    assert (task.xb - task.xa) / (task.width - 1) == pytest.approx(4 * gap)


def test_a_picture_of_one_pixel_at_the_edge_of_the_plane_has_a_tile():
    task = tile(0, 0, 0, width=1, height=1, xa=1e6, xb=-1e6).task()
    assert (task.width, task.height, task.xa, task.xb) == (1, 1, 1e6, 1e6)
    wide = tile(0, 0, 0, width=257 * 4 - 1, height=1, xa=-1e6, xb=1e6)
    assert wide.task().xb == 1e6


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ((3, 0, 0), "z: must be an integer from 0 to 2, not 3"),
        ((2, 3, 0), "x: must be an integer from 0 to 2 at z = 2, not 3"),
        ((1, 0, 1), "y: must be an integer from 0 to 0 at z = 1, not 1"),
        ((-1, 0, 0), "z: must be an integer from 0 to"),
        ((2**40, 0, 0), "z: must be an integer from 0 to"),
    ],
)
def test_a_tile_that_there_is_not_is_refused(place, message):
    z, x, y = place
    with pytest.raises(errors.InvalidTask, match=message):
        parse_tile({**PICTURE, "z": z, "x": x, "y": y})


def test_a_message_with_a_width_is_a_tile_of_a_picture():
    document = tile(2, 1, 0).model_dump()
    assert parse_tile(document) == tile(2, 1, 0)
    plane = {"z": 1, "x": 0, "y": 1, "cx": 0.1, "cy": 0.2, "iterations": 9}
    assert isinstance(parse_tile(plane), TileView)


def test_only_the_same_tile_has_the_same_fingerprint():
    tiles = [tile(2, 0, 0), tile(2, 1, 0), tile(1, 0, 0), tile(2, 0, 0, samples=2)]
    assert len({one.fingerprint() for one in tiles}) == 4
    assert tile(2, 0, 0).fingerprint() == tiles[0].fingerprint()


def test_more_samples_leave_fewer_iterations():
    assert tile(0, 0, 0, samples=3).iterations_within(9000) == 1000
