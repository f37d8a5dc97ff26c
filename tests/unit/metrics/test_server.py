# SPDX-License-Identifier: Apache-2.0
"""The server of metrics: what it answers, a port that is taken, its end."""

import contextlib
import re
import socket
import threading

import pytest
import requests

from faafo import errors
from faafo.metrics import catalogue, server
from faafo.metrics.server import serving


@pytest.fixture
def url(caplog):
    """The URL of a server that shows the metrics of readers."""
    caplog.set_level("INFO", "faafo.metrics")
    with serving("127.0.0.1:0", "1.2.3", ["reader"]):
        yield re.search(r"http://\S+", caplog.text)[0]


def get(url, **headers):
    return requests.get(url, headers=headers, timeout=60)


def test_it_shows_the_metrics_of_its_roles_and_the_version(url):
    catalogue.EVENTS.add("stored", amount=3)
    catalogue.CLAIMED.add()
    answer = get(url)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'faafo_reader_events_total{outcome="stored"} 3.0' in answer.text
    assert 'faafo_build_info{version="1.2.3"} 1.0' in answer.text
    assert "process_cpu_seconds_total" in answer.text
    assert "faafo_claimed_total" not in answer.text
    assert "_created" not in answer.text


def test_any_other_path_is_not_found(url):
    assert get(url.replace("/metrics", "/")).status_code == 404


def test_a_gauge_that_fails_is_an_error_with_a_line_in_the_log(caplog):
    caplog.set_level("INFO", "faafo.metrics")
    with serving("127.0.0.1:0", "1", ["producer"]), contextlib.ExitStack() as stack:
        stack.callback(catalogue.LEASES.read_from, lambda: None)
        catalogue.LEASES.read_from(lambda: 1 / 0)
        assert get(re.search(r"http://\S+", caplog.text)[0]).status_code == 500
    assert "could not collect the metrics" in caplog.text


def test_a_client_that_sends_nothing_holds_up_nobody_and_not_the_end(caplog):
    caplog.set_level("INFO", "faafo.metrics")
    with serving("127.0.0.1:0", "1", ["reader"]):
        url = re.search(r"http://\S+", caplog.text)[0]
        port = int(re.search(r":(\d+)/", url)[1])
        silent = socket.create_connection(("127.0.0.1", port))
        assert get(url).ok
    silent.close()
    assert "metrics" not in {one.name for one in threading.enumerate()}
    with pytest.raises(requests.ConnectionError):
        get(url)


def test_clients_that_keep_their_connections_take_few_threads(caplog, monkeypatch):
    caplog.set_level("INFO", "faafo.metrics")
    monkeypatch.setattr(server._Handler, "timeout", 600)
    monkeypatch.setattr(server, "MOST_CLIENTS", 2)
    with serving("127.0.0.1:0", "1", ["reader"]), contextlib.ExitStack() as stack:
        url = re.search(r"http://\S+", caplog.text)[0]
        address = ("127.0.0.1", int(re.search(r":(\d+)/", url)[1]))
        for _ in range(server.MOST_CLIENTS):
            stack.enter_context(socket.create_connection(address))
        with socket.create_connection(address, timeout=30) as one_more:
            assert one_more.recv(1) == b""
        stack.close()
        assert get_at_last(url).ok


def get_at_last(url):
    """Get it as soon as there is a place."""
    pause = threading.Event()
    for _ in range(600):
        with contextlib.suppress(requests.ConnectionError):
            return get(url)
        pause.wait(0.1)
    return get(url)


def test_a_port_that_is_taken_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        sentence = rf"\[metrics\] bind = {address}: Address already in use"
        with pytest.raises(errors.ConfigurationError, match=sentence), serving(address, "1", ()):
            pass


def test_without_an_address_nothing_is_served_or_measured(caplog):
    caplog.set_level("INFO", "faafo.metrics")
    with serving(None, "1", ["reader"]):
        assert not caplog.text
