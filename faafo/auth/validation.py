# SPDX-License-Identifier: Apache-2.0
"""Questions to an identity service that may hang: bounds on their time and number."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

from oslo_context import context

from faafo import errors

LOG = logging.getLogger(__name__)

# Seconds that a request waits while as many as may be are being asked.
PLACE_SECONDS = 0.25
UNAVAILABLE = "Keystone does not answer; try again later"

Answer = TypeVar("Answer")


class Validation:
    """Runs questions in threads of their own, since a library may wait for several timeouts.

    The circuit breaker opens when one is not answered. Then one at a time is asked, all others
    fail at once, and an answer closes it: a service that hangs holds no threads but one.

    :param patience: seconds that a request waits for an answer.
    :param most: number of questions at a time.
    """

    def __init__(self, patience: float, most: int) -> None:
        self._patience = patience
        self._places = threading.BoundedSemaphore(most)
        self._probe = threading.Lock()
        self._is_open = False

    def run(self, ask: Callable[[], Answer]) -> Answer:
        """Return what ``ask`` returns.

        :raises faafo.errors.IdentityUnavailable: when it raises this, or takes too long.
        """
        if self._is_open:
            if not self._probe.acquire(blocking=False):
                raise errors.IdentityUnavailable(UNAVAILABLE)
            try:
                return self._run(ask)
            finally:
                self._probe.release()
        return self._run(ask)

    def _run(self, ask: Callable[[], Answer]) -> Answer:
        if not self._places.acquire(timeout=PLACE_SECONDS):
            raise errors.IdentityUnavailable("too many tokens are being validated; try again later")
        answer: Future[Answer] = Future()
        try:
            threading.Thread(
                target=self._call,
                args=(ask, answer, context.get_current()),
                name="keystone",
                daemon=True,
            ).start()
        # The system may refuse another thread.
        except RuntimeError as error:
            self._places.release()
            LOG.error("no token can be validated: %s", error)
            raise errors.IdentityUnavailable("the service is overloaded") from None
        return self._wait(answer)

    def _call(
        self,
        ask: Callable[[], Answer],
        answer: Future[Answer],
        caller: context.RequestContext | None,
    ) -> None:
        if caller is not None:
            # What a library logs here has the id of the request.
            caller.update_store()
        try:
            answer.set_result(ask())
        # This thread has no caller: the future passes the error to the request.
        except Exception as error:
            answer.set_exception(error)
        finally:
            self._places.release()

    def _wait(self, answer: Future[Answer]) -> Answer:
        reason = f"no answer within {self._patience:g} s"
        try:
            found = answer.result(self._patience)
        except FutureTimeoutError:
            pass
        except errors.IdentityUnavailable as error:
            reason = str(error)
        except Exception:
            # Such as that the token is not valid, which is an answer.
            self._record(None)
            raise
        else:
            self._record(None)
            return found
        self._record(reason)
        raise errors.IdentityUnavailable(UNAVAILABLE)

    def _record(self, fault: str | None) -> None:
        changed, self._is_open = self._is_open == (fault is None), fault is not None
        if changed and fault is not None:
            LOG.error("tokens cannot be validated: %s", fault)
        elif changed:
            LOG.info("tokens are validated again")
