# SPDX-License-Identifier: Apache-2.0
"""The client's address and scheme, as the reverse proxies in front of the API tell them."""

import ipaddress
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

# In the WSGI environment.
SENT = "HTTP_X_FORWARDED_FOR"
REPLACED = "werkzeug.proxy_fix.orig"


def believe(app: Flask, proxies: int) -> None:
    """Have ``app`` take address and scheme from the headers that its proxies send.

    The address is what the farthest proxy has put into X-Forwarded-For. Most proxies replace
    X-Forwarded-Proto instead of adding to it, so the scheme is its last value. Host and path prefix
    are those of the request itself: many proxies pass on what clients say about them.

    :param proxies: how many there are; 0 has the headers ignored.
    """
    if proxies:
        believing = ProxyFix(_checking(app.wsgi_app), x_for=proxies, x_proto=1)
        app.wsgi_app = _splitting(believing)  # type: ignore[method-assign]


def _splitting(app: Callable[..., Any]) -> Callable[..., Any]:
    """Have every comma split values: with a quote a client would hide those of the proxies."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        if SENT in environ:
            environ[SENT] = environ[SENT].replace('"', "")
        return app(environ, start_response)

    return call


def _checking(app: Callable[..., Any]) -> Callable[..., Any]:
    """Take back what is no address, or no scheme of ours: it is logged, and kept in memory."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        for name, is_valid in CHECKS.items():
            before = environ[REPLACED][name]
            if environ.get(name) != before and not is_valid(environ[name]):
                environ[name] = before
        return app(environ, start_response)

    return call


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    # The zone of an IPv6 address (RFC 4007) is any text, and means nothing on another machine.
    return "%" not in text


CHECKS: dict[str, Callable[[str], bool]] = {
    "REMOTE_ADDR": _is_address,
    "wsgi.url_scheme": {"http", "https"}.__contains__,
}
