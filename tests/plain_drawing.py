# SPDX-License-Identifier: Apache-2.0
"""Pictures by any formula, colouring and number of samples, in plain Python: the reference."""

import math
import struct

from faafo.fractal import palette as palettes
from faafo.fractal.task import FractalTask
from tests.plain_loop import place

DEGREES = {"z3": 3, "z4": 4}


def plain_step(formula, x, y, cx, cy):
    """Return z after one step."""
    a, b = x * x - y * y, 2.0 * x * y
    if formula == "z3":
        a, b = a * x - b * y, a * y + b * x
    elif formula == "z4":
        a, b = a * a - b * b, 2.0 * a * b
    elif formula == "burning-ship":
        b = abs(b)
    elif formula == "tricorn":
        b = -b
    return a + cx, b + cy


def plain_escape(task: FractalTask, x: float, y: float, bound: float, steps: int):
    """Return the number of the step in which |z|² > ``bound``, and |z|²; None if it never is."""
    for i in range(steps):
        if x * x + y * y > bound:
            return i, x * x + y * y
        x, y = plain_step(task.formula, x, y, task.cx, task.cy)
    return None


def plain_value(task: FractalTask, x: float, y: float) -> float:
    """Return the whole or the fractional count of a point, -1 for one that never escapes."""
    if task.colouring == "bands":
        escaped = plain_escape(task, x, y, 4.0, task.iterations - 1)
        return -1.0 if escaped is None else float(escaped[0])
    degree = DEGREES.get(task.formula, 2)
    radius = 2.0**8 if math.hypot(task.cx, task.cy) <= 4.0 else 2.0**64
    more = {(2, 8): 3, (3, 8): 2, (4, 8): 2, (2, 64): 6, (3, 64): 4, (4, 64): 3}
    steps = task.iterations - 1 + more[degree, round(math.log2(radius))]
    escaped = plain_escape(task, x, y, radius * radius, steps)
    if escaped is None:
        return -1.0
    per_degree = {2: 1.0, 3: 0.6309297535714575, 4: 0.5}[degree]
    count = escaped[0] + 1.0 - plain_log2(0.5 * plain_log2(escaped[1])) * per_degree
    return count if count >= 1.0 else 1.0 / (2.0 - count)


def plain_log2(x: float) -> float:
    """Return log₂ x by the same operations as faafo, with other means for the exponent."""
    f, e = math.frexp(x)
    if f < math.sqrt(0.5):
        f, e = 2.0 * f, e - 1
    s = (f - 1.0) / (f + 1.0)
    t = s * s
    terms = [2.0 / (k * math.log(2.0)) for k in (9, 7, 5, 3, 1)]
    total = terms[0]
    for term in terms[1:]:
        total = term + t * total
    return s * total + e


def plain_points(size: int, first: float, last: float, samples: int) -> list[float]:
    """Return the places of the points along one side."""
    if size == 1:
        return [first] * samples
    width = (last - first) / (size - 1)
    if samples == 1:
        return [place(pixel, size, first, last) for pixel in range(size)]
    halves = [2 * k - (samples - 1) for k in range(size * samples)]
    points = [half * (last - first) / (2 * samples * (size - 1)) + first for half in halves]
    assert all(
        abs(point - (first + width * ((k // samples) + (k % samples + 0.5) / samples - 0.5)))
        <= 1e-9 * (1 + abs(point))
        for k, point in enumerate(points)
    )
    return points


def plain_values(task: FractalTask) -> list[list[float]]:
    """Return the counts of all points of a task, row by row."""
    xs = plain_points(task.width, task.xa, task.xb, task.samples)
    ys = plain_points(task.height, task.ya, task.yb, task.samples)
    return [[plain_value(task, x, y) for x in xs] for y in ys]


def plain_light(task: FractalTask, value: float) -> tuple[float, float, float]:
    """Return the linear light, 0 to 1, of a count."""
    colours = palettes.colours(task.palette)
    is_original = task.palette == "original"
    cycle = colours if is_original else colours[1:]
    if value < 0 and (task.inside or not is_original or task.colouring == "smooth"):
        inside = bytes.fromhex(task.inside[1:]) if task.inside else (0, 0, 0)
        return tuple(_linear(component) for component in inside)
    count = task.iterations - 1 if value < 0 else value
    size = len(cycle)
    pace = count if is_original else 16.0 * math.sqrt(count)
    position = pace * task.density + size * task.offset
    if task.colouring == "bands":
        return tuple(_linear(component) for component in cycle[math.floor(position) % size])
    part = position - math.floor(position)
    first, second = (cycle[(math.floor(position) + k) % size] for k in (0, 1))
    return tuple(
        (1.0 - part) * _linear(a) + part * _linear(b) for a, b in zip(first, second, strict=True)
    )


def plain_colours(task: FractalTask) -> list[list[tuple[float, ...]]]:
    """Return red, green and blue, 0 to 255 and not rounded, of each pixel, row by row."""
    values, s = plain_values(task), task.samples
    return [
        [
            _mean([plain_light(task, v) for row in values[y : y + s] for v in row[x : x + s]])
            for x in range(0, task.width * s, s)
        ]
        for y in range(0, task.height * s, s)
    ]


def _mean(points):
    return tuple(255.0 * _encoded(sum(parts) / len(points)) for parts in zip(*points, strict=True))


def _linear(component: int) -> float:
    part = component / 255.0
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def bits(values) -> bytes:
    """Return doubles as bytes: equal only if all bits are."""
    return struct.pack(f"<{len(values)}d", *values)
