# SPDX-License-Identifier: Apache-2.0
"""The state of a worker, as its reports and the calls of a producer show it."""

import time
from dataclasses import dataclass, field

from faafo.fractal.drawing import LATEST_VERSION
from faafo.fractal.kinds import FIRST, Ability
from faafo.producer.backlog import Skill
from faafo.producer.pace import AHEAD_SECONDS
from faafo.rpc import messages

# Tasks in a call, at most.
LARGEST_BATCH = 100
# Seconds below which the duration of a task is not believed.
SHORTEST_TASK = 1e-4
# The weight of the latest call in the mean duration of a task.
WEIGHT = 0.25


@dataclass
class Worker:
    """A live worker: its slots, those that other producers and we occupy, its last report.

    ``instance_id`` differs from that of earlier processes with the same name. ``in_flight`` counts
    our calls, one of which has an exclusive slot if ``reserved``; ``given_up`` counts the slots of
    calls that we wait for no longer, whose renders may still run. ``is_live`` is False from the
    loss of the worker to its next report. ``seen_at`` is the time of the last report on the
    monotonic clock, in seconds. ``rows_done`` is the number of rendered rows of long renders, by
    uuid. ``settings`` is the number of changes of settings that it knows. ``task_seconds`` is the
    mean duration of a small task in a slot, None if unknown.
    """

    instance_id: str | None
    slots: int = 0
    busy_for_others: int = 0
    in_flight: int = 0
    given_up: int = 0
    is_live: bool = True
    seen_at: float = 0.0
    reserved: bool = False
    rows_done: dict[str, int] = field(default_factory=dict)
    takes_batches: bool = False
    settings: int | None = None
    task_seconds: float | None = None
    # Whether an operator has disabled it: then we acquire no slot.
    disabled: bool = False
    # The last report, and when the first one came, in monotonic seconds.
    report: messages.Report | None = None
    known_since: float = field(default_factory=time.monotonic)
    # Whether the next report tells how many slots the renders occupy that we have given up.
    has_given_up: bool = False
    # The version of the drawing parameters that it knows.
    parameters: int = 1
    # What it serves, and whether it listens on a topic for each kind.
    ability: Ability = FIRST
    has_topics: bool = False

    @property
    def skill(self) -> Skill:
        """What it can do."""
        return Skill(self.parameters, self.ability)

    @property
    def busy(self) -> int:
        """The number of occupied slots."""
        return self.busy_for_others + self.in_flight + self.given_up

    @property
    def free(self) -> int:
        """The number of slots that we may acquire now."""
        return self.usable - self.busy if self.is_live and not self.reserved else 0

    @property
    def usable(self) -> int:
        """The number of slots, occupied or not: 0 while the worker is disabled."""
        return 0 if self.disabled else self.slots

    @property
    def contradicts(self) -> bool:
        """Whether it reports another standing than it has; not if it reports none, or drains."""
        report = self.report
        if report is None or report.draining or not self.is_live:
            return False
        return report.disabled not in (None, self.disabled)

    @property
    def load(self) -> float:
        """The share of its slots that is occupied."""
        return self.busy / self.slots if self.slots else 1.0

    @property
    def batch_size(self) -> int:
        """The number of small tasks that take a slot about AHEAD_SECONDS; 1 until it is known."""
        if not self.takes_batches or self.task_seconds is None:
            return 1
        return max(
            1, min(LARGEST_BATCH, int(AHEAD_SECONDS / max(self.task_seconds, SHORTEST_TASK)))
        )

    def record(self, tasks: int, seconds: float) -> None:
        """Record that a slot has rendered ``tasks`` small tasks in ``seconds``."""
        mean = seconds / tasks
        before = mean if self.task_seconds is None else self.task_seconds
        self.task_seconds = before + WEIGHT * (mean - before)

    def slot(self, name: str, exclusive: bool) -> "Slot":
        """Occupy a slot of the worker of that name, or all; return it."""
        self.in_flight += 1
        self.reserved = exclusive
        told = (self.instance_id, exclusive, self.batch_size, self.skill, self.has_topics)
        return Slot(name, *told)

    def end_call(self, slot: "Slot") -> None:
        """Record that a call with ``slot`` has ended."""
        self.in_flight -= 1
        self.reserved = self.reserved and not slot.exclusive

    def update(self, report: messages.Report, ours: int) -> None:
        """Update the worker with its report, in which ``ours`` slots are busy for us.

        A report may be older than the end of a call. So it is asked for renders that we do not
        wait for only after a call was given up, or refused though a slot seemed to be free.
        """
        self.report = report
        self.slots = report.slots
        self.busy_for_others = report.busy - ours
        self.rows_done = report.rows_done
        self.takes_batches = report.takes_batches
        self.settings = report.settings
        self.parameters = min(report.parameters or 1, LATEST_VERSION)
        self.ability = report.ability
        self.has_topics = report.kinds is not None
        self.seen_at = time.monotonic()
        self.is_live = True
        self.given_up = max(0, ours - self.in_flight) if self.has_given_up else 0
        self.has_given_up = self.given_up > 0


@dataclass(frozen=True)
class Slot:
    """A slot that we occupy: the worker, its instance id, and whether we occupy all its slots.

    ``batch_size`` is the number of small tasks that one call may carry, ``skill`` what the worker
    can do; it has a topic for each kind if ``has_topics``.
    """

    worker: str
    instance_id: str | None
    exclusive: bool = False
    batch_size: int = 1
    skill: Skill = Skill(1, FIRST)
    has_topics: bool = False
