# SPDX-License-Identifier: Apache-2.0
"""A producer that generates one set of fractals and exits."""

import threading

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
