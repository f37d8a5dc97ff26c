# SPDX-License-Identifier: Apache-2.0
"""The driver inprocess://; ``tests/functional/test_rpc.py`` compares it with RabbitMQ."""

import gc
import threading

import oslo_messaging
import pytest
from oslo_messaging import MessagingTimeout, Target, TransportURL

from faafo.rpc.inprocess import Call, InProcessDriver

NOWHERE = Target(topic="nowhere", server="nobody")
HERE = Target(topic="here", server="me")


@pytest.fixture
def driver(transport, conf):
    def make(virtual_host=""):
        url = TransportURL.parse(conf, f"inprocess:///{virtual_host}")
        return InProcessDriver(conf, url, default_exchange="tests")

    return make


@pytest.fixture
def listen(request):
    """Lets a driver listen on a target; returns the messages that arrive."""

    def start(driver, target=HERE):
        listener = driver.listen(target, 1, None)
        heard = []
        listener.start(heard.extend)
        request.addfinalizer(listener.stop)
        return heard

    return start


def test_a_message_that_no_queue_is_bound_to_is_dropped(driver, listen):
    one = driver()
    one.send(NOWHERE, {}, {"number": 1})
    one.send(Target(topic="nowhere", fanout=True), {}, {"number": 2})
    assert listen(one, NOWHERE) == []


def test_drivers_with_the_same_virtual_host_share_their_queues(driver, listen, wait_until):
    one, same, other = driver("a"), driver("a"), driver("b")
    heard, nothing = listen(one), listen(other)
    same.send(HERE, {"from": "same"}, {"number": 1})
    wait_until(lambda: heard)
    assert (heard[0].ctxt, heard[0].message) == ({"from": "same"}, {"number": 1})
    assert nothing == []


def test_queues_end_with_the_last_driver(driver):
    one = driver("gone")
    listener = one.listen(HERE, 1, None)
    listener._poll_style_listener.stop()
    one.send(HERE, {}, {})
    del one, listener
    gc.collect()
    assert "gone" not in InProcessDriver._brokers


def test_a_call_without_a_heartbeat_ends_long_before_its_timeout():
    with pytest.raises(MessagingTimeout):
        Call(monitor=0.05).wait(timeout=10_000)


def test_a_heartbeat_extends_a_call():
    call = Call(monitor=60)
    call._heard_at -= 59.9
    call.heartbeat()
    threading.Timer(0.5, call.answer, ["late", None]).start()
    assert call.wait(timeout=60) == ("late", None)


def test_only_the_first_answer_counts():
    call = Call(monitor=None)
    call.answer("first", None)
    call.answer("second", None)
    assert call.wait(timeout=None) == ("first", None)


def test_what_it_cannot_do_it_refuses(transport, driver):
    one = driver()
    with pytest.raises(NotImplementedError):
        one.require_features(requeue=True)
    with pytest.raises(NotImplementedError, match="no notifications"):
        one.send_notification(HERE, {}, {}, 1.0)
    with pytest.raises(NotImplementedError, match="no notifications"):
        one.listen_for_notifications([(HERE, "info")], None, 1, None)


def test_oslo_messaging_finds_it_by_its_url(transport):
    assert isinstance(transport._driver, InProcessDriver)
    assert isinstance(transport, oslo_messaging.transport.RPCTransport)
