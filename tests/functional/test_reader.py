# SPDX-License-Identifier: Apache-2.0
"""faafo-reader between a real RabbitMQ and a real Redis: what it stores, and what it survives."""

import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kombu
import pytest
from oslo_config import cfg

from faafo import conf as options
from faafo import errors
from faafo.recent.server import PREFIX, RecentJobs
from faafo.rpc.events import Publisher
from faafo.rpc.transport import get_events_transport
from tests.functional.processes import Service, wait_until, write_config
from tests.functional.redis_server import Redis

TOPIC = "faafo_events"
CREATED = "2026-11-28T18:00:00.000001Z"
RESULT = {"checksum": 64 * "a", "duration": 0.5, "size": 100, "generated_by": "worker-1"}
# Statuses and attempts, in the order in which they come.
LIFE = [
    ("queued", 0),
    ("rendering", 1),
    ("queued", 1),
    ("rendering", 2),
    ("error", 2),
    ("queued", 2),
    ("rendering", 3),
    ("complete", 3),
]


@pytest.fixture
def redis(redis_server: Redis) -> Redis:
    """An empty Redis."""
    redis_server.client.flushall()
    return redis_server


@pytest.fixture
def publisher(transport_url: str) -> Iterator[Publisher]:
    """What a notifier publishes with."""
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    conf([], default_config_files=[])
    conf.set_override("transport_url", transport_url, group="events")
    transport = get_events_transport(conf)
    yield Publisher(transport, TOPIC, "notifier-1")
    transport.cleanup()


@pytest.fixture
def reader(tmp_path: Path, transport_url: str, redis: Redis) -> "Reader":
    """A reader that has not been started."""
    return Reader(tmp_path, transport_url, redis.url)


class Reader:
    """Starts readers, one after the other."""

    def __init__(self, directory: Path, transport_url: str, redis_url: str) -> None:
        self.directory = directory
        self.pulse = directory / "pulse"
        self._events = {"transport_url": transport_url}
        self._reader = {
            "redis_url": redis_url,
            "pulse_file": self.pulse,
            "pulse_interval": 0.5,
        }

    def start(self, name: str = "reader", **changes: Any) -> Service:
        """Start a reader; ``changes`` are options of its group."""
        config = write_config(
            self.directory / f"{name}.conf", events=self._events, reader=self._reader | changes
        )
        return Service(self.directory, "faafo-reader", "--config-file", config, name=name)


def delivery(job: str, status: str, attempt: int, moment: int = 0) -> dict[str, Any]:
    """Return a delivery to the bus, as the API hands it out."""
    data = {
        "uuid": job,
        "created_at": CREATED,
        "project_id": "p",
        "shared": False,
        "status": status,
        "attempt": attempt,
        "failures": 0,
        "fault": None,
        "progress": 1.0 if status == "complete" else None,
        **(RESULT if status == "complete" else dict.fromkeys(RESULT)),
        "width": 640,
        "height": 480,
    }
    body = {
        "version": 1,
        "type": f"fractal.{status}",
        "timestamp": f"2026-11-28T18:00:00.{moment:06d}Z",
        "data": data,
    }
    event = {"uuid": str(uuid.uuid4()), "type": body["type"], "body": json.dumps(body)}
    return {"id": 1, "attempt": 1, "event": event, "webhook": None}


def new_jobs(count: int) -> list[str]:
    """Return uuids."""
    return [str(uuid.uuid4()) for _ in range(count)]


def statuses(redis: Redis, jobs: list[str]) -> list[str | None]:
    """Return the statuses of jobs in Redis."""
    recent = RecentJobs(redis.url, 3600, timeout=60)
    found = [recent.get(one) for one in jobs]
    recent.close()
    return [one and one.fields["status"] for one in found]


def all_are(redis: Redis, jobs: list[str], status: str) -> bool:
    return statuses(redis, jobs) == len(jobs) * [status]


def test_events_that_were_published_before_a_reader_began_are_not_lost(
    reader, publisher, redis, rabbitmq, transport_url
):
    jobs = new_jobs(20)
    publisher.publish([delivery(one, "complete", 1) for one in jobs])
    assert rabbitmq.queues(transport_url)[f"{TOPIC}.info"]
    with reader.start() as service:
        wait_until(lambda: all_are(redis, jobs, "complete"), "the states")
        wait_until(reader.pulse.exists, "the heartbeat")
        assert "secretsecret" not in service.output()
    ttl = redis.client.ttl(PREFIX + jobs[0])
    assert 86000 < ttl <= 86400


def test_readers_share_events_and_a_pool_gets_its_own(reader, publisher, redis):
    jobs = new_jobs(50)
    with reader.start("one") as one, reader.start("two") as two, reader.start("three", pool="p"):
        for service in (one, two):
            service.wait_for_line("listens for events")
        wait_until(lambda: (reader.directory / "three.log").read_text().count("listens"), "three")
        publisher.publish([delivery(job, "queued", 0) for job in jobs])
        wait_until(lambda: all_are(redis, jobs, "queued"), "the states")
        one.kill()
        publisher.publish([delivery(job, "rendering", 1) for job in jobs])
        wait_until(lambda: all_are(redis, jobs, "rendering"), "the states")
        two.kill()
        publisher.publish([delivery(job, "complete", 1) for job in jobs])
        # The pool has its own queue.
        wait_until(lambda: all_are(redis, jobs, "complete"), "the states")


def test_events_in_any_order_end_in_the_last_state_and_late_ones_change_nothing(
    reader, publisher, redis
):
    rng = random.Random(17)
    jobs = new_jobs(40)
    lives = [
        delivery(job, status, attempt, moment)
        for moment, (status, attempt) in enumerate(LIFE)
        for job in jobs
    ]
    lives += rng.choices(lives, k=100)
    rng.shuffle(lives)
    last = new_jobs(2)
    with reader.start():
        publisher.publish([*lives, delivery(last[0], "queued", 0)])
        wait_until(lambda: all_are(redis, last[:1], "queued"), "the last event")
        assert all_are(redis, jobs, "complete")
        late = [delivery(job, *step) for job in jobs for step in LIFE[:-1]]
        publisher.publish([*late, delivery(last[1], "queued", 0)])
        wait_until(lambda: all_are(redis, last, "queued"), "the last event")
        assert all_are(redis, jobs, "complete")


def test_a_full_redis_holds_events_back_and_gets_them_later(reader, publisher, redis):
    jobs = new_jobs(30)
    with reader.start() as service:
        service.wait_for_line("listens for events")
        redis.fill()
        try:
            publisher.publish([delivery(one, "complete", 1) for one in jobs])
            service.wait_for_line("maxmemory")
        finally:
            redis.make_room()
        wait_until(lambda: all_are(redis, jobs, "complete"), "the states")
        service.wait_for_line("stores states again")


def test_a_reader_that_stops_while_redis_is_away_leaves_its_events_in_the_queue(
    reader, publisher, redis
):
    jobs = new_jobs(30)
    redis.stop()
    try:
        with reader.start() as service:
            publisher.publish([delivery(one, "complete", 1) for one in jobs])
            service.wait_for_line("events wait")
    finally:
        redis.start()
    with reader.start("again"):
        wait_until(lambda: all_are(redis, jobs, "complete"), "the states")


def test_a_malformed_event_costs_no_other_one(reader, publisher, redis):
    jobs = new_jobs(2)
    bad = delivery(jobs[0], "lost", 1)
    with reader.start() as service:
        publisher.publish([bad, delivery(jobs[1], "complete", 1)])
        wait_until(lambda: all_are(redis, jobs[1:], "complete"), "the state")
        service.wait_for_line("dropped an event: status")


def test_a_queue_that_the_broker_has_lost_is_made_again(reader, publisher, redis, transport_url):
    jobs = new_jobs(2)
    with reader.start(pool="p") as service:
        service.wait_for_line("listens for events")
        publisher.publish([delivery(jobs[0], "queued", 0)])
        wait_until(lambda: all_are(redis, jobs[:1], "queued"), "the first state")
        with kombu.Connection(transport_url.replace("rabbit://", "amqp://")) as connection:
            connection.default_channel.exchange_delete("faafo")

        def is_stored() -> bool:
            # Until the reader listens again, the broker drops what is for its pool.
            publish_patiently(publisher, [delivery(jobs[1], "queued", 0)])
            return all_are(redis, jobs[1:], "queued")

        wait_until(is_stored, "the second state")


def publish_patiently(publisher: Publisher, deliveries: list[dict[str, Any]]) -> None:
    """Publish as a notifier does: again, until the broker has confirmed."""

    def published() -> bool:
        try:
            publisher.publish(deliveries)
        except errors.BrokerUnavailable:
            return False
        return True

    wait_until(published, "the broker to confirm")
