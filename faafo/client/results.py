# SPDX-License-Identifier: Apache-2.0
"""What the API returns, as types."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from faafo.fractal.drawing import DEFAULTS
from faafo.fractal.task import ENDED, Status


class Fractal(BaseModel):
    """The record of a fractal.

    It has the fields of the REST API under their names; those that a newer service adds are
    attributes, too. ``status`` is ``queued``, ``rendering``, ``complete`` or ``error``. Of a
    complete one ``checksum`` is the SHA-256 of the image in hexadecimal, ``size`` its bytes, and
    ``duration`` the seconds that the render took. ``fault`` is what went wrong last.
    ``priority``, ``not_before``, ``expires_at`` and ``label`` are as it was posted; ``kind`` is
    ``render``, or what is made of its parts: ``join`` or ``film``.
    ``children`` is the number of its parts, of which ``open_children`` are not complete; both are
    None if it is rendered as a whole. ``film`` is what a film was asked for: ``path``, ``frames``,
    ``fps`` and ``format``; its parts are frames.
    ``callback_secret`` is None except when a fractal is posted with a ``callback_url``.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    uuid: str
    width: int
    height: int
    iterations: int
    xa: float
    xb: float
    ya: float
    yb: float
    cx: float
    cy: float
    palette: str
    status: str
    attempt: int
    failures: int
    fault: str | None
    created_at: datetime
    checksum: str | None
    duration: float | None
    size: int | None
    generated_by: str | None
    # Absent from an older service.
    formula: str = DEFAULTS["formula"]
    colouring: str = DEFAULTS["colouring"]
    samples: int = DEFAULTS["samples"]
    offset: float = DEFAULTS["offset"]
    density: float = DEFAULTS["density"]
    inside: str | None = DEFAULTS["inside"]
    project_id: str | None = None
    user_id: str | None = None
    shared: bool = False
    priority: int = 0
    not_before: datetime | None = None
    expires_at: datetime | None = None
    kind: str = "render"
    label: str | None = None
    # Present of those alone that have parts.
    children: int | None = None
    open_children: int | None = None
    # Of those alone that are films.
    film: dict[str, Any] | None = None
    callback_secret: str | None = Field(None, repr=False)

    @property
    def c(self) -> complex:
        """The Julia constant."""
        return complex(self.cx, self.cy)

    @property
    def suffix(self) -> str:
        """How the name of a file of its image ends: ``.png``, or that of the format of a film."""
        return ".png" if self.film is None else f".{self.film.get('format', 'webp')}"

    @property
    def is_complete(self) -> bool:
        """Whether there is an image."""
        return self.status == Status.COMPLETE

    @property
    def has_ended(self) -> bool:
        """Whether the fractal is complete or in error: nothing more happens to it by itself."""
        return self.status in ENDED


class Event(BaseModel):
    """What has happened to a fractal.

    ``type`` is such as ``fractal.complete``, ``timestamp`` when it has happened, by the clock of
    the database. ``event`` is the uuid of the event, and ``data`` says what the fractal is like
    since then: ``uuid``, ``status``, ``attempt``, ``fault``, ``progress`` and others.
    ``follow`` can begin after the event with this ``id``.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: int
    version: int
    type: str
    timestamp: datetime
    event: str
    data: dict[str, Any]


class Amounts(BaseModel):
    """What a quota limits: limits, of which -1 is none, or what is used.

    ``queued`` counts fractals that are neither complete nor in error, ``fractals`` all. ``bytes``
    is the size of their images, and ``pixels_per_day`` was posted since midnight UTC.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    queued: int
    fractals: int
    bytes: int
    pixels_per_day: int


class Setting(BaseModel):
    """An option that is set while services run; ``value`` is written as in a file."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    value: str
    changed_at: datetime


class Quota(BaseModel):
    """The limits of a project, and what it uses."""

    model_config = ConfigDict(frozen=True, extra="allow")

    project_id: str
    limits: Amounts
    usage: Amounts
