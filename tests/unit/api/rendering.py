# SPDX-License-Identifier: Apache-2.0
"""What producers and workers do with the parts of posters and films, for the tests of the API."""

import threading

from faafo.fractal.lease import Lease
from faafo.fractal.task import parse_task
from faafo.rpc.messages import Holder


def render(worker, record):
    """Render a claimed record; return its result as a report has it."""
    lease = Lease.of(record)
    holder = Holder(attempt=lease.attempt, token=lease.token)
    result = worker.run(parse_task(record), holder, threading.Event())
    return result.model_dump() | lease.as_body()


def report(http, *results):
    """Report results; none of them may be refused."""
    answer = http.put("/api/claim", json={"claimed_by": "me", "complete": list(results)})
    assert answer.json == {"lost": []}


def refused(answer, status):
    """Return the message of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json["message"]
