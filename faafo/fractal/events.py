# SPDX-License-Identifier: Apache-2.0
"""The types of events, and the payload that tells of a change of a fractal."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from faafo.fractal.task import Status

VERSION = 1
# The status that an event of a deletion has; no record has it.
DELETED = "deleted"


class EventType(StrEnum):
    """What has happened to a fractal; ``queued`` when it is posted, and again for each retry.

    Those of posters and films come beside ``fractal.complete``.
    """

    QUEUED = "fractal.queued"
    RENDERING = "fractal.rendering"
    PROGRESS = "fractal.progress"
    COMPLETE = "fractal.complete"
    ERROR = "fractal.error"
    DELETED = "fractal.deleted"
    POSTER_COMPLETE = "poster.complete"
    FILM_COMPLETE = "film.complete"


# Of a webhook, to try it.
PING = "webhook.ping"
TYPES = tuple(one.value for one in EventType)
# What a callback tells: nothing more happens to the fractal by itself.
ENDINGS = frozenset({EventType.COMPLETE, EventType.ERROR, EventType.DELETED})
OF_STATUS = {
    Status.QUEUED: EventType.QUEUED,
    Status.RENDERING: EventType.RENDERING,
    Status.COMPLETE: EventType.COMPLETE,
    Status.ERROR: EventType.ERROR,
}
# Of a picture with parts alone: how many it has, and how many of them are not complete.
PARTS = ("children", "open_children")
# The fields of a result that are columns of the record.
RESULT = ("checksum", "duration", "size", "generated_by")


def payload(kind: str, moment: datetime, data: Mapping[str, Any]) -> str:
    """Return a payload as JSON text.

    :param moment: UTC, by the clock of the database.
    """
    document = {"version": VERSION, "type": kind, "timestamp": as_text(moment), "data": data}
    return json.dumps(document, separators=(",", ":"))


def fractal_data(kind: EventType, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a payload says of a fractal.

    :param columns: of its row, after the change.
    """
    status = DELETED if kind is EventType.DELETED else str(columns["status"])
    is_complete = status == Status.COMPLETE
    return {
        "uuid": columns["uuid"],
        "created_at": as_text(columns["created_at"]),
        "project_id": columns["project_id"],
        "shared": columns["shared"],
        "status": status,
        "attempt": columns["attempt"],
        "failures": columns["failures"],
        "fault": columns["fault"],
        "progress": progress_of({**columns, "status": status}),
        **{name: columns[name] if is_complete else None for name in RESULT},
        "width": columns["width"],
        "height": columns["height"],
        **({name: columns[name] for name in PARTS} if columns.get("children") else {}),
    }


def as_text(moment: datetime) -> str:
    """Return a UTC time as JSON shows it."""
    return f"{moment.isoformat(timespec='microseconds')}Z"


def progress_of(record: Mapping[str, Any]) -> float | None:
    """Return the part of the rows rendered, given ``status``, ``rows_done`` and ``height``."""
    if record["status"] == Status.COMPLETE:
        return 1.0
    if record["status"] != Status.RENDERING or record["rows_done"] is None:
        return None
    part: float = record["rows_done"] / record["height"]
    return min(1.0, part)
