# SPDX-License-Identifier: Apache-2.0
"""Template filters that format numbers, times and fractals."""

from datetime import datetime

from flask import Flask

from faafo.db.models import Fractal

KIBI = 1024


def register(app: Flask) -> None:
    """Add the filters to the templates of ``app``."""
    for function in (file_size, seconds, moment, constant, described, grouped):
        app.add_template_filter(function)


def file_size(count: int) -> str:
    """Return a number of bytes in the largest fitting binary unit, such as 1.5 MiB."""
    size, units = float(count), ["GiB", "MiB", "KiB"]
    if count < KIBI:
        return f"{count} B"
    while size >= KIBI and units:
        size, unit = size / KIBI, units.pop()
    return f"{size:.1f} {unit}"


def seconds(duration: float) -> str:
    """Return a duration in the fitting unit, such as 250 ms or 3 min 5 s."""
    if duration < 0.001:
        return "less than 1 ms"
    if duration < 1:
        return f"{duration * 1000:.0f} ms"
    if duration < 60:
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(time: datetime) -> str:
    """Return a naive UTC time to the second."""
    return f"{time.day} {time:%B %Y, %H:%M:%S} UTC"


def constant(fractal: Fractal, digits: int = 4) -> str:
    """Return the Julia constant as a complex number."""
    sign = "-" if fractal.cy < 0 else "+"
    text = f"{fractal.cx:.{digits}g} {sign} {abs(fractal.cy):.{digits}g}i"
    return text.replace("-", "−")


def described(fractal: Fractal) -> str:
    """Return the alternative text of the image of a fractal."""
    if fractal.film is not None:
        return f"Film of {fractal.children:,} frames, {fractal.width} × {fractal.height} pixels"
    return f"Julia set of c = {constant(fractal)}, {fractal.width} × {fractal.height} pixels"


def grouped(number: int) -> str:
    """Return an integer with its digits in groups of three."""
    return f"{number:,}"
