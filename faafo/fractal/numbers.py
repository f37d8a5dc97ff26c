# SPDX-License-Identifier: Apache-2.0
"""Numbers from outside: as JSON or as text, within bounds that the error message names."""

import re
from typing import Any

from pydantic import BeforeValidator, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

# A PNG side and an escape count are both signed 32-bit numbers.
MAX_INT32 = 2**31 - 1
# In bytes, and of counts; some JSON parsers round larger integers.
MAX_SIZE = 2**53


def _written_as(grammar: re.Pattern[str], what: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and not grammar.fullmatch(value):
            raise PydanticCustomError("grammar", "must be {what}", {"what": what})
        return value

    return BeforeValidator(check)


# Python also reads 1_0, full-width digits and surrounding spaces as numbers.
INTEGER = re.compile(r"-?[0-9]+")
NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# For numbers in queries and paths, which are text.
INTEGER_TEXT = _written_as(INTEGER, "a plain integer such as 10")
NUMBER_TEXT = _written_as(NUMBER, "a plain decimal number such as -0.8 or 1e-5")


def within(kind: str, low: float, high: float) -> WrapValidator:
    """Return a validator that replaces any error of a value by one sentence with the bounds."""

    def check(value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise PydanticCustomError(
                "out_of_bounds",
                "must be {kind} from {low} to {high}",
                {"kind": kind, "low": f"{low:.15g}", "high": f"{high:.15g}"},
            ) from None

    return WrapValidator(check)


def _as_integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# 64.0 means 64: JSON has one type of number, and JSON Schema takes both for an integer.
WHOLE = BeforeValidator(_as_integer)
