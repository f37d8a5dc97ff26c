# SPDX-License-Identifier: Apache-2.0
"""The login that a URL may hold, taken out of it."""

from urllib.parse import unquote, urlsplit, urlunsplit

from requests.auth import HTTPBasicAuth


def without_login(url: str) -> tuple[str, HTTPBasicAuth | None]:
    """Return ``url`` without its login, and the login."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user, _colon, password = login.partition(":")
    bare = urlunsplit(parts._replace(netloc=host))
    # requests would encode text as Latin-1, which has not all characters (RFC 7617: UTF-8).
    auth = HTTPBasicAuth(unquote(user).encode(), unquote(password).encode())
    return bare, auth if at else None
