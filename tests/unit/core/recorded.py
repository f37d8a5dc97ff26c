# SPDX-License-Identifier: Apache-2.0
"""Events that a test makes visible in any order: those of a database in a transaction each."""

import json
from dataclasses import dataclass

from faafo.core.event_tail import PAGE


@dataclass(frozen=True)
class Recorded:
    """A row of the table."""

    id: int
    type: str = "fractal.queued"
    project_id: str | None = None
    shared: bool = False
    fractal_uuid: str = "a fractal"

    @property
    def uuid(self) -> str:
        return f"event {self.id}"

    @property
    def body(self) -> str:
        return json.dumps({"version": 1, "type": self.type, "data": {"uuid": self.fractal_uuid}})


class Recording:
    """What a tail reads."""

    def __init__(self) -> None:
        self.rows: dict[int, Recorded] = {}
        self.age = 100.0
        self.subscribed = 0
        self.lost: str | None = None
        self.fault: Exception | None = None

    def add(self, *ids: int, **columns) -> None:
        self.rows |= {number: Recorded(number, **columns) for number in ids}

    def latest_id(self) -> int:
        if self.fault:
            raise self.fault
        return max(self.rows, default=0)

    def after(self, last_id: int, limit: int) -> list[Recorded]:
        if self.fault:
            raise self.fault
        assert limit <= PAGE
        return [self.rows[one] for one in sorted(self.rows) if one > last_id][:limit]

    def with_ids(self, ids) -> list[Recorded]:
        return [self.rows[one] for one in sorted(ids) if one in self.rows]

    def subscribe(self, seconds: float) -> float:
        self.subscribed += 1
        return self.age

    def purge(self) -> None:
        """Keep everything."""

    def lost_since(self, last_id: int) -> str | None:
        return self.lost
