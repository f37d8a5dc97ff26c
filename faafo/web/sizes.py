# SPDX-License-Identifier: Apache-2.0
"""Sizes of pictures by name, and windows whose pixels are square at such a size."""

import math
from collections.abc import Mapping
from contextlib import suppress

from faafo.web import explorer_choices

SIZES = {size.use: (size.width, size.height) for size in explorer_choices.SIZES}


def resized(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the form with width, height and window for the size named in ``size``.

    Without a named size, and with a window that is none, they are what they were.
    """
    values = dict(fields)
    if (size := SIZES.get(fields.get("size", ""))) is None:
        return values
    values |= {"width": str(size[0]), "height": str(size[1])}
    with suppress(ValueError, OverflowError, KeyError):
        window = {name: float(fields[name]) for name in ("xa", "xb", "ya", "yb")}
        if all(map(math.isfinite, window.values())):
            values |= {name: repr(value) for name, value in _fitted(window, *size).items()}
    return values


def _fitted(window: Mapping[str, float], width: int, height: int) -> dict[str, float]:
    """Return the smallest window around ``window`` with its centre and square pixels."""
    spans = {"x": window["xb"] - window["xa"], "y": window["yb"] - window["ya"]}
    gaps = {"x": width - 1, "y": height - 1}
    step = max(abs(spans[axis]) / gaps[axis] for axis in "xy")
    fitted: dict[str, float] = {}
    for axis in "xy":
        centre = (window[f"{axis}a"] + window[f"{axis}b"]) / 2
        half = step * gaps[axis] / 2 * (-1 if spans[axis] < 0 else 1)
        fitted |= {f"{axis}a": centre - half, f"{axis}b": centre + half}
    return fitted
