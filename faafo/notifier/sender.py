# SPDX-License-Identifier: Apache-2.0
"""Sends one delivery to its receiver: dials, signs, posts, and reads the status of the answer.

No redirection is followed, no proxy of the environment is used, and no body of an answer is read:
whoever names a URL learns through it no more than a status.
"""

import functools
import http.client
import math
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from faafo.egress import PORTS, Network, Receiver, Resolve, receiver_of
from faafo.notifier import faults, signing
from faafo.notifier.connection import Deadline, HeadTooLarge, connect, post, secured
from faafo.notifier.delivery import Delivery, Outcome, Webhook
from faafo.notifier.lookup import look_up

# In seconds: a longer wait is of no use.
LONGEST_RETRY_AFTER = 604_800.0


class Sender:
    """Sends deliveries; may be shared by threads.

    :param allowed: networks that may be dialed although they are not public.
    :param timeout: seconds for one delivery in all.
    :param user_agent: the header User-Agent.
    :param resolve: resolves names, as ``socket.getaddrinfo`` does.
    :param make_context: makes the context of TLS with the certificates that are trusted.
    """

    def __init__(
        self,
        allowed: Sequence[Network],
        timeout: float,
        user_agent: str,
        resolve: Resolve = socket.getaddrinfo,
        make_context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._allowed = allowed
        self._timeout = timeout
        self._user_agent = user_agent
        self._resolve = resolve
        # To load the certificates takes time: only when the first receiver has TLS.
        self._context = functools.cache(make_context)

    def send(self, delivery: Delivery, webhook: Webhook) -> Outcome:
        """Send a delivery to ``webhook``; return what came of it, also if it has failed."""
        begun_at = time.monotonic()
        status, retry_after, fault, timed_out = None, None, None, False
        try:
            answer = self._exchange(delivery, webhook)
            status = answer.status
            if not 200 <= status < 300:
                fault = faults.of_status(status)
                retry_after = seconds_of(answer.headers["Retry-After"], time.time())
        # A certificate that is refused is both kinds of error.
        except (OSError, http.client.HTTPException, HeadTooLarge) as error:
            timed_out = isinstance(error, TimeoutError)
            fault = faults.of_error(error, self._timeout)
        # Of the URL, of an address behind it, or of a secret.
        except ValueError as error:
            fault = f"refused: {error}"
        return Outcome(
            status,
            time.monotonic() - begun_at,
            fault,
            retry_after,
            gone=status == HTTPStatus.GONE,
            timed_out=timed_out,
        )

    def _exchange(self, delivery: Delivery, webhook: Webhook) -> http.client.HTTPResponse:
        deadline = Deadline(self._timeout)
        receiver = receiver_of(webhook.url)
        body = delivery.body.encode()
        headers = self._headers(receiver)
        headers |= signing.headers(delivery.event, int(time.time()), body, webhook.secrets)
        found = look_up(receiver, self._allowed, self._resolve, deadline)
        connection = connect(found, deadline)
        try:
            if receiver.scheme == "https":
                connection = secured(connection, receiver.host, self._context(), deadline)
            return post(connection, receiver, headers, body, deadline)
        finally:
            connection.close()

    def _headers(self, receiver: Receiver) -> dict[str, str]:
        host = f"[{receiver.host}]" if ":" in receiver.host else receiver.host
        is_default = receiver.port == PORTS[receiver.scheme]
        return {
            "Host": host if is_default else f"{host}:{receiver.port}",
            "User-Agent": self._user_agent,
            "Content-Type": "application/json",
            "Connection": "close",
        }


def seconds_of(retry_after: str | None, now: float) -> float | None:
    """Return the seconds that a header Retry-After asks to wait, None if it does not.

    :param now: seconds since 1970, for a header that names a date.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text)
        else:
            moment = parsedate_to_datetime(text)
            # Without a zone it is UTC, like every date of HTTP.
            seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None
