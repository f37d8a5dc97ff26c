# SPDX-License-Identifier: Apache-2.0
"""Logging in and out: what the token route and the login page ask of the identity strategy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from flask import Request, current_app

from faafo import errors
from faafo.core.attempts import Attempts

KEY = "faafo.login"
HEADER = "X-Auth-Token"
COOKIE = "faafo_token"
# Of names in forms; a longer one is nobody's.
LONGEST_NAME = 255
LONGEST_SECRET = 4096


@dataclass(frozen=True)
class Credentials:
    """What a user sends to log in: name and password, or an application credential of Keystone.

    ``project`` and ``domain`` are names, and for Keystone only.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    project: str = ""
    domain: str = "Default"
    application_credential_id: str = ""
    application_credential_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Issued:
    """A new token, when it expires (UTC, without a zone), and what it is for."""

    token: str = field(repr=False)
    expires_at: datetime
    user_name: str
    project_id: str | None
    roles: Sequence[str]


class Strategy(Protocol):
    """Issues and revokes tokens; used by many threads.

    ``has_projects``: whether a user may have several projects to choose from.
    """

    has_projects: bool

    def log_in(self, credentials: Credentials) -> Issued:
        """Return a token for a user.

        :raises faafo.errors.Unauthenticated: when the credentials are wrong.
        :raises faafo.errors.ProjectNeeded: when the user has to name one of several projects.
        :raises faafo.errors.IdentityUnavailable: when the identity service does not answer.
        :raises faafo.errors.Overloaded: when too many credentials are being checked.
        """
        ...

    def log_out(self, token: str) -> None:
        """Revoke a token; no error when it is not valid.

        :raises faafo.errors.IdentityUnavailable: when the identity service does not answer.
        """
        ...


class Login:
    """Logs users in by ``strategy``, and limits how often that may fail; thread-safe."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._attempts = Attempts()
        self.has_projects = strategy.has_projects

    def log_in(self, credentials: Credentials, address: str) -> Issued:
        """Return a token for a user who sends ``credentials`` from ``address``.

        :raises faafo.errors.TooManyAttempts: when too many failed lately.
        """
        name = credentials.application_credential_id or f"{credentials.domain}/{credentials.user}"
        name = name.casefold()[:LONGEST_NAME]
        self._attempts.begin(name, address)
        try:
            issued = self._strategy.log_in(credentials)
        except errors.Unauthenticated:
            raise
        except errors.FaafoError:
            self._attempts.forgive(name, address)
            raise
        self._attempts.forgive(name, address)
        return issued

    def log_out(self, token: str) -> None:
        """Revoke ``token``."""
        if token:
            self._strategy.log_out(token)


def login_or_none() -> Login | None:
    """Return what logs users of the current application in; None with noauth."""
    return current_app.extensions.get(KEY)


def login() -> Login:
    """Return what logs users of the current application in.

    :raises faafo.errors.NoLogin: with noauth.
    """
    found = login_or_none()
    if found is None:
        raise errors.NoLogin("there is no login here: [api] auth_strategy = noauth")
    return found


def sent_token(request: Request) -> str:
    """Return the token that a request carries, in its header or in the cookie of the pages."""
    return (request.headers.get(HEADER) or request.cookies.get(COOKIE) or "").strip()
