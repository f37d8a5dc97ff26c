# SPDX-License-Identifier: Apache-2.0
"""The public client of faafo: post, find, wait for and download fractals."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any, BinaryIO, Self, Unpack

from pydantic import BaseModel
from requests.auth import AuthBase

from faafo import errors
from faafo.client.answers import LARGEST_PAGE
from faafo.client.collections import CollectionCalls
from faafo.client.parameters import Parameters, make_task
from faafo.client.quotas import QuotaCalls
from faafo.client.results import Fractal
from faafo.client.session import Session
from faafo.client.tokens import TokenCalls
from faafo.fractal.task import CHECKSUM_DIGITS, Status
from faafo.retry import with_backoff

DEFAULT_URL = "http://127.0.0.1:5000"
# Seconds.
TIMEOUT = 60.0
WAIT_TIMEOUT = 600.0
# Pauses between two questions whether a fractal has ended, in seconds: short renders are noticed
# soon, long ones cost the API little.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
PAUSE_GROWTH = 1.5


class _Page(BaseModel):
    objects: list[Fractal]


class Client(CollectionCalls, QuotaCalls, TokenCalls):
    """Talks to the API at ``url``; may be shared by threads, and used in a ``with`` block.

    Every method raises ``faafo.errors.ApiUnavailable`` when a retry may succeed, and
    ``faafo.errors.ApiRefused``, whose ``status`` is the HTTP status, when it cannot. All errors are
    subclasses of ``faafo.errors.FaafoError``, and their messages are written for people.

    :param auth: authenticates every request; by default the login in the URL, if it has one.
    :param cacert: path of the certificates that are trusted, PEM; by default those of certifi.
    :param timeout: seconds that a request waits for the next byte of its answer.
    :param connections: number of connections that are kept open; for threads that share a client.
    :raises faafo.errors.ConfigurationError: when ``url`` is not the URL of a server.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        auth: AuthBase | None = None,
        cacert: str | None = None,
        timeout: float = TIMEOUT,
        connections: int = 8,
    ) -> None:
        self._session = Session(url, auth, cacert, timeout, connections)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def create(self, **parameters: Unpack[Parameters]) -> Fractal:
        """Post a fractal and return its record.

        :raises faafo.errors.InvalidTask: when a parameter is out of bounds; nothing is sent.
        """
        body = make_task(parameters).model_dump(exclude_none=True)
        return self._fractal(self._session.json("POST", "/api/fractal", body))

    def get(self, uuid: str) -> Fractal:
        """Return the record of a fractal."""
        return self._fractal(self._session.json("GET", f"/api/fractal/{uuid}"))

    def find(
        self,
        *,
        status: str | None = None,
        palette: str | None = None,
        limit: int | None = None,
        scope: str | None = None,
        collection: str | None = None,
    ) -> Iterator[Fractal]:
        """Yield records, newest first, and at most ``limit``; pages are fetched when needed.

        :param scope: ``project``, one's own, which is the default; ``shared``, or
            ``all_projects``, which administrators may see.
        :param collection: uuid of one, instead of a scope.
        """
        wanted = {"status": status, "palette": palette}
        filters = [_filter(name, "eq", val) for name, val in wanted.items() if val is not None]
        marker, remaining = None, limit
        while remaining is None or remaining > 0:
            size = LARGEST_PAGE if remaining is None else min(LARGEST_PAGE, remaining)
            page = self._page(filters, size, marker=marker, scope=scope, collection=collection)
            yield from page
            if len(page) < size:
                return
            marker = page[-1].uuid
            remaining = None if remaining is None else remaining - size

    def get_all(self, uuids: Collection[str], *, ended: bool = False) -> dict[str, Fractal]:
        """Return the records of those of ``uuids`` that exist, by uuid.

        :param ended: leave out those that are neither complete nor in error yet.
        """
        listed = list(uuids)
        found: dict[str, Fractal] = {}
        only = [_filter("status", "in", [Status.COMPLETE, Status.ERROR])] if ended else []
        for start in range(0, len(listed), LARGEST_PAGE):
            some = listed[start : start + LARGEST_PAGE]
            page = self._page([_filter("uuid", "in", some), *only], LARGEST_PAGE)
            found |= {fractal.uuid: fractal for fractal in page}
        return found

    def delete(self, uuid: str) -> None:
        """Delete a fractal and its image; a render under way is cancelled."""
        self._session.json("DELETE", f"/api/fractal/{uuid}")

    def share(self, uuid: str, shared: bool = True) -> Fractal:
        """Let all projects see a fractal, or no longer."""
        body = {"shared": shared}
        return self._fractal(self._session.json("PUT", f"/api/fractal/{uuid}/shared", body))

    def retry(self, uuid: str) -> Fractal:
        """Queue a fractal in error again."""
        return self._fractal(self._session.json("POST", f"/api/fractal/{uuid}/retry"))

    def wait(
        self,
        fractal: Fractal | str,
        timeout: float = WAIT_TIMEOUT,
        on_answer: Callable[[Collection[Fractal]], object] | None = None,
    ) -> Fractal:
        """Return the record of a fractal once it is complete.

        Meanwhile the API may be unavailable: then it is asked again, with backoff.

        :param fractal: its record, or its uuid.
        :param timeout: in seconds.
        :param on_answer: is called with the record each time that the API has been asked.
        :raises faafo.errors.FractalFailed: when it ends in error.
        :raises faafo.errors.WaitTimeout: when it does not end in time.
        """
        (ended,) = self.wait_all([fractal], timeout, on_answer)
        if not ended.has_ended:
            raise errors.WaitTimeout(
                f"fractal {ended.uuid} is still {ended.status} after {timeout:g} seconds"
            )
        if not ended.is_complete:
            raise errors.FractalFailed(f"fractal {ended.uuid} is in error: {ended.fault}")
        return ended

    def wait_all(
        self,
        fractals: Sequence[Fractal | str],
        timeout: float = WAIT_TIMEOUT,
        on_answer: Callable[[Collection[Fractal]], object] | None = None,
    ) -> list[Fractal]:
        """Wait until each fractal is complete or in error; return their records as they are then.

        :param fractals: records or uuids. The API must be there to be asked for uuids.
        :param timeout: in seconds; when it is over, some of the records may not have ended.
        :param on_answer: is called with all records each time that the API has been asked.
        """
        deadline = time.monotonic() + timeout
        pause, never = FIRST_PAUSE, threading.Event()
        asked = [one for one in fractals if isinstance(one, str)]
        records = {one.uuid: one for one in fractals if isinstance(one, Fractal)}
        records |= self._require_all(asked) if asked else {}
        while True:
            if on_answer is not None:
                on_answer(records.values())
            unfinished = [one.uuid for one in records.values() if not one.has_ended]
            remaining = deadline - time.monotonic()
            if not unfinished or remaining <= 0:
                uuids = (one if isinstance(one, str) else one.uuid for one in fractals)
                return [records[uuid] for uuid in uuids]
            never.wait(min(pause, remaining))
            pause = min(LONGEST_PAUSE, PAUSE_GROWTH * pause)
            seconds = max(0.0, deadline - time.monotonic())
            retrying = with_backoff(errors.ApiUnavailable, never, seconds)
            records |= retrying(self._require_all, unfinished)

    def image(self, uuid: str) -> bytes:
        """Return the image of a complete fractal, a PNG file.

        :raises faafo.errors.InvalidImage: when it does not match the checksum of its record.
        """
        content = BytesIO()
        self.save_image(uuid, content)
        return content.getvalue()

    def save_image(self, uuid: str, file: BinaryIO) -> Fractal:
        """Write the image of a complete fractal to ``file``; return its record.

        :raises faafo.errors.InvalidImage: when it does not match the checksum of its record.
        """
        fractal, digest = self.get(uuid), hashlib.sha256()
        for chunk in self._session.chunks(f"/api/fractal/{uuid}/image"):
            digest.update(chunk)
            file.write(chunk)
        known = fractal.checksum or ""
        if len(known) == CHECKSUM_DIGITS and known != digest.hexdigest():
            raise errors.InvalidImage(f"the image of fractal {uuid}: does not match its checksum")
        return fractal

    def render(self, timeout: float = WAIT_TIMEOUT, **parameters: Unpack[Parameters]) -> bytes:
        """Post a fractal, wait until it is complete, and return its image, a PNG file."""
        return self.image(self.wait(self.create(**parameters), timeout).uuid)

    def _require_all(self, uuids: Sequence[str]) -> dict[str, Fractal]:
        if len(uuids) == 1:
            return {uuids[0]: self.get(uuids[0])}
        found = self.get_all(uuids)
        for uuid in uuids:
            if uuid not in found:
                raise errors.ApiRefused(f"there is no fractal {uuid}", 404)
        return {uuid: found[uuid] for uuid in uuids}

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
