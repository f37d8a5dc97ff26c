# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``service``: heartbeats, and the registry."""

import json
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from faafo.api.maintenance_schemas import MaintenanceRecord
from faafo.api.schemas import Name
from faafo.db.services import Heartbeat
from faafo.fractal.numbers import MAX_INT32, WHOLE
from faafo.fractal.service import Kind, State
from faafo.fractal.task import Uuid

Slots = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
# A century: of the clock of the process, which counts from its start.
Age = Annotated[float, Field(strict=True, ge=0, le=3.2e9, allow_inf_nan=False)]
ShortText = Annotated[str, Field(min_length=1, max_length=64)]
Reason = Annotated[str, Field(min_length=1, max_length=255)]
# Members of a report, its levels, and its length in characters as JSON: each list has all reports.
MOST_MEMBERS = 20
MOST_LEVELS = 5
LONGEST_REPORT = 4000


def _small(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report that every database stores, and that is JSON in an answer, too."""
    if _is_deeper(report, MOST_LEVELS):
        raise ValueError(f"must have at most {MOST_LEVELS} levels")
    # A number that is not finite is a ValueError as well, and half of a surrogate pair.
    text = json.dumps(report, allow_nan=False, ensure_ascii=False)
    text.encode()
    if (length := len(text)) > LONGEST_REPORT:
        raise ValueError(f"must have at most {LONGEST_REPORT} characters as JSON, not {length}")
    return report


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)


NAME = "name of the service, which later processes have as well"
INSTANCE = "id of the process: each has another one"


class Reported(BaseModel):
    """What is told of a process."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(description="what the service does")
    name: Name = Field(description=NAME)
    instance_id: Name = Field(description=INSTANCE)
    host: Name = Field(description="name of its host")
    version: ShortText = Field(description="version of faafo")
    age: Age = Field(description="seconds since the process began")
    slots: Slots | None = Field(None, description="number of slots of a worker")
    busy: Slots | None = Field(None, description="number of its slots that are busy")
    draining: bool = Field(
        False, strict=True, description="whether it finishes what it has and takes nothing more"
    )
    configuration: ShortText | None = Field(None, description="which settings and files it goes by")
    report: Annotated[dict[str, Any], AfterValidator(_small)] = Field(
        {},
        max_length=MOST_MEMBERS,
        description=f"whatever else it counts: at most {MOST_LEVELS} levels, and "
        f"{LONGEST_REPORT} characters as JSON",
    )

    def heartbeat(self, seen: float = 0.0) -> Heartbeat:
        """Return the heartbeat of a process that was seen ``seen`` seconds ago."""
        return Heartbeat(**self.model_dump(include=set(Reported.model_fields)), seen=seen)


class ReportedWorker(Reported):
    """What a worker has told a producer."""

    seen: Age = Field(0.0, description="seconds since it was told")
    stopped: bool = Field(False, strict=True, description="whether the worker has ended")


class HeartbeatBody(Reported):
    """What a service tells of itself, and a producer of its workers."""

    workers: list[ReportedWorker] = Field(
        [], max_length=1000, description="what workers have told a producer"
    )


class MaintenanceMode(BaseModel):
    """The mode of maintenance."""

    mode: str = Field(description="off, read-only or paused")
    reason: str | None = Field(None, description="why")
    until: str | None = Field(None, description="when it ends by itself (UTC)")


class HeartbeatAnswer(BaseModel):
    """What a service has to know."""

    disabled: bool = Field(description="whether it is to take nothing more")
    reason: str | None = Field(description="why it is disabled")
    maintenance: MaintenanceRecord = Field(description="the mode of maintenance")
    disabled_workers: dict[str, str | None] = Field(
        description="why workers are disabled, by their names"
    )
    settings_version: int = Field(description="number of changes of settings so far")


class ServicePath(BaseModel):
    """The id of a service."""

    id: UUID = Field(description="id of a service, which is made of its kind and name")


class Ended(BaseModel):
    """The process that has ended, or none: then the service must be down."""

    model_config = ConfigDict(extra="forbid")

    instance_id: Name | None = Field(
        None,
        description=f"{INSTANCE}; without it a service that is down is removed, which needs the "
        "rule service:delete",
    )


class Wanted(BaseModel):
    """Which services are listed."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = Field(None, description="only those of this kind")


class ServiceChange(BaseModel):
    """Whether a service is disabled, and why."""

    model_config = ConfigDict(extra="forbid")

    disabled: bool = Field(strict=True, description="whether it is to take nothing more")
    reason: Reason | None = Field(None, description="why; needed to disable it")


class ServiceRecord(BaseModel):
    """A service."""

    id: Uuid = Field(description="made of kind and name")
    kind: Kind = Field(description="what it does")
    name: str = Field(description=NAME)
    instance_id: str = Field(description=INSTANCE)
    host: str = Field(description="name of its host")
    version: str = Field(description="version of faafo")
    state: State = Field(description="when the answer was made: up, draining, disabled or down")
    disabled: bool = Field(description="whether it is to take nothing more")
    reason: str | None = Field(description="why it is disabled")
    slots: int | None = Field(description="number of slots of a worker")
    busy: int | None = Field(description="number of its slots that are busy")
    kinds: list[str] | None = Field(description="what a worker serves; null: it is none")
    labels: list[str] | None = Field(
        description="of which fractals a worker is given those that ask for one; null: it is none"
    )
    started_at: str = Field(description="when the process began (UTC)")
    seen_at: str = Field(description="when it was seen last (UTC)")
    configuration: str | None = Field(description="which settings and files it goes by")
    report: dict[str, Any] = Field(description="whatever else it counts")


class ServiceList(BaseModel):
    """Services by kind and name."""

    services: list[ServiceRecord] = Field(description="the services")
    unserved: list[str] = Field(
        description="what waits that no live worker serves, in sentences; none if no worker is up"
    )
