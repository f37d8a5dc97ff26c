# SPDX-License-Identifier: Apache-2.0
"""Which RPC version a worker must serve to be given a task."""

from collections.abc import Iterable
from typing import Any

from faafo.fractal.drawing import parameter_version
from faafo.fractal.palette import DEFAULT
from faafo.fractal.parts import Join
from faafo.fractal.task import FractalTask
from faafo.rpc import contract

# Versions of which a worker reports whether it serves them.
REPORTED = (
    *(contract.BATCH_VERSION, contract.DRAWING_VERSION),
    *(contract.PARTS_VERSION, contract.FILMS_VERSION),
)

# By the version of the drawing parameters.
_LATER = {
    2: contract.DRAWING_VERSION,
    3: contract.PARTS_VERSION,
    4: contract.FILMS_VERSION,
    5: contract.FILMS_VERSION,
}


def version_for(task: FractalTask) -> str:
    """Return the RPC version that a worker must serve: an older one would draw otherwise."""
    if version := _LATER.get(parameter_version(task)):
        return version
    return contract.VERSION if task.palette == DEFAULT else contract.PALETTE_VERSION


def version_for_all(tasks: Iterable[FractalTask]) -> str:
    """Return the one that serves them all in one call."""
    latest = max(parameter_version(task) for task in tasks)
    return _LATER.get(latest, contract.BATCH_VERSION)


def for_earlier(task: FractalTask) -> dict[str, Any]:
    """Return the fields of a task for a worker that has no topic for joins."""
    told = task.model_dump()
    return told | {"part": task.part.for_earlier()} if isinstance(task.part, Join) else told
