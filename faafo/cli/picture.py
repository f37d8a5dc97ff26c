# SPDX-License-Identifier: Apache-2.0
"""The options that describe a fractal."""

import argparse
from typing import NoReturn, Protocol

from faafo import errors
from faafo.cli import values
from faafo.client.parameters import HEIGHT, ITERATIONS, WIDTH, WINDOW, Parameters, make_task
from faafo.fractal import drawing
from faafo.fractal.palette import DEFAULT, NAMES

SIDES = {
    "xa": "real part of the left column",
    "xb": "real part of the right column",
    "ya": "imaginary part of the top row",
    "yb": "imaginary part of the bottom row",
}


class Refusing(Protocol):
    """A command."""

    def usage_error(self, message: str) -> NoReturn:
        """End the process."""


def add_options(
    parser: argparse.ArgumentParser, width: int = WIDTH, height: int = HEIGHT
) -> argparse._ArgumentGroup:
    """Add the options of a fractal, with these defaults, and return their group."""
    group = _group(parser)
    group.add_argument(
        "--width",
        type=values.size,
        default=width,
        metavar="PIXELS",
        help="width of the image (default: %(default)s)",
    )
    group.add_argument(
        "--height",
        type=values.size,
        default=height,
        metavar="PIXELS",
        help="height of the image (default: %(default)s)",
    )
    _add_others(group)
    return group


def add_options_but_size(parser: argparse.ArgumentParser, has_c: bool = True) -> None:
    """Add the options of a fractal but width and height.

    :param has_c: whether there is one for c.
    """
    _add_others(_group(parser), has_c)


def _group(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    return parser.add_argument_group(
        "the fractal",
        "The sides --xa, --xb, --ya and --yb of its window are given together. Without them the "
        "window has square pixels and the whole set in view.",
    )


def _add_others(group: argparse._ArgumentGroup, has_c: bool = True) -> None:
    group.add_argument(
        "--iterations",
        type=values.size,
        default=ITERATIONS,
        metavar="STEPS",
        help="steps after which a point that has not escaped counts as inside "
        "(default: %(default)s)",
    )
    if has_c:
        group.add_argument(
            "--c",
            type=values.constant,
            metavar="CONSTANT",
            help="Julia constant, such as -0.8+0.156i; without it the service chooses one",
        )
    group.add_argument(
        "--palette",
        choices=NAMES,
        default=DEFAULT,
        metavar="PALETTE",
        help=f"colours: {', '.join(NAMES)} (default: %(default)s)",
    )
    _add_drawing(group)
    for name, what in SIDES.items():
        group.add_argument(
            f"--{name}",
            type=values.coordinate,
            metavar="X" if name in ("xa", "xb") else "Y",
            help=what,
        )


def _add_drawing(group: argparse._ArgumentGroup) -> None:
    """Add the options that say how a fractal is drawn, except for the palette."""
    group.add_argument(
        "--formula",
        choices=[*drawing.Formula],
        default=drawing.DEFAULTS["formula"],
        metavar="FORMULA",
        help=f"{drawing.FORMULA}: {', '.join(drawing.Formula)} (default: %(default)s)",
    )
    group.add_argument(
        "--colouring",
        choices=[*drawing.Colouring],
        default=drawing.DEFAULTS["colouring"],
        metavar="COLOURING",
        help=f"{drawing.COLOURING} (default: %(default)s)",
    )
    group.add_argument(
        "--samples",
        type=values.whole(1, drawing.MAX_SAMPLES),
        default=drawing.DEFAULTS["samples"],
        metavar="COUNT",
        help=f"{drawing.SAMPLES}, 1 to {drawing.MAX_SAMPLES} (default: %(default)s)",
    )
    group.add_argument(
        "--offset",
        type=values.number(0, 1),
        default=drawing.DEFAULTS["offset"],
        metavar="PART",
        help=f"{drawing.OFFSET}, 0 to 1 (default: %(default)g)",
    )
    group.add_argument(
        "--density",
        type=values.number(drawing.MIN_DENSITY, drawing.MAX_DENSITY),
        default=drawing.DEFAULTS["density"],
        metavar="CYCLES",
        help=f"{drawing.DENSITY}, {drawing.MIN_DENSITY:g} to {drawing.MAX_DENSITY:g} "
        "(default: %(default)g)",
    )
    group.add_argument(
        "--inside",
        type=values.colour,
        metavar="RRGGBB",
        help="colour of points that never escape, such as 102030 (default: that of the palette)",
    )


def checked_parameters(command: Refusing, parsed: argparse.Namespace) -> Parameters:
    """Return what the options describe; end the process if they contradict each other."""
    given = Parameters(
        width=parsed.width,
        height=parsed.height,
        iterations=parsed.iterations,
    )
    for name in drawing.DEFAULTS:
        given[name] = getattr(parsed, name)  # type: ignore[literal-required]
    if getattr(parsed, "c", None) is not None:
        given["c"] = parsed.c
    for name in WINDOW:
        if getattr(parsed, name) is not None:
            given[name] = getattr(parsed, name)  # type: ignore[literal-required]
    try:
        make_task(given)
    except errors.InvalidTask as error:
        command.usage_error(str(error))
    return given
