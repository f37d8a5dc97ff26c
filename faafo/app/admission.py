# SPDX-License-Identifier: Apache-2.0
"""Asks the application whether to read the body of an upload, in a thread of the slow lane."""

import io
from collections.abc import Callable
from typing import Any

from faafo.app.lanes import Lane
from faafo.core.preflight import PREFLIGHT


class Admission:
    """The question about one upload; ``channel.decide`` gets the answer."""

    lane = Lane.SLOW

    def __init__(self, channel: Any, parser: Any, environ: Callable[[], dict[str, Any]]) -> None:
        self.parser = parser
        self._channel = channel
        self._is_turned_away = False
        self._environ = environ

    def environ(self) -> dict[str, Any]:
        """Return the WSGI environment of the question."""
        return self._environ() | {PREFLIGHT: True, "wsgi.input": io.BytesIO()}

    def turn_away(self) -> bool:
        """Have the upload answered with 503, and its body dropped."""
        self._is_turned_away = True
        return True

    def service(self) -> None:
        """Ask; whatever goes wrong, the application answers it when the request is made."""
        if self._is_turned_away:
            self.parser.no_room = True
            self._channel.decide(False)
            return
        statuses: list[str] = []

        def start_response(status: str, _headers: Any, _error: Any = None) -> None:
            statuses.append(status)

        try:
            body = self._channel.server.application(self.environ(), start_response)
            if hasattr(body, "close"):
                body.close()
        finally:
            self._channel.decide(bool(statuses) and statuses[0].startswith("2"))

    def cancel(self) -> None:
        """Drop the question: the server stops."""
