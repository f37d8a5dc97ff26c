# SPDX-License-Identifier: Apache-2.0
"""The HTTP client, against the real API and against servers that misbehave."""

import base64
import http.server
import threading
from contextlib import contextmanager

import pytest

from faafo import errors
from faafo.client.http import Client
from faafo.correlation import Correlation, Work
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult
from tests.ids import REQUEST_ID


@pytest.fixture
def client(api_url):
    return Client(f"{api_url}/")


@contextmanager
def answering(status, body, received=None):
    """A server that gives every request the same answer, and appends logins to ``received``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if received is not None:
                received.append(self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET  # noqa: N815 - the name is that of the method

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def result(uuid):
    return FractalResult(uuid=uuid, checksum="0" * 64, duration=0.5, size=7, generated_by="w")


def test_a_fractal_is_created_claimed_and_completed(client, make_task):
    task = make_task()
    assert client.create(task)["status"] == "queued"
    (claimed,) = client.claim("me", 5, 30)
    lease = Lease.of(claimed)
    assert lease[:2] == (task.uuid, 1)
    assert client.renew("me", [lease], 30, {task.uuid: 3}) == []
    assert client.complete(result(task.uuid), lease)["status"] == "complete"
    assert client.renew("me", [lease], 30) == [task.uuid]


def test_later_drawing_parameters_are_claimed_when_they_are_named(client, make_task):
    uuid = client.create(make_task(formula="z4"))["uuid"]
    assert not client.wait_for_claimable(0.0)
    assert client.claim("me", 1, 30) == []
    assert client.wait_for_claimable(0.0, 2)
    (claimed,) = client.claim("me", 1, 30, 2)
    assert (claimed["uuid"], claimed["formula"]) == (uuid, "z4")


def test_many_fractals_are_created_at_once(client, make_task):
    tasks = [make_task() for _ in range(1003)]
    records = client.create_all(tasks)
    assert [record["uuid"] for record in records] == [task.uuid for task in tasks]
    with pytest.raises(errors.ApiRefused, match="exist already"):
        client.create_all(tasks[:2])


def test_a_failure_and_a_release_put_a_fractal_back_into_the_queue(client, make_task):
    uuid = client.create(make_task())["uuid"]
    client.claim("me", 1, 30)
    client.release("me", [Lease(uuid, 1)])
    assert client.get(uuid)["status"] == "queued"
    client.claim("me", 1, 30)
    assert client.fail(Lease(uuid, 2), "x" * 10_000)["fault"] == "x" * 4000


def test_more_fractals_than_fit_on_a_page_are_fetched(client, make_task):
    uuids = [client.create(make_task())["uuid"] for _number in range(103)]
    records = client.get_all(uuids)
    assert {record["uuid"] for record in records} == set(uuids)


def test_a_login_in_the_url_is_sent_and_never_shown():
    received = []
    with answering(503, b'{"message": "busy"}', received) as url:
        url = url.replace("http://", "http://me:p%40ss%C3%A9@")
        client = Client(url)
        with pytest.raises(
            errors.ApiUnavailable, match=r"http://me:\*\*\*@127.0.0.1:\d+: 503, busy"
        ):
            client.get("1")
    assert base64.b64decode(received[0].removeprefix("Basic ")).decode() == "me:p@ssé"
    with pytest.raises(errors.ApiUnavailable) as caught:
        client.get("1")
    assert "p%40ss" not in str(caught.value)
    assert "@" not in client.image_url("1")


def test_a_refusal_has_the_sentence_and_the_status_of_the_api(client, make_task):
    task = make_task()
    client.create(task)
    with pytest.raises(errors.ApiRefused, match="exists already") as caught:
        client.create(task)
    assert caught.value.status == 409


def test_an_unreachable_api_is_named_in_one_line():
    with pytest.raises(errors.ApiUnavailable) as caught:
        Client("http://127.0.0.1:9").get("x")
    assert str(caught.value) == "endpoint_url = http://127.0.0.1:9: [Errno 111] Connection refused"


@pytest.mark.parametrize(
    ("status", "body"),
    [(503, b'{"message": "unavailable"}'), (200, b"<html>"), (502, b"bad gateway")],
)
def test_a_server_error_can_be_retried(status, body):
    with answering(status, body) as url, pytest.raises(errors.ApiUnavailable, match=url):
        Client(url).get("x")


def test_a_release_with_a_fault_shows_it_on_the_record(client, make_task):
    uuid = client.create(make_task())["uuid"]
    client.claim("me", 1, 30)
    client.release("me", [Lease(uuid, 1)], "the disk is full" + 5000 * "!")
    assert client.get(uuid)["fault"].startswith("the disk is full!")


def test_too_many_requests_can_be_retried():
    with (
        answering(429, b'{"message": "slow down"}') as url,
        pytest.raises(errors.ApiUnavailable, match="429, slow down"),
    ):
        Client(url).get("x")


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirection_gets_neither_credentials_nor_results(odd_server, status):
    seen = []
    target = odd_server(200, b'{"objects": []}', seen=seen)
    url = odd_server(status, b'{"objects": []}', Location=f"{target}/api/claim?key=1")
    with pytest.raises(errors.ApiUnavailable, match="is redirected to .*: configure that address"):
        Client(url).wait_for_claimable(1.0)
    assert seen == []


def test_requests_tell_what_their_thread_works_for(client, make_task, app):
    task = make_task()
    with Work(Correlation(REQUEST_ID)):
        client.create(task)
    (claimed,) = client.claim("me", 1, 30)
    assert claimed["request_id"] == REQUEST_ID
