# SPDX-License-Identifier: Apache-2.0
"""Pictures by any formula, colouring and number of samples, against plain Python."""

import io
import math
import random
import zlib

import numpy as np
import pytest
from PIL import Image

from faafo import errors
from faafo.fractal.numbers import MAX_INT32
from faafo.fractal.palette import NAMES, colours
from faafo.fractal.task import FractalTask
from faafo.render import bits, escape, light
from faafo.render.fraction import PER_DEGREE, fractional_counts
from faafo.render.image import encode, render
from faafo.render.values import render_values
from tests.fine_picture import SEAHORSE, distance, fine_picture
from tests.plain_drawing import plain_colours, plain_log2, plain_values
from tests.unit.render.drawings import drawing, drawings

# Rounding to 8 bits, and to a step of the cycle of smooth colours.
ROUNDING = 0.75


def values_of(task):
    (band,) = escape.escape_bands(task)
    if task.colouring == "smooth":
        return fractional_counts(task, band)
    return np.where(band.counts == band.largest, -1.0, band.counts)


def rgb(task):
    return np.asarray(render(task).convert("RGB")).astype(float)


@pytest.mark.parametrize("number", range(40))
def test_a_drawing_is_that_of_plain_python(number):
    task = drawings()[number]
    assert values_of(task).tolist() == plain_values(task)
    assert np.abs(rgb(task) - np.array(plain_colours(task))).max() < ROUNDING


@pytest.mark.parametrize("seed", range(30))
def test_counts_are_those_of_plain_python_to_the_last_bit(seed):
    rng = random.Random(seed)
    half, size = rng.choice([0.05, 2.2, 300.0, 9e5]), rng.choice([1, 1, 3, 1000, 1e6])
    task = drawing(
        width=rng.randint(1, 50),
        height=rng.randint(1, 6),
        iterations=rng.choice([1, 2, 3, 8, 300]),
        **{name: rng.uniform(-half, half) for name in ("xa", "xb", "ya", "yb")},
        **{name: size * rng.uniform(-1.0, 1.0) for name in ("cx", "cy")},
        formula=rng.choice(["z2", "z3", "z4", "burning-ship", "tricorn"]),
        colouring=rng.choice(["bands", "smooth", "smooth"]),
        samples=rng.choice([1, 1, 3]),
    )
    assert values_of(task).tolist() == plain_values(task)


@pytest.mark.parametrize("colouring", ["bands", "smooth"])
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("palette", ["original", "tides"])
@pytest.mark.parametrize("inside", [None, "#104080"])
def test_offset_density_and_inside_are_those_of_the_palette(colouring, samples, palette, inside):
    task = drawing(
        colouring=colouring,
        samples=samples,
        palette=palette,
        inside=inside,
        offset=0.77,
        density=0.31,
        cx=-0.2,
        cy=0.3,
    )
    assert np.abs(rgb(task) - np.array(plain_colours(task))).max() < ROUNDING


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({"offset": 0.1, "density": 2.0, "inside": "#ffffff"}, "P"),
        ({"palette": "original", "inside": "#ffffff"}, "P"),
        ({"formula": "tricorn"}, "P"),
        ({"samples": 2}, "RGB"),
        ({"colouring": "smooth"}, "RGB"),
    ],
)
def test_a_picture_has_a_palette_unless_colours_are_mixed(changes, mode):
    task = drawing(**changes)
    image = Image.open(io.BytesIO(encode(render(task))))
    assert (image.mode, image.size, image.format) == (mode, (11, 7), "PNG")
    assert image.convert("RGB").tobytes() == render(task).convert("RGB").tobytes()
    assert encode(render(task)) == encode(render(task))


@pytest.mark.parametrize("palette", NAMES)
def test_smooth_colours_far_outside_change_by_three_of_255_at_most(palette):
    ray = {"width": 400, "height": 1, "xa": 2.1, "xb": 9.3, "ya": 0.2}
    for cx, cy in [(-0.8, 0.156), (0.3, 0.5), (-2.0, 0.0)]:
        task = drawing(colouring="smooth", palette=palette, cx=cx, cy=cy, **ray)
        assert np.abs(np.diff(rgb(task)[0], axis=0)).max() <= 3.0


def test_nine_points_a_pixel_come_close_to_sixty_four():
    task = FractalTask(**SEAHORSE)
    fine = fine_picture(task)
    assert distance(task, fine) > 30.0
    assert distance(task.model_copy(update={"samples": 3}), fine) <= 16.0


@pytest.mark.parametrize("formula", ["z2", "z3", "z4", "burning-ship", "tricorn"])
@pytest.mark.parametrize("size", [0.5, 3.9, 4.1, 9e5])
def test_fractional_counts_have_no_seam_between_two_numbers_of_steps(formula, size):
    task = drawing(
        formula=formula,
        colouring="smooth",
        iterations=100,
        width=20_000,
        height=1,
        xa=1.9,
        xb=size + 400.0,
        ya=0.7,
        cx=size * 0.6,
        cy=size * 0.8,
    )
    counts = values_of(task)[0]
    assert counts.min() > 0.0
    # A parabola through three neighbours foretells the fourth, where nothing jumps.
    foretold = 3.0 * counts[2:-1] - 3.0 * counts[1:-2] + counts[:-3]
    assert np.abs(counts[3:] - foretold)[2000:].max() < 2e-4


def test_fractional_counts_lie_next_to_the_whole_ones():
    task = drawing(width=80, height=60)
    whole = values_of(task)
    smooth = values_of(task.model_copy(update={"colouring": "smooth"}))
    assert ((whole < 0) == (smooth < 0)).mean() > 0.99
    assert np.abs(smooth - whole - 0.5)[whole >= 0].max() < 1.5


def test_the_logarithm_has_the_factors_of_its_series():
    factors = (bits._C1, bits._C3, bits._C5, bits._C7, bits._C9)
    assert factors == tuple(2.0 / (k * math.log(2.0)) for k in (1, 3, 5, 7, 9))
    assert pytest.approx({d: 1.0 / math.log2(d) for d in (2, 3, 4)}, rel=1e-15) == PER_DEGREE


def test_the_logarithm_of_the_reference_is_one():
    for x in (1e-300, 0.3, 0.7, 1.0, 1.4, 3.0, 1e300):
        assert math.isclose(plain_log2(x), math.log2(x), abs_tol=1e-8)


@pytest.mark.parametrize("colouring", ["bands", "smooth"])
def test_values_are_counts_as_compressed_floats(colouring, monkeypatch):
    monkeypatch.setattr(escape, "BAND", 22)
    task = drawing(colouring=colouring, cx=-0.2, cy=0.3)
    plain = np.array(plain_values(task))
    assert plain.min() == -1.0
    values = np.frombuffer(zlib.decompress(render_values(task)), "<f4")
    expected = plain.astype(np.float32).ravel()
    if colouring == "smooth":
        mantissas, powers = np.frexp(expected)
        expected = np.ldexp(np.floor(mantissas * 2**12 + 0.5) / 2**12, powers)
    assert values.tolist() == expected.tolist()


def test_values_of_several_points_of_a_pixel_are_refused():
    with pytest.raises(ValueError, match="samples: must be 1 for values, not 2"):
        render_values(drawing(samples=2))


def test_bands_of_rows_are_one_picture(monkeypatch):
    task = drawing(colouring="smooth", samples=3, formula="z3")
    whole = rgb(task)
    reported = []
    monkeypatch.setattr(escape, "BAND", 2 * 11 * 9)
    monkeypatch.setattr(escape, "BUDGET", 1)
    assert np.array_equal(np.asarray(render(task, progress=reported.append)), whole)
    assert reported == sorted(reported)
    assert reported[-1] == task.height


@pytest.mark.parametrize("formula", ["z2", "z3", "burning-ship"])
def test_a_drawing_without_an_end_can_be_cancelled(formula):
    # At these c no cycle attracts, but a point on the edge: all orbits make all their steps.
    task = drawing(
        formula=formula, colouring="smooth", iterations=MAX_INT32, xa=0.0, xb=0.1, ya=0.0, yb=0.1
    )
    quarter = {"z2": 0.25, "z3": 2.0 / 27.0**0.5, "burning-ship": 0.25}[formula]
    answers = iter([False, False, True])
    with pytest.raises(errors.RenderCancelled):
        render(task.model_copy(update={"cx": quarter, "cy": 0.0}), lambda: next(answers))


def test_the_colours_of_a_palette_pass_through_linear_light_unchanged():
    # Far outside counts are 0, so that the offset alone chooses the colour.
    for name in ("lagoon", "spectrum"):
        for number, colour in enumerate(colours(name)[1:]):
            task = drawing(samples=3, width=1, palette=name, height=1, xa=9.0, offset=number / 255)
            assert tuple(rgb(task)[0, 0]) == colour


def test_the_last_bits_of_a_power_do_not_matter_to_the_tables_of_light():
    values = [k / 510.0 for k in range(511)]
    exact = [65_535 * (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4) for v in values]
    assert min(abs(light % 1.0 - 0.5) for light in exact) > 1e-4
    assert light.encoded()[light.decoded()].tolist() == list(range(256))
