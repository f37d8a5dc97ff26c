# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client that post fractals and films."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

from pydantic import ValidationError

from faafo import errors
from faafo.client.parameters import Parameters, make_task
from faafo.client.reading import ReadCalls
from faafo.client.results import Fractal
from faafo.fractal.drawing import without_defaults
from faafo.fractal.film import Film
from faafo.fractal.task import describe

FPS = 24


class Posting(TypedDict, total=False):
    """What is posted with a fractal beside its parameters, of which nothing is required.

    ``callback_url`` is told how the fractal ends, as a webhook is; only the answer to the POST has
    the ``callback_secret`` that signs what is delivered there. ``priority`` is -10 to 10: of a
    project's fractals the higher ones are rendered first. ``not_before`` is when it may be rendered
    at the earliest; it ends in error if its render has not begun by ``expires_at``. Times without a
    zone are in UTC. It is given only to workers that have ``label``.
    """

    callback_url: str | None
    priority: int
    not_before: datetime | None
    expires_at: datetime | None
    label: str | None


class PostCalls(ReadCalls):
    """Base class of ``Client``."""

    def create(
        self,
        *,
        callback_url: str | None = None,
        priority: int = 0,
        not_before: datetime | None = None,
        expires_at: datetime | None = None,
        label: str | None = None,
        split: int | None = None,
        **parameters: Unpack[Parameters],
    ) -> Fractal:
        """Post a fractal and return its record.

        :param callback_url: is told how the fractal ends, as a webhook is; only this answer has
            the ``callback_secret`` that signs what is delivered there.
        :param priority: -10 to 10: of a project's fractals the higher ones are rendered first.
        :param not_before: when it may be rendered at the earliest; without a zone: in UTC.
        :param expires_at: it ends in error if its render has not begun by then.
        :param label: it is given only to workers that have this label.
        :param split: number of bands of rows that workers render each on its own, 1 to 1000; by
            default the service decides by the size.
        :raises faafo.errors.InvalidTask: when a parameter is out of bounds; nothing is sent.
        """
        posting: Posting = {
            "callback_url": callback_url,
            "priority": priority,
            "not_before": not_before,
            "expires_at": expires_at,
            "label": label,
        }
        body = _fields(parameters) | _others(posting)
        if split is not None:
            body["split"] = split
        return self._fractal(self._session.json("POST", "/api/fractal", body))

    def create_film(
        self,
        path: Mapping[str, Any],
        frames: int,
        *,
        fps: int = FPS,
        file_format: str = "webp",
        posting: Posting | None = None,
        **parameters: Unpack[Parameters],
    ) -> Fractal:
        """Post a film, whose frames are rendered each on its own, and return its record.

        :param path: where c leads, as in the REST API: ``{"type": "circle", "centre": [0, 0],
            "radius": 0.7885}``, ``{"type": "points", "points": [[cx, cy], ...]}``,
            ``{"type": "walk", "seed": 7}``, or ``{"type": "zoom", "c": [cx, cy], "to": {"xa": ...,
            "xb": ..., "ya": ..., "yb": ...}}``.
        :param frames: number of frames, 2 to 1000.
        :param fps: frames in a second.
        :param file_format: ``webp`` or ``webm``.
        :param posting: what ``create`` takes beside the parameters of a fractal.
        :param parameters: those of all frames; ``c`` is none of them.
        :raises faafo.errors.InvalidTask: when something is out of bounds; nothing is sent.
        """
        if "c" in parameters:
            raise errors.InvalidTask("c: is where the path of a film leads")
        shown = {"path": dict(path), "frames": frames, "fps": fps, "format": file_format}
        try:
            Film.model_validate(shown)
        except ValidationError as error:
            raise errors.InvalidTask(describe(error)) from None
        body = _fields(parameters) | shown | _others(posting or {})
        return self._fractal(self._session.json("POST", "/api/film", body))


def _fields(parameters: Parameters) -> dict[str, Any]:
    # Without defaults: an older service knows none of the fields that have been added.
    return without_defaults(make_task(parameters).model_dump(exclude_none=True))


def _others(posting: Posting) -> dict[str, Any]:
    """Return what is not the default, as JSON has it."""
    given = {name: value for name, value in posting.items() if value is not None and value != 0}
    return {
        name: _in_utc(value) if isinstance(value, datetime) else value
        for name, value in given.items()
    }


def _in_utc(moment: datetime) -> str:
    """Return a time as JSON has it; one without a zone is in UTC."""
    in_zone = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return in_zone.astimezone(UTC).isoformat()
