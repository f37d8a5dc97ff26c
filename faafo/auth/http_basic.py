# SPDX-License-Identifier: Apache-2.0
"""Authentication by user name and password (RFC 7617), for a team without Keystone."""

import hashlib
import hmac
import logging
import secrets
import threading

import bcrypt
from flask import Request
from oslo_config import cfg

from faafo import errors
from faafo.auth import htpasswd
from faafo.auth.identity import Identity, Tokens
from faafo.auth.issued import IssuedTokens
from faafo.auth.watched import WatchedFile
from faafo.core.login import HEADER, Credentials, Issued, sent_token

LOG = logging.getLogger(__name__)

OPTION = "[api] http_basic_auth_user_file"
WRONG = "the user name or the password is wrong"
CHALLENGE = 'Basic realm="faafo", charset="UTF-8"'
# All users share it.
PROJECT = "default"
ADMIN = ("admin", "member", "reader")
MEMBER = ("member", "reader")
SERVICE = ("service",)
MONITORING = ("monitoring",)
# bcrypt knows no more bytes of a password.
LONGEST_PASSWORD = 72
# A check takes up to two seconds of a processor.
CHECKS = 2
PATIENCE_SECONDS = 3.0


class HttpBasic:
    """Identifies the users in an htpasswd file; changes of the file hold within two seconds.

    A user's password is checked by bcrypt once for each hash in the file. Later requests are
    compared with its HMAC, whose key is this process's own, since a check takes as long as
    hundreds of requests.

    :raises faafo.errors.ConfigurationError: when the file cannot be read or has a broken line.
    """

    credentials = ("Authorization", HEADER, "Cookie")
    has_projects = False

    def __init__(self, conf: cfg.ConfigOpts, tokens: Tokens) -> None:
        path = conf.api.http_basic_auth_user_file
        if not path:
            raise errors.ConfigurationError(f"{OPTION}: auth_strategy = http_basic needs this file")
        self._users = WatchedFile(OPTION, path, _read)
        self._admins = frozenset(conf.api.admin_users)
        self._services = frozenset(conf.api.service_users)
        self._monitoring = frozenset(conf.api.monitoring_users)
        self._key = secrets.token_bytes(32)
        self._verified: dict[str, tuple[bytes, bytes]] = {}
        self._checks = threading.BoundedSemaphore(CHECKS)
        self._issued = IssuedTokens(tokens, conf.api.token_lifetime, self._identity)

    def identify(self, request: Request) -> Identity:
        """Return who sends ``request``: whose password, or whose token, it carries."""
        token = _token_of(request)
        if token:
            return _required(self._issued.owner(token, self._users.value.hashes))
        name, password = _sent(request)
        if not self._is_known(name, password):
            raise errors.Unauthenticated(WRONG, CHALLENGE)
        return self._identity(name)

    def recall(self, request: Request) -> Identity | None:
        """Return who sends ``request`` if password or token have been checked before."""
        token = _token_of(request)
        if token:
            is_known, who = self._issued.recall(token, self._users.value.hashes)
            return _required(who) if is_known else None
        name, password = _sent(request)
        encoded = self._users.value.hashes.get(name)
        return self._identity(name) if self._is_verified(name, password, encoded) else None

    def was_valid(self, request: Request) -> bool:
        """Tell whether a token was valid when it was looked up last.

        A password stays verified until its hash in the file changes.
        """
        return self._issued.was_valid(_token_of(request))

    def log_in(self, credentials: Credentials) -> Issued:
        """Return a token for a user with a password.

        :raises faafo.errors.Unauthenticated: when the name or the password is wrong.
        :raises faafo.errors.DatabaseUnavailable: when the token cannot be stored.
        """
        name, password = credentials.user, credentials.password.encode(errors="surrogatepass")
        encoded = self._users.value.hashes.get(name)
        if not self._is_known(name, password) or encoded is None:
            raise errors.Unauthenticated(WRONG, CHALLENGE)
        token, expires_at = self._issued.issue(name, encoded)
        return Issued(token, expires_at, name, PROJECT, self._roles(name))

    def log_out(self, token: str) -> None:
        """Revoke a token.

        :raises faafo.errors.DatabaseUnavailable: when the database is unreachable.
        """
        self._issued.revoke(token)

    def _identity(self, name: str) -> Identity:
        return Identity(name, name, PROJECT, self._roles(name))

    def _roles(self, name: str) -> tuple[str, ...]:
        if name in self._monitoring:
            return MONITORING
        roles = ADMIN if name in self._admins else MEMBER
        return roles + SERVICE if name in self._services else roles

    def _is_known(self, name: str, password: bytes) -> bool:
        users = self._users.value
        encoded = users.hashes.get(name)
        if self._is_verified(name, password, encoded):
            return True
        # An unknown user takes as long as a wrong password.
        hashed = encoded or users.costliest
        if hashed is None or not self._matches(password, hashed) or encoded is None:
            return False
        self._verified[name] = (encoded, self._digest(password))
        return True

    def _is_verified(self, name: str, password: bytes, encoded: bytes | None) -> bool:
        verified, known = self._verified.get(name, (None, b""))
        return (
            encoded is not None
            and verified == encoded
            and hmac.compare_digest(known, self._digest(password))
        )

    def _digest(self, password: bytes) -> bytes:
        return hmac.digest(self._key, password, hashlib.sha256)

    def _matches(self, password: bytes, encoded: bytes) -> bool:
        if len(password) > LONGEST_PASSWORD:
            return False
        if not self._checks.acquire(timeout=PATIENCE_SECONDS):
            raise errors.Overloaded("too many passwords are being checked; try again later")
        try:
            return bcrypt.checkpw(password, encoded)
        # An older bcrypt refuses a password with a zero byte.
        except ValueError:
            return False
        finally:
            self._checks.release()


def _read(text: str) -> htpasswd.Users:
    users = htpasswd.parse(text)
    if len(users.costs) > 1:
        LOG.warning(
            "%s: the hashes have costs from %d to %d; the time of a wrong password tells which "
            "users exist unless all are made with the same, such as htpasswd -B -C 10",
            OPTION,
            min(users.costs),
            max(users.costs),
        )
    return users


def _sent(request: Request) -> tuple[str, bytes]:
    try:
        sent = request.authorization
    # It is no ASCII text, which the library does not expect.
    except ValueError:
        sent = None
    if sent is None or sent.type != "basic":
        raise errors.Unauthenticated("log in with a user name and a password", CHALLENGE)
    return sent.username or "", (sent.password or "").encode()


def _token_of(request: Request) -> str:
    """Return the token of a request that names no user."""
    return "" if "Authorization" in request.headers else sent_token(request)


def _required(who: Identity | None) -> Identity:
    if who is None:
        raise errors.Unauthenticated(
            "the token is not valid: it is unknown, expired or revoked", CHALLENGE
        )
    return who
