# SPDX-License-Identifier: Apache-2.0
"""The resource ``maintenance`` of the REST API: what the site does not do for a while."""

from typing import Any

from flask import jsonify
from flask_openapi import APIBlueprint, Tag

from faafo.api import examples
from faafo.api.maintenance_schemas import MaintenanceRecord, NewMaintenance
from faafo.api.schemas import ERRORS
from faafo.core.collaborators import collaborators
from faafo.core.upkeep import as_record
from faafo.db import db, maintenance

blueprint = APIBlueprint(
    "maintenance",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="maintenance", description="What the service does not do for a while")],
    abp_responses=ERRORS,
)


@blueprint.get("/maintenance", operation_id="show_maintenance", responses={200: MaintenanceRecord})
def get_maintenance() -> Any:
    """Return the mode of maintenance."""
    return jsonify(as_record(maintenance.get(db.session)))


@blueprint.put(
    "/maintenance",
    operation_id="update_maintenance",
    request_body=examples.json_body(NewMaintenance, examples.MAINTENANCE),
    responses={200: MaintenanceRecord},
)
def put_maintenance(body: NewMaintenance) -> Any:
    """Set the mode of maintenance."""
    state = maintenance.change(db.session, body.mode, body.reason, body.until)
    ours = collaborators()
    ours.upkeep.forget()
    # Claims wait while renders are paused.
    ours.arrivals.announce()
    return jsonify(as_record(state))
