# SPDX-License-Identifier: Apache-2.0
"""How a fractal is drawn: bounds, and what a worker must know to draw it."""

import pytest

from faafo import errors
from faafo.fractal import palette as palettes
from faafo.fractal.drawing import DEFAULTS, DRAWING_PARAMETERS, parameter_version, without_defaults
from faafo.fractal.task import parse_task
from faafo.fractal.tile import TileView

LATER = {
    **{"formula": "z3", "colouring": "smooth", "samples": 4, "offset": 1.0, "density": 0.01},
    **{"inside": "#000000", "palette": palettes.NAMES[-1]},
}
VIEW = {"z": 3, "x": 2, "y": 5, "cx": -0.12, "cy": 0.74, "iterations": 50}


@pytest.mark.parametrize("name", palettes.FIRST_NAMES)
def test_workers_of_every_release_draw_the_first_palettes(make_task, name):
    assert parameter_version(make_task(palette=name)) == 1
    assert parameter_version(make_task(palette=name, **{"offset": 0.0, "samples": 1})) == 1


@pytest.mark.parametrize("field", LATER)
def test_any_later_parameter_needs_a_worker_that_knows_it(make_task, field):
    assert parameter_version(make_task(**{field: LATER[field]})) == DRAWING_PARAMETERS
    assert parameter_version(TileView(**VIEW, **{field: LATER[field]})) == DRAWING_PARAMETERS


def test_defaults_are_left_out_and_all_else_is_kept(make_task):
    task = make_task(density=2.0).model_dump()
    told = without_defaults(task)
    assert set(task) - set(told) == set(DEFAULTS) - {"palette", "density"}
    assert parse_task(told).model_dump() == task


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("formula", "z5", "formula: must be one of z2, z3, z4, burning-ship, tricorn"),
        ("colouring", None, "colouring: must be one of bands, smooth"),
        ("samples", 0, "samples: must be an integer from 1 to 4, not 0"),
        ("samples", "2", "samples: must be an integer from 1 to 4, not '2'"),
        ("samples", True, "samples: must be an integer from 1 to 4, not True"),
        ("offset", 1.01, "offset: must be a number from 0 to 1, not 1.01"),
        ("offset", float("nan"), "offset: must be a number from 0 to 1, not nan"),
        ("density", 101, "density: must be a number from 0.01 to 100, not 101"),
        ("inside", "#12345", "inside: must be red, green and blue such as #000000"),
        ("inside", 0, "inside: must be red, green and blue such as #000000"),
    ],
)
def test_the_error_of_a_drawing_names_field_value_and_bound(make_task, field, value, message):
    with pytest.raises(errors.InvalidTask) as caught:
        parse_task({**make_task().model_dump(), field: value})
    assert str(caught.value).startswith(message)


def test_a_colour_is_the_same_in_capitals(make_task):
    assert parse_task({**make_task().model_dump(), "inside": "#AABBCC"}).inside == "#aabbcc"
