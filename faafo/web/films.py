# SPDX-License-Identifier: Apache-2.0
"""Films as pages show them: how long they are, and where they lead, in words."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from faafo.db.models import Fractal
from faafo.fractal.film import Film
from faafo.fractal.parts import FilmFormat
from faafo.fractal.paths import Circle, Path, Points, Walk, Zoom


@dataclass(frozen=True)
class ShownFilm:
    """A film in words.

    :param frames: the number of frames; ``done`` of those that are rendered.
    :param fps: frames in a second.
    :param seconds: how long it lasts.
    :param path: where c, or the window, goes.
    """

    frames: int
    done: int
    fps: int
    seconds: float
    path: str
    is_video: bool

    @property
    def duration(self) -> str:
        """How long it lasts, as a number and its unit."""
        return f"{self.seconds:.3g} s" if self.seconds < 60 else _minutes(self.seconds)


def film_of(fractal: Fractal) -> ShownFilm | None:
    """Return the film that a fractal is; None if it is none."""
    if fractal.film is None:
        return None
    film = Film.of_text(fractal.film)
    return ShownFilm(
        frames=film.frames,
        done=film.frames - (fractal.open_children or 0),
        fps=film.fps,
        seconds=film.frames / film.fps,
        path=path_in_words(film.path, fractal),
        is_video=film.format is FilmFormat.WEBM,
    )


def path_in_words(path: Path, fractal: Fractal) -> str:
    """Return where a film leads.

    :param fractal: the film, with the window of the first frame.
    """
    return _WORDS[type(path)](path, fractal)


def _points(path: Points, _fractal: Fractal) -> str:
    first, *between, last = [_number(*point) for point in path.points]
    if first == last and len(between) == 1:
        return f"c from {first} to {between[0]} and back"
    if not between:
        return f"c from {first} to {last} in a straight line"
    more = f"{len(between)} more point{'s' if len(between) > 1 else ''}"
    return f"c from {first} to {last} in straight lines through {more}"


def _circle(path: Circle, _fractal: Fractal) -> str:
    return f"c once round a circle of radius {path.radius:.4g} around {_number(*path.centre)}"


def _walk(path: Walk, _fractal: Fractal) -> str:
    seeded = "" if path.seed is None else f", seed {path.seed}"
    return f"c on a random walk between constants of good pictures{seeded}"


def _zoom(path: Zoom, fractal: Fractal) -> str:
    width, end = fractal.xb - fractal.xa, path.to.xb - path.to.xa
    factor = abs(width / end) if end else math.inf
    middle = _number((path.to.xa + path.to.xb) / 2, (path.to.ya + path.to.yb) / 2)
    into = (
        f"into {middle}, {factor:.4g} times as close"
        if factor >= 1
        else (f"out of a window {1 / factor:.4g} times as small")
    )
    return f"a zoom {into}, with c = {_number(*path.c)}"


_WORDS: Mapping[type, Callable[[Any, Fractal], str]] = {
    Points: _points,
    Circle: _circle,
    Walk: _walk,
    Zoom: _zoom,
}


def _number(re: float, im: float) -> str:
    """Return a complex number."""
    if im == 0:
        return f"{re:.4g}".replace("-", "−")
    sign = "-" if im < 0 else "+"
    return f"{re:.4g} {sign} {abs(im):.4g}i".replace("-", "−")


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
