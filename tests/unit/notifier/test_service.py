# SPDX-License-Identifier: Apache-2.0
"""The notifier as a whole, with a server that hands out deliveries, and real receivers."""

import ipaddress
import logging
import threading
import time
from contextlib import ExitStack

import pytest

from faafo.notifier.service import NotifierService
from tests.receivers import Receiver, dead, hanging
from tests.unit.notifier.claims import ClaimServer
from tests.unit.notifier.conftest import SECRET

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


class Running:
    """A notifier in a thread."""

    def __init__(self, service):
        self.tally = service.tally
        self.stop, self.ready = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=service.run, args=(self.stop, self.ready.set))
        self.thread.start()

    def end(self):
        """Have it drain, and assert that it ends."""
        self.stop.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


@pytest.fixture
def api():
    with ClaimServer() as api:
        yield api


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def notifier(conf, api):
    """Runs notifiers, whose options are given, and stops them."""
    conf.set_override("endpoint_url", api.url)
    conf.set_override("egress_allowed", [LOOPBACK], "webhook")
    with ExitStack() as running:

        def start(publish=None, **options):
            for name, value in {"claim_interval": 0.05, **options}.items():
                conf.set_override(name, value, "notifier")
            service = NotifierService(conf, "n:1", "1.2.3", publish=publish)
            one = Running(service)
            running.callback(one.end)
            assert one.ready.wait(60)
            return one

        yield start


def test_deliveries_are_made_verified_and_reported(
    api, receiver, notifier, make_record, wait_until
):
    records = [make_record(receiver.url, webhook=f"w{number % 7}") for number in range(50)]
    api.add(*records[:20])
    running = notifier()
    api.add(*records[20:])
    wait_until(lambda: len(api.outcomes) == 50)
    assert sorted(receiver.ids()) == sorted(one["event"]["uuid"] for one in records)
    for request in receiver.requests:
        assert request.verified(SECRET)["type"] == "fractal.complete"
    one = api.outcomes[records[0]["id"]]
    assert one == {"id": 1, "attempt": 1, "http_status": 204, "duration": one["duration"]}
    assert not api.held()
    assert running.tally.done == 50


def test_an_idle_notifier_asks_seldom_and_is_told_at_once(
    api, receiver, notifier, make_record, wait_until
):
    notifier()
    wait_until(lambda: api.claims)
    api.add(make_record(receiver.url))
    wait_until(lambda: api.outcomes)
    # After a request that had to wait, the API is trusted to tell.
    wait_until(lambda: len(api.claims) >= 3)
    assert not threading.Event().wait(1.0)
    assert len(api.claims) < 10


def test_a_failure_is_reported_with_what_the_receiver_said(
    api, receiver, notifier, make_record, wait_until
):
    receiver.answer = lambda _number: (503, {"Retry-After": "30"})
    api.add(make_record(receiver.url))
    notifier()
    wait_until(lambda: api.outcomes)
    outcome = api.outcomes[1]
    assert outcome["fault"] == "answered 503"
    assert (outcome["http_status"], outcome["retry_after"], outcome["gone"]) == (503, 30.0, False)


def test_receivers_that_hang_or_are_dead_hold_up_no_other(api, notifier, make_record, wait_until):
    with ExitStack() as stack:
        slow, refusing = stack.enter_context(hanging()), stack.enter_context(dead())
        healthy = [stack.enter_context(Receiver()) for _ in range(10)]
        api.add(*(make_record(slow) for _ in range(20)))
        api.add(*(make_record(slow, webhook=f"callback {number}") for number in range(40)))
        api.add(*(make_record(refusing) for _ in range(20)))
        records = [make_record(one.url) for one in healthy for _ in range(5)]
        api.add(*records)
        # Nothing that hangs ends during this test.
        notifier(timeout=300.0, drain_timeout=0.0)
        wait_until(lambda: {one["id"] for one in records} <= set(api.outcomes))
        for receiver in healthy:
            assert len(receiver.ids()) == 5
        wait_until(lambda: len(api.outcomes) == 70)
        assert all(
            one["fault"] == "connection refused" for one in api.outcomes.values() if "fault" in one
        )


def test_once_a_receiver_hangs_what_waits_for_it_is_given_up(
    api, notifier, make_record, wait_until
):
    with hanging() as url:
        api.add(*(make_record(url, webhook=f"callback {number}") for number in range(40)))
        notifier(timeout=0.5)
        wait_until(lambda: len(api.outcomes) == 40)
        faults = [one["fault"] for one in api.outcomes.values()]
        assert faults.count("no answer within 0.5 s") >= 8
        assert faults.count("not tried: the receiver does not answer other deliveries in time") > 20


def test_a_webhook_never_has_more_than_its_places(api, receiver, notifier, make_record, wait_until):
    receiver.gate.clear()
    api.add(*(make_record(receiver.url, webhook="one") for _ in range(6)))
    notifier(per_webhook=2)
    wait_until(lambda: len(receiver.ids()) == 2)
    wait_until(lambda: api.claims[-1]["busy"] == ["one"])
    assert len(receiver.ids()) == 2
    receiver.gate.set()
    wait_until(lambda: len(api.outcomes) == 6)


def test_leases_of_running_deliveries_are_renewed(api, receiver, notifier, make_record, wait_until):
    receiver.gate.clear()
    api.add(make_record(receiver.url))
    notifier(lease_duration=1.0, timeout=60.0)
    wait_until(lambda: sum(bool(one.get("renew")) for one in api.updates) >= 3)
    assert api.held()[1] > time.monotonic()
    receiver.gate.set()
    wait_until(lambda: api.outcomes)


@pytest.fixture
def one_waits(api, receiver, notifier, make_record, wait_until):
    """Starts a notifier with two deliveries under way and one, number 3, that waits for a place."""

    def start(**options):
        receiver.gate.clear()
        api.add(make_record(receiver.url, webhook="one"))
        running = notifier(per_webhook=2, **options)
        wait_until(lambda: len(receiver.ids()) == 1)
        # Two more are claimed, as the webhook has a place left.
        api.add(*(make_record(receiver.url, webhook="one") for _ in range(2)))
        wait_until(lambda: len(receiver.ids()) == 2 and len(api.held()) == 3)
        return running

    return start


def test_what_others_have_claimed_meanwhile_is_not_begun(one_waits, api, receiver, wait_until):
    one_waits(lease_duration=1.0)
    api.give_away(3)
    wait_until(lambda: api.lost == [3])
    wait_until(lambda: [one["id"] for one in api.updates[-1].get("renew", [])] == [1, 2])
    receiver.gate.set()
    wait_until(lambda: len(api.outcomes) == 2)
    assert len(receiver.ids()) == 2


def test_what_is_claimed_twice_is_delivered_with_the_same_id(
    api, receiver, notifier, make_record, wait_until
):
    receiver.gate.clear()
    api.add(make_record(receiver.url))
    notifier()
    wait_until(receiver.ids)
    api.expire()
    wait_until(lambda: len(receiver.ids()) == 2)
    receiver.gate.set()
    wait_until(lambda: api.outcomes)
    assert len(set(receiver.ids())) == 1
    # The report of the first attempt is void.
    assert api.outcomes[1]["attempt"] == 2


def test_reports_are_repeated_while_the_api_is_away(
    api, receiver, notifier, make_record, wait_until
):
    receiver.gate.clear()
    api.add(*(make_record(receiver.url, webhook=f"w{number}") for number in range(5)))
    notifier()
    wait_until(lambda: len(receiver.ids()) == 5)
    api.away = True
    receiver.gate.set()
    assert not threading.Event().wait(1.0)
    api.away = False
    wait_until(lambda: len(api.outcomes) == 5)
    assert len(receiver.ids()) == 5


def test_a_drain_releases_what_has_not_begun_and_waits_for_what_runs(
    one_waits, api, receiver, wait_until
):
    running = one_waits(drain_timeout=60.0)
    running.stop.set()
    wait_until(lambda: api.released == [3])
    assert running.thread.is_alive()
    receiver.gate.set()
    running.end()
    assert {one: outcome["http_status"] for one, outcome in api.outcomes.items()} == {
        1: 204,
        2: 204,
    }
    assert len(receiver.ids()) == 2
    assert not api.held()


def test_a_drain_ends_although_a_receiver_hangs_and_the_api_is_away(
    api, receiver, notifier, make_record, wait_until
):
    receiver.gate.clear()
    api.add(make_record(receiver.url))
    running = notifier(drain_timeout=0.1)
    wait_until(receiver.ids)
    api.away = True
    running.end()


def test_a_malformed_delivery_is_left_to_its_lease(
    api, receiver, notifier, make_record, wait_until, caplog
):
    malformed = make_record(receiver.url)
    malformed["event"] = None
    api.add(malformed, make_record(receiver.url))
    notifier()
    wait_until(lambda: api.outcomes)
    assert set(api.held()) == {malformed["id"]}
    assert "left to its lease" in caplog.text


def test_an_api_that_is_away_is_one_line_in_the_log(api, notifier, wait_until, caplog):
    api.away = True
    with caplog.at_level(logging.WARNING):
        notifier(claim_interval=0.05)
        wait_until(lambda: "could not claim deliveries" in caplog.text)
        assert not threading.Event().wait(0.5)
    assert caplog.text.count("could not claim deliveries") == 1


class TestBus:
    """Deliveries that have no webhook."""

    def test_they_are_published_in_order_and_reported_afterwards(
        self, api, notifier, make_record, wait_until
    ):
        published = []
        records = [make_record(None) for _ in range(40)]
        api.add(*records)
        notifier(publish=published.extend)
        wait_until(lambda: len(api.outcomes) == 40)
        assert published == records
        assert api.outcomes[1]["http_status"] is None
        assert api.claims[0]["bus"]

    def test_what_was_not_published_has_failed(self, api, notifier, make_record, wait_until):
        def publish(_deliveries):
            raise ConnectionError("rabbit://faafo:5ecre7@broker: refused")

        api.add(make_record(None))
        notifier(publish=publish)
        wait_until(lambda: api.outcomes)
        fault = api.outcomes[1]["fault"]
        assert fault.startswith("not published: ")
        assert "5ecre7" not in fault

    def test_a_bus_that_hangs_holds_up_no_webhook(
        self, api, receiver, notifier, make_record, wait_until, stop
    ):
        api.add(make_record(None), make_record(None))
        notifier(publish=lambda _deliveries: stop.wait(), drain_timeout=0.0)
        wait_until(lambda: len(api.held()) == 2)
        api.add(make_record(receiver.url))
        wait_until(lambda: api.outcomes)
        assert set(api.outcomes) == {3}

    def test_without_a_bus_none_is_claimed(self, api, receiver, notifier, make_record, wait_until):
        api.add(make_record(None), make_record(receiver.url))
        notifier()
        wait_until(lambda: api.outcomes)
        assert set(api.outcomes) == {2}
        assert not any(one["bus"] for one in api.claims)


class TestPulse:
    """The file that tells that the threads are well."""

    def test_it_is_touched_also_while_the_api_is_away(self, api, notifier, tmp_path, wait_until):
        api.away = True
        file = tmp_path / "pulse"
        notifier(pulse_file=str(file), pulse_interval=0.5)
        wait_until(file.exists)
        file.unlink()
        wait_until(file.exists)

    def test_a_file_that_cannot_be_written_is_one_line_in_the_log(
        self, notifier, tmp_path, wait_until, caplog
    ):
        notifier(pulse_file=str(tmp_path / "missing" / "pulse"), pulse_interval=0.5)
        wait_until(lambda: "[notifier] pulse_file" in caplog.text)
