# SPDX-License-Identifier: Apache-2.0
"""The leader: of several producers, the one that generates."""

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from faafo import errors
from faafo.client.leadership import LeaderCalls
from faafo.fractal.locks import GENERATOR, Fence
from faafo.outage import Outage

LOG = logging.getLogger(__name__)

# Seconds that one request waits at the API until the lock is free.
WAIT_SECONDS = 20.0
EXTENSIONS_PER_TTL = 3
# Seconds until the next request when the API does not answer, or does not let one wait.
RETRY_SECONDS = 1.0
# Seconds between two looks whether a generator that waits is to stop.
LOOK_SECONDS = 0.5


class Leader:
    """Holds the lock of the generators, or waits until it is free.

    Only the database knows who holds it: no clock of this process has a say. A process that was
    stopped for a while may believe for another moment that it leads; the API refuses what it posts.

    :param holder: the instance id of this producer.
    :param ttl: seconds after which another producer takes over from one that is lost.
    :param is_wanted: whether there is anything to generate: a producer that generates nothing does
        not lead.
    """

    def __init__(
        self,
        client: LeaderCalls,
        holder: str,
        ttl: float,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._client = client
        self._holder = holder
        self._ttl = ttl
        self._is_wanted = is_wanted
        self._interval = ttl / EXTENSIONS_PER_TTL
        self._changed = threading.Condition()
        self._token: int | None = None
        self._outage = Outage(LOG)

    def wait(self, stop: threading.Event) -> Fence | None:
        """Return what a set is to be posted with, once this producer leads; None if it stops."""
        with self._changed:
            while self._token is None and not stop.is_set():
                self._changed.wait(LOOK_SECONDS)
            return None if self._token is None else Fence(GENERATOR, self._token)

    def wait_until_resigned(self, seconds: float) -> None:
        """Return when the lock is released, after ``seconds`` at the latest."""
        with self._changed:
            self._changed.wait_for(lambda: self._token is None, seconds)

    def run(self, stop: threading.Event) -> None:
        """Lead whenever no other producer does, until ``stop`` is set; then release the lock."""
        while not stop.is_set():
            stop.wait(self._step())
        self._resign()

    def _step(self) -> float:
        """Do what there is to do; return the seconds until the next step."""
        try:
            pause = self._next()
            self._outage.succeeded()
            return pause
        except errors.FaafoError as error:
            # A lock that is held may be so still, and what is posted without it is refused.
            self._outage.failed("the lock of the generators: %s", error)
        # The answer comes from another process, and the next one may be better.
        except Exception:
            LOG.exception("the lock of the generators")
        return min(RETRY_SECONDS, self._interval)

    def _next(self) -> float:
        if not self._is_wanted():
            self._resign()
            return RETRY_SECONDS
        return self._acquire() if self._token is None else self._extend(self._token)

    def _acquire(self) -> float:
        try:
            token = self._client.acquire(GENERATOR, self._holder, self._ttl)
        except errors.ApiRefused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            LOG.debug("another producer generates: %s", error)
            return self._wait_until_free()
        LOG.info("this producer generates from now on, under the token %d", token)
        self._set(token)
        return self._interval

    def _wait_until_free(self) -> float:
        begun_at = time.monotonic()
        is_free = self._client.wait_until_free(GENERATOR, WAIT_SECONDS)
        has_waited = time.monotonic() - begun_at > WAIT_SECONDS / 2
        return 0.0 if is_free or has_waited else min(RETRY_SECONDS, self._interval)

    def _extend(self, token: int) -> float:
        try:
            self._client.extend(GENERATOR, token, self._ttl, self._interval)
        except errors.ApiRefused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            LOG.warning("this producer generates no longer: %s", error)
            self._set(None)
            return 0.0
        return self._interval

    def _resign(self) -> None:
        """Release the lock if it is held: another producer then need not wait until it expires."""
        if self._token is None:
            return
        try:
            self._client.give_up(GENERATOR, self._token, self._interval)
        except errors.FaafoError as error:
            LOG.info("the lock of the generators expires by itself: %s", error)
        finally:
            self._set(None)

    def _set(self, token: int | None) -> None:
        with self._changed:
            self._token = token
            self._changed.notify_all()
