# SPDX-License-Identifier: Apache-2.0
"""A client of server-sent events for tests, independent of the one that faafo has."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode, urlsplit

PATIENCE_SECONDS = 60


class Got(NamedTuple):
    """An event, or a comment as one of the type "comment"."""

    id: int | None
    type: str
    data: Any


class EventStream:
    """An open stream; used in a ``with`` block, which hangs up in the end.

    :param last_id: sent as Last-Event-ID.
    """

    def __init__(
        self,
        url: str,
        last_id: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        sent = dict(headers or {}) | ({} if last_id is None else {"Last-Event-ID": str(last_id)})
        self._connection = http.client.HTTPConnection(
            urlsplit(url).netloc, timeout=PATIENCE_SECONDS
        )
        self._connection.request("GET", f"/api/event?{urlencode(params or {})}", headers=sent)
        self.answer = self._connection.getresponse()
        assert self.answer.status == 200, self.answer.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.answer.close()
        self._connection.close()

    def __iter__(self) -> Iterator[Got]:
        number, kind, data = None, "message", None
        while line := self.answer.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                number = int(value)
            elif name == "event":
                kind = value
            elif name == "data":
                data = json.loads(value)
            elif not name and value:
                yield Got(None, "comment", value)
            elif not name and data is not None:
                yield Got(number, kind, data)
                number, kind, data = None, "message", None

    def next(self) -> Got:
        """Return the next event; wait for it."""
        return next(iter(self))

    def until(self, kind: str) -> Got:
        """Return the next event of a type; wait for it."""
        return next(one for one in self if one.type == kind)

    def opened(self) -> Self:
        """Return the stream once no change is missed any more."""
        self.until("open")
        return self
