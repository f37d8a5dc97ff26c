# SPDX-License-Identifier: Apache-2.0
"""Authentication by tokens of Keystone, which keystonemiddleware validates."""

import re
import sys
from typing import Any

import webob.exc
from flask import Request
from keystoneauth1 import exceptions
from oslo_config import cfg

from faafo import errors
from faafo.auth.identity import Identity, Tokens
from faafo.auth.keystone_login import KeystoneLogin
from faafo.auth.recent import Recent
from faafo.auth.validation import Validation
from faafo.core.login import HEADER, Credentials, Issued, sent_token
from faafo.urls import masked_text

# The client of memcached imports eventlet when it finds it, though nothing here uses it.
sys.modules.setdefault("eventlet", None)  # type: ignore[arg-type]

from keystonemiddleware.auth_token import AuthProtocol, list_opts  # noqa: E402
from keystonemiddleware.auth_token._request import _AuthTokenRequest  # noqa: E402

GROUP = "keystone_authtoken"
# Fernet tokens have some 250 characters, those with a signature (JWS) a thousand.
LONGEST_TOKEN = 4096
TOKEN = re.compile(r"[!-~]+")
DEFAULTS = {
    # A revoked token is refused after that many seconds.
    "token_cache_time": 60,
    # Seconds that Keystone gets for a connection, and for an answer.
    "http_connect_timeout": 3,
    "http_request_max_retries": 0,
}
# Logins and logouts at a time.
LOGINS = 2
# Seconds that a request waits for the validation of its token.
PATIENCE_SECONDS = 3.5
# To Keystone at the same time: two about unknown tokens leave two for those that were valid.
LEAST_QUESTIONS = 4
# What the middleware adds to the environment of a request with a valid token.
USER_ID, USER_NAME = "HTTP_X_USER_ID", "HTTP_X_USER_NAME"
PROJECT_ID, ROLES = "HTTP_X_PROJECT_ID", "HTTP_X_ROLES"
# Set there for the token of an application credential that is for some paths only.
ACCESS_RULES = "faafo.access_rules"


class Middleware(AuthProtocol):
    """keystonemiddleware without its WSGI application: errors are answered as all others are."""

    def __init__(self, conf: cfg.ConfigOpts, validation: Validation) -> None:
        self._validation = validation
        super().__init__(None, {"oslo_config_config": conf})

    @property
    def www_authenticate_uri(self) -> str:
        # By default it would ask Keystone for the catalogue.
        return self._www_authenticate_uri or getattr(self._auth, "auth_url", None) or ""

    def forget(self, token: str) -> None:
        """Have Keystone asked the next time, whatever the cache knows of ``token``."""
        self._token_cache.set(token, {})

    @property
    def auth_url(self) -> str:
        """The URL of Keystone."""
        return getattr(self._auth, "auth_url", None) or self.www_authenticate_uri

    @property
    def asking(self) -> Any:
        """The session of keystoneauth1, with its timeouts and certificates."""
        return self._session

    @property
    def challenge(self) -> str:
        """The value of the header ``WWW-Authenticate``."""
        return f'Keystone uri="{self.www_authenticate_uri}"'

    def fetch_token(self, token: str, **options: Any) -> Any:
        """Return what the cache or Keystone knows of a token.

        :raises faafo.errors.IdentityUnavailable: when Keystone does not answer in time.
        :raises keystonemiddleware.exceptions.InvalidToken: when Keystone does not know it.
        """
        # Whether Keystone answers must not matter to a token that is known.
        known = self._token_cache.get(token)
        return known or self._validation.run(lambda: self._ask(token, options))

    def validate_allowed_request(self, request: _AuthTokenRequest, token: dict[str, Any]) -> None:
        credential = token.get("application_credential") or {}
        if credential.get("access_rules") is not None:
            request.environ[ACCESS_RULES] = True
        super().validate_allowed_request(request, token)

    def _ask(self, token: str, options: dict[str, Any]) -> Any:
        try:
            return super().fetch_token(token, **options)
        except (webob.exc.HTTPServiceUnavailable, exceptions.ClientException) as error:
            cause = error.__context__ or error
            raise errors.IdentityUnavailable(masked_text(str(cause))) from None


class Keystone:
    """Identifies users by their tokens; used by many threads.

    The middleware keeps valid tokens for ``token_cache_time`` seconds in memcached, where that is
    configured. In front of it are bounds on time and number of questions to Keystone, and a cache
    of a few seconds in this process, also for tokens that are not valid.

    :raises faafo.errors.ConfigurationError: when ``[keystone_authtoken]`` is not valid.
    """

    credentials = (HEADER, "Cookie")
    has_projects = True

    def __init__(self, conf: cfg.ConfigOpts, _tokens: Tokens) -> None:
        register_opts(conf)
        if not conf[GROUP].auth_type and not conf[GROUP].auth_section:
            raise errors.ConfigurationError(f"[{GROUP}] auth_type: keystone needs it")
        self._validation = Validation(PATIENCE_SECONDS, max(LEAST_QUESTIONS, conf.api.threads // 2))
        try:
            self._middleware = Middleware(conf, self._validation)
        except (exceptions.ClientException, cfg.RequiredOptError) as error:
            raise errors.ConfigurationError(f"[{GROUP}]: {error}") from None
        self._recent = Recent()
        # What users who log in do must not keep the tokens of others from being validated.
        self._logins = Validation(PATIENCE_SECONDS, LOGINS)
        self._login = KeystoneLogin(self._middleware.auth_url, self._middleware.asking)

    def identify(self, request: Request) -> Identity:
        """Return who sends ``request``: the user of the token in the header X-Auth-Token."""
        recent = self.recall(request)
        if recent is not None:
            return recent
        token = sent_token(request)
        identity, is_for_all_paths = self._validated(token, request)
        if is_for_all_paths:
            self._recent.add(token, identity)
        return self._required(identity)

    def recall(self, request: Request) -> Identity | None:
        """Return who sends ``request`` if its token has been validated a few seconds ago."""
        token = sent_token(request)
        if not token:
            raise self._refusal(
                "a token of Keystone is missing: send it in the header X-Auth-Token"
            )
        if not _is_token(token):
            raise self._refusal("the token is not valid")
        recent = self._recent.get(token)
        return None if recent is None else self._required(recent.identity)

    def was_valid(self, request: Request) -> bool:
        """Tell whether the token was valid when it was validated last."""
        return self._recent.was_valid(sent_token(request))

    def log_in(self, credentials: Credentials) -> Issued:
        """Return a token of Keystone; see ``KeystoneLogin``."""
        try:
            return self._logins.run(lambda: self._login.log_in(credentials))
        except errors.Unauthenticated as error:
            raise self._refusal(str(error)) from None

    def log_out(self, token: str) -> None:
        """Have Keystone revoke a token, and forget that it was valid."""
        if not _is_token(token):
            return
        self._recent.add(token, None)
        self._middleware.forget(token)
        self._logins.run(lambda: self._login.log_out(token))

    def _required(self, identity: Identity | None) -> Identity:
        if identity is None:
            raise self._refusal("the token is not valid: it is unknown, expired or revoked")
        return identity

    def _validated(self, token: str, request: Request) -> tuple[Identity | None, bool]:
        """Return whose token this is, and whether that holds for requests to other paths, too."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": request.script_root,
            "PATH_INFO": request.path,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "HTTP_X_AUTH_TOKEN": token,
        }
        asked = _AuthTokenRequest(environ)
        try:
            self._middleware.process_request(asked)
        except webob.exc.HTTPUnauthorized:
            return None, ACCESS_RULES not in environ
        identity = Identity(
            user_id=environ[USER_ID],
            user_name=environ.get(USER_NAME, ""),
            project_id=environ.get(PROJECT_ID) or None,
            roles=tuple(filter(None, environ.get(ROLES, "").split(","))),
        )
        return identity, ACCESS_RULES not in environ

    def _refusal(self, message: str) -> errors.Unauthenticated:
        return errors.Unauthenticated(message, self._middleware.challenge)


def _is_token(token: str) -> bool:
    return len(token) <= LONGEST_TOKEN and TOKEN.fullmatch(token) is not None


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of keystonemiddleware, with defaults of our own."""
    for group, opts in list_opts():
        conf.register_opts(opts, group=group)
    for name, value in DEFAULTS.items():
        conf.set_default(name, value, group=GROUP)
