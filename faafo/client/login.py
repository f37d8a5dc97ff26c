# SPDX-License-Identifier: Apache-2.0
"""How a request shows who sends it: the login that a URL holds, or a token."""

from urllib.parse import unquote, urlsplit, urlunsplit

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

TOKEN_HEADER = "X-Auth-Token"


def without_login(url: str) -> tuple[str, HTTPBasicAuth | None]:
    """Return ``url`` without its login, and the login."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user, _colon, password = login.partition(":")
    bare = urlunsplit(parts._replace(netloc=host))
    # requests would encode text as Latin-1, which has not all characters (RFC 7617: UTF-8).
    auth = HTTPBasicAuth(unquote(user).encode(), unquote(password).encode())
    return bare, auth if at else None


class TokenAuth(AuthBase):
    """Sends a token, which ``Client.issue_token`` or Keystone has issued."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers[TOKEN_HEADER] = self._token
        return request
