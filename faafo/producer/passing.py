# SPDX-License-Identifier: Apache-2.0
"""What a producer passes on to the registry of services: the reports of its workers."""

import time
from typing import Any

from faafo.fractal.numbers import MAX_INT32
from faafo.fractal.service import KINDS, LABELS, PARAMETERS, Kind, work_of
from faafo.producer.worker_state import Worker
from faafo.rpc.messages import Report

# Of a worker of a release that does not tell its host.
UNKNOWN = "unknown"
# Characters of a version and of a name, at most, and seconds of an age: as the API takes them.
LONGEST_VERSION = 64
LONGEST_NAME = 255
LONGEST_AGE = 3e9
# Workers of which a heartbeat tells, at most.
MOST_WORKERS = 1000


def is_told(report: Report) -> bool:
    """Tell whether the registry can know a worker: else the API would refuse all that we tell."""
    return max(len(report.server), len(report.worker or "")) <= LONGEST_NAME


def ability_members(report: Report) -> dict[str, list[str]]:
    """Return what a worker serves; nothing for one that knows no kinds."""
    if report.kinds is None:
        return {}
    ability = report.ability
    return {KINDS: sorted(ability.kinds), LABELS: sorted(ability.labels)}


def of_worker(worker: Worker, report: Report) -> dict[str, Any]:
    """Return what a heartbeat tells of ``worker``, from its last report.

    What the API would refuse is left out, or at its bound: the others must not suffer from it.
    """
    now = time.monotonic()
    work = work_of({"work": report.work})
    # One that does not tell its age is as old as we know it to be.
    age = worker.seen_at - worker.known_since if report.age is None else report.age
    return {
        "kind": Kind.WORKER.value,
        "name": report.server,
        "instance_id": report.worker or report.server,
        "host": report.host or UNKNOWN,
        "version": report.version[:LONGEST_VERSION] or UNKNOWN,
        "age": min(age + now - worker.seen_at, LONGEST_AGE),
        "seen": now - worker.seen_at,
        "slots": min(report.slots, MAX_INT32),
        "busy": min(report.busy, MAX_INT32),
        "draining": bool(report.draining),
        "configuration": report.configuration and report.configuration[:LONGEST_VERSION],
        "report": {
            **({} if work is None else {"work": work.model_dump()}),
            **({} if report.parameters is None else {PARAMETERS: report.parameters}),
            **ability_members(report),
        },
        "stopped": bool(report.stopped),
    }
