# SPDX-License-Identifier: Apache-2.0
"""Request ids: in each answer, in each log line, and in the RPC call for a tile."""

import logging
import re
import socket
from urllib.parse import urlsplit

import pytest
from oslo_context.context import get_current

from faafo.app.pausing import BODY, PausableBody, pausable
from faafo.core.context import CONTEXT, RequestContext

HEADER = "X-Openstack-Request-Id"
ID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OTHER = "req-11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthcheck", 200),
        ("GET", "/", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/healthcheck", 405),
        ("POST", "/api/fractal", 400),
        ("GET", "/web/faafo.css", 200),
        ("GET", "/api/fractal/", 404),
    ],
)
def test_each_answer_has_a_new_id(app, method, path, status):
    client = app.test_client()
    answers = [client.open(path, method=method, json={}) for _ in range(2)]
    assert [one.status_code for one in answers] == [status, status]
    for one in answers:
        one.close()
    ids = [one.headers.getlist(HEADER) for one in answers]
    assert all(len(one) == 1 and ID.fullmatch(one[0]) for one in ids)
    assert ids[0] != ids[1]


def test_the_http_server_itself_answers_with_an_id(api_url):
    parts = urlsplit(api_url)
    with socket.create_connection((parts.hostname, parts.port), 30) as client:
        client.sendall(b"NONSENSE\r\n\r\n")
        head = client.makefile("rb").read().decode()
    assert "400 Bad Request" in head
    assert re.search(rf"{HEADER}: {ID.pattern}", head)


class Watch(logging.Filter):
    """Keeps the context that each log line is written in."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def filter(self, record: logging.LogRecord) -> bool:
        self.seen.append(get_current())
        return True


@pytest.fixture
def watch(caplog):
    caplog.set_level(logging.INFO, "faafo")
    watch = Watch()
    caplog.handler.addFilter(watch)
    yield watch
    caplog.handler.removeFilter(watch)


def test_the_log_lines_of_a_request_have_its_id_and_that_of_the_caller(app, watch):
    answer = app.test_client().get("/healthcheck", headers={HEADER: OTHER})
    assert {one.request_id for one in watch.seen} == {answer.headers[HEADER]}
    assert {one.global_request_id for one in watch.seen} == {OTHER}


@pytest.mark.parametrize("sent", ["", "x", OTHER.replace("-", " "), OTHER + "5", "req-" * 9999])
def test_an_id_that_no_service_makes_is_ignored(app, watch, sent):
    assert app.test_client().get("/healthcheck", headers={HEADER: sent}).status_code == 200
    assert {one.global_request_id for one in watch.seen} == {None}


def test_a_response_that_another_thread_resumes_logs_with_its_own_id():
    mine = RequestContext()
    body = PausableBody([b"x"], lambda: False, lambda: None)
    RequestContext()
    assert pausable(None)({BODY: body, CONTEXT: mine}, None) is body
    assert get_current() is mine
