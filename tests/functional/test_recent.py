# SPDX-License-Identifier: Apache-2.0
"""The states of jobs in a real Redis: late events, and a Redis that is away, full or silent."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from faafo import errors
from faafo.recent.breaker import LONGEST_SECONDS
from faafo.recent.server import PREFIX, RecentJobs
from faafo.recent.state import JobState
from tests.functional.processes import running_api, wait_until
from tests.functional.redis_server import Redis

TTL = 3600
BEGIN = datetime(2026, 11, 28, 18, tzinfo=UTC)
# Of a fractal that fails twice, is retried, rendered, deleted and posted anew.
LIFE = [
    ("queued", 0, None),
    ("rendering", 1, None),
    ("rendering", 1, 0.25),
    ("rendering", 1, 0.75),
    ("queued", 1, None),
    ("rendering", 2, None),
    ("error", 2, None),
    ("queued", 2, None),
    ("rendering", 3, 0.1),
    ("complete", 3, 1.0),
    ("deleted", 3, None),
    ("queued", 0, None),
    ("rendering", 1, None),
]


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recent(redis_server: Redis, clock: Clock) -> Iterator[RecentJobs]:
    """The states in an empty Redis."""
    redis_server.client.flushall()
    jobs = RecentJobs(redis_server.url, TTL, clock=clock)
    yield jobs
    jobs.close()


def life_of(job: str) -> list[JobState]:
    """Return the states of a job, the latest one last."""
    states, created = [], BEGIN
    for number, (status, attempt, progress) in enumerate(LIFE):
        moment = BEGIN + timedelta(seconds=number)
        if states and states[-1].status == "deleted":
            created = moment
        states.append(
            JobState(
                uuid=job,
                created_at=created,
                project_id="p",
                status=status,
                attempt=attempt,
                progress=progress,
                moment=moment,
            )
        )
    return states


def state(status: str = "complete", **changes) -> JobState:
    """Return a state of a job of its own."""
    fields = {"uuid": str(uuid.uuid4()), "created_at": BEGIN, "attempt": 1, "moment": BEGIN}
    return JobState(**fields | {"status": status} | changes)


def test_whatever_the_order_the_latest_state_remains(recent):
    rng = random.Random(17)
    for seed in range(60):
        job = str(uuid.uuid4())
        life = life_of(job)[: rng.randint(1, len(LIFE))]
        arriving = life + rng.choices(life, k=len(life))
        rng.shuffle(arriving)
        cut = rng.randint(0, len(arriving))
        recent.apply(arriving[:cut])
        for one in arriving[cut:]:
            recent.apply([one])
        found = recent.get(job)
        assert found is not None, seed
        assert found.fields["status"] == life[-1].status, seed
        assert found.fields.get("progress") == life[-1].progress, seed


def test_a_state_is_found_with_its_fields_and_its_age(recent, redis_server):
    result = {"checksum": 64 * "a", "duration": 0.5, "size": 10, "generated_by": "w\u00f6rker"}
    one = state(project_id="p", **result)
    assert recent.apply([one]) == 1
    assert recent.apply([one]) == 0
    assert recent.get(one.uuid) == ({"status": "complete", "project_id": "p", **result}, 0)
    assert 0 < redis_server.client.ttl(PREFIX + one.uuid) <= TTL
    assert redis_server.client.memory_usage(PREFIX + one.uuid) < 500
    assert recent.get(str(uuid.uuid4())) is None


def test_no_state_takes_no_call(recent, redis_server):
    redis_server.client.flushall()
    assert recent.apply([]) == 0


def test_what_another_program_has_stored_is_no_state(recent, redis_server):
    for number, text in enumerate(["", "x", "1" * 100, "1" * 69 + "[]", "1" * 69 + "{}"]):
        redis_server.client.set(PREFIX + str(number), text)
        assert recent.get(str(number)) is None


@pytest.mark.parametrize("way", ["url", "tls_url", "socket_url"])
def test_redis_is_reached_by_tcp_tls_and_socket_with_a_password(redis_server, way):
    jobs = RecentJobs(getattr(redis_server, way), TTL)
    one = state()
    jobs.apply([one])
    assert jobs.get(one.uuid) is not None
    jobs.close()


@pytest.mark.parametrize("change", [("secretsecret", "wrong"), (":secretsecret@", "")])
def test_a_wrong_password_is_told_without_showing_it(redis_server, change, caplog):
    jobs = RecentJobs(redis_server.url.replace(*change), TTL)
    with pytest.raises(errors.RedisUnavailable, match="redis_url = redis://") as raised:
        jobs.apply([state()])
    assert jobs.get("x") is None
    assert "wrong" not in str(raised.value) + caplog.text
    jobs.close()


def test_a_certificate_of_an_unknown_authority_is_refused(redis_server):
    jobs = RecentJobs(redis_server.tls_url.partition("?")[0], TTL)
    with pytest.raises(errors.RedisUnavailable, match="certificate"):
        jobs.apply([state()])
    jobs.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost/zero?db=one",
        "rediss://:secret@localhost/0?ssl_ca_certs=/nowhere/ca.pem",
        "redis://:secret@localhost/0?no_such_parameter=1",
    ],
)
def test_a_url_that_cannot_work_stops_the_start(url):
    with pytest.raises(errors.ConfigurationError, match="redis_url = redis") as raised:
        RecentJobs(url, TTL)
    assert "secret" not in str(raised.value)


def test_a_redis_that_is_away_is_asked_again_after_a_while(recent, redis_server, clock, caplog):
    one = state()
    recent.apply([one])
    redis_server.stop()
    assert recent.get(one.uuid) is None
    with pytest.raises(errors.RedisUnavailable):
        recent.apply([one])
    recent.tell(one)
    redis_server.start()
    # It is not asked.
    assert recent.get(one.uuid) is None
    clock.now += LONGEST_SECONDS
    caplog.set_level("INFO")
    # What it had when it was stopped is there again.
    assert recent.get(one.uuid) is not None
    away, back = [line.message for line in caplog.records if "redis_url" in line.message]
    assert "looked up in the database" in away
    assert "is back" in back
    assert "secretsecret" not in caplog.text


def test_a_restart_between_two_requests_is_not_noticed(recent, redis_server, caplog):
    one = state()
    recent.apply([one])
    redis_server.stop()
    redis_server.start()
    assert recent.get(one.uuid) is not None
    assert "redis_url" not in caplog.text


def test_a_silent_redis_delays_one_request(recent, redis_server, clock):
    one = state()
    recent.apply([one])
    redis_server.freeze()
    try:
        assert recent.get(one.uuid) is None
        # A second call would wait, too, and be told apart by the breaker only.
        assert all(recent.get(one.uuid) is None for _ in range(100))
        with pytest.raises(errors.RedisUnavailable, match="imeout|imed out"):
            recent.apply([one])
    finally:
        redis_server.thaw()

    def asked_after_a_while() -> bool:
        clock.now += LONGEST_SECONDS
        return recent.get(one.uuid) is not None

    wait_until(asked_after_a_while, "an answer of Redis")


def test_a_silent_redis_delays_one_deletion(recent, redis_server, clock, caplog):
    caplog.set_level("INFO", "faafo")
    redis_server.freeze()
    try:
        recent.tell(state())
        assert "jobs are looked up in the database" in caplog.text
        # From then on nobody waits for it.
        for _ in range(100):
            recent.tell(state())
        assert len(caplog.messages) == 1
    finally:
        redis_server.thaw()

    def told_after_a_while() -> bool:
        clock.now += LONGEST_SECONDS
        recent.tell(state())
        return "Redis is back" in caplog.text

    wait_until(told_after_a_while, "an answer of Redis")


def test_a_full_redis_is_read_and_refuses_what_is_new(recent, redis_server):
    one = state("rendering")
    recent.apply([one])
    redis_server.fill()
    try:
        with pytest.raises(errors.RedisUnavailable, match="maxmemory"):
            recent.apply([state()])
        recent.tell(state())
        found = recent.get(one.uuid)
        assert found is not None
        assert found.fields["status"] == "rendering"
    finally:
        redis_server.make_room()
    assert recent.apply([state()]) == 1


def test_an_emptied_redis_is_filled_again(recent, redis_server):
    one = state()
    recent.apply([one])
    redis_server.client.flushall()
    redis_server.client.script_flush()
    assert recent.get(one.uuid) is None
    assert recent.apply([one]) == 1
    assert recent.get(one.uuid) is not None


def test_an_api_answers_whatever_becomes_of_its_redis(tmp_path, redis_server):
    redis_server.client.flushall()
    with running_api(tmp_path, groups={"reader": {"redis_url": redis_server.tls_url}}) as api:
        job = api.post_fractal()["uuid"]

        def status() -> str:
            answer = api.request("GET", f"/api/job/{job}")
            assert answer.status_code == 200, answer.text
            return answer.json()["status"]

        # What Redis does not know it is told.
        assert status() == "queued"
        assert redis_server.client.exists(PREFIX + job)
        poster = api.post_fractal(height=6, split=2)["uuid"]
        first, again = (api.request("GET", f"/api/job/{poster}").json() for _ in range(2))
        assert (first, first["children"], first["open_children"]) == (again, 2, 2)
        assert '"open_children":2' in redis_server.client.get(PREFIX + poster)
        (part, _other) = api.request("GET", f"/api/fractal?children={poster}").json()["objects"]
        assert api.request("GET", f"/api/job/{part['uuid']}").json()["status"] == "queued"
        assert not redis_server.client.exists(PREFIX + part["uuid"])
        redis_server.stop()
        try:
            assert [status() for _ in range(5)] == 5 * ["queued"]
            api.service.wait_for_line("jobs are looked up in the database")
        finally:
            redis_server.start()
        redis_server.client.flushall()
        wait_until(
            lambda: status() and redis_server.client.exists(PREFIX + job), "Redis to be told"
        )
        redis_server.freeze()
        try:
            assert [status() for _ in range(5)] == 5 * ["queued"]
        finally:
            redis_server.thaw()
        redis_server.fill()
        try:
            api.claim()
            assert api.request("DELETE", f"/api/fractal/{job}").status_code == 204
        finally:
            redis_server.make_room()
        assert "secretsecret" not in api.service.output()
