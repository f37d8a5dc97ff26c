# SPDX-License-Identifier: Apache-2.0
"""How a fractal is drawn, as the text of a query."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from faafo.fractal import drawing
from faafo.fractal import palette as palettes
from faafo.fractal.numbers import INTEGER_TEXT, NUMBER_TEXT, within

# Turns -0.0 into 0.0: the numbers are equal, and so must be their ETags.
_UNSIGNED_ZERO = AfterValidator(lambda value: value + 0.0)

Samples = Annotated[
    int,
    Field(ge=1, le=drawing.MAX_SAMPLES),
    INTEGER_TEXT,
    within("an integer", 1, drawing.MAX_SAMPLES),
]
Offset = Annotated[
    float,
    _UNSIGNED_ZERO,
    Field(allow_inf_nan=False, ge=0, le=1),
    NUMBER_TEXT,
    within("a number", 0, 1),
]
Density = Annotated[
    float,
    Field(allow_inf_nan=False, ge=drawing.MIN_DENSITY, le=drawing.MAX_DENSITY),
    NUMBER_TEXT,
    within("a number", drawing.MIN_DENSITY, drawing.MAX_DENSITY),
]


class DrawingText(BaseModel):
    """The fields of a ``Drawing``; numbers may be written as text."""

    model_config = ConfigDict(frozen=True)

    palette: drawing.PaletteName = Field(palettes.DEFAULT, description=drawing.PALETTE)
    formula: drawing.FormulaName = Field(drawing.Formula.Z2.value, description=drawing.FORMULA)
    colouring: drawing.ColouringName = Field(
        drawing.Colouring.BANDS.value, description=drawing.COLOURING
    )
    samples: Samples = Field(1, description=drawing.SAMPLES)
    offset: Offset = Field(0.0, description=drawing.OFFSET)
    density: Density = Field(1.0, description=drawing.DENSITY)
    inside: drawing.Rgb = Field(None, description=drawing.INSIDE)
