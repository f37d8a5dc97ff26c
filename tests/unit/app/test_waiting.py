# SPDX-License-Identifier: Apache-2.0
"""Requests that prefer to wait for the end of a fractal, over the real HTTP server."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from faafo.app.lifecycle import ApiService
from faafo.core.collaborators import collaborators
from faafo.db import claims, db, fractals
from faafo.db.outcomes import RetryPolicy

BODY = {"width": 8, "height": 6, "iterations": 40, "xa": -1.5, "xb": 1.5, "ya": -1, "yb": 1}
RESULT = {"checksum": 64 * "a", "duration": 0.5, "size": 100, "generated_by": "worker-1"}
PREFER = {"Prefer": "wait=50"}
POLICY = RetryPolicy(1, 0.0, 0.0)


@pytest.fixture
def api(app, conf, stop):
    """The URL of an API with one thread for ordinary requests."""
    conf.set_override("bind_port", 0)
    conf.set_override("threads", 1, "api")
    service = ApiService(conf, app)
    yield service.start(stop)
    service.stop()


@pytest.fixture
def endings(app):
    with app.app_context():
        return collaborators().endings


@pytest.fixture
def pool():
    with ThreadPoolExecutor(40) as pool:
        yield pool


def post(api, **options):
    return requests.post(f"{api}/api/fractal", json=BODY, timeout=60, **options)


def get(api, uuid, headers=PREFER):
    return requests.get(f"{api}/api/fractal/{uuid}", headers=headers, timeout=60)


def claim(api):
    wanted = {"claimed_by": "a producer", "count": 100, "lease": 600}
    claimed = requests.post(f"{api}/api/claim", json=wanted, timeout=60).json()["objects"]
    return [{name: one[name] for name in ("uuid", "attempt", "token")} for one in claimed]


def complete(api, leases):
    results = [{**one, **RESULT} for one in leases]
    report = {"claimed_by": "a producer", "lease": 600, "complete": results}
    assert requests.put(f"{api}/api/claim", json=report, timeout=60).json() == {"lost": []}


def test_waiting_requests_hold_no_thread_and_are_answered_when_complete(
    api, endings, pool, wait_until
):
    uuids = [post(api).json()["uuid"] for _ in range(5)]
    answers = [pool.submit(get, api, uuid) for uuid in uuids for _ in range(2)]
    wait_until(lambda: len(endings) == len(answers))
    complete(api, claim(api))
    for answer in answers:
        shown = answer.result(60)
        assert shown.json()["status"] == "complete"
        assert shown.headers["Preference-Applied"] == "wait=50"
    assert len(endings) == 0


def test_a_job_is_waited_for_like_its_fractal(api, endings, pool, wait_until):
    uuid = post(api).json()["uuid"]
    answer = pool.submit(requests.get, f"{api}/api/job/{uuid}", headers=PREFER, timeout=60)
    wait_until(lambda: len(endings) == 1)
    complete(api, claim(api))
    shown = answer.result(60)
    assert shown.headers["Preference-Applied"] == "wait=50"
    assert shown.json()["result"]["checksum"] == RESULT["checksum"]


def test_a_post_that_waits_posts_once_and_shows_the_result(api, endings, pool, wait_until):
    answer = pool.submit(post, api, headers=PREFER)
    wait_until(lambda: len(endings) == 1)
    complete(api, claim(api))
    shown = answer.result(60)
    assert (shown.status_code, shown.json()["status"]) == (201, "complete")
    assert shown.headers["Location"] == f"/api/fractal/{shown.json()['uuid']}"
    assert requests.get(f"{api}/api/fractal", timeout=60).json()["num_results"] == 1


def test_the_last_fault_and_a_deletion_end_the_wait(api, change, endings, pool, wait_until):
    failed, deleted = (post(api).json()["uuid"] for _ in range(2))
    answers = [pool.submit(get, api, uuid) for uuid in (failed, deleted)]
    wait_until(lambda: len(endings) == 2)
    (lease,) = (one for one in claim(api) if one["uuid"] == failed)
    change(failed, failures=4)
    fault = {"attempt": lease["attempt"], "token": lease["token"], "fault": "the disk is full"}
    requests.put(f"{api}/api/fractal/{failed}", json=fault, timeout=60).raise_for_status()
    requests.delete(f"{api}/api/fractal/{deleted}", timeout=60).raise_for_status()
    first, second = (answer.result(60) for answer in answers)
    assert second.status_code == 404
    shown = first.json()
    assert (shown["status"], shown["fault"]) == ("error", "the disk is full")


def test_the_result_of_another_process_is_noticed(api, app, endings, pool, wait_until):
    uuid = post(api).json()["uuid"]
    answer = pool.submit(get, api, uuid)
    wait_until(lambda: len(endings) == 1)
    with app.app_context():
        claims.claim(db.session, "another", 1, 600.0, POLICY)
        fractal = fractals.get(db.session, uuid)
        fractal.status, fractal.checksum = "complete", 64 * "a"
        db.session.commit()
    assert answer.result(60).json()["status"] == "complete"


def test_the_record_as_it_is_comes_when_the_time_is_over(api):
    shown = get(api, post(api).json()["uuid"], {"Prefer": "respond-async, wait=1"})
    assert shown.json()["status"] == "queued"
    assert shown.headers["Preference-Applied"] == "wait=1"


@pytest.mark.parametrize("prefer", ["wait=0", "wait=x", "wait=-1", "wait", "wait=1e3", "handling"])
def test_no_preference_and_a_malformed_one_wait_for_nothing(api, prefer):
    shown = get(api, post(api).json()["uuid"], {"Prefer": prefer})
    assert (shown.status_code, shown.json()["status"]) == (200, "queued")
    assert "Preference-Applied" not in shown.headers


def test_the_wait_is_bounded_by_the_operator(api, conf):
    uuid = post(api).json()["uuid"]
    conf.set_override("max_wait", 1, "api")
    assert get(api, uuid, {"Prefer": "wait=999999999"}).headers["Preference-Applied"] == "wait=1"
    conf.set_override("max_wait", 0, "api")
    assert "Preference-Applied" not in get(api, uuid).headers


def test_a_client_that_goes_away_frees_its_place(api, endings, wait_until):
    uuid = post(api).json()["uuid"]
    address = urlsplit(api)
    with socket.create_connection((address.hostname, address.port)) as connection:
        head = f"GET /api/fractal/{uuid} HTTP/1.1\r\nHost: x\r\nPrefer: wait=50\r\n\r\n"
        connection.sendall(head.encode())
        wait_until(lambda: len(endings) == 1)
    wait_until(lambda: len(endings) == 0)


def test_the_next_request_of_a_connection_is_answered_after_the_wait(api, endings, wait_until):
    uuid = post(api).json()["uuid"]
    address = urlsplit(api)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.settimeout(60)
        head = f"GET /api/fractal/{uuid} HTTP/1.1\r\nHost: x\r\nPrefer: wait=50\r\n\r\n"
        connection.sendall(head.encode())
        wait_until(lambda: len(endings) == 1)
        connection.sendall(b"GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        complete(api, claim(api))
        received = b""
        while chunk := connection.recv(2**16):
            received += chunk
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b'"complete"') < received.index(b'"version"')


def test_a_server_that_stops_answers_all_that_wait(app, conf, stop, endings, pool, wait_until):
    conf.set_override("bind_port", 0)
    service = ApiService(conf, app)
    url = service.start(stop)
    answer = pool.submit(get, url, post(url).json()["uuid"])
    wait_until(lambda: len(endings) == 1)
    service.stop()
    assert answer.result(60).json()["status"] == "queued"


def test_a_wait_is_one_request_in_the_log(api, endings, pool, caplog, wait_until):
    caplog.set_level("INFO", "faafo.api.access")
    uuid = post(api).json()["uuid"]
    answer = pool.submit(get, api, uuid)
    wait_until(lambda: len(endings) == 1)
    complete(api, claim(api))
    answer.result(60)
    lines = [one for one in caplog.messages if f"GET /api/fractal/{uuid}" in one]
    assert len(lines) == 1


def test_more_requests_than_may_wait_are_answered_at_once(api, endings, pool, wait_until):
    uuid = post(api).json()["uuid"]
    endings.open(most=1)
    waiting = pool.submit(get, api, uuid)
    wait_until(lambda: len(endings) == 1)
    shown = get(api, uuid)
    assert (shown.json()["status"], "Preference-Applied" in shown.headers) == ("queued", False)
    complete(api, claim(api))
    assert waiting.result(60).json()["status"] == "complete"
