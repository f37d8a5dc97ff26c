# SPDX-License-Identifier: Apache-2.0
"""Services as the registry knows them: their kinds, their ids, and their state."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from faafo.fractal.kinds import FIRST, Ability, TaskKind
from faafo.fractal.numbers import MAX_SIZE

# Ids are UUIDs of version 5 (RFC 9562) in this namespace: the same after each restart.
NAMESPACE = uuid.UUID("6fa4f0a5-5d0c-4a5c-9a43-0d6a5f3c9b1e")


class Kind(StrEnum):
    """What a service does."""

    API = "api"
    PRODUCER = "producer"
    WORKER = "worker"
    NOTIFIER = "notifier"
    READER = "reader"


# The member of a worker's report that tells which version of the drawing parameters it knows.
PARAMETERS = "parameters"
# Those that tell what it serves.
KINDS, LABELS = "kinds", "labels"
# What an operator can disable.
CHANGEABLE = frozenset({Kind.PRODUCER, Kind.WORKER})


class State(StrEnum):
    """The state of a service, computed when it is read."""

    UP = "up"
    DRAINING = "draining"
    DISABLED = "disabled"
    DOWN = "down"


Count = Annotated[int, Field(strict=True, ge=0, le=MAX_SIZE)]


class Work(BaseModel):
    """What a service reports of its work since it began, and in the last minutes.

    ``median_seconds`` is the median duration of its last renders, None without any.
    """

    done: Count = 0
    done_1: Count = 0
    done_15: Count = 0
    median_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class _Counted(BaseModel):
    done: Count = 0


class Tally:
    """The number of things that a service has done since it began; may be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.done = 0

    def add(self, amount: int = 1) -> None:
        """Count things that are done now."""
        with self._lock:
            self.done += amount


def done_of(report: Mapping[str, Any]) -> int:
    """Return how many things a service has done since it began, by its report; 0 if unknown."""
    if (work := work_of(report)) is not None:
        return work.done
    try:
        return _Counted.model_validate(report).done
    except ValidationError:
        return 0


def work_of(report: Mapping[str, Any]) -> Work | None:
    """Return the member ``work`` of a report; None without a valid one."""
    try:
        return Work.model_validate(report["work"])
    except (KeyError, ValidationError):
        return None


def parameters_of(report: Mapping[str, Any]) -> int:
    """Return the version of the drawing parameters that a worker knows, by its report."""
    version = report.get(PARAMETERS)
    return version if isinstance(version, int) else 1


def ability_of(report: Mapping[str, Any]) -> Ability:
    """Return what a worker serves, by its report."""
    kinds, labels = report.get(KINDS), report.get(LABELS)
    if not isinstance(kinds, list):
        return FIRST
    known = frozenset(TaskKind(one) for one in kinds if one in tuple(TaskKind))
    named = labels if isinstance(labels, list) else []
    return Ability(known, frozenset(one for one in named if isinstance(one, str)))


def service_id(kind: str, name: str) -> str:
    """Return the id of the service of that kind and name."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def name_of(instance_id: str) -> str:
    """Return the name of the service whose process has that id, which begins with the name."""
    return instance_id.rpartition(":")[0] or instance_id


@dataclass(frozen=True)
class Process:
    """A process that has the name of a service now; ``begun_at`` is monotonic seconds.

    ``configuration`` returns which settings and files it goes by; None if that is not known.
    """

    kind: Kind
    name: str
    instance_id: str
    version: str
    host: str = field(default_factory=socket.gethostname)
    begun_at: float = field(default_factory=time.monotonic)
    configuration: Callable[[], str | None] = lambda: None

    @property
    def id(self) -> str:
        """The id of the service."""
        return service_id(self.kind, self.name)

    @property
    def age(self) -> float:
        """Seconds since the process began."""
        return time.monotonic() - self.begun_at

    def members(self) -> dict[str, Any]:
        """Return what a heartbeat tells of every process."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "instance_id": self.instance_id,
            "host": self.host,
            "version": self.version,
            "age": self.age,
            "configuration": self.configuration(),
        }


def state_of(unseen: float, down_time: float, disabled: bool, draining: bool) -> State:
    """Return the state of a service.

    :param unseen: seconds since it was seen last.
    :param down_time: seconds after which a service that is not seen is down.
    """
    if unseen > down_time:
        return State.DOWN
    if disabled:
        return State.DISABLED
    return State.DRAINING if draining else State.UP
