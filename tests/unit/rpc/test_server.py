# SPDX-License-Identifier: Apache-2.0
"""The end of an RPC server."""

import threading

import oslo_messaging
import pytest

from faafo.rpc import contract
from faafo.rpc.server import Server


class Stuck:
    """An endpoint whose calls end when ``proceed`` is set."""

    target = oslo_messaging.Target(version="1.0")

    def __init__(self):
        self.called = threading.Event()
        self.proceed = threading.Event()

    def work(self, ctxt):
        self.called.set()
        self.proceed.wait(60)


@pytest.fixture
def endpoint():
    endpoint = Stuck()
    yield endpoint
    endpoint.proceed.set()


@pytest.fixture
def server(transport, stop, endpoint):
    server = Server(transport, contract.TILES, "s", endpoint, threads=1)
    server.start(stop)
    assert server.wait_until_listening(60)
    return server


def test_a_server_waits_for_the_calls_that_it_answers_but_not_for_ever(transport, server, endpoint):
    client = oslo_messaging.get_rpc_client(transport, contract.TILES(server="s"), timeout=60)
    calling = threading.Thread(target=client.call, args=({}, "work"))
    calling.start()
    assert endpoint.called.wait(60)
    assert not server.stop(timeout=0.1)
    endpoint.proceed.set()
    assert server.stop(timeout=60)
    calling.join(60)


def test_a_server_for_which_no_thread_can_be_started_does_not_keep_its_service(
    server, monkeypatch, caplog
):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert not server.stop(timeout=60)
    assert "can't start new thread" in caplog.text
    assert server.stop(timeout=60)
