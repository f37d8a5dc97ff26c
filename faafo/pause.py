# SPDX-License-Identifier: Apache-2.0
"""Pauses whose length may change while they last."""

import threading
import time
from collections.abc import Callable

# Seconds after which another length is known.
LOOK_SECONDS = 0.5


def pause(event: threading.Event, seconds: Callable[[], float]) -> bool:
    """Wait until ``event`` is set, or ``seconds()`` have passed; return whether it is set.

    :param seconds: is asked again and again, since the operator may change an interval.
    """
    begun_at = time.monotonic()
    while (left := begun_at + seconds() - time.monotonic()) > 0:
        if event.wait(min(left, LOOK_SECONDS)):
            return True
    return event.is_set()
