# SPDX-License-Identifier: Apache-2.0
"""Who sends a request, as an authenticator says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import Request


@dataclass(frozen=True)
class Identity:
    """A user, the project that the credentials are for, if any, and the user's roles there."""

    user_id: str
    user_name: str
    project_id: str | None
    roles: Sequence[str]


class Authenticator(Protocol):
    """Identifies the senders of requests; used by many threads.

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
