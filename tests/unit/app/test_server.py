# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of faafo-api and faafo-all."""

import threading

import pytest
import requests
from flask import Flask

from faafo import errors
from faafo.app.server import HttpServer


@pytest.fixture
def app():
    return Flask("test")


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_port_0_listens_on_any_free_port_and_the_url_has_it(app, address):
    server = HttpServer(app, address, 0, threads=1)
    server.start()
    try:
        assert requests.get(server.url, timeout=60).status_code == 404
    finally:
        server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=60)


def test_the_error_about_a_port_in_use_names_the_options(app):
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(
        errors.ConfigurationError, match=f"listen_address = 127.0.0.1, bind_port = {port}: "
    ):
        HttpServer(app, "127.0.0.1", port, threads=1)
    server.stop()


def test_a_request_in_flight_is_answered_before_the_server_stops(app):
    asked, answer = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow():
        asked.set()
        answer.wait(60)
        return "done"

    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(requests.get(f"{server.url}/slow", timeout=60).text)
    )
    asking.start()
    asked.wait(60)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    answer.set()
    stopping.join()
    asking.join()
    assert answers == ["done"]
