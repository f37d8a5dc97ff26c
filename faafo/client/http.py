# SPDX-License-Identifier: Apache-2.0
"""The REST API of faafo as Python calls."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any

from faafo.client.answers import LARGEST_PAGE
from faafo.client.bodies import content_digest, in_batches
from faafo.client.leadership import LeaderCalls
from faafo.client.service import CONNECT_TIMEOUT, CONNECTIONS, READ_TIMEOUT
from faafo.client.service_auth import Credentials
from faafo.fractal.drawing import without_defaults
from faafo.fractal.kinds import FIRST_NEEDS, LONGEST_SERVES, MOST_NEEDS, Need
from faafo.fractal.lease import Lease
from faafo.fractal.locks import HEADER, Fence
from faafo.fractal.task import FractalResult, FractalTask

# Shorter: a worker checks repeatedly, and sends no report meanwhile.
CHECK_TIMEOUT = 10.0
# Limits of the API: leases and fractals per request, characters per fault.
LARGEST_CLAIM = 1000
LARGEST_POST = 1000
LONGEST_FAULT = 4000

Record = dict[str, Any]


class Client(LeaderCalls):
    """The API for producers and workers; may be shared by threads.

    Every method raises ``faafo.errors.ApiUnavailable`` when a retry may succeed, and
    ``faafo.errors.ApiRefused`` when it cannot.

    :param hear: called with why workers are disabled, by their names, when an answer says so.
    """

    def __init__(
        self,
        endpoint_url: str,
        connections: int = CONNECTIONS,
        read_timeout: float = READ_TIMEOUT,
        auth: Credentials | None = None,
        hear: Callable[[Mapping[str, str | None]], None] = lambda _disabled: None,
    ) -> None:
        super().__init__(endpoint_url, connections, read_timeout, auth)
        self._hear = hear

    def create(self, task: FractalTask, fence: Fence | None = None) -> Record:
        """Post a fractal and return its record.

        :param fence: the lock without which it is refused.
        """
        body = without_defaults(task.model_dump(exclude_none=True))
        return self._request("POST", "/api/fractal", body, headers=_fenced(fence))

    def create_all(self, tasks: Iterable[FractalTask], fence: Fence | None = None) -> list[Record]:
        """Post fractals, in batches of which each is stored as a whole; return their records.

        :param fence: the lock without which they are refused.
        """
        records = []
        for some in in_batches(tasks, LARGEST_POST):
            body = [without_defaults(task.model_dump(exclude_none=True)) for task in some]
            answer = self._request("POST", "/api/fractals", body, headers=_fenced(fence))
            records += answer["objects"]
        return records

    def get(self, uuid: str) -> Record:
        """Return the record of a fractal."""
        return self._request("GET", f"/api/fractal/{uuid}")

    def get_all(self, uuids: Iterable[str]) -> list[Record]:
        """Return the records of those of ``uuids`` that exist."""
        records = []
        for some in in_batches(uuids, LARGEST_PAGE):
            q = json.dumps({"filters": [{"name": "uuid", "op": "in", "val": some}]})
            parameters = {"q": q, "results_per_page": LARGEST_PAGE}
            page = self._request("GET", "/api/fractal", parameters=parameters)
            records += page["objects"]
        return records

    def complete(self, result: FractalResult, lease: Lease) -> Record:
        """Record the result of an attempt."""
        body = {**result.model_dump(exclude_none=True), **lease.as_body()}
        return self._request("PUT", f"/api/fractal/{result.uuid}", body)

    def complete_all(
        self, claimed_by: str, results: Iterable[tuple[Lease, FractalResult]]
    ) -> list[str]:
        """Record the results of leases; return the uuids of those that were refused."""
        refused = []
        for some in in_batches(results, LARGEST_CLAIM):
            complete = [
                {**result.model_dump(exclude_none=True), **lease.as_body()}
                for lease, result in some
            ]
            body = {"claimed_by": claimed_by, "complete": complete}
            refused += self._claims("PUT", body)["lost"]
        return refused

    def fail(self, lease: Lease, fault: str) -> Record:
        """Record why an attempt failed."""
        body = {**lease.as_body(), "fault": fault[:LONGEST_FAULT]}
        return self._request("PUT", f"/api/fractal/{lease.uuid}", body)

    def claim(
        self,
        claimed_by: str,
        count: int,
        seconds: float,
        parameters: int = 1,
        needs: Sequence[Need] = FIRST_NEEDS,
    ) -> list[Record]:
        """Claim up to ``count`` queued fractals for ``seconds``.

        :param parameters: the latest version of the drawing parameters that these may have.
        :param needs: those that they may have.
        """
        body: Record = {"claimed_by": claimed_by, "count": count, "lease": seconds}
        body |= _later(parameters)
        if served := _served(needs):
            body["serves"] = served
        return self._claims("POST", body)["objects"]

    def wait_for_claimable(
        self, seconds: float, parameters: int = 1, needs: Sequence[Need] = FIRST_NEEDS
    ) -> bool:
        """Return whether there is a fractal to claim, as soon as there is one within ``seconds``.

        The API may answer earlier that there is none.

        :param parameters: as in ``claim``, and so are ``needs``.
        """
        served = ",".join(_served(needs)[:MOST_NEEDS])
        if len(served) > LONGEST_SERVES:
            # Claims find the others, a little later.
            served = served[:LONGEST_SERVES].rpartition(",")[0]
        told = {"serves": served} if served else {}
        return self._wait("/api/claim", seconds, **_later(parameters), **told)

    def renew(
        self,
        claimed_by: str,
        leases: Iterable[Lease],
        seconds: float,
        rows_done: Mapping[str, int] | None = None,
        timeout: float | None = None,
    ) -> list[str]:
        """Extend leases by ``seconds`` from now; return the uuids of those that were lost.

        :param rows_done: the number of rows rendered so far by uuid, where it is known.
        """
        lost, done = [], rows_done or {}
        for some in in_batches(leases, LARGEST_CLAIM):
            renewed = [
                lease.as_body() | ({"rows_done": done[lease.uuid]} if lease.uuid in done else {})
                for lease in some
            ]
            body = {"claimed_by": claimed_by, "renew": renewed, "lease": seconds}
            lost += self._claims("PUT", body, timeout)["lost"]
        return lost

    def release(
        self,
        claimed_by: str,
        leases: Iterable[Lease],
        fault: str | None = None,
        timeout: float | None = None,
    ) -> None:
        """Release leases: their fractals are queued again.

        :param fault: why they cannot be rendered now, for their records.
        """
        shown = {} if fault is None else {"fault": fault[:LONGEST_FAULT]}
        for some in in_batches(leases, LARGEST_CLAIM):
            released = [lease.as_body() | shown for lease in some]
            body = {"claimed_by": claimed_by, "release": released}
            self._claims("PUT", body, timeout)

    def _claims(self, method: str, body: Record, timeout: float | None = None) -> Record:
        """Return the answer to a request about leases; what it says of workers is passed on."""
        answer: Record = self._request(method, "/api/claim", body, timeout=timeout)
        # An older API does not say it, nor one that knows of none: heartbeats tell them apart.
        if disabled := answer.get("disabled_workers"):
            self._hear(disabled)
        return answer

    def check_store(self) -> None:
        """Check that the API can store images."""
        self._request("GET", "/healthcheck/store", timeout=(CONNECT_TIMEOUT, CHECK_TIMEOUT))

    def upload(self, lease: Lease, file: IO[bytes], checksum: str, mimetype: str) -> str:
        """Upload the image of an attempt; return the checksum of the stored image.

        :param checksum: its SHA-256 in hexadecimal.
        """
        headers = {"Content-Type": mimetype, "Content-Digest": content_digest(checksum)}
        file.seek(0)
        answer = self._request(
            "PUT",
            f"/api/fractal/{lease.uuid}/image",
            parameters={"attempt": lease.attempt, "token": lease.token},
            data=file,
            headers=headers,
        )
        return answer["checksum"]

    def image(self, uuid: str) -> bytes:
        """Return an image, or the segment of a band."""
        return self._request("GET", f"/api/fractal/{uuid}/image", is_binary=True)

    def image_url(self, uuid: str) -> str:
        """Return the URL of an image."""
        return f"{self._endpoint_url}/api/fractal/{uuid}/image"


def _fenced(fence: Fence | None) -> dict[str, str]:
    return {} if fence is None else {HEADER: fence.as_text()}


def _later(parameters: int) -> Record:
    """Return the member of a claim for a version of the drawing parameters; 1 is the default."""
    return {"parameter_version": parameters} if parameters > 1 else {}


def _served(needs: Sequence[Need]) -> list[str]:
    """Return what a claim serves, nothing if it is the default."""
    return [] if set(needs) == set(FIRST_NEEDS) else [need.as_text() for need in needs]
