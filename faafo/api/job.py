# SPDX-License-Identifier: Apache-2.0
"""The resource ``job`` of the REST API: how far a fractal is, in few fields."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from faafo.api import precondition
from faafo.api.schemas import CHECKSUM, DURATION, ERRORS, SIZE, WORKER, FractalPath
from faafo.core import jobs
from faafo.core.preference import Waiting
from faafo.core.versions import under_requested_prefix
from faafo.fractal.events import PARTS, RESULT
from faafo.fractal.task import Checksum, Status

blueprint = APIBlueprint(
    "job",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="job", description="How far a fractal is")],
    abp_responses=ERRORS,
)


class JobResult(BaseModel):
    """What a render has come to."""

    checksum: Checksum = Field(description=CHECKSUM)
    duration: float = Field(description=DURATION)
    size: int | None = Field(description=SIZE)
    generated_by: str | None = Field(description=WORKER)
    image: str = Field(description="path of the image")


class Job(BaseModel):
    """The state of the job that renders a fractal."""

    uuid: UUID = Field(description="that of the fractal")
    status: Status = Field(description="that of the fractal")
    result: JobResult | None = Field(description="once it is complete")
    fault: str | None = Field(description="what went wrong last")
    children: int | None = Field(
        description="number of its parts, which have jobs of their own; null if it has none"
    )
    open_children: int | None = Field(
        description="number of its parts that are not complete; null without parts"
    )
    progress: float | None = Field(
        ge=0, le=1, description="part of the rows rendered; null while that is not known"
    )


@blueprint.get("/job/<uuid:uuid>", operation_id="show_job", responses={200: Job})
def get_job(path: FractalPath) -> Any:
    """Return the state of a job; with ``Prefer: wait=N``, when it has ended."""
    uuid = str(path.uuid)
    with Waiting(uuid) as waiting:
        state = jobs.visible_state(uuid, waiting)
        waiting.until_ended(state["status"])
    image = under_requested_prefix(url_for("fractal.get_image", uuid=uuid))
    return waiting.applied(precondition.tagged(document(uuid, state, image)))


def document(uuid: str, state: Mapping[str, Any], image: str) -> dict[str, Any]:
    """Return the job with that ``state``; ``image`` is the path that the image has, or will."""
    is_complete = state["status"] == Status.COMPLETE
    result = {name: state.get(name) for name in RESULT} | {"image": image}
    return {
        "uuid": uuid,
        "status": state["status"],
        "result": result if is_complete else None,
        "fault": state.get("fault"),
        **{name: state.get(name) for name in PARTS},
        "progress": state.get("progress"),
    }
