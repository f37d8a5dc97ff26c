# SPDX-License-Identifier: Apache-2.0
"""The dispatcher: claims deliveries for free places, and hands them to who makes them."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from faafo import errors
from faafo.client.arrivals import Arrivals
from faafo.client.deliveries import LARGEST_UPDATE, DeliveryClient
from faafo.notifier.bus import Bus
from faafo.notifier.delivery import Delivery
from faafo.notifier.leases import Leases
from faafo.notifier.places import Places
from faafo.notifier.reports import Reporter
from faafo.notifier.runner import Runner
from faafo.pause import pause
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds between two claims while the API tells when a delivery is due, and after a failed claim.
LONGEST_PAUSE = 10.0
FAILURE_PAUSE = 2.0


class Dispatcher:
    """Claims deliveries, and gives each to ``runner`` or ``bus``.

    :param wake: set when a place has become free, or a delivery may be due.
    :param bus: None if events are not published.
    :param interval: returns the seconds between two claims while the API does not tell of any.
    :param duration: of a lease, in seconds.
    """

    def __init__(
        self,
        claimed_by: str,
        client: DeliveryClient,
        places: Places,
        runner: Runner,
        bus: Bus | None,
        leases: Leases,
        reporter: Reporter,
        arrivals: Arrivals,
        wake: threading.Event,
        interval: Callable[[], float],
        duration: float,
        vital: VitalThreads,
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._places = places
        self._runner = runner
        self._bus = bus
        self._leases = leases
        self._reporter = reporter
        self._arrivals = arrivals
        self._wake = wake
        self._interval = interval
        self._duration = duration
        self._vital = vital
        self._failing = False

    def run(self, stop: threading.Event) -> None:
        """Claim and start deliveries until ``stop`` is set."""
        while True:
            # Cleared before the claim, so that no later event is missed.
            self._wake.clear()
            self._vital.beat("claims", LONGEST_PAUSE)
            if stop.is_set():
                break
            if not self._dispatch(stop):
                pause(self._wake, self._pause)

    def _pause(self) -> float:
        if self._failing:
            return max(self._interval(), FAILURE_PAUSE)
        return LONGEST_PAUSE if self._arrivals.is_waiting else self._interval()

    def _dispatch(self, stop: threading.Event) -> bool:
        """Claim deliveries for free places and start them; return whether any was claimed."""
        self._runner.start()
        wanted = min(self._places.wanted(), LARGEST_UPDATE)
        if not wanted:
            return False
        claimed = self._claim(wanted)
        if not claimed:
            return False
        self._accept(claimed, stop)
        return True

    def _claim(self, wanted: int) -> list[Any]:
        """Claim deliveries; return none if that fails, and wait longer until the next claim."""
        try:
            claimed = self._request(wanted)
        except errors.FaafoError as error:
            problem = str(error)
        # The answer comes from another process, and whatever it holds, the next one may be better.
        # If this thread ended, nothing would be claimed any more.
        except Exception as error:
            LOG.debug("could not claim deliveries", exc_info=True)
            problem = f"{type(error).__name__}: {error}"
        else:
            self._failing = False
            if claimed:
                self._arrivals.claimed()
            else:
                self._arrivals.want()
            return claimed
        # Outside of the except clause, inside which oslo.log would append the error to the line.
        if not self._failing:
            LOG.warning("could not claim deliveries: %s", problem)
        self._failing = True
        return []

    def _request(self, wanted: int) -> list[Any]:
        return list(
            self._client.claim(
                self._claimed_by,
                wanted,
                self._duration,
                self._places.per_webhook,
                self._places.per_tenant,
                self._places.busy(),
                self._places.busy_tenants(),
                self._bus is not None and self._bus.wants(),
            )
        )

    def _accept(self, claimed: list[Any], stop: threading.Event) -> None:
        """Hold the leases of claimed deliveries, and start those for which there are places."""
        deliveries = [delivery for one in claimed if (delivery := _read(one)) is not None]
        self._leases.add(deliveries)
        if stop.is_set():
            # This claim was answered after the drain had begun.
            self._reporter.release(deliveries)
            return
        self._places.add(one for one in deliveries if one.webhook is not None)
        if self._bus is not None:
            self._bus.add(one for one in deliveries if one.webhook is None)
        self._runner.start()


def _read(record: Any) -> Delivery | None:
    """Return a claimed delivery; None if it is malformed, and so left to its lease."""
    try:
        return Delivery.of(record)
    except errors.InvalidMessage as error:
        LOG.error("a delivery that was claimed is left to its lease: %s", error)
        return None


def started(name: str, target: Callable[..., None], *arguments: Any) -> threading.Thread:
    """Start a thread that does not keep the process alive while it waits for a peer."""
    thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
    thread.start()
    return thread
