# SPDX-License-Identifier: Apache-2.0
"""Passes the settings of the API on to workers, which do not know the API."""

import logging
import threading
import time
from collections.abc import Mapping

from faafo import errors
from faafo.fractal.settings import NONE, Live, Settings
from faafo.outage import Outage
from faafo.producer.registry import WorkerRegistry
from faafo.rpc.client import WorkerClient

LOG = logging.getLogger(__name__)

# Seconds between two looks whether a worker knows less, and between two casts to one of them.
LOOK_SECONDS = 0.5
REPEAT_SECONDS = 2.0


class WorkerSettings:
    """Tells settings to each worker that reports an older version: at once when they change.

    :param live: the configuration of this process; None: there are no settings.
    """

    def __init__(self, registry: WorkerRegistry, workers: WorkerClient, live: Live | None) -> None:
        self._registry = registry
        self._workers = workers
        self._live = live
        self._changed = threading.Event()
        # When each worker was told, by the version and its instance id.
        self._told: dict[tuple[int, str], float] = {}
        self._outage = Outage(LOG)

    def follow(self, version: int, values: Mapping[str, str]) -> None:
        """Apply settings here, and tell workers."""
        if self._live is not None:
            self._live.apply_settings(version, values)
            self._changed.set()

    def configuration(self) -> str | None:
        """Return which settings and which values of options are in effect here."""
        return None if self._live is None else self._live.configuration

    def start(self, stop: threading.Event) -> None:
        """Tell workers until ``stop`` is set; returns at once."""
        if self._live is not None:
            threading.Thread(
                target=self._run, args=(stop,), name="worker-settings", daemon=True
            ).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._changed.wait(LOOK_SECONDS)
            self._changed.clear()
            try:
                self.tell()
            # If this thread ended, no worker would be told any more.
            except Exception:
                LOG.exception("could not tell workers the settings")

    def tell(self) -> None:
        """Tell the settings to the workers that know less."""
        settings = NONE if self._live is None else self._live.settings
        behind = self._registry.behind(settings.version)
        now = time.monotonic()
        keys = {(settings.version, instance_id) for instance_id in behind}
        self._told = {key: at for key, at in self._told.items() if key in keys}
        for instance_id, worker in behind.items():
            key = (settings.version, instance_id)
            if now >= self._told.get(key, now) + REPEAT_SECONDS or key not in self._told:
                self._told[key] = now
                self._cast(worker, settings)

    def _cast(self, worker: str, settings: Settings) -> None:
        try:
            self._workers.configure(worker, settings)
        except errors.BrokerUnavailable as error:
            self._outage.failed("could not tell worker %s the settings: %s", worker, error)
        else:
            self._outage.succeeded()
