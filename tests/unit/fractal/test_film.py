# SPDX-License-Identifier: Apache-2.0
import pytest
from pydantic import ValidationError

from faafo import errors
from faafo.fractal.film import Film, durations, frames
from faafo.fractal.paths import Whole
from faafo.fractal.task import describe

UUID = "12345678-9abc-4def-8123-456789abcdef"
CIRCLE = {"type": "circle", "centre": [0.0, 0.0], "radius": 0.7885}


def test_a_film_is_the_same_after_it_was_stored():
    for path in (CIRCLE, {"type": "walk"}, {"type": "points", "points": [[0, 0], [0.1, 1e-9]]}):
        film = Film(path=path, frames=48, fps=24, format="webm")
        assert Film.of_text(film.as_text()) == film
    assert "seed" not in Film(path={"type": "walk"}, frames=2, fps=1).as_text()


@pytest.mark.parametrize(("count", "fps"), [(2, 1), (120, 24), (7, 60), (1000, 30), (1000, 60)])
def test_the_durations_of_frames_add_up_to_that_of_the_film(count, fps):
    found = durations(count, fps)
    assert len(found) == count
    assert sum(found) == round(count * 1000 / fps)
    assert max(found) - min(found) <= 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"frames": 0}, "frames: must be an integer from 2 to 1000, not 0"),
        ({"frames": 1}, "frames: must be an integer from 2 to 1000, not 1"),
        ({"frames": 10**6}, "frames: must be an integer from 2 to 1000, not 1000000"),
        ({"frames": "12"}, "frames: must be an integer from 2 to 1000, not '12'"),
        ({"fps": 0}, "fps: must be an integer from 1 to 60, not 0"),
        ({"fps": 61}, "fps: must be an integer from 1 to 60, not 61"),
        ({"format": "gif"}, "format: must be one of webp, webm, not 'gif'"),
    ],
)
def test_a_film_that_is_none_is_refused(changes, sentence):
    with pytest.raises(ValidationError) as caught:
        Film(**{"path": CIRCLE, "frames": 48, "fps": 24} | changes)
    assert describe(caught.value) == sentence


@pytest.mark.parametrize(("kind", "most"), [("webp", 16_383), ("webm", 65_535)])
def test_a_side_that_the_format_cannot_have_is_refused(kind, most):
    film = Film(path=CIRCLE, frames=2, fps=24, format=kind)
    whole = Whole(width=most, height=9, iterations=9, xa=-1, xb=1, ya=-1, yb=1)
    assert len(frames(film, whole, UUID)) == 2
    with pytest.raises(
        errors.InvalidTask, match=f"width: must be at most {most} in a film in {kind}"
    ):
        frames(film, whole.model_copy(update={"width": most + 1}), UUID)
