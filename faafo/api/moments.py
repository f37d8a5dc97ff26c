# SPDX-License-Identifier: Apache-2.0
"""Times in requests: ISO 8601 with a zone."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


def _as_utc(value: Any) -> Any:
    """Return a text in ISO 8601 that has a zone as the database has times."""
    try:
        moment = datetime.fromisoformat(value.upper())
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (AttributeError, ValueError, OverflowError):
        raise PydanticCustomError(
            "moment", "must be a time with a zone, such as 2026-11-29T06:00:00Z"
        ) from None


Moment = Annotated[
    datetime, BeforeValidator(_as_utc), WithJsonSchema({"type": "string", "format": "date-time"})
]
