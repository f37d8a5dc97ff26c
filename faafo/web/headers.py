# SPDX-License-Identifier: Apache-2.0
"""Headers that tell a browser what our pages never do, so that it refuses to do it."""

import functools

from flask import Flask, Response, request

from faafo.store.base import ImageStore

# Bootstrap's style sheet holds a few of its icons as data: URLs. Scripts come from here alone.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# Swagger UI comes with inline scripts that are not ours to change.
API_DOCUMENTATION = "/openapi"


def register(app: Flask, store: ImageStore) -> None:
    """Make ``app`` send the headers with everything but the documentation of the API."""
    policy = policy_for(store.public_origin)
    app.after_request(functools.partial(_secure, policy))


def policy_for(image_origin: str | None) -> str:
    """Return the policy, where images may come from ``image_origin`` as well."""
    if image_origin is None:
        return CONTENT_SECURITY_POLICY
    return CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {image_origin}")


def _secure(policy: str, response: Response) -> Response:
    if request.path.startswith(API_DOCUMENTATION):
        return response
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    # Not with an image: the browser shows one that is opened by itself in a page of its own make,
    # with inline styles. A 304 has no type, and its headers go to the image that is kept.
    if response.mimetype == "text/html" and response.status_code != 304:
        response.headers["Content-Security-Policy"] = policy
    return response
