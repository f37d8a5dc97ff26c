# SPDX-License-Identifier: Apache-2.0
"""An image store that answers nothing delays no lease, no report and no health check."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from faafo.app.factory import create_app
from faafo.app.lanes import LANES, Lane, routes
from faafo.app.lifecycle import ApiService
from faafo.core.collaborators import KEY
from faafo.db import claims, db, fractals, outcomes
from faafo.store.filesystem import FilesystemStore
from faafo.web.excerpt import PAGE_SIZE
from tests.unit.web.conftest import POLICY, make_png

DEADLINE = 60
THREADS = 2


class StallingStore(FilesystemStore):
    """Answers nothing while ``stalled``; counts the calls that wait."""

    def __init__(self, datadir: str) -> None:
        super().__init__(datadir)
        self.go = threading.Event()
        self.go.set()
        self.waiting = threading.Semaphore(0)

    def _stall(self) -> None:
        if not self.go.is_set():
            self.waiting.release()
            assert self.go.wait(DEADLINE)

    def open(self, uuid, token=None):
        self._stall()
        return super().open(uuid, token)

    def publish(self, uuid, token):
        self._stall()
        super().publish(uuid, token)

    def delete(self, uuid, token=None):
        self._stall()
        super().delete(uuid, token)

    def save(self, uuid, png, attempt=None, token=None):
        self._stall()
        return super().save(uuid, png, attempt, token)

    def check(self):
        self._stall()
        super().check()


@pytest.fixture
def store(conf):
    store = StallingStore(conf.filesystem_store_datadir)
    store.check()
    yield store
    store.go.set()


@pytest.fixture
def url(app, conf, stop):
    """The URL of the API with few threads."""
    conf.set_override("bind_port", 0)
    service = ApiService(conf, app)
    yield service.start(stop)
    service.stop()


@pytest.fixture
def conf(conf):
    conf.set_override("threads", THREADS, group="api")
    return conf


@pytest.fixture
def clients():
    with ThreadPoolExecutor(64) as clients:
        yield clients


@pytest.fixture
def complete(app, store, make_task):
    """Adds a complete fractal with an image and returns its uuid."""

    def add(**changes) -> str:
        with app.app_context():
            task = make_task(**changes)
            fractals.add(db.session, task)
            png = make_png(task.width, task.height)
            store.save(task.uuid, png)
            result = {"checksum": "0" * 64, "duration": 1.0, "size": len(png)}
            outcomes.complete_unfenced(db.session, task.uuid, result)
            return task.uuid

    return add


@pytest.fixture
def leased(app, make_task):
    """Adds a fractal that is leased to me and returns its uuid."""

    def add() -> str:
        with app.app_context():
            uuid = fractals.add(db.session, make_task()).uuid
            claims.claim(db.session, "me", 1, 600.0, POLICY)
            return uuid

    return add


def get(url, path):
    return requests.get(url + path, timeout=DEADLINE)


def assert_leases_and_health_are_looked_after(url, uuid):
    assert get(url, "/healthcheck").status_code == 200
    claim = {"claimed_by": "me", "count": 1, "lease": 60}
    answer = requests.post(f"{url}/api/claim", json=claim, timeout=DEADLINE)
    assert answer.json() == {"objects": []}
    held = {"uuid": uuid, "attempt": 1}
    renewal = {"claimed_by": "me", "lease": 60, "renew": [held]}
    answer = requests.put(f"{url}/api/claim", json=renewal, timeout=DEADLINE)
    assert answer.json() == {"lost": []}
    late = {**held, "uuid": uuid[:-12] + "f" * 12, "checksum": "0" * 64, "duration": 1.0}
    late |= {"size": 1, "generated_by": "me"}
    report = {"claimed_by": "me", "complete": [late]}
    answer = requests.put(f"{url}/api/claim", json=report, timeout=DEADLINE)
    assert answer.json() == {"lost": [late["uuid"]]}
    result = {"attempt": 1, "checksum": "0" * 64, "duration": 1.0}
    answer = requests.put(f"{url}/api/fractal/{uuid}", json=result, timeout=DEADLINE)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/api/fractal/{}/image", "/fractal/{}/thumbnail"])
def test_a_store_that_stalls_delays_no_lease_and_more_reads_are_refused(
    url, store, clients, complete, leased, path
):
    kinds = [complete() for _ in range(40)]
    held = leased()
    store.go.clear()
    answers = [clients.submit(get, url, path.format(uuid)) for uuid in kinds]
    for _ in range(1 if "thumbnail" in path else THREADS):
        assert store.waiting.acquire(timeout=DEADLINE)
    assert_leases_and_health_are_looked_after(url, held)
    assert get(url, "/").status_code == 200
    refused = get(url, path.format(kinds[0]))
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert "try again later" in refused.json()["message"]
    store.go.set()
    statuses = [answer.result().status_code for answer in answers]
    assert set(statuses) == {200, 503}
    assert get(url, path.format(kinds[0])).status_code == 200


def test_all_slow_requests_at_once_delay_no_lease(url, store, clients, complete, leased):
    uuids = [complete() for _ in range(30)]
    held = leased()
    store.go.clear()
    paths = ["/api/fractal/{}/image", "/fractal/{}/thumbnail", "/fractal/{}/download"]
    answers = [clients.submit(get, url, path.format(uuid)) for uuid in uuids for path in paths]
    answers += [
        clients.submit(requests.delete, f"{url}/api/fractal/{uuid}", timeout=DEADLINE)
        for uuid in uuids[:5]
    ]
    answers += [clients.submit(get, url, "/healthcheck/store") for _ in range(5)]
    for _ in range(THREADS + 1):
        assert store.waiting.acquire(timeout=DEADLINE)
    assert_leases_and_health_are_looked_after(url, held)
    store.go.set()
    assert {answer.result().status_code for answer in answers} <= {200, 204, 503}
    assert get(url, f"/api/fractal/{uuids[-1]}/image").status_code == 200


def test_a_page_of_thumbnails_can_be_asked_for_at_once(app, stop, clients, complete, conf):
    conf.clear_override("threads", group="api")
    conf.set_override("bind_port", 0)
    larger = create_app(conf, app.extensions[KEY].store, "1.2.3")
    service = ApiService(conf, larger)
    url = service.start(stop)
    paths = [f"/fractal/{complete(width=1000, height=700)}/thumbnail" for _ in range(PAGE_SIZE)]
    answers = list(clients.map(get, [url] * len(paths), paths))
    service.stop()
    with larger.app_context():
        db.engine.dispose()
    assert [answer.status_code for answer in answers] == [200] * PAGE_SIZE


def test_a_reader_that_stalls_holds_no_place(app, complete):
    bulkhead = app.extensions[KEY].bulkheads.images
    client = app.test_client()
    answers = [client.get(f"/api/fractal/{complete()}/image") for _ in range(9)]
    assert bulkhead.taken == 0
    assert [answer.status_code for answer in answers] == [200] * 9
    for answer in answers:
        answer.close()


def test_an_api_whose_threads_all_wait_is_alive(app, url):
    go, waiting = threading.Event(), threading.Semaphore(0)

    def hang() -> str:
        waiting.release()
        assert go.wait(DEADLINE)
        return "late"

    # As they do for a database that does not answer.
    app.view_functions["fractal.post_fractal"] = lambda **_: hang()
    with ThreadPoolExecutor(3 * THREADS) as clients:
        body = {"width": 8, "height": 8}
        posts = [
            clients.submit(requests.post, f"{url}/api/fractal", json=body, timeout=DEADLINE)
            for _ in range(3 * THREADS)
        ]
        for _ in range(THREADS):
            assert waiting.acquire(timeout=DEADLINE)
        assert requests.get(f"{url}/v1", timeout=DEADLINE / 2).status_code == 200
        go.set()
        assert {post.result().status_code for post in posts} == {200}


def test_every_route_of_a_lane_exists(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set().union(*LANES.values()) <= endpoints


def test_a_route_has_its_lane_and_the_size_of_its_body(app):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    app.config["MAX_IMAGE_SIZE"] = 9000
    route = routes(app)
    uuid = "12345678-9abc-4def-8123-456789abcdef"
    assert route("PUT", "/api/claim").lane is Lane.LEASES
    assert route("POST", "/api/fractal").lane is Lane.ORDINARY
    assert route("GET", "/v1/event").lane is Lane.STREAMS
    assert route("POST", "/api/fractal").largest_body == 1000
    upload = route("PUT", f"/api/fractal/{uuid}/image")
    assert (upload.lane, upload.largest_body) == (Lane.SLOW, 9000)
    assert route("PUT", "/api/fractal/\xc3\xa9").largest_body == 0
    assert route("POST", "/other").largest_body == 0
