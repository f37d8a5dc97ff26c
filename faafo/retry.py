# SPDX-License-Identifier: Apache-2.0
"""Patience with a peer that is away: growing pauses, one log line each, an end when told."""

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


def patiently(
    unavailable: type[errors.FaafoError], stop: threading.Event, seconds: float = math.inf
) -> Retrying:
    """Return a caller that repeats a call for as long as it raises ``unavailable``.

    Once ``stop`` is set, a call is made only once more, and raises what it raises. No call is made
    more than ``seconds`` after the first one.
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
    LOG.warning("%s; trying again in %.1f s", state.outcome.exception(), state.upcoming_sleep)
