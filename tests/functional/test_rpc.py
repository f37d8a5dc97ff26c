# SPDX-License-Identifier: Apache-2.0
"""RPC by oslo.messaging: the same on RabbitMQ and inside of one process."""

import threading
from collections.abc import Iterator
from typing import Any

import oslo_messaging
import pytest
from oslo_config import cfg
from oslo_messaging import MessagingTimeout, RemoteError, Target

from faafo import conf as options
from faafo import errors
from faafo.rpc.transport import get_transport
from tests.functional.processes import wait_until

TOPIC = "tests"
SECONDS = 60
MONITOR = 2


@pytest.fixture(params=["inprocess", "rabbitmq"])
def transport(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A transport on which nothing listens."""
    url = "inprocess://" if request.param == "inprocess" else None
    url = url or request.getfixturevalue("transport_url")
    options.register_opts(cfg.CONF)
    cfg.CONF([], project="faafo", default_config_files=[])
    transport = get_transport(cfg.CONF, default_url=url)
    yield transport
    transport.cleanup()
    cfg.CONF.clear_default("transport_url")
    cfg.CONF.reset()


class Endpoint:
    """What a server does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[Any] = []
        self.go = threading.Event()

    def echo(self, ctxt: dict[str, Any], value: Any) -> Any:
        self.heard.append((ctxt.get("sender"), value))
        return {"server": self.name, "value": value}

    def wait(self, ctxt: dict[str, Any]) -> str:
        assert self.go.wait(SECONDS)
        return "done"

    @oslo_messaging.expected_exceptions(errors.FaafoError)
    def refuse(self, ctxt: dict[str, Any]) -> None:
        raise errors.WorkerBusy("no slot is free")

    def break_down(self, ctxt: dict[str, Any]) -> None:
        raise ZeroDivisionError("by design")


@pytest.fixture
def serve(transport: Any) -> Iterator[Any]:
    """Starts a server with a name; returns its endpoint and what stops it."""
    servers = []

    def start(name: str) -> tuple[Endpoint, Any]:
        endpoint = Endpoint(name)
        target = Target(topic=TOPIC, server=name)
        server = oslo_messaging.get_rpc_server(transport, target, [endpoint])
        server.start(override_pool_size=4)
        servers.append((server, endpoint))

        def stop() -> None:
            endpoint.go.set()
            server.stop()
            server.wait()

        return endpoint, stop

    yield start
    for server, endpoint in servers:
        endpoint.go.set()
        server.stop()
        server.wait()


@pytest.fixture
def client(transport: Any) -> Any:
    return oslo_messaging.get_rpc_client(transport, Target(topic=TOPIC), timeout=SECONDS)


def test_a_call_is_answered_by_the_server_that_it_names(client: Any, serve: Any) -> None:
    one, _ = serve("one")
    other, _ = serve("other")
    value = {"nested": [1, 2.5, None, "text ü"]}
    answer = client.prepare(server="other").call({"sender": "me"}, "echo", value=value)
    assert answer == {"server": "other", "value": value}
    assert (one.heard, other.heard) == ([], [("me", value)])


def test_a_call_without_a_server_is_answered_by_one_of_them(client: Any, serve: Any) -> None:
    endpoints = [serve(name)[0] for name in ("one", "other")]
    for number in range(6):
        assert client.call({}, "echo", value=number)["value"] == number
    assert sorted(value for one in endpoints for _, value in one.heard) == list(range(6))


def test_a_fanout_cast_reaches_every_server_once(client: Any, serve: Any) -> None:
    endpoints = [serve(name)[0] for name in ("one", "other")]
    client.prepare(fanout=True).cast({}, "echo", value="all")
    wait_until(lambda: all(one.heard for one in endpoints), "the cast to arrive")
    for name in ("one", "other"):
        client.prepare(server=name).call({}, "echo", value="later")
    assert [[value for _, value in one.heard] for one in endpoints] == [["all", "later"]] * 2


def test_a_message_is_a_copy(client: Any, serve: Any) -> None:
    endpoint, _ = serve("one")
    value = {"changed": False}
    answer = client.prepare(server="one").call({}, "echo", value=value)
    answer["value"]["changed"] = True
    value["changed"] = True
    assert endpoint.heard == [(None, {"changed": False})]


def test_an_error_of_ours_travels_as_what_it_is(client: Any, serve: Any) -> None:
    serve("one")
    with pytest.raises(errors.WorkerBusy) as caught:
        client.prepare(server="one").call({}, "refuse")
    assert caught.value.args[0] == "no slot is free"


def test_any_other_error_travels_with_its_name(client: Any, serve: Any) -> None:
    serve("one")
    with pytest.raises((RemoteError, ZeroDivisionError), match="by design"):
        client.prepare(server="one").call({}, "break_down")


def test_a_call_that_nobody_answers_ends_after_its_timeout(client: Any, serve: Any) -> None:
    serve("one")
    with pytest.raises(MessagingTimeout):
        client.prepare(server="one", timeout=1).call({}, "wait")


def test_a_long_call_goes_on_while_heartbeats_come(client: Any, serve: Any) -> None:
    endpoint, _ = serve("one")
    # Longer than the monitor waits for a heartbeat.
    threading.Timer(2.5 * MONITOR, endpoint.go.set).start()
    called = client.prepare(server="one", call_monitor_timeout=MONITOR, timeout=SECONDS)
    assert called.call({}, "wait") == "done"


def test_a_call_to_a_server_that_is_no_more_ends_without_heartbeats(
    client: Any, serve: Any
) -> None:
    _, stop = serve("one")
    stop()
    called = client.prepare(server="one", call_monitor_timeout=MONITOR, timeout=SECONDS)
    with pytest.raises(MessagingTimeout):
        called.call({}, "echo", value=1)


def test_a_message_waits_for_the_next_server_of_the_name(client: Any, serve: Any) -> None:
    _, stop = serve("one")
    stop()
    client.prepare(server="one").cast({}, "echo", value="kept")
    endpoint, _ = serve("one")
    wait_until(lambda: endpoint.heard, "the message to arrive")
    assert endpoint.heard == [(None, "kept")]


def test_many_threads_call_at_the_same_time(client: Any, serve: Any) -> None:
    serve("one")
    answers: list[int] = []

    def call(number: int) -> None:
        answer = client.prepare(server="one").call({}, "echo", value=number)
        answers.append(answer["value"])

    threads = [threading.Thread(target=call, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(32))
