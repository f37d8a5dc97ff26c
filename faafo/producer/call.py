# SPDX-License-Identifier: Apache-2.0
"""The call of the jobs of an assignment to its worker, measured and traced."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from faafo import errors
from faafo.metrics import catalogue as metrics
from faafo.producer.assignment import Assignment
from faafo.producer.pace import AHEAD_SECONDS
from faafo.rpc.client import LeasedTask, Outcome, WorkerClient
from faafo.tracing import spans

# Seconds after which a worker begins no further task of a batch: the estimate was wrong.
BEGIN_WITHIN = 2 * AHEAD_SECONDS


def call(workers: WorkerClient, assignment: Assignment) -> list[Outcome]:
    """Return the outcome of each job; raise the error of the call as a whole."""
    with _measured(), ExitStack() as stack:
        leased = _traced(assignment, stack)
        slot = assignment.slot
        if len(leased) > 1:
            return workers.process_all(leased, slot.worker, slot.instance_id, BEGIN_WITHIN)
        (one,) = leased
        return [
            workers.process(
                one.task,
                one.lease,
                slot.worker,
                slot.instance_id,
                slot.exclusive,
                one.correlation,
                slot.has_topics,
            )
        ]


def _traced(assignment: Assignment, stack: ExitStack) -> list[LeasedTask]:
    """Return the tasks of the call, each below a span of its own that ends with ``stack``."""
    jobs = assignment.jobs
    if not spans.is_on():
        return [job.leased_task() for job in jobs]
    attributes: spans.Attributes = {
        "faafo.worker": assignment.slot.worker,
        "faafo.batch_size": len(jobs),
    }
    begun = [spans.span("call", job.correlation, spans.Kind.CLIENT, attributes) for job in jobs]
    return [
        job.leased_task(stack.enter_context(span)) for job, span in zip(jobs, begun, strict=True)
    ]


@contextmanager
def _measured() -> Iterator[None]:
    """Measure a call to a worker by how it ends."""
    begun_at = time.monotonic()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    except (errors.BrokerUnavailable, errors.WorkerBusy):
        outcome = "busy"
        raise
    except (errors.WorkerLost, errors.RenderTimeout):
        outcome = "lost"
        raise
    finally:
        metrics.RPC_SECONDS.observe(time.monotonic() - begun_at, outcome)
