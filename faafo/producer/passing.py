# SPDX-License-Identifier: Apache-2.0
"""What a producer passes on to the registry of services: the reports of its workers."""

import time
from typing import Any

from faafo.fractal.service import Kind
from faafo.producer.worker_state import Worker
from faafo.rpc.messages import Report

# Of a worker of a release that does not tell its host.
UNKNOWN = "unknown"
# Characters of a version, at most.
LONGEST_VERSION = 64
# Workers of which a heartbeat tells, at most.
MOST_WORKERS = 1000


def of_worker(worker: Worker, report: Report) -> dict[str, Any]:
    """Return what a heartbeat tells of ``worker``, from its last report."""
    now = time.monotonic()
    # One that does not tell its age is as old as we know it to be.
    age = worker.seen_at - worker.known_since if report.age is None else report.age
    return {
        "kind": Kind.WORKER.value,
        "name": report.server,
        "instance_id": report.worker or report.server,
        "host": report.host or UNKNOWN,
        "version": report.version[:LONGEST_VERSION] or UNKNOWN,
        "age": age + now - worker.seen_at,
        "seen": now - worker.seen_at,
        "slots": report.slots,
        "busy": report.busy,
        "draining": bool(report.draining),
        "configuration": report.configuration and report.configuration[:LONGEST_VERSION],
        "report": {} if report.work is None else {"work": report.work},
        "stopped": bool(report.stopped),
    }
