# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client that get records."""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from faafo.client.answers import LARGEST_PAGE
from faafo.client.results import Fractal
from faafo.client.session import Session
from faafo.fractal.task import ENDED, Status


class _Page(BaseModel):
    objects: list[Fractal]


class _Count(BaseModel):
    num_results: int


class ReadCalls:
    """Base class of ``Client``."""

    _session: Session

    def get(self, uuid: str) -> Fractal:
        """Return the record of a fractal."""
        return self._fractal(self._session.json("GET", f"/api/fractal/{uuid}"))

    def find(
        self,
        *,
        status: str | None = None,
        palette: str | None = None,
        formula: str | None = None,
        colouring: str | None = None,
        limit: int | None = None,
        scope: str | None = None,
        collection: str | None = None,
        children: str | None = None,
    ) -> Iterator[Fractal]:
        """Yield records, newest first, and at most ``limit``; pages are fetched when needed.

        :param scope: ``project``, one's own, which is the default; ``shared``, or
            ``all_projects``, which administrators may see.
        :param collection: uuid of one, instead of a scope.
        :param children: uuid of a fractal, whose parts are meant instead.
        """
        wanted = {
            "status": status,
            "palette": palette,
            "formula": formula,
            "colouring": colouring,
        }
        filters = [_filter(name, "eq", val) for name, val in wanted.items() if val is not None]
        marker, remaining = None, limit
        while remaining is None or remaining > 0:
            size = LARGEST_PAGE if remaining is None else min(LARGEST_PAGE, remaining)
            whose = {"scope": scope, "collection": collection, "children": children}
            page = self._page(filters, size, marker=marker, **whose)
            yield from page
            if len(page) < size:
                return
            marker = page[-1].uuid
            remaining = None if remaining is None else remaining - size

    def count_parts(self, uuid: str) -> dict[str, int]:
        """Return how many parts a fractal has by their status; those of none are left out."""
        counts = {}
        for status in Status:
            q = json.dumps({"filters": [_filter("status", "eq", status)]})
            parameters = {"children": uuid, "results_per_page": 1, "q": q}
            answer = self._session.json("GET", "/api/fractal", parameters=parameters)
            counts[status.value] = self._session.parse(_Count, answer).num_results
        return {status: count for status, count in counts.items() if count}

    def get_all(self, uuids: Collection[str], *, ended: bool = False) -> dict[str, Fractal]:
        """Return the records of those of ``uuids`` that exist, by uuid.

        :param ended: leave out those that are neither complete nor in error yet.
        """
        listed = list(uuids)
        found: dict[str, Fractal] = {}
        only = [_filter("status", "in", ENDED)] if ended else []
        for start in range(0, len(listed), LARGEST_PAGE):
            some = listed[start : start + LARGEST_PAGE]
            page = self._page([_filter("uuid", "in", some), *only], LARGEST_PAGE)
            found |= {fractal.uuid: fractal for fractal in page}
        return found

    def _page(
        self, filters: Iterable[dict[str, Any]], size: int, **others: str | None
    ) -> list[Fractal]:
        # What is None is not sent: an older service knows neither scopes nor collections.
        parameters: dict[str, Any] = {"results_per_page": size, **others}
        if filters:
            parameters["q"] = json.dumps({"filters": list(filters)})
        answer = self._session.json("GET", "/api/fractal", parameters=parameters)
        return self._session.parse(_Page, answer).objects

    def _fractal(self, answer: Any) -> Fractal:
        return self._session.parse(Fractal, answer)


def _filter(name: str, op: str, val: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "val": val}
