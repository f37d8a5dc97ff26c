# SPDX-License-Identifier: Apache-2.0
"""Examples for the OpenAPI document; Swagger UI's "Try it out" sends those of requests as they are.

No request has a uuid: an example must work each time it is sent, on every site.
"""

from collections.abc import Callable
from typing import Any

from flask_openapi import MediaType, RequestBody
from flask_openapi.models import OPENAPI3_REF_PREFIX
from pydantic import BaseModel

from faafo.fractal.drawing import DEFAULTS, PARAMETER_VERSION

# Square pixels, the whole Julia set, and a constant from the seahorse valley.
FRACTAL: dict[str, Any] = {
    "width": 1024,
    "height": 640,
    "iterations": 500,
    "xa": -1.6,
    "xb": 1.6,
    "ya": -1.0,
    "yb": 1.0,
    "cx": -0.7269,
    "cy": 0.1889,
    "palette": "ember",
}
# Once around a circle, through dust and spirals.
FILM: dict[str, Any] = {
    **{name: value for name, value in FRACTAL.items() if name not in ("cx", "cy")},
    "width": 640,
    "height": 400,
    "path": {"type": "circle", "centre": [0.0, 0.0], "radius": 0.7885},
    "frames": 48,
    "fps": 24,
}
RESULT: dict[str, Any] = {
    "attempt": 1,
    "checksum": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "duration": 0.25,
    "size": 123456,
    "generated_by": "worker-1",
}
RECORD: dict[str, Any] = {
    "uuid": "12345678-9abc-4def-8123-456789abcdef",
    **FRACTAL,
    **{name: value for name, value in DEFAULTS.items() if name != "palette"},
    "status": "complete",
    **RESULT,
    "failures": 0,
    "fault": None,
    "created_at": "2026-11-23T01:53:46.123456Z",
    "project_id": "8c6a5f9d2b3e4c1f9a7d5e3b1c0f2a4d",
    "user_id": "3f2504e04f8911d39a0c0305e82c3301",
    "shared": False,
    "priority": 0,
    "not_before": None,
    "expires_at": None,
    "kind": "render",
    "label": None,
}
CLAIM: dict[str, Any] = {
    "claimed_by": "example",
    "count": 1,
    "lease": 30,
    "parameter_version": PARAMETER_VERSION,
    "serves": ["render", "join"],
}
CLAIM_UPDATE: dict[str, Any] = {
    "claimed_by": "example",
    "lease": 30,
    "renew": [],
    "release": [],
    "complete": [],
}
COLLECTION: dict[str, Any] = {"name": "Dendrites", "shared": True}
# Nothing listens there: RFC 2606 reserves the name.
WEBHOOK: dict[str, Any] = {"url": "https://receiver.example/faafo", "events": ["fractal.complete"]}
DELIVERY_CLAIM: dict[str, Any] = {"claimed_by": "example", "count": 1, "lease": 30}
DELIVERY_REPORT: dict[str, Any] = {"claimed_by": "example", "delivered": [], "failed": []}
SERVICE: dict[str, Any] = {"id": "3ad49a30-2a4f-5d1c-9b3b-4f1a2c6f9f10"}
HEARTBEAT: dict[str, Any] = {
    "kind": "worker",
    "name": "example",
    "instance_id": "example:0f1e2d3c",
    "host": "host.example",
    "version": "1.0.0",
    "age": 3600.5,
    "slots": 4,
    "busy": 1,
}
DISABLED: dict[str, Any] = {"disabled": True, "reason": "an upgrade of its host"}
LOCK: dict[str, Any] = {"holder": "nightly backup", "ttl": 60}
LOCK_EXTENSION: dict[str, Any] = {"token": 1, "ttl": 60}
SETTING: dict[str, Any] = {"value": "2.5"}
MAINTENANCE: dict[str, Any] = {"mode": "off"}
TILE: dict[str, Any] = {"z": 2, "x": 1, "y": 1}
TILE_STYLE: dict[str, Any] = {name: FRACTAL[name] for name in ("cx", "cy", "iterations", "palette")}


def json_body(model: type[BaseModel], example: Any) -> RequestBody:
    """Return the documentation of a request body that has the schema of ``model``."""
    schema = {"$ref": f"{OPENAPI3_REF_PREFIX}/{model.__name__}"}
    content = MediaType.model_validate({"schema": schema, "example": example})
    return RequestBody(content={"application/json": content}, required=True)


def with_example(base: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """Return the ``json_schema_extra`` of ``base`` with an example, for a subclass."""
    inherited = base.model_config.get("json_schema_extra")
    return {**(inherited if isinstance(inherited, dict) else {}), "examples": [example]}


def parameters(example: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return the ``json_schema_extra`` that adds ``example`` to the fields of a model."""

    def extend(schema: dict[str, Any]) -> None:
        for name, value in example.items():
            schema["properties"][name]["example"] = value

    return extend
