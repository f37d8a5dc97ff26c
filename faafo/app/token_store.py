# SPDX-License-Identifier: Apache-2.0
"""The tokens in the database, for an authenticator, which works outside of requests, too."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from faafo.db import Session, db, tokens
from faafo.db.engine import explained


class TokenStore:
    """Keeps the tokens of the users of ``app``; thread-safe.

    Each method raises ``faafo.errors.DatabaseUnavailable`` when the database is unreachable.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def add(self, digest: str, user_id: str, fingerprint: str, seconds: float) -> None:
        """Store a token for ``seconds``."""
        with self._session() as session:
            tokens.add(session, digest, user_id, fingerprint, seconds)

    def find(self, digest: str) -> tuple[str, str] | None:
        """Return user and fingerprint of a token that has not expired."""
        with self._session() as session:
            found = tokens.find(session, digest)
            return None if found is None else (found.user_id, found.fingerprint)

    def remove(self, digest: str) -> None:
        """Forget a token."""
        with self._session() as session:
            tokens.remove(session, digest)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._app.app_context(), explained(db.engine.url):
            yield db.session()
