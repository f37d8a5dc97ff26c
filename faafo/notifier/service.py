# SPDX-License-Identifier: Apache-2.0
"""The notifier service: claims, delivers, renews, reports, drains."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from oslo_config import cfg

from faafo.client.arrivals import Arrivals
from faafo.client.deliveries import DeliveryClient
from faafo.client.service_auth import Credentials
from faafo.notifier.bus import Bus, Publish
from faafo.notifier.dispatcher import Dispatcher, started
from faafo.notifier.leases import Leases
from faafo.notifier.places import Places
from faafo.notifier.pulse import Pulse
from faafo.notifier.reports import Reporter
from faafo.notifier.runner import Runner
from faafo.notifier.sender import Sender
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds that a request waits for the API.
READ_TIMEOUT = 20.0
# Seconds for the last claim to be answered, and for the last report, beyond the drain.
CLAIM_SECONDS = 0.5
REPORT_SECONDS = 2.0
# Seconds between two looks whether the drain is cut short.
POLL_SECONDS = 0.1


class NotifierService:
    """A notifier that claims under its ``instance_id``.

    :param version: of faafo, for the header User-Agent of deliveries.
    :param auth: the credentials of this service for the API.
    :param publish: publishes deliveries to the bus, None if there is none.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        instance_id: str,
        version: str,
        auth: Credentials | None = None,
        publish: Publish | None = None,
    ) -> None:
        options = conf.notifier
        self._instance_id = instance_id
        self._options = options
        self._wake = threading.Event()
        # Set when a stopping notifier must not wait any longer for the API.
        self._abandon = threading.Event()
        vital = VitalThreads()
        client = DeliveryClient(conf.endpoint_url, 8, READ_TIMEOUT, auth)
        self._places = Places(options.concurrency, options.per_webhook)
        self._leases = Leases(instance_id, client, options.lease_duration, self._forget, vital)
        self._reporter = Reporter(instance_id, client, self._leases, self._abandon, vital)
        self._bus = None if publish is None else Bus(publish, self._reporter)
        self._arrivals = Arrivals(
            _Waiting(client, publish is not None), self._wake.set, self._claim_interval
        )
        sender = Sender(conf.webhook.egress_allowed, options.timeout, f"faafo/{version}")
        self._dispatcher = Dispatcher(
            instance_id,
            client,
            self._places,
            Runner(self._places, sender, self._reporter, self._wake),
            self._bus,
            self._leases,
            self._reporter,
            self._arrivals,
            self._wake,
            self._claim_interval,
            options.lease_duration,
            vital,
        )
        self.tally = self._reporter.tally
        self._pulse = Pulse(vital, options.pulse_interval, options.pulse_file)

    def run(
        self,
        stop: threading.Event,
        on_ready: Callable[[], None] = lambda: None,
        forced: threading.Event | None = None,
    ) -> None:
        """Deliver until ``stop`` is set, then drain: within ``drain_timeout`` and three seconds.

        :param on_ready: called once the notifier claims.
        :param forced: cuts the drain short once it is set.
        """
        drained = threading.Event()
        reporting = started("reports", self._reporter.run)
        started("leases", self._leases.run, drained)
        started("arrivals", self._arrivals.run, stop)
        started("pulse", self._pulse.run, stop)
        if self._bus is not None:
            started("bus", self._bus.run)
        claiming = started("claims", self._dispatcher.run, stop)
        LOG.info("notifier %s is ready", self._instance_id)
        on_ready()
        stop.wait()
        self._drain(claiming, forced or threading.Event())
        self._abandon.set()
        self._reporter.stop()
        reporting.join(REPORT_SECONDS)
        drained.set()
        LOG.info("notifier %s has stopped", self._instance_id)

    def _drain(self, claiming: threading.Thread, forced: threading.Event) -> None:
        """Release what has not begun, and wait for the deliveries that run."""
        deadline = time.monotonic() + self._options.drain_timeout
        self._wake.set()
        claiming.join(CLAIM_SECONDS)
        waiting = self._places.close()
        if self._bus is not None:
            waiting += self._bus.close()
        self._reporter.release(waiting)
        while not self._places.wait_until_idle(POLL_SECONDS):
            if forced.is_set() or time.monotonic() > deadline:
                LOG.info("deliveries that still run are left to their leases")
                break

    def _claim_interval(self) -> float:
        return float(self._options.claim_interval)

    def _forget(self, lost: set[tuple[int, int]]) -> None:
        """Do not make deliveries whose leases are lost, unless they run."""
        self._places.discard(lost)
        if self._bus is not None:
            self._bus.discard(lost)


class _Waiting:
    """Waits at the API for deliveries, to the bus as well if there is one."""

    def __init__(self, client: DeliveryClient, bus: bool) -> None:
        self.wait_for_claimable = partial(client.wait_for_claimable, bus=bus)
