# SPDX-License-Identifier: Apache-2.0
"""Logging in at Keystone, with the session of the middleware."""

from typing import Any

from keystoneauth1 import exceptions, session
from keystoneauth1.access import AccessInfo
from keystoneauth1.identity import v3

from faafo import errors
from faafo.core.login import Credentials, Issued
from faafo.urls import masked_text

WRONG = "the user name, the password or the project is wrong"
# Answers of Keystone that are about the user: 4xx, and what rules for several factors demand.
REFUSALS = (exceptions.HTTPClientError, exceptions.MissingAuthMethods)
# What is raised when an answer has another shape than that of Keystone.
ODD = (KeyError, TypeError, ValueError)
# Projects that a message names at most.
MOST_NAMED = 10


class KeystoneLogin:
    """Gets tokens from Keystone, and revokes them.

    :param auth_url: of Keystone, with or without its version.
    """

    def __init__(self, auth_url: str, asking: session.Session) -> None:
        self._auth_url = auth_url.rstrip("/")
        if not self._auth_url.endswith("/v3"):
            self._auth_url += "/v3"
        self._session = asking

    def log_in(self, credentials: Credentials) -> Issued:
        """Return a token for a project.

        :raises faafo.errors.Unauthenticated: when Keystone refuses the credentials.
        :raises faafo.errors.Forbidden: when the user has a role in no project.
        :raises faafo.errors.ProjectNeeded: when there are several projects, and none is named.
        :raises faafo.errors.IdentityUnavailable: when Keystone does not answer.
        """
        try:
            access = self._plugin(credentials).get_access(self._session)
            if access.project_id is None:
                access = self._scoped(access)
        except REFUSALS:
            raise errors.Unauthenticated(WRONG) from None
        except (exceptions.ClientException, *ODD) as error:
            raise errors.IdentityUnavailable(masked_text(str(error))) from None
        assert access.auth_token is not None
        assert access.expires is not None
        return Issued(
            access.auth_token,
            access.expires.replace(tzinfo=None),
            access.username or "",
            access.project_id,
            tuple(access.role_names or ()),
        )

    def log_out(self, token: str) -> None:
        """Revoke a token; no error when it is not valid.

        :raises faafo.errors.IdentityUnavailable: when Keystone does not answer.
        """
        try:
            headers = {"X-Auth-Token": token, "X-Subject-Token": token}
            self._ask("DELETE", "/auth/tokens", headers)
        except exceptions.HTTPClientError:
            return
        except exceptions.ClientException as error:
            raise errors.IdentityUnavailable(masked_text(str(error))) from None

    def _plugin(self, given: Credentials) -> v3.Auth:
        if given.application_credential_id:
            return v3.ApplicationCredential(
                self._auth_url,
                application_credential_id=given.application_credential_id,
                application_credential_secret=given.application_credential_secret,
            )
        scope: dict[str, Any] = {}
        if given.project:
            scope = {"project_name": given.project, "project_domain_name": given.domain}
        return v3.Password(
            self._auth_url,
            username=given.user,
            password=given.password,
            user_domain_name=given.domain,
            **scope,
        )

    def _scoped(self, access: AccessInfo) -> AccessInfo:
        """Return access to the only project of a user who has named none."""
        assert access.auth_token is not None
        headers = {"X-Auth-Token": access.auth_token}
        projects = self._ask("GET", "/auth/projects", headers).json()["projects"]
        if not projects:
            raise errors.Forbidden("the user has a role in no project")
        if len(projects) > 1:
            names = ", ".join(sorted(one["name"] for one in projects)[:MOST_NAMED])
            raise errors.ProjectNeeded(f"project: choose one of {names}")
        token = v3.Token(self._auth_url, access.auth_token, project_id=projects[0]["id"])
        return token.get_access(self._session)

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> Any:
        # The headers carry tokens, which the library would log at the level DEBUG.
        return self._session.request(
            self._auth_url + path, method, headers=headers, authenticated=False, log=False
        )
