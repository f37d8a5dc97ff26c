# SPDX-License-Identifier: Apache-2.0
"""How a fractal is drawn: formula, colouring, samples, palette; as fields of JSON."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from faafo.fractal import palette as palettes
from faafo.fractal.numbers import WHOLE, within

MAX_SAMPLES = 4
MIN_DENSITY, MAX_DENSITY = 0.01, 100.0
RGB = re.compile(r"#[0-9a-f]{6}")


class Formula(StrEnum):
    """What a step makes of z, beside adding c.

    z²; z³; z⁴; (|Re z| + i |Im z|)², as in the Burning Ship; the square of z's conjugate, as in the
    Tricorn.
    """

    Z2 = "z2"
    Z3 = "z3"
    Z4 = "z4"
    BURNING_SHIP = "burning-ship"
    TRICORN = "tricorn"


class Colouring(StrEnum):
    """Whether a colour depends on the whole number of steps, or on a fractional one."""

    BANDS = "bands"
    SMOOTH = "smooth"


def one_of(names: tuple[str, ...]) -> WrapValidator:
    """Return a validator that replaces any error of a value by one sentence with ``names``."""

    def check(value: Any, _handler: Any) -> str:
        if isinstance(value, str) and value in names:
            return value
        raise PydanticCustomError("name", "must be one of {names}", {"names": ", ".join(names)})

    return WrapValidator(check)


def _rgb(value: Any, _handler: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and RGB.fullmatch(value.lower()):
        return value.lower()
    raise PydanticCustomError("rgb", "must be red, green and blue such as #000000")


PaletteName = Annotated[
    str,
    one_of(palettes.NAMES),
    WithJsonSchema({"type": "string", "enum": list(palettes.NAMES)}),
]
FormulaName = Annotated[
    str, one_of(tuple(Formula)), WithJsonSchema({"type": "string", "enum": list(Formula)})
]
ColouringName = Annotated[
    str, one_of(tuple(Colouring)), WithJsonSchema({"type": "string", "enum": list(Colouring)})
]
Samples = Annotated[
    int,
    Field(strict=True, ge=1, le=MAX_SAMPLES),
    WHOLE,
    within("an integer", 1, MAX_SAMPLES),
]
Offset = Annotated[
    float, Field(strict=True, allow_inf_nan=False, ge=0, le=1), within("a number", 0, 1)
]
Density = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False, ge=MIN_DENSITY, le=MAX_DENSITY),
    within("a number", MIN_DENSITY, MAX_DENSITY),
]
Rgb = Annotated[
    str | None,
    WrapValidator(_rgb),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}, {"type": "null"}]}
    ),
]

# Descriptions of the fields, which queries have, too.
PALETTE = "name of the palette"
FORMULA = "what a step makes of z, beside adding c"
COLOURING = "bands: a colour for each whole number of steps; smooth: colours without steps"
SAMPLES = "number of points along each side of a pixel, whose mean in linear light it shows"
OFFSET = "part of the cycle of the palette by which the colours are shifted"
DENSITY = "number of cycles of the palette where there is one at 1"
INSIDE = "colour of points that never escape; null: the colour that the palette has for them"


class Drawing(BaseModel):
    """How a fractal is drawn. The defaults give the same bytes in all releases."""

    model_config = ConfigDict(frozen=True)

    palette: PaletteName = Field(palettes.DEFAULT, description=PALETTE)
    formula: FormulaName = Field(Formula.Z2.value, description=FORMULA)
    colouring: ColouringName = Field(Colouring.BANDS.value, description=COLOURING)
    samples: Samples = Field(1, description=SAMPLES)
    offset: Offset = Field(0.0, description=OFFSET)
    density: Density = Field(1.0, description=DENSITY)
    inside: Rgb = Field(None, description=INSIDE)


DEFAULTS: Mapping[str, Any] = {name: field.default for name, field in Drawing.model_fields.items()}
# Fields that the first version of the parameters does not have.
ADDED = tuple(name for name in DEFAULTS if name != "palette")
# 2: the fields in ADDED, and later palettes; 3: bands of pictures, and their joins; 4: joins of
# films; 5: those of films in WebM, for which a worker needs an extra.
DRAWING_PARAMETERS = 2
PARTS_PARAMETERS = 3
FILM_PARAMETERS = {"webp": 4, "webm": 5}
# What all workers of this release know, and what some of them may.
PARAMETER_VERSION = 4
LATEST_VERSION = 5


def parameter_version(drawing: Any) -> int:
    """Return the version that a worker must know to draw this, from 1 to LATEST_VERSION.

    A worker of the first version ignores all fields in ADDED, and does not know later palettes. One
    of the second would render a whole picture in place of a part, one of the third in place of a
    film.

    :param drawing: has the fields of a ``Drawing`` as attributes, and may have a ``part``.
    """
    part = getattr(drawing, "part", None)
    if part is not None:
        return FILM_PARAMETERS.get(getattr(part, "format", ""), PARTS_PARAMETERS)
    is_first = drawing.palette in palettes.FIRST_NAMES and all(
        getattr(drawing, name) == DEFAULTS[name] for name in ADDED
    )
    return 1 if is_first else DRAWING_PARAMETERS


def without_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``values`` without those fields in ADDED that have their defaults."""
    return {
        name: value
        for name, value in values.items()
        if name not in ADDED or value != DEFAULTS[name]
    }
