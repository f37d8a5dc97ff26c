# SPDX-License-Identifier: Apache-2.0
"""The calls of producers: what they ask of a worker."""

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.rpc import contract
from faafo.rpc.client import WorkerClient
from faafo.rpc.server import Server

LEASE = Lease("00000000-0000-4000-8000-000000000001", 1)


class OldEndpoint:
    """A worker of the time before there were palettes."""

    target = contract.TASKS(version="1.1")

    def process(self, ctxt, task):
        return {
            "uuid": task["uuid"],
            "checksum": "0" * 64,
            "duration": 0.1,
            "size": 1,
            "generated_by": "old",
        }


@pytest.fixture
def client(transport, stop):
    server = Server(transport, contract.TASKS, "old", OldEndpoint(), threads=2)
    server.start(stop)
    assert server.wait_until_listening(10)
    yield WorkerClient(transport, "p", 30, 5)
    server.stop()


def test_an_old_worker_renders_what_it_can_colour(client, make_task):
    assert client.process(make_task(), LEASE, "old").generated_by == "old"


def test_an_old_worker_is_not_asked_for_colours_that_it_does_not_know(client, make_task):
    with pytest.raises(errors.RenderFailed, match="1.2"):
        client.process(make_task(palette="ember"), LEASE, "old")
