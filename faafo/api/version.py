# SPDX-License-Identifier: Apache-2.0
"""The version document of the REST API, and ``/v1`` as a second prefix of ``/api``."""

from typing import Any

from flask import Flask
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field
from werkzeug.routing import Rule

from faafo.api.schemas import ERRORS
from faafo.core import versions

blueprint = APIBlueprint(
    "version",
    __name__,
    abp_tags=[Tag(name="version", description="The version of this API")],
    abp_responses=ERRORS,
)


class Link(BaseModel):
    """A link of a version."""

    rel: str = Field(description="self: the version itself")
    href: str = Field(description="its URL")


class Version(BaseModel):
    """A version of the API."""

    id: str = Field(description="name of the version")
    status: str = Field(description="CURRENT: it is the latest one")
    links: list[Link] = Field(description="where it is")


class VersionDocument(BaseModel):
    """The only version of the API."""

    version: Version = Field(description="the version")


@blueprint.get(
    "/v1",
    operation_id="show_version",
    strict_slashes=False,
    responses={200: VersionDocument},
)
def get_version() -> Any:
    """Return the version of this API, as OpenStack's clients discover it."""
    return versions.version()


def serve_both_prefixes(app: Flask) -> None:
    """Make ``app`` serve below ``/v1`` what it serves below ``/api``, by the same endpoints."""
    old, new = versions.PREFIXES
    for rule in list(app.url_map.iter_rules()):
        if rule.rule.startswith(f"{old}/"):
            path = new + rule.rule.removeprefix(old)
            app.url_map.add(Rule(path, endpoint=rule.endpoint, methods=rule.methods))
