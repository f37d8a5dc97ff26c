# SPDX-License-Identifier: Apache-2.0
"""Protection against cross-site request forgery."""

from urllib.parse import urlsplit

from flask import abort, request

# "none": the user typed the URL or reloaded the page.
ALLOWED_SITES = ("same-origin", "none")


def reject_cross_site() -> None:
    """Abort with 403 when a page of another origin made the browser send this request.

    Browsers send ``Sec-Fetch-Site`` (Fetch Metadata Request Headers, W3C) over secure connections,
    and ``Origin`` (RFC 6454) with every POST. A client that sends neither is no browser, and cannot
    be misused by another page. So pages need no token, and all visitors get the same page.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ALLOWED_SITES:
            _reject()
        return
    origin = request.headers.get("Origin")
    if origin is not None and _host(origin) != request.host:
        _reject()


def reject_cross_site_posts() -> None:
    """Do the same for a POST only: a link from elsewhere may lead to the page."""
    if request.method == "POST":
        reject_cross_site()


def _host(origin: str) -> str | None:
    """Return host and port of an origin; None when it is malformed."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _reject() -> None:
    abort(
        403,
        description="Cross-site request rejected. Use a page of this site, or type the address.",
    )
