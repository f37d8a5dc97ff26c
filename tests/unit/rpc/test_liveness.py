# SPDX-License-Identifier: Apache-2.0
"""The liveness check of a service, on a broker in memory."""

import oslo_messaging
import pytest

from faafo import errors
from faafo.rpc import contract
from faafo.rpc.liveness import LivenessCheck
from faafo.rpc.server import Server
from faafo.vital import STUCK_SECONDS, VitalThreads

OTHERS = {"instance": "w:2", "age": 3600.0, "is_stopping": False}


class Endpoint:
    """An endpoint without methods of its own."""

    target = oslo_messaging.Target(version="1.0")


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def vital(now):
    return VitalThreads(lambda: now[0])


@pytest.fixture
def server(transport, stop):
    server = Server(transport, contract.TASKS, "w", Endpoint(), 2, "w:1")
    server.start(stop)
    assert server.wait_until_listening(60)
    yield server
    server.stop()


@pytest.fixture
def check(transport, server, vital, tmp_path):
    """A liveness check with a short interval, and the file that it touches."""
    file = tmp_path / "pulse"
    return LivenessCheck(transport, server, vital, 0.5, str(file), "[worker] name"), file


def test_a_service_that_hears_itself_touches_its_file(check, stop, wait_until):
    liveness, file = check
    liveness.start(stop)
    wait_until(file.exists, "the file")


def test_a_service_with_a_thread_that_is_stuck_does_not(check, vital, now, caplog):
    liveness, file = check
    vital.beat("dispatcher", pause=1.0)
    vital.beat("leases", pause=1.0)
    now[0] = STUCK_SECONDS + 0.9
    vital.beat("leases")
    liveness._check()
    assert file.exists()
    file.unlink()
    now[0] += 1
    liveness._check()
    assert not file.exists()
    assert "stuck thread(s): dispatcher" in caplog.text
    vital.beat("dispatcher")
    liveness._check()
    assert file.exists()


def test_a_service_whose_messages_are_lost_listens_again(transport, server, vital, monkeypatch):
    """The broker in memory loses no binding: the first listener is deaf in its place."""
    server._server.stop()
    liveness = LivenessCheck(transport, server, vital, 0.5)
    liveness._check()
    liveness._check()
    assert not liveness._failing


def test_a_server_without_a_free_thread_is_not_taken_for_deaf(transport, server, vital):
    server._server.stop()
    before = server._server
    LivenessCheck(transport, server, vital, 0.5, is_busy=lambda: True)._check()
    assert server._server is before


@pytest.fixture
def other(transport, stop):
    """Starts an older process of the same name, which has ``answer`` for every ping."""
    servers = []

    class Ping:
        target = contract.LIVENESS

        def __init__(self, answer):
            self._answer = answer

        def ping(self, ctxt):
            return self._answer

    def start(answer):
        server = Server(transport, contract.TASKS, "w", Endpoint(), 2, "w:2")
        server._ping = Ping(answer)
        server.start(stop)
        assert server.wait_until_listening(60)
        servers.append(server)

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("answer", [OTHERS, None])
def test_a_name_that_an_older_process_has_is_refused(transport, vital, other, answer):
    other(answer)
    newcomer = Server(transport, contract.TASKS, "w", Endpoint(), 2, "w:1")
    liveness = LivenessCheck(transport, newcomer, vital, 10.0, option="[worker] name")
    with pytest.raises(errors.ConfigurationError, match=r"^\[worker\] name = w: this name is"):
        liveness._ask()


@pytest.mark.parametrize(
    "answer",
    [
        {"instance": "w:1", "age": 9.0, "is_stopping": False},
        OTHERS | {"is_stopping": True},
        OTHERS | {"age": -3600.0},
    ],
)
def test_a_process_that_stops_or_began_later_takes_no_name(transport, vital, other, answer):
    other(answer)
    ours = Server(transport, contract.TASKS, "w", Endpoint(), 2, "w:1")
    LivenessCheck(transport, ours, vital, 10.0, option="[worker] name")._ask()


def test_of_two_processes_of_one_age_one_yields(transport):
    first, second = (
        Server(transport, contract.TASKS, "w", Endpoint(), 2, f"w:{number}") for number in (1, 2)
    )
    assert not first.is_younger_than(second._ping.ping({}))
    assert second.is_younger_than(first._ping.ping({}))


def test_a_name_that_nobody_has_is_free(transport, vital):
    ours = Server(transport, contract.TASKS, "w", Endpoint(), 2, "w:1")
    asking = LivenessCheck(transport, ours, vital, 10.0, option="[worker] name").ask_for_name()
    asking.join(60)
    assert not asking.is_alive()
