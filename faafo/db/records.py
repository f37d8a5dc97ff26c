# SPDX-License-Identifier: Apache-2.0
"""The fields of the record of a fractal, and how JSON shows them."""

import json
from typing import Any

from faafo.fractal.events import as_text
from faafo.fractal.task import PARAMETERS

# What a fractal needs of its worker: see ``fractal.kinds``.
NEED = ("kind", "label")
# Those of parents and of children alone.
PART_FIELDS = (
    *("parent", "first_row", "band_rows", "frame"),
    *("children", "open_children", "film"),
)
# The fields of a record in JSON and in searches, in this order.
RECORD_FIELDS = (
    "uuid",
    *PARAMETERS,
    "status",
    "attempt",
    "failures",
    "fault",
    "created_at",
    "checksum",
    "duration",
    "size",
    "generated_by",
    "project_id",
    "user_id",
    "shared",
    "priority",
    "not_before",
    "expires_at",
    *NEED,
    *PART_FIELDS,
)
TIMES = ("created_at", "not_before", "expires_at")


def as_record(values: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a record as JSON shows them."""
    times = {name: values[name] for name in TIMES}
    record = values | {name: None if at is None else as_text(at) for name, at in times.items()}
    if record["film"] is not None:
        record["film"] = json.loads(record["film"])
    return {
        name: value
        for name, value in record.items()
        if value is not None or name not in PART_FIELDS
    }
