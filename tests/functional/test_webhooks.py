# SPDX-License-Identifier: Apache-2.0
"""faafo-notifier between a real API and real receivers: what it delivers, and what it survives."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.functional.databases import DatabaseServer
from tests.functional.processes import SMALL_FRACTAL, Api, Service, running_api, write_config
from tests.functional.processes import wait_until as wait_until_true
from tests.receivers import Receiver, dead, hanging

LOCAL = {"egress_allowed": "127.0.0.0/8"}
DRAIN_SECONDS = 0.5
# The guarantee is five seconds beyond the drain; the rest is for a machine that does much else.
BOUND_SECONDS = DRAIN_SECONDS + 10
# Seconds; what fails is tried again soon.
SCHEDULE = "0.2,0.2,0.2,0.2"

Subscribe = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def api(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """``faafo-api`` on a server, which lets webhooks lead to this machine."""
    groups = {"webhook": {**LOCAL, "retry_schedule": SCHEDULE}}
    directory = tmp_path_factory.mktemp("api")
    with database_server.database() as url, running_api(directory, url, groups=groups) as api:
        yield api


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def subscribe(api: Api) -> Iterator[Subscribe]:
    """Makes webhooks for events of type ``fractal.queued``, which are deleted at the end."""
    made = []

    def subscribe(url: str, **fields: Any) -> dict[str, Any]:
        body = {"url": url, "events": ["fractal.queued"], **fields}
        answer = api.request("POST", "/api/webhook", json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["uuid"])
        return answer.json()

    yield subscribe
    for uuid in made:
        api.request("DELETE", f"/api/webhook/{uuid}")


@pytest.fixture
def start_notifier(api: Api, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts notifiers, whose options are given, and ends them."""
    with ExitStack() as running:

        def start(name: str = "notifier", **options: Any) -> Service:
            config = write_config(
                tmp_path / f"{name}.conf",
                DEFAULT={"endpoint_url": api.url},
                webhook=LOCAL,
                notifier={"name": name, **options},
            )
            service = Service(tmp_path, "faafo-notifier", "--config-file", config, name=name)
            running.enter_context(service)
            service.wait_for_line("is ready")
            return service

        yield start


def log_of(api: Api, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """Return the deliveries of a webhook, without those that try it."""
    answer = api.request("GET", f"/api/webhook/{webhook['uuid']}/delivery", params=query)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["deliveries"] if one["type"] != "webhook.ping"]


def told(receiver: Receiver, kind: str = "fractal.queued") -> Counter[str]:
    """Return how often a receiver was told each event of a type, by webhook-id."""
    return Counter(one.id for one in list(receiver.requests) if kind.encode() in one.body)


def test_a_fractal_that_is_posted_is_told_and_the_log_says_so(
    api: Api,
    receiver: Receiver,
    subscribe: Subscribe,
    start_notifier: Callable[..., Service],
    tmp_path: Path,
) -> None:
    start_notifier(pulse_file=tmp_path / "pulse")
    webhook = subscribe(receiver.url)
    posted = api.post_fractal()
    wait_until_true(lambda: told(receiver), "the event")
    payloads = [one.verified(webhook["secret"]) for one in receiver.requests]
    assert [one["type"] for one in payloads] == ["webhook.ping", "fractal.queued"]
    assert payloads[1]["data"]["uuid"] == posted["uuid"]
    (delivery,) = wait_until_true(
        lambda: log_of(api, webhook, status="delivered"), "the report of the delivery"
    )
    assert delivery["event"] == receiver.requests[1].id
    assert delivery["http_status"] == 204
    assert (tmp_path / "pulse").exists()


def test_while_a_secret_is_rotated_both_secrets_verify(
    api: Api,
    receiver: Receiver,
    subscribe: Subscribe,
    start_notifier: Callable[..., Service],
) -> None:
    start_notifier()
    webhook = subscribe(receiver.url)
    answer = api.request("POST", f"/api/webhook/{webhook['uuid']}/secret", json={})
    api.post_fractal()
    wait_until_true(lambda: told(receiver), "the event")
    for secret in (webhook["secret"], answer.json()["secret"]):
        assert receiver.requests[-1].verified(secret)["type"] == "fractal.queued"


def test_what_fails_is_tried_again_under_the_same_id_and_can_be_delivered_once_more(
    api: Api,
    receiver: Receiver,
    subscribe: Subscribe,
    start_notifier: Callable[..., Service],
) -> None:
    start_notifier()
    webhook = subscribe(receiver.url)
    wait_until_true(lambda: receiver.requests, "the ping")
    answers: dict[int, Any] = {1: (500, {}), 2: None}
    receiver.answer = lambda number: answers.get(number, (204, {}))
    api.post_fractal()
    (delivery,) = wait_until_true(lambda: log_of(api, webhook, status="delivered"), "the delivery")
    assert delivery["attempts"] == 3
    assert list(told(receiver).values()) == [3]
    body = {"delivery": delivery["id"]}
    api.request("POST", f"/api/webhook/{webhook['uuid']}/redeliver", json=body)
    wait_until_true(lambda: list(told(receiver).values()) == [4], "another delivery")


def test_a_receiver_that_always_fails_is_given_up_and_gets_all_of_it_later(
    api: Api,
    receiver: Receiver,
    subscribe: Subscribe,
    start_notifier: Callable[..., Service],
) -> None:
    start_notifier()
    receiver.answer = lambda _number: (500, {})
    webhook = subscribe(receiver.url)
    for _ in range(3):
        api.post_fractal()
    failed = wait_until_true(
        lambda: len(given_up := log_of(api, webhook, status="failed")) == 3 and given_up,
        "three deliveries to be given up",
    )
    assert {(one["attempts"], one["fault"]) for one in failed} == {(5, "answered 500")}
    receiver.answer = lambda _number: (200, {})
    body = {"since": min(one["created_at"] for one in failed)}
    api.request("POST", f"/api/webhook/{webhook['uuid']}/redeliver", json=body)
    wait_until_true(lambda: len(log_of(api, webhook, status="delivered")) == 3, "all of them")


def test_a_receiver_that_is_gone_disables_its_webhook(
    api: Api,
    receiver: Receiver,
    subscribe: Subscribe,
    start_notifier: Callable[..., Service],
) -> None:
    start_notifier()
    receiver.answer = lambda _number: (410, {})
    webhook = subscribe(receiver.url)
    path = f"/api/webhook/{webhook['uuid']}"
    wait_until_true(lambda: not api.request("GET", path).json()["enabled"], "the webhook to end")
    assert "410" in api.request("GET", path).json()["reason"]
    count = len(receiver.requests)
    api.post_fractal()
    with Receiver() as other:
        subscribe(other.url)
        api.post_fractal()
        wait_until_true(lambda: told(other), "an event to another receiver")
    assert len(receiver.requests) == count


def test_healthy_receivers_get_theirs_while_others_hang_or_are_dead(
    api: Api, subscribe: Subscribe, start_notifier: Callable[..., Service]
) -> None:
    # None of the deliveries that hang ends during this test.
    start_notifier(timeout=600, drain_timeout=0)
    with ExitStack() as stack:
        healthy = [stack.enter_context(Receiver()) for _ in range(10)]
        slow, refusing = stack.enter_context(hanging()), stack.enter_context(dead())
        # Each webhook takes a second to be in effect.
        with ThreadPoolExecutor() as pool:
            urls = [refusing, slow, *(one.url for one in healthy)]
            webhook = list(pool.map(subscribe, urls))[0]
        for _ in range(20):
            api.post_fractal()
        for receiver in healthy:
            wait_until_true(lambda one=receiver: len(told(one)) == 20, "20 events")
            assert set(told(receiver).values()) == {1}
        faults = {one["fault"] for one in log_of(api, webhook)} - {None}
        assert faults == {"connection refused"}


def test_of_notifiers_that_are_killed_nothing_is_lost(
    api: Api,
    receiver: Receiver,
    subscribe: Subscribe,
    start_notifier: Callable[..., Service],
) -> None:
    options = {"lease_duration": 1, "timeout": 600}
    first, second = start_notifier("first", **options), start_notifier("second", **options)
    webhook = subscribe(receiver.url)
    wait_until_true(lambda: receiver.requests, "the ping")
    receiver.gate.clear()
    for _ in range(40):
        api.post_fractal()
    wait_until_true(lambda: len(told(receiver)) == 4, "two deliveries under way in each")
    first.kill()
    second.kill()
    start_notifier("third", **options, per_webhook=64, concurrency=64)
    # What the first two had under way is claimed once more when their leases have expired.
    wait_until_true(lambda: max(told(receiver).values()) > 1, "a delivery to be repeated")
    receiver.gate.set()
    wait_until_true(lambda: len(log_of(api, webhook, status="delivered")) == 40, "all deliveries")
    assert len(told(receiver)) == 40
    assert set(told(receiver)) == {one["event"] for one in log_of(api, webhook)}
    assert sum(told(receiver).values()) > 40


def test_a_notifier_ends_in_time_while_the_api_is_silent_and_a_receiver_hangs(
    api: Api,
    receiver: Receiver,
    subscribe: Subscribe,
    start_notifier: Callable[..., Service],
) -> None:
    notifier = start_notifier(timeout=600, drain_timeout=DRAIN_SECONDS)
    receiver.gate.clear()
    subscribe(receiver.url)
    wait_until_true(lambda: receiver.requests, "a delivery under way")
    os.kill(api.service.pid, signal.SIGSTOP)
    try:
        told_at = time.monotonic()
        notifier.tell_to_stop()
        assert notifier.wait_for_end() == 0
        assert time.monotonic() - told_at < BOUND_SECONDS
    finally:
        os.kill(api.service.pid, signal.SIGCONT)


def test_a_callback_of_faafo_all_tells_of_a_complete_fractal(
    receiver: Receiver, tmp_path: Path
) -> None:
    config = write_config(
        tmp_path / "all.conf",
        DEFAULT={"bind_port": 0, "min_tasks": 0, "max_tasks": 0},
        webhook=LOCAL,
    )
    with Service(tmp_path, "faafo-all", "--config-file", config) as service:
        line = service.wait_for_line("faafo is at http://127.0.0.1:")
        url = re.search(r"http://[\d.]+:\d+", line)[0]
        api = Api(url, service, config, None, tmp_path)
        posted = api.post_fractal(**SMALL_FRACTAL, callback_url=receiver.url)
        wait_until_true(lambda: told(receiver, "fractal.complete"), "the callback")
        payload = receiver.requests[0].verified(posted["callback_secret"])
        record = api.get_fractal(posted["uuid"])
        for name in ("uuid", "status", "checksum", "size", "width", "generated_by", "attempt"):
            assert payload["data"][name] == record[name]
