# SPDX-License-Identifier: Apache-2.0
"""The preflight of an upload: the application is asked before the HTTP server reads the body."""

from flask import request

# In the WSGI environment of the question. A successful answer means: read the body.
PREFLIGHT = "faafo.preflight"
# In that of a request whose body the HTTP server has dropped: the application gets an empty one.
DROPPED = "faafo.dropped"


def is_preflight() -> bool:
    """Tell whether the body of the current request has not been read yet."""
    return bool(request.environ.get(PREFLIGHT))


def has_dropped_body() -> bool:
    """Tell whether the HTTP server has dropped the body of the current request unread."""
    return bool(request.environ.get(DROPPED))
