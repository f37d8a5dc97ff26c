# SPDX-License-Identifier: Apache-2.0
"""What an answer of the API says, and why there is none."""

from http import HTTPStatus
from typing import Any

import requests

from faafo.urls import masked, masked_text

# Records on a page of the API, at most.
LARGEST_PAGE = 100


def parsed(response: requests.Response) -> Any:
    """Return the answer, None if it has no content; a proxy that refuses may answer in HTML.

    :raises ValueError: when an answer of another status is not JSON, or is a redirection.
    """
    if response.is_redirect:
        place = masked(response.headers["Location"])
        raise ValueError(f"is redirected to {place:.200}: configure that address")
    if response.status_code == HTTPStatus.NO_CONTENT:
        return None
    try:
        return response.json()
    except ValueError:
        if 400 <= response.status_code < 500:
            return f"{response.status_code} {response.reason}"
        raise


def message(answer: Any) -> str:
    """Return the message of an error."""
    return str(answer.get("message", answer)) if isinstance(answer, dict) else str(answer)


def reason(error: Exception) -> str:
    """Return the innermost of requests' nested errors, which fits on one line."""
    innermost: BaseException = error
    while innermost.__context__ is not None:
        innermost = innermost.__context__
    return masked_text(str(innermost)) or type(innermost).__name__
