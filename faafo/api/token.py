# SPDX-License-Identifier: Apache-2.0
"""The resource ``token`` of the REST API: logging in and out."""

from typing import Annotated, Any

from flask import abort, jsonify, request
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from faafo.api import examples
from faafo.api.schemas import ERRORS
from faafo.core.login import Credentials, login, sent_token

blueprint = APIBlueprint(
    "token",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="token", description="Logging in and out")],
    abp_responses=ERRORS,
)

Name = Annotated[str, Field(max_length=255)]
Secret = Annotated[SecretStr, Field(max_length=4096)]
EXAMPLE = {"user": "ada", "password": "secretsecret"}


class NewToken(BaseModel):
    """User name and password, or an application credential of Keystone."""

    model_config = ConfigDict(extra="forbid")

    user: Name = ""
    password: Secret = SecretStr("")
    project: Name = Field("", description="Keystone: its name, if the user has several projects")
    domain: Name = Field("Default", description="Keystone: that of user and project, by name")
    application_credential_id: Name = ""
    application_credential_secret: Secret = SecretStr("")


class IssuedToken(BaseModel):
    """A token, for the header X-Auth-Token; when it expires (UTC), and what it is for."""

    token: str
    expires_at: str
    project_id: str
    roles: list[str]


@blueprint.post(
    "/token", request_body=examples.json_body(NewToken, EXAMPLE), responses={201: IssuedToken}
)
def post_token(body: NewToken) -> Any:
    """Log in: return a token."""
    credentials = Credentials(
        user=body.user,
        password=body.password.get_secret_value(),
        project=body.project,
        domain=body.domain,
        application_credential_id=body.application_credential_id,
        application_credential_secret=body.application_credential_secret.get_secret_value(),
    )
    issued = login().log_in(credentials, request.remote_addr or "")
    answer = jsonify(
        token=issued.token,
        expires_at=f"{issued.expires_at.isoformat(timespec='seconds')}Z",
        project_id=issued.project_id,
        roles=list(issued.roles),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer, 201


@blueprint.delete("/token", responses={204: None})
def delete_token() -> Any:
    """Log out: revoke the token that this request carries."""
    ours, token = login(), sent_token(request)
    if not token:
        abort(400, description="X-Auth-Token: is missing; it names the token to revoke")
    ours.log_out(token)
    return "", 204
