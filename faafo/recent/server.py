# SPDX-License-Identifier: Apache-2.0
"""Redis: one string a job, which a script replaces by a later state only."""

import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from faafo import errors
from faafo.recent.breaker import Breaker
from faafo.recent.state import LENGTH, Found, JobState
from faafo.urls import masked, masked_text

LOG = logging.getLogger(__name__)

PREFIX = "faafo:job:"
# Seconds that a request to the API may lose when Redis has just gone away.
PATIENCE_SECONDS = 0.2
# A string is the order of a state, the time of Redis in seconds, and the document.
TIME_LENGTH = 10
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
# KEYS are those of jobs; ARGV is the TTL in seconds, then order and document of each job.
APPLY = f"""
local ttl = ARGV[1]
local now = redis.call('TIME')[1]
local changed = 0
for number, key in ipairs(KEYS) do
    local order = ARGV[2 * number]
    if order > redis.call('GETRANGE', key, 0, {LENGTH - 1}) then
        redis.call('SET', key, order .. now .. ARGV[2 * number + 1], 'EX', ttl)
        changed = changed + 1
    end
end
return changed
"""
FIND = """
local found = redis.call('GET', KEYS[1])
return found and {found, redis.call('TIME')[1]}
"""


class RecentJobs:
    """The states of recent jobs; used by many threads.

    :param url: ``redis://``, ``rediss://`` (TLS) or ``unix://``.
    :param ttl: seconds for which a state is kept.
    :param timeout: seconds for a connection, and for an answer.
    :raises faafo.errors.ConfigurationError: when the URL, or a file that it names, is not valid.
    """

    def __init__(
        self,
        url: str,
        ttl: int,
        timeout: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shown = masked(url)
        self._ttl = ttl
        self._breaker = Breaker(clock)
        self._client = _connected(url, timeout)
        self._apply = self._client.register_script(APPLY)
        self._find = self._client.register_script(FIND)
        # As many as there have been requests at a time.
        self._idle: deque[Any] = deque()

    def get(self, uuid: str) -> Found | None:
        """Return the state of a job; None if there is none, or Redis does not answer."""
        if not self._breaker.may_ask():
            return None
        try:
            found = self._ask(PREFIX + uuid)
        except (redis.RedisError, OSError) as error:
            self._went_away(error)
            return None
        self._is_back()
        return _parsed(*found) if found else None

    def _ask(self, key: str) -> Any:
        """Call FIND; an idle connection that Redis has closed is replaced by a new one, once.

        To go through the pool and ``Redis.execute_command`` takes longer than Redis does.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._ask_on(self._client.connection_pool.make_connection(), key)
        try:
            return self._ask_on(connection, key)
        except redis.ConnectionError:
            # The others have been closed as well.
            self._close_idle()
            return self._ask_on(self._client.connection_pool.make_connection(), key)

    def _ask_on(self, connection: Any, key: str) -> Any:
        try:
            connection.send_command("EVALSHA", self._find.sha, 1, key)
            found = connection.read_response()
        except redis.exceptions.NoScriptError:
            found = self._find(keys=[key])
        except BaseException:
            # An answer that comes late must not be taken for that of another question.
            connection.disconnect()
            raise
        self._idle.append(connection)
        return found

    def _close_idle(self) -> None:
        while self._idle:
            with contextlib.suppress(IndexError):
                self._idle.pop().disconnect()

    def apply(self, states: Sequence[JobState]) -> int:
        """Keep those of ``states`` that are later than what is known; return their number.

        :raises faafo.errors.RedisUnavailable: when Redis does not answer, or is full. Some of the
            states may have been kept; to apply them again changes nothing.
        """
        try:
            return self._keep(states)
        except (redis.RedisError, OSError) as error:
            raise errors.RedisUnavailable(self._sentence(error)) from None

    def _keep(self, states: Sequence[JobState]) -> int:
        if not states:
            return 0
        arguments: list[Any] = [self._ttl]
        for one in states:
            arguments += [one.order, one.document]
        return int(self._apply(keys=[PREFIX + one.uuid for one in states], args=arguments))

    def check(self) -> None:
        """Ask whether Redis answers.

        :raises faafo.errors.RedisUnavailable: when it does not.
        """
        try:
            self._client.ping()
        except (redis.RedisError, OSError) as error:
            raise errors.RedisUnavailable(self._sentence(error)) from None

    def tell(self, state: JobState) -> None:
        """Keep a state if Redis answers: a reader will tell it as well."""
        if not self._breaker.may_ask():
            return
        try:
            self._keep([state])
        except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
            self._went_away(error)
        except redis.RedisError as error:
            # It may be full, and can be read all the same.
            LOG.debug("%s", self._sentence(error))
        else:
            self._is_back()

    def close(self) -> None:
        """Close the connections."""
        self._close_idle()
        self._client.close()

    def _went_away(self, error: Exception) -> None:
        if self._breaker.failed():
            LOG.warning("%s; jobs are looked up in the database", self._sentence(error))

    def _is_back(self) -> None:
        if self._breaker.succeeded():
            LOG.info("Redis is back: [reader] redis_url = %s", self._shown)

    def _sentence(self, error: Exception) -> str:
        return f"[reader] redis_url = {self._shown}: {masked_text(str(error))}"


def _connected(url: str, timeout: float) -> redis.Redis:
    try:
        for name, paths in parse_qs(urlsplit(url).query).items():
            if name in FILES:
                open(paths[-1], "rb").close()
        client = redis.Redis.from_url(
            url,
            # Of Redis 6 and 7, and what takes the fewest bytes.
            protocol=2,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # A connection that Redis has closed is found out by using it.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        # It does not connect yet, and refuses parameters that it does not know.
        client.connection_pool.make_connection()
        return client
    # What from_url says about a port or about a parameter; OSError is about a file.
    except (OSError, TypeError, ValueError, redis.RedisError) as error:
        what = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise errors.ConfigurationError(
            f"[reader] redis_url = {masked(url)}: {masked_text(what)}"
        ) from None


def _parsed(value: bytes, now: bytes) -> Found | None:
    """Return what a string says; None if it is none of ours."""
    document = LENGTH + TIME_LENGTH
    try:
        fields = json.loads(value[document:])
        age = int(now) - int(value[LENGTH:document])
    except ValueError:
        return None
    return Found(fields, age) if isinstance(fields, dict) and "status" in fields else None
