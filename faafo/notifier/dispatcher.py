# SPDX-License-Identifier: Apache-2.0
"""The dispatcher: claims deliveries for free places, and makes each in a thread."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from faafo import errors
from faafo.client.arrivals import Arrivals
from faafo.client.deliveries import LARGEST_UPDATE, DeliveryClient
from faafo.notifier.bus import Bus
from faafo.notifier.delivery import Delivery, Outcome
from faafo.notifier.leases import Leases
from faafo.notifier.places import Places
from faafo.notifier.reports import Reporter
from faafo.notifier.sender import Sender
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds between two claims while the API tells when a delivery is due, and after a failed claim.
LONGEST_PAUSE = 10.0
FAILURE_PAUSE = 2.0
NOT_TRIED = "not tried: the receiver does not answer other deliveries in time"


class Dispatcher:
    """Claims deliveries, and gives each to ``sender`` or ``bus``.

    :param wake: set when a place has become free, or a delivery may be due.
    :param bus: None if events are not published.
    :param interval: seconds between two claims while the API does not tell when one is due.
    :param duration: of a lease, in seconds.
    """

    def __init__(
        self,
        claimed_by: str,
        client: DeliveryClient,
        places: Places,
        per_webhook: int,
        sender: Sender,
        bus: Bus | None,
        leases: Leases,
        reporter: Reporter,
        arrivals: Arrivals,
        wake: threading.Event,
        interval: float,
        duration: float,
        vital: VitalThreads,
    ) -> None:
        self._claimed_by = claimed_by
        self._client = client
        self._places = places
        self._per_webhook = per_webhook
        self._sender = sender
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
                self._wake.wait(self._pause())

    def start(self) -> None:
        """Start the deliveries for which there are places; report those that are given up."""
        given, given_up = self._places.take()
        for delivery in given_up:
            self._reporter.report(delivery, Outcome(None, 0.0, NOT_TRIED))
        for delivery in given:
            name = f"delivery-{delivery.id}"
            thread = threading.Thread(target=self._make, args=(delivery,), name=name, daemon=True)
            try:
                thread.start()
            # The system may refuse another thread: others will have this delivery.
            except RuntimeError as error:
                LOG.warning("delivery %d was not begun: %s", delivery.id, error)
                self._places.end(delivery, timed_out=False)
                self._reporter.release([delivery])

    def _pause(self) -> float:
        if self._failing:
            return max(self._interval, FAILURE_PAUSE)
        return LONGEST_PAUSE if self._arrivals.is_waiting else self._interval

    def _dispatch(self, stop: threading.Event) -> bool:
        """Claim deliveries for free places and start them; return whether any was claimed."""
        self.start()
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
                self._per_webhook,
                self._places.busy(),
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
        self.start()

    def _make(self, delivery: Delivery) -> None:
        """Make a delivery, report it, and free its place."""
        # Only those to webhooks have places.
        assert delivery.webhook is not None
        begun_at = time.monotonic()
        timed_out = False
        try:
            outcome = self._sender.send(delivery, delivery.webhook)
            timed_out = outcome.timed_out
        # Without a report the delivery would be made again and again.
        except Exception as error:
            LOG.exception("could not make delivery %d", delivery.id)
            fault = f"failed: {type(error).__name__}"
            outcome = Outcome(None, time.monotonic() - begun_at, fault)
        if outcome.fault is not None:
            text = "delivery %d of event %s to webhook %s failed: %s"
            LOG.info(text, delivery.id, delivery.event, delivery.webhook.uuid, outcome.fault)
        self._reporter.report(delivery, outcome)
        self._places.end(delivery, timed_out)
        self._wake.set()


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
