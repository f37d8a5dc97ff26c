# SPDX-License-Identifier: Apache-2.0
"""Who sends a request, as an authenticator says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import Request

from faafo import errors
from faafo.core.login import Strategy

# In the WSGI environment: a Sender, when the HTTP server has asked who sends the request.
SENDER = "faafo.sender"


@dataclass(frozen=True)
class Identity:
    """A user, the project that the credentials are for, if any, and the user's roles there."""

    user_id: str
    user_name: str
    project_id: str | None
    roles: Sequence[str]


# An error says why nobody is known to send the request.
Sender = Identity | errors.FaafoError


class Tokens(Protocol):
    """Where a strategy keeps the tokens that it issues, by their digests."""

    def add(self, digest: str, user_id: str, fingerprint: str, seconds: float) -> None: ...
    def find(self, digest: str) -> tuple[str, str] | None: ...
    def remove(self, digest: str) -> None: ...


class Authenticator(Strategy, Protocol):
    """Identifies the senders of requests, and logs users in; used by many threads.

    ``credentials`` are the headers by which it does, for caches.
    """

    credentials: Sequence[str]

    def identify(self, request: Request) -> Identity:
        """Return who sends ``request``.

        :raises faafo.errors.Unauthenticated: when it has no valid credentials.
        :raises faafo.errors.IdentityUnavailable: when the identity service does not answer.
        :raises faafo.errors.Overloaded: when too many credentials are being checked.
        """
        ...

    def recall(self, request: Request) -> Identity | None:
        """Return who sends ``request`` if that is known, at once; None if it has to be checked.

        :raises faafo.errors.Unauthenticated: when it is known to have no valid credentials.
        """
        ...

    def was_valid(self, request: Request) -> bool:
        """Tell whether these credentials were valid when they were checked last, a while ago."""
        ...
