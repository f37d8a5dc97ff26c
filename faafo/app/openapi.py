# SPDX-License-Identifier: Apache-2.0
"""The class of the application: its OpenAPI document says which credentials each call takes."""

from collections.abc import Collection, Iterator
from typing import Any

from flask_openapi import OpenAPI
from flask_openapi.utils import parse_rule

from faafo.core.login import HEADER
from faafo.fractal import locks
from faafo.policies.endpoints import PUBLIC, VISITED

TOKEN = "token"
# By the header that carries the credentials: the name of a scheme, and what it is.
SCHEMES: dict[str, tuple[str, dict[str, str]]] = {
    "Authorization": (
        "basic",
        {"type": "http", "scheme": "basic", "description": "User name and password (RFC 7617)."},
    ),
    HEADER: (
        TOKEN,
        {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": "A token, as POST /api/token returns it.",
        },
    ),
}
# Everybody may call it; the token is what it is about.
ABOUT_TOKEN = "token.delete_token"


# Not by a model: flask-openapi would make its schema anew for each request.
PREFER = {
    "in": "header",
    "name": "Prefer",
    "required": False,
    "schema": {"type": "string"},
    "example": "wait=10",
    "description": "RFC 7240; wait=10 answers when the fractal is complete or in error, or after "
    "10 seconds; at most [api] max_wait. Preference-Applied says that it was heeded.",
}
FENCE = {
    "in": "header",
    "name": locks.HEADER,
    "required": False,
    "schema": {"type": "string"},
    "description": "Of a lock, its name and the fencing token, such as generator=7: nothing is "
    "stored unless the lock is held under that token; then the answer is 412.",
}
WAITING = {"fractal.get_fractal", "fractal.post_fractal", "job.get_job"}
FENCED = {"fractal.post_fractal", "fractal.post_fractals"}


class DocumentedApp(OpenAPI):
    """The application; without ``ask_for_credentials`` its calls take none."""

    _credentials: Collection[str] = ()
    _visited: Collection[str] = ()
    _document: dict[str, Any] | None = None

    def ask_for_credentials(self, headers: Collection[str], public_gallery: bool) -> None:
        """Document that senders are identified, by one of ``headers``.

        :param public_gallery: whether visitors without credentials see what is shared.
        """
        self._credentials = headers
        self._visited = VISITED if public_gallery else ()

    @property
    def api_doc(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self._document is None:
            document = super().api_doc
            self._add_header(document, PREFER, WAITING)
            self._add_header(document, FENCE, FENCED)
            self._add_security(document)
            self._document = document
        return self._document

    def _add_security(self, document: dict[str, Any]) -> None:
        schemes = dict(SCHEMES[name] for name in self._credentials if name in SCHEMES)
        if not schemes:
            return
        document["components"]["securitySchemes"] = schemes
        for endpoint, call in self._calls(document):
            call["security"] = self._security(endpoint, schemes)

    def _add_header(
        self, document: dict[str, Any], header: dict[str, Any], endpoints: Collection[str]
    ) -> None:
        for endpoint, call in self._calls(document):
            if endpoint in endpoints:
                call.setdefault("parameters", []).append(header)

    def _calls(self, document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield endpoint and documentation of each call."""
        for rule in self.url_map.iter_rules():
            calls = document["paths"].get(parse_rule(rule.rule), {})
            for method in rule.methods or ():
                if method.lower() in calls:
                    yield rule.endpoint, calls[method.lower()]

    def _security(self, endpoint: str, schemes: Collection[str]) -> list[dict[str, list[str]]]:
        """Return the ways to call an endpoint, of which any will do."""
        if endpoint == ABOUT_TOKEN:
            return [{TOKEN: []}]
        if endpoint in PUBLIC:
            return []
        ways: list[dict[str, list[str]]] = [{name: []} for name in schemes]
        return [*ways, {}] if endpoint in self._visited else ways
