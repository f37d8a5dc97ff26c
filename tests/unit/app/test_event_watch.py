# SPDX-License-Identifier: Apache-2.0
"""The thread that reads events for streams: idle without one, and what it does when reads fail."""

import pytest
from sqlalchemy.exc import OperationalError

from faafo.app import event_watch
from faafo.app.event_watch import EventWatch
from faafo.core.stream import Stream
from faafo.core.streams import Joined, Streams
from tests.unit.core.recorded import Recording


@pytest.fixture
def recording():
    return Recording()


@pytest.fixture
def streams():
    streams = Streams()
    streams.open(most=10)
    return streams


@pytest.fixture(autouse=True)
def watch(streams, recording):
    watch = EventWatch(streams, recording)
    watch.start()
    yield watch
    watch.stop()


def follow(streams, wait_until):
    stream = Stream(lambda _: True, lambda: None)
    streams.add(stream)
    wait_until(lambda: streams.join(stream, None) is Joined.NOW)
    return stream


def until(stream, text, wait_until):
    """Wait until the stream has had a text."""
    had = []

    def has_come():
        had.append(stream.take())
        return text in b"".join(had)

    wait_until(has_come)


def test_it_reads_and_subscribes_only_while_there_is_a_stream(streams, recording, wait_until):
    recording.add(1)
    assert recording.subscribed == 0
    stream = follow(streams, wait_until)
    assert recording.subscribed == 1
    recording.add(2)
    until(stream, b"id: 2\n", wait_until)
    streams.remove(stream)
    wait_until(lambda: not streams.is_ready)
    recording.add(3)
    again = follow(streams, wait_until)
    assert b"id: 3\nevent: fractal" not in again.take()
    assert recording.subscribed == 2


def test_a_new_subscription_opens_streams_when_every_process_knows_of_it(
    streams, recording, wait_until, monkeypatch
):
    monkeypatch.setattr(event_watch, "EFFECTIVE_SECONDS", 0.5)
    recording.age = 0.0
    stream = follow(streams, wait_until)
    recording.add(1)
    until(stream, b"event: open", wait_until)


def test_it_goes_on_after_failures_and_loses_nothing(streams, recording, wait_until, caplog):
    stream = follow(streams, wait_until)
    recording.fault = OperationalError("SELECT", {}, OSError("a secret"))
    recording.add(1, 2)
    wait_until(lambda: caplog.messages)
    recording.fault = None
    until(stream, b"id: 2\n", wait_until)
    assert caplog.messages[0] == "could not read events for streams: OperationalError"


def test_a_subscription_that_has_lapsed_is_told(streams, recording, wait_until, monkeypatch):
    monkeypatch.setattr(event_watch, "RENEWED_SECONDS", 0.0)
    monkeypatch.setattr(event_watch, "DRIFT_SECONDS", 1.0)
    stream = follow(streams, wait_until)
    until(stream, b"event: open", wait_until)
    recording.age = 0.0
    until(stream, b"event: reset", wait_until)
