# SPDX-License-Identifier: Apache-2.0
"""Retry with backoff and jitter while a peer is unavailable; each retry is one log line."""

import logging
import math
import threading

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_before_delay,
    stop_when_event_set,
    wait_exponential,
    wait_random,
)

from faafo import errors

LOG = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


def with_backoff(
    unavailable: type[errors.FaafoError], stop: threading.Event, seconds: float = math.inf
) -> Retrying:
    """Return a caller that repeats a call for as long as it raises ``unavailable``.

    The pauses double from 0.5 s to at most 5 s, each plus up to 0.5 s at random. Once ``stop`` is
    set, one more call is made, whose error is raised. No call is made more than ``seconds`` after
    the first one.
    """
    return Retrying(
        retry=retry_if_exception_type(unavailable),
        wait=wait_exponential(FIRST_PAUSE, max=LONGEST_PAUSE) + wait_random(max=FIRST_PAUSE),
        stop=stop_when_event_set(stop) | stop_before_delay(seconds),
        sleep=sleep_using_event(stop),
        before_sleep=_log,
        reraise=True,
    )


def _log(state: RetryCallState) -> None:
    # tenacity calls it between two calls, when both are known.
    assert state.outcome is not None
    LOG.warning("%s; trying again in %.1f s", state.outcome.exception(), state.upcoming_sleep)
