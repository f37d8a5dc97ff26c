# SPDX-License-Identifier: Apache-2.0
"""``faafo event tail`` against the real API."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from faafo.app import event_watch
from faafo.app.lifecycle import ApiService
from faafo.cli.events import _line
from faafo.client import Client, Event
from faafo.core.collaborators import collaborators

BODY = {"width": 8, "height": 6, "iterations": 40, "xa": -1.5, "xb": 1.5, "ya": -1, "yb": 1}


@pytest.fixture
def url(app, conf, stop, monkeypatch):
    monkeypatch.setattr(event_watch, "EFFECTIVE_SECONDS", 0.0)
    conf.set_override("bind_port", 0)
    service = ApiService(conf, app)
    yield service.start(stop)
    service.stop()


@pytest.fixture
def tail(command_line, app, url, wait_until):
    """Runs ``faafo event tail`` with arguments while a fractal is posted and deleted."""
    with app.app_context():
        streams = collaborators().streams

    def happen():
        wait_until(lambda: streams._following, "the stream")
        with Client(url) as client:
            uuid = client.create(**BODY).uuid
            client.delete(uuid)
            return uuid

    def run(*argv):
        with ThreadPoolExecutor(1) as pool:
            happening = pool.submit(happen)
            status, output, errors = command_line("--url", url, "event", "tail", *argv)
            assert (status, errors) == (0, "")
            return happening.result(60), output.splitlines()

    return run


def test_a_line_for_each_event(tail):
    uuid, lines = tail("--count", 2)
    assert len(lines) == 2
    for line, status in zip(lines, ("queued", "deleted"), strict=True):
        time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
        assert re.fullmatch(rf"{time}  fractal\.{status}  {uuid}  {status}", line)


def test_an_object_for_each_event_of_a_type(tail):
    uuid, (line,) = tail("--types", "fractal.deleted", "--count", 1, "-f", "json")
    document = json.loads(line)
    assert (document["type"], document["data"]["uuid"]) == ("fractal.deleted", uuid)
    assert {"id", "version", "timestamp", "event"} < document.keys()


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("--types", "x"), "argument --types: must be some of fractal.queued, "),
        (("--count", "0"), "argument --count: must be an integer from 1"),
        (("--fractal", "x"), "argument --fractal: must be a UUID"),
        (("--scope", "x"), "argument --scope: invalid choice"),
        (("-f", "x"), "argument -f/--format: invalid choice"),
    ],
)
def test_a_wrong_option_is_named(command_line, argv, sentence):
    status, output, errors = command_line("event", "tail", *argv)
    assert (status, output) == (2, "")
    assert sentence in errors


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"status": "rendering", "progress": 0.256}, "rendering  26%"),
        ({"status": "rendering", "progress": None}, "rendering"),
        (
            {"status": "complete", "duration": 0.25, "size": 100, "generated_by": "worker-1"},
            "complete  0.25 s, 100 bytes, worker-1",
        ),
        ({"status": "error", "fault": "first\nsecond\x1b[2J"}, "error  first second [2J"),
        ({}, ""),
    ],
)
def test_what_a_line_says_of_a_fractal(data, expected):
    moment = "2026-11-28T18:00:00.123456Z"
    values = {"id": 1, "version": 1, "event": "x", "type": "t", "timestamp": moment}
    shown = _line(Event(**values, data=data))
    assert shown == f"2026-11-28 18:00:00.123  t  {expected}".rstrip()
