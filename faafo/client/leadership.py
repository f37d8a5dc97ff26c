# SPDX-License-Identifier: Apache-2.0
"""The calls of a service about the lock whose holder is the leader among its kind."""

from typing import Any

from faafo.client.service import CONNECT_TIMEOUT, ServiceClient


class LeaderCalls(ServiceClient):
    """Base class of ``Client`` of producers and workers."""

    def acquire(self, name: str, holder: str, ttl: float) -> int:
        """Acquire a lock for ``ttl`` seconds; return its fencing token.

        :raises faafo.errors.ApiRefused: with the status 409 when it is held.
        """
        body = {"holder": holder, "ttl": ttl}
        token: int = self._request("POST", _path(name), body)["token"]
        return token

    def extend(self, name: str, token: int, ttl: float, timeout: float) -> None:
        """Have a lock expire ``ttl`` seconds from now.

        :param timeout: seconds to wait for the answer.
        :raises faafo.errors.ApiRefused: with the status 409 when it is not held under ``token``.
        """
        body = {"token": token, "ttl": ttl}
        self._request("PUT", _path(name), body, timeout=timeout)

    def give_up(self, name: str, token: int, timeout: float) -> None:
        """Release a lock; raises what ``extend`` does."""
        self._request("DELETE", _path(name), parameters={"token": token}, timeout=timeout)

    def wait_until_free(self, name: str, seconds: float) -> bool:
        """Return whether a lock is free, as soon as it is within ``seconds``."""
        timeout = (CONNECT_TIMEOUT, self._read_timeout + seconds)
        parameters: dict[str, Any] = {"wait": f"{seconds:g}"}
        answer = self._request("GET", _path(name), parameters=parameters, timeout=timeout)
        return answer["holder"] is None


def _path(name: str) -> str:
    return f"/api/lock/{name}"
