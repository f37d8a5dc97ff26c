# SPDX-License-Identifier: Apache-2.0
"""The producer service: a single set, and the end beside an API that does not answer."""

import socket
import threading
import time

import pytest

from faafo.client.http import Client
from faafo.producer.producer import ProducerService


@pytest.fixture
def producer(conf, api_url, transport):
    for name, value in {"one_shot": True, "min_tasks": 1, "max_tasks": 1}.items():
        conf.set_override(name, value)
    conf.set_override("endpoint_url", api_url)
    return ProducerService(conf, transport, "p", "p:1")


def test_a_single_set_ends_with_1_when_one_of_its_fractals_is_deleted(
    producer, api_url, app, stop, wait_until
):
    client, ends = Client(api_url), []
    running = threading.Thread(target=lambda: ends.append(producer.run(stop)))
    running.start()

    def posted():
        return client._request("GET", "/api/fractal")["objects"]

    wait_until(posted, "the fractal")
    app.test_client().delete(f"/api/fractal/{posted()[0]['uuid']}")
    running.join(30)
    assert ends == [1]


@pytest.fixture
def silent_url():
    """The URL of an API that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("one_shot", [True, False])
def test_a_producer_stops_while_its_api_does_not_answer(conf, transport, silent_url, one_shot):
    for name, value in {"one_shot": one_shot, "min_tasks": 1, "endpoint_url": silent_url}.items():
        conf.set_override(name, value)
    conf.set_override("drain_timeout", 0.5, group="producer")
    producer, stop, ready, ends = (
        ProducerService(conf, transport, "p", "p:1"),
        threading.Event(),
        threading.Event(),
        [],
    )
    running = threading.Thread(target=lambda: ends.append(producer.run(stop, ready.set)))
    running.start()
    assert ready.wait(30)
    began_at = time.monotonic()
    stop.set()
    running.join(30)
    assert ends == [1 if one_shot else 0]
    assert time.monotonic() - began_at < 15
