# SPDX-License-Identifier: Apache-2.0
"""Security headers: Content-Security-Policy, X-Content-Type-Options, Referrer-Policy."""

import functools
import re

from flask import Flask, Response, request

from faafo.store.base import ImageStore

# Bootstrap's style sheet has icons as data: URLs. Scripts are loaded from this server only.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# Of every response but the documentation of the API.
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
# Swagger UI has inline scripts, which the policy would block.
API_DOCUMENTATION = "/openapi"


def register(app: Flask, store: ImageStore) -> None:
    """Make ``app`` send the headers with every response but the documentation of the API."""
    policy = policy_for(store.public_origin)
    app.after_request(functools.partial(_secure, policy))


def policy_for(image_origin: str | None) -> str:
    """Return the policy, with ``image_origin`` as a further source of images and films."""
    if image_origin is None:
        return CONTENT_SECURITY_POLICY
    return re.sub("(img|media)-src 'self'", rf"\g<0> {image_origin}", CONTENT_SECURITY_POLICY)


def _secure(policy: str, response: Response) -> Response:
    if request.path.startswith(API_DOCUMENTATION):
        return response
    response.headers.update(ALWAYS)
    # Not with an image: a browser shows it in a generated page with inline styles. A 304 has no
    # type, and its headers apply to the cached image.
    if response.mimetype == "text/html" and response.status_code != 304:
        response.headers["Content-Security-Policy"] = policy
    return response
