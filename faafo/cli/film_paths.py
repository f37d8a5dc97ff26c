# SPDX-License-Identifier: Apache-2.0
"""The options that say where c leads in a film, or which window it ends with."""

import argparse
from argparse import ArgumentTypeError
from typing import Any, NamedTuple

from faafo.cli import values
from faafo.fractal.numbers import MAX_SIZE
from faafo.fractal.paths import MOST_POINTS
from faafo.fractal.task import MAX_COORDINATE, Canvas

# A walk that the uuid of the film seeds.
UNSEEDED = -1


class Disc(NamedTuple):
    """A point of the complex plane, and a length: a radius, or the width of a window."""

    centre: complex
    length: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, of which one is required."""
    group = parser.add_argument_group(
        "the path", "Constants are written as other commands take them in --c."
    )
    paths = group.add_mutually_exclusive_group(required=True)
    paths.add_argument(
        "--circle",
        type=disc,
        metavar="CENTRE,RADIUS",
        help="c goes round a circle, which can be repeated without a seam",
    )
    paths.add_argument(
        "--points",
        type=points,
        metavar="C,C[,...]",
        help=f"c goes straight from one point to the next, of up to {MOST_POINTS}",
    )
    paths.add_argument(
        "--walk",
        type=values.whole(0, MAX_SIZE),
        nargs="?",
        const=UNSEEDED,
        metavar="SEED",
        help="c walks between constants that make good pictures; the same seed gives the same walk",
    )
    paths.add_argument(
        "--zoom",
        type=values.constant,
        metavar="C",
        help="c stays, and the window of the film shrinks, or grows, to that of --to",
    )
    group.add_argument(
        "--to",
        type=disc,
        metavar="CENTRE,WIDTH",
        help="with --zoom: the centre of the last window, and the units of the plane across it",
    )


def disc(text: str) -> Disc:
    """Return what ``0.1+0.2i,0.5`` means, or the same as ``0.1,0.2,0.5``."""
    parts = text.split(",")
    if len(parts) == 3:
        centre = complex(values.coordinate(parts[0]), values.coordinate(parts[1]))
    elif len(parts) == 2:
        centre = values.constant(parts[0])
    else:
        raise ArgumentTypeError(
            f"must be a point and a length such as 0.1+0.2i,0.5 or 0.1,0.2,0.5, not {text!r:.60}"
        )
    length = values.coordinate(parts[-1])
    if length <= 0:
        raise ArgumentTypeError(
            f"the length: must be above 0, at most {MAX_COORDINATE:g}, not {parts[-1]!r:.60}"
        )
    return Disc(centre, length)


def points(text: str) -> list[complex]:
    """Return constants that commas separate."""
    parts = text.split(",")
    if 2 <= len(parts) <= MOST_POINTS:
        return [values.constant(one) for one in parts]
    raise ArgumentTypeError(
        f"must be 2 to {MOST_POINTS} complex numbers with commas between, not {text!r:.60}"
    )


def given(options: argparse.Namespace, canvas: Canvas) -> dict[str, Any]:
    """Return the path as the API takes it.

    :param canvas: the window of the film, whose aspect the last window of a zoom has.
    """
    if options.circle is not None:
        centre, radius = options.circle
        return {"type": "circle", "centre": _pair(centre), "radius": radius}
    if options.points is not None:
        return {"type": "points", "points": [_pair(one) for one in options.points]}
    if options.walk is not None:
        return {"type": "walk"} | ({} if options.walk == UNSEEDED else {"seed": options.walk})
    return {"type": "zoom", "c": _pair(options.zoom), "to": _window(options.to, canvas)}


def _pair(c: complex) -> list[float]:
    return [c.real, c.imag]


def _window(to: Disc, canvas: Canvas) -> dict[str, float]:
    # Either side may be the larger one; a window without a width is refused by the service.
    across, down = canvas.xb - canvas.xa, canvas.yb - canvas.ya
    half = to.length / 2 / (abs(across) or 1.0)
    return {
        "xa": to.centre.real - half * across,
        "xb": to.centre.real + half * across,
        "ya": to.centre.imag - half * down,
        "yb": to.centre.imag + half * down,
    }
