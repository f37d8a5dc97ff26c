# SPDX-License-Identifier: Apache-2.0
"""What keeps pages of others from pressing our buttons."""

from urllib.parse import urlsplit

from flask import abort, request

# "none" is somebody who typed or reloaded.
OURS = ("same-origin", "none")


def refuse_strangers() -> None:
    """Abort with 403 when a page of another origin has a browser send this request.

    Browsers say so themselves: in ``Sec-Fetch-Site`` (Fetch Metadata Request Headers, W3C) where
    the connection is safe, else in ``Origin`` (RFC 6454), which comes with every POST. A program
    that sends neither carries nobody's rights but its own. So no page needs a token, and all
    visitors see the same one.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in OURS:
            _refuse()
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        _refuse()


def _refuse() -> None:
    abort(403, description="This came from a page that is not ours. Press the button here again.")
