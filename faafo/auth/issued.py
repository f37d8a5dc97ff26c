# SPDX-License-Identifier: Apache-2.0
"""Random tokens for users with a password, of which only the digests are kept."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from faafo.auth.identity import Identity, Tokens
from faafo.auth.recent import Recent

TOKEN_BYTES = 32


class IssuedTokens:
    """Issues tokens, and tells whose they are; used by many threads.

    A token is as good as the password that it was issued for: it ends with the password, and with
    the user. One that is revoked by another process is refused within a few seconds.

    :param lifetime: of a token, in seconds.
    :param identity: returns the identity of a user.
    """

    def __init__(
        self, tokens: Tokens, lifetime: float, identity: Callable[[str], Identity]
    ) -> None:
        self._tokens = tokens
        self._lifetime = lifetime
        self._identity = identity
        self._recent = Recent()

    def issue(self, user: str, encoded: bytes) -> tuple[str, datetime]:
        """Return a token for ``user``, whose password has the hash ``encoded``, and its end."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        ends_at = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=self._lifetime)
        self._tokens.add(_digest(token.encode()), user, _digest(encoded), self._lifetime)
        return token, ends_at

    def recall(self, token: str, users: Mapping[str, bytes]) -> tuple[bool, Identity | None]:
        """Return whether it is remembered whose token this is, and whose; None: it is invalid."""
        entry = self._recent.get(token)
        if entry is None:
            return False, None
        who = entry.identity
        return True, who if who is not None and who.user_id in users else None

    def was_valid(self, token: str) -> bool:
        """Tell whether the token was valid when it was looked up last."""
        return self._recent.was_valid(token)

    def owner(self, token: str, users: Mapping[str, bytes]) -> Identity | None:
        """Return whose token this is; None if it is unknown, expired or revoked.

        :param users: the hashes of the passwords of all users.
        """
        found = self._tokens.find(_digest(token.encode()))
        who = None
        if found is not None:
            name, fingerprint = found
            is_same = name in users and _digest(users[name]) == fingerprint
            who = self._identity(name) if is_same else None
        self._recent.add(token, who)
        return who

    def revoke(self, token: str) -> None:
        """Forget a token."""
        self._tokens.remove(_digest(token.encode()))
        self._recent.add(token, None)


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
