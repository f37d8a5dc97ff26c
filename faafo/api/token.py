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

    user: Name = Field("", description="name of the user")
    password: Secret = Field(SecretStr(""), description="the user's password")
    project: Name = Field("", description="Keystone: its name, if the user has several projects")
    domain: Name = Field("Default", description="Keystone: that of user and project, by name")
    application_credential_id: Name = Field(
        "", description="Keystone: id of an application credential, in place of user and password"
    )
    application_credential_secret: Secret = Field(
        SecretStr(""), description="Keystone: the secret of that application credential"
    )


class IssuedToken(BaseModel):
    """A token and what it is for."""

    token: str = Field(description="the token, for the header X-Auth-Token")
    expires_at: str = Field(description="when it expires, such as 2026-11-29T00:12:41Z (UTC)")
    project_id: str = Field(description="the project that it is for")
    roles: list[str] = Field(description="the user's roles in that project")


@blueprint.post(
    "/token",
    operation_id="create_token",
    request_body=examples.json_body(NewToken, EXAMPLE),
    responses={201: IssuedToken},
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


@blueprint.delete("/token", operation_id="delete_token", responses={204: None})
def delete_token() -> Any:
    """Log out: revoke the token that this request carries."""
    ours, token = login(), sent_token(request)
    if not token:
        abort(400, description="X-Auth-Token: is missing; it names the token to revoke")
    ours.log_out(token)
    return "", 204
