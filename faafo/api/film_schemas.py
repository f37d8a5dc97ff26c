# SPDX-License-Identifier: Apache-2.0
"""Requests of the resource ``film``, validated and documented in one place."""

from pydantic import ConfigDict

from faafo.api.schemas import Posting
from faafo.fractal.drawing import Drawing
from faafo.fractal.film import Film
from faafo.fractal.paths import Whole
from faafo.fractal.task import Canvas


class NewFilm(Posting, Film, Canvas, Drawing):
    """A film to render: the fields of a fractal but c, where it leads, and how it is shown."""

    model_config = ConfigDict(extra="forbid")

    def whole(self) -> Whole:
        """Return what all frames have together."""
        return Whole(**self.model_dump(include=set(Whole.model_fields)))

    def film(self) -> Film:
        """Return what makes it a film."""
        return Film(**{name: getattr(self, name) for name in Film.model_fields})
