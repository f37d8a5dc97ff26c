# SPDX-License-Identifier: Apache-2.0
"""The part of the public client that logs users in and out."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from faafo.client.session import Session


class Token(BaseModel):
    """A token, when it expires, and the project and the roles that it is for."""

    model_config = ConfigDict(frozen=True, extra="allow")

    token: str = Field(repr=False)
    expires_at: datetime
    project_id: str | None
    roles: list[str]


class TokenCalls:
    """The calls about tokens."""

    _session: Session

    def issue_token(
        self, user: str, password: str, *, project: str | None = None, domain: str | None = None
    ) -> Token:
        """Log in and return a token; give it to ``faafo.client.TokenAuth``.

        :param project: its name in Keystone, if the user has several projects.
        :param domain: that of user and project, by name, if it is not Default.
        """
        body = {"user": user, "password": password, "project": project, "domain": domain}
        given = {name: value for name, value in body.items() if value is not None}
        return self._session.parse(Token, self._session.json("POST", "/api/token", given))

    def revoke_token(self) -> None:
        """Log out: revoke the token that this client sends."""
        self._session.json("DELETE", "/api/token")
