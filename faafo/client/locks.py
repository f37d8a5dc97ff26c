# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about locks."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from faafo.client.session import Session


class Lock(BaseModel):
    """The state of a lock.

    ``token`` is the fencing token, which each acquisition increases. ``expires_at`` is by the clock
    of the database. Without a ``holder`` the lock is free.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    holder: str | None
    token: int
    expires_at: datetime | None


class LockCalls:
    """Base class of ``Client``."""

    _session: Session

    def lock(self, name: str, wait: float = 0.0) -> Lock:
        """Return the state of a lock: when it is free, or after ``wait`` seconds, 30 at most."""
        parameters = {"wait": f"{wait:g}"} if wait else {}
        return self._lock(self._session.json("GET", _path(name), parameters=parameters))

    def acquire_lock(self, name: str, holder: str, ttl: float) -> Lock:
        """Acquire a lock that is free, for ``ttl`` seconds, 1 to 3600.

        :param holder: is shown to those who find it held.
        :raises faafo.errors.ApiRefused: with the status 409 when it is held.
        """
        body = {"holder": holder, "ttl": ttl}
        return self._lock(self._session.json("POST", _path(name), body))

    def extend_lock(self, name: str, token: int, ttl: float) -> Lock:
        """Have a lock expire ``ttl`` seconds from now.

        :raises faafo.errors.ApiRefused: with the status 409 when it is not held under ``token``.
        """
        body = {"token": token, "ttl": ttl}
        return self._lock(self._session.json("PUT", _path(name), body))

    def release_lock(self, name: str, token: int) -> None:
        """Release a lock; raises what ``extend_lock`` does."""
        self._session.json("DELETE", _path(name), parameters={"token": token})

    def _lock(self, answer: object) -> Lock:
        return self._session.parse(Lock, answer)


def _path(name: str) -> str:
    return f"/api/lock/{name}"
