# SPDX-License-Identifier: Apache-2.0
"""Films: a path through constants or windows, the number of frames, and how they become a film."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from faafo import errors
from faafo.fractal.numbers import WHOLE, within
from faafo.fractal.parts import MOST_FPS, MOST_PARTS, FilmFormat
from faafo.fractal.paths import Frame, Path, Whole

LEAST_FRAMES = 2
# Of a side in pixels: a frame of VP8, in WebP, has 14 bits for it (RFC 6386, 9.1), one of VP9 16.
LONGEST_SIDE = {FilmFormat.WEBP: 16_383, FilmFormat.WEBM: 65_535}
FRAMES = "number of frames, which are rendered each on its own"
FPS = "number of frames in a second"
FORMAT = "animated WebP, or WebM, for which workers need an extra"


def _format(value: Any, _handler: Any) -> FilmFormat:
    try:
        return FilmFormat(value)
    except ValueError:
        names = ", ".join(FilmFormat)
        raise PydanticCustomError("name", "must be one of {names}", {"names": names}) from None


FrameCount = Annotated[
    int,
    Field(strict=True, ge=LEAST_FRAMES, le=MOST_PARTS),
    WHOLE,
    within("an integer", LEAST_FRAMES, MOST_PARTS),
]
FormatName = Annotated[
    FilmFormat,
    WrapValidator(_format),
    WithJsonSchema({"type": "string", "enum": list(FilmFormat)}),
]
FrameRate = Annotated[
    int, Field(strict=True, ge=1, le=MOST_FPS), WHOLE, within("an integer", 1, MOST_FPS)
]


class Film(BaseModel):
    """What makes a picture a film."""

    model_config = ConfigDict(frozen=True)

    path: Path = Field(description="where c, or the window, is in each frame")
    frames: FrameCount = Field(description=FRAMES)
    fps: FrameRate = Field(description=FPS)
    format: FormatName = Field(FilmFormat.WEBP, description=FORMAT)

    def as_text(self) -> str:
        """Return the film in JSON, as a record stores it."""
        return json.dumps(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Return the film of what ``as_text`` has returned."""
        return cls.model_validate_json(text)


class Plan(NamedTuple):
    """A film, and its frames."""

    film: Film
    frames: Sequence[Frame]


def frames(film: Film, whole: Whole, uuid: str) -> list[Frame]:
    """Return the frames of a film: always the same for the same film, ``whole`` and uuid.

    :param whole: what all frames have together.
    :param uuid: of the film; only a walk without a seed depends on it.
    :raises faafo.errors.InvalidTask: when there is no such film; names the field.
    """
    longest = LONGEST_SIDE[film.format]
    for name in ("width", "height"):
        side = getattr(whole, name)
        if side > longest:
            raise errors.InvalidTask(
                f"{name}: must be at most {longest} in a film in {film.format}, not {side}"
            )
    return film.path.frames(whole, film.frames, uuid)


def durations(count: int, fps: int) -> list[int]:
    """Return for how many milliseconds each frame is shown: rounded so that errors do not add up.

    The sum is that of the film, rounded once.
    """
    ends = [round(number * 1000 / fps) for number in range(count + 1)]
    return [end - begin for begin, end in zip(ends[:-1], ends[1:], strict=True)]
