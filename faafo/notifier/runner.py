# SPDX-License-Identifier: Apache-2.0
"""Makes deliveries, each in a thread that has a place, and reports what came of them."""

import logging
import threading
import time

from faafo.notifier.delivery import Delivery, Outcome
from faafo.notifier.places import Places
from faafo.notifier.reports import Reporter
from faafo.notifier.sender import Sender
from faafo.tracing import spans

LOG = logging.getLogger(__name__)

NOT_TRIED = "not tried: the receiver does not answer other deliveries in time"


class Runner:
    """Starts a thread for each delivery that gets a place.

    :param wake: set when a place has become free.
    """

    def __init__(
        self, places: Places, sender: Sender, reporter: Reporter, wake: threading.Event
    ) -> None:
        self._places = places
        self._sender = sender
        self._reporter = reporter
        self._wake = wake

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

    def _make(self, delivery: Delivery) -> None:
        """Make a delivery, report it, and free its place."""
        with delivery.work():
            outcome = self._traced(delivery) if spans.is_on() else self._outcome(delivery)
        self._reporter.report(delivery, outcome)
        self._places.end(delivery, outcome.timed_out)
        self._wake.set()

    def _traced(self, delivery: Delivery) -> Outcome:
        begun_at = time.time()
        outcome = self._outcome(delivery)
        attributes = {
            "faafo.event": delivery.event,
            "http.response.status_code": outcome.http_status,
        }
        # Behind the colon there may be an address.
        error = outcome.fault and outcome.fault.partition(":")[0]
        spans.record(
            "deliver",
            delivery.correlation,
            begun_at,
            kind=spans.Kind.CLIENT,
            attributes=attributes,
            error=error,
        )
        return outcome

    def _outcome(self, delivery: Delivery) -> Outcome:
        """Make a delivery, and log what has come of it."""
        # Only those to webhooks have places.
        assert delivery.webhook is not None
        begun_at = time.monotonic()
        try:
            outcome = self._sender.send(delivery, delivery.webhook)
        # Without a report the delivery would be made again and again.
        except Exception as error:
            LOG.exception("could not make delivery %d", delivery.id)
            fault = f"failed: {type(error).__name__}"
            outcome = Outcome(None, time.monotonic() - begun_at, fault)
        text = "delivery %d of event %s to webhook %s: %s in %.3f s"
        failed = outcome.fault is not None
        came = f"failed: {outcome.fault}" if failed else f"status {outcome.http_status}"
        LOG.info(text, delivery.id, delivery.event, delivery.webhook.uuid, came, outcome.duration)
        return outcome
