# SPDX-License-Identifier: Apache-2.0
"""The producer service: listens to workers, generates, dispatches, drains."""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg

from faafo import errors
from faafo.client.heartbeat import Heartbeat, RegistryClient
from faafo.client.http import Client
from faafo.client.service_auth import Credentials
from faafo.fractal.service import Kind, Process
from faafo.fractal.settings import Live
from faafo.fractal.task import ENDED, Status
from faafo.producer.dispatcher import Dispatcher
from faafo.producer.generator import Generator
from faafo.producer.hearing import Hearing
from faafo.producer.leader import Leader
from faafo.producer.pace import Pace
from faafo.producer.registry import WorkerRegistry
from faafo.producer.sets import sets_of
from faafo.producer.standing import Standing
from faafo.producer.worker_settings import WorkerSettings
from faafo.retry import with_backoff
from faafo.rpc import contract
from faafo.rpc.client import WorkerClient
from faafo.rpc.liveness import LivenessCheck
from faafo.rpc.server import Server
from faafo.rpc.transport import RPCTransport, get_joins_transport
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds between two queries for the states of a single set.
POLL_INTERVAL = 0.5
# Seconds that the RPC server gets to stop, beyond the drain.
CLOSE_SECONDS = 0.5
# Seconds that the API gets to answer that the lock of the generators is released.
RESIGN_SECONDS = 1.0


class ProducerService:
    """A producer that listens under ``name``, and claims and calls under its ``instance_id``.

    Each process has its own instance id: a render for an earlier process with the same name does
    not count as a call of this one.

    :param auth: the credentials of this service for the API.
    :param version: of faafo, for the registry of services.
    :param live: follows settings, of which workers are told.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        transport: RPCTransport,
        name: str,
        instance_id: str,
        auth: Credentials | None = None,
        version: str = "unknown",
        live: Live | None = None,
    ) -> None:
        self._conf = conf
        self._name = name
        self._status = 0
        self._wake = threading.Event()
        pace = Pace(conf.producer)
        self._client = Client(
            conf.endpoint_url,
            read_timeout=pace.read_timeout,
            auth=auth,
            hear=self._hear,
        )
        report_timeout = conf.rpc.report_interval * conf.rpc.report_patience
        self._registry = registry = WorkerRegistry(
            instance_id, report_timeout, self._wake.set, lambda: self._heartbeat.soon()
        )
        self._server = Server(
            transport, contract.PRODUCERS, name, registry, threads=1, instance_id=instance_id
        )
        self._hearing = Hearing(self._server, registry, report_timeout)
        vital = VitalThreads()
        self._liveness = LivenessCheck(
            transport, self._server, vital, conf.rpc.pulse_interval, conf.rpc.pulse_file
        )
        workers = WorkerClient(
            *(transport, instance_id, conf.rpc.render_timeout, conf.rpc.call_monitor_timeout),
            joins=get_joins_transport(conf, transport),
        )
        self._standing = Standing(name, registry, workers, self._wake.set)
        self.settings = WorkerSettings(registry, workers, live)
        self._dispatcher = Dispatcher(
            instance_id,
            self._client,
            registry,
            workers,
            pace,
            self._wake,
            vital,
            self._standing.is_disabled,
        )
        self._stopping = threading.Event()
        self._heartbeat = Heartbeat(
            RegistryClient(conf.endpoint_url, auth),
            Process(
                Kind.PRODUCER,
                name,
                instance_id,
                version,
                configuration=self.settings.configuration,
            ),
            lambda: conf.service.heartbeat_interval,
            self._stopping,
            self._describe,
            self._standing.follow,
        )
        self._leader = self._make_leader(instance_id)
        self._generator = Generator(
            self._client,
            lambda: sets_of(conf),
            random.Random(),
            self._wake.set,
            self._leader,
            self._standing.is_disabled,
        )

    def _describe(self) -> dict[str, Any]:
        return {"report": self._dispatcher.load(), "workers": self._registry.reports()}

    def _hear(self, disabled: Mapping[str, str | None]) -> None:
        """Use no disabled workers; that they are instructed needs the answer to a heartbeat."""
        if self._registry.disable(disabled):
            self._heartbeat.soon()

    def _make_leader(self, instance_id: str) -> Leader | None:
        conf = self._conf
        # Whoever asks for a single set gets it.
        if conf.one_shot or not conf.producer.leader:
            return None
        return Leader(
            self._client,
            instance_id,
            conf.producer.leader_ttl,
            lambda: not self._standing.is_disabled() and max(conf.min_tasks, conf.max_tasks) > 0,
        )

    def run(
        self,
        stop: threading.Event,
        on_ready: Callable[[], None] = lambda: None,
        forced: threading.Event | None = None,
    ) -> int:
        """Run until ``stop`` is set, or until a single set has ended; return the exit status.

        Nothing here waits for a peer: whatever does is a thread of its own, so that the producer
        ends within ``drain_timeout`` and four seconds, whatever state its peers are in.

        :param on_ready: called once the dispatcher runs.
        :param forced: cuts the drain short once it is set.
        """
        with self._heartbeat:
            return self._run(stop, on_ready, forced)

    def _run(
        self,
        stop: threading.Event,
        on_ready: Callable[[], None],
        forced: threading.Event | None,
    ) -> int:
        self._server.start(stop)
        self._liveness.start(stop)
        self._hearing.start(stop)
        self.settings.start(stop)
        done = threading.Event()
        dispatching = threading.Thread(
            target=self._dispatcher.run, args=(done, forced or threading.Event()), name="drain"
        )
        dispatching.start()
        generating = threading.Thread(
            target=self._generate, args=(stop,), name="generator", daemon=True
        )
        generating.start()
        if self._leader is not None:
            leading = threading.Thread(
                target=self._leader.run, args=(stop,), name="leader", daemon=True
            )
            leading.start()
        LOG.info("producer %s is ready", self._name)
        on_ready()
        while generating.is_alive() and not stop.wait(POLL_INTERVAL):
            continue
        self._stopping.set()
        # At once: that it has stopped is noticed some seconds later only.
        self._server.close()
        done.set()
        dispatching.join()
        self._heartbeat.leave()
        if self._leader is not None:
            self._leader.wait_until_resigned(RESIGN_SECONDS)
        self._server.stop(CLOSE_SECONDS)
        LOG.info("producer %s has stopped", self._name)
        return self._status

    def _generate(self, stop: threading.Event) -> None:
        if self._conf.one_shot:
            self._status = 1
            self._status = self._run_one_set(stop)
        else:
            self._generator.run(stop, lambda: self._conf.interval)

    def _run_one_set(self, stop: threading.Event) -> int:
        uuids, refused = self._generator.generate(stop)
        waiting = set(uuids)
        failed = refused
        while waiting and not stop.wait(POLL_INTERVAL):
            records = self._records(sorted(waiting), stop)
            if records is None:
                break
            for uuid in waiting - {record["uuid"] for record in records}:
                waiting.discard(uuid)
                failed += 1
                LOG.error("task %s was deleted", uuid)
            for record in records:
                if record["status"] in ENDED:
                    waiting.discard(record["uuid"])
                if record["status"] == Status.ERROR:
                    failed += 1
                    LOG.error("task %s failed: %s", record["uuid"], record["fault"])
        complete = len(uuids) + refused - failed - len(waiting)
        LOG.info("%d of %d task(s) complete", complete, len(uuids) + refused)
        return 1 if failed or waiting else 0

    def _records(self, uuids: list[str], stop: threading.Event) -> list[dict] | None:
        """Return the records that exist, None if ``stop`` is set while the API is unavailable."""
        try:
            return with_backoff(errors.ApiUnavailable, stop)(self._client.get_all, uuids)
        except errors.ApiUnavailable as error:
            LOG.warning("could not query the set: %s", error)
            return None
