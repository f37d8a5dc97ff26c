# SPDX-License-Identifier: Apache-2.0
"""Who gets which events, from when on, and in which order."""

import re
import threading

import pytest

from faafo.core import stream as stream_module
from faafo.core import streams as streams_module
from faafo.core.stream import LARGEST_BACKLOG, PIECE_BYTES, Stream
from faafo.core.streams import KEPT, Joined, Streams
from tests.unit.core.recorded import Recorded


@pytest.fixture
def streams():
    streams = Streams()
    streams.open(most=10)
    yield streams
    streams.close()


def made(wants=lambda _: True):
    woken = threading.Event()
    stream = Stream(wants, woken.set)
    stream.woken = woken
    return stream


@pytest.fixture
def stream(streams):
    stream = made()
    assert streams.add(stream)
    return stream


def rows(*ids, **columns):
    return [(Recorded(number, **columns), number) for number in ids]


def sent(stream):
    """The ids and the types of what is to be sent."""
    text = b""
    while piece := stream.take():
        text += piece
    return re.findall(r"id: (\d+)\nevent: (?:fractal\.)?(\w+)", text.decode())


def test_one_that_follows_gets_what_is_published_and_wanted(streams):
    every, some = made(), made(lambda event: event.id % 2 == 0)
    for one in (every, some):
        streams.add(one)
        streams.be_ready()
        assert streams.join(one, None) is Joined.NOW
    streams.publish(rows(1, 2, 3), 3)
    assert sent(every) == [("1", "queued"), ("2", "queued"), ("3", "queued")]
    assert sent(some) == [("2", "queued")]
    streams.remove(some)
    streams.publish(rows(4), 4)
    assert (sent(every), sent(some)) == ([("4", "queued")], [])


def test_none_follows_before_the_tail_has_caught_up_which_calls_it(streams, stream):
    assert streams.join(stream, None) is Joined.LATER
    streams.publish(rows(1), 1)
    assert not stream.is_due
    streams.be_ready()
    assert (stream.is_due, stream.woken.is_set()) == (True, True)
    assert streams.join(stream, None) is Joined.NOW
    assert sent(stream) == []


def test_the_first_events_are_those_after_the_last_one_that_the_client_has(streams, stream):
    streams.forget(10)
    streams.publish(rows(11, 12, 13), 13)
    streams.be_ready()
    assert streams.join(stream, 9) is Joined.BEHIND
    assert streams.join(stream, 11) is Joined.NOW
    assert sent(stream) == [("12", "queued"), ("13", "queued")]


def test_a_bounded_number_of_events_is_kept(streams, stream):
    streams.publish(rows(*range(1, KEPT + 3)), KEPT + 2)
    streams.be_ready()
    assert streams.join(stream, 1) is Joined.BEHIND
    assert streams.join(stream, 2) is Joined.NOW
    assert len(sent(stream)) == KEPT


def test_what_is_not_settled_is_kept_or_it_could_be_missed(streams, stream):
    events = [(Recorded(number), 5) for number in range(7, KEPT + 9)]
    streams.publish(rows(5) + events, 5)
    streams.be_ready()
    assert streams.join(stream, 5) is Joined.NOW
    assert len(sent(stream)) == len(events)


def test_it_opens_once_every_process_writes_events(streams, stream):
    early = made()
    streams.add(early)
    streams.be_ready()
    streams.join(early, None)
    streams.publish(rows(1), 1)
    streams.be_effective(False)
    assert sent(early) == [("1", "queued")]
    for _ in range(2):
        streams.be_effective(True)
    assert sent(early) == [("1", "open")]
    streams.join(stream, None)
    assert sent(stream) == [("1", "open")]


def test_one_that_joins_twice_gets_nothing_twice(streams, stream):
    streams.publish(rows(1, 2), 2)
    streams.be_ready()
    streams.be_effective(True)
    for _ in range(2):
        assert streams.join(stream, 1) is Joined.NOW
    assert sent(stream) == [("2", "queued"), ("2", "open")]


def test_a_gap_in_the_subscription_is_told_to_all_that_follow(streams, stream):
    streams.be_ready()
    streams.be_effective(True)
    streams.join(stream, None)
    stream.take()
    streams.be_effective(False)
    streams.reset("a reason")
    streams.be_effective(True)
    assert re.findall("event: (.*)", stream.take().decode()) == ["reset", "open"]


def test_there_are_not_more_than_allowed_with_those_that_wait(streams):
    streams.open(3, others=lambda: 2)
    assert streams.add(made())
    assert not streams.add(made())


def test_none_begins_before_opening_and_all_end_with_closing():
    streams, stream = Streams(), made()
    assert not streams.add(stream)
    streams.open(most=1)
    assert streams.add(stream)
    streams.close()
    assert (stream.is_over, stream.is_due, stream.woken.is_set()) == (True, True, True)
    assert not streams.wait_for_any()
    assert not streams.wait()


def test_the_tail_waits_for_a_stream_and_looks_until_there_is_none(streams, stream, monkeypatch):
    assert streams.wait_for_any()
    assert streams.wait()
    streams.remove(stream)
    assert not streams.wait()


def test_an_announcement_ends_the_wait_of_the_tail(streams, stream, monkeypatch):
    monkeypatch.setattr(streams_module, "LOOK_SECONDS", 600.0)
    waiting = threading.Thread(target=streams.wait)
    waiting.start()
    streams.announce()
    waiting.join(60)
    assert not waiting.is_alive()


def test_heartbeats_go_where_nothing_was_sent(streams, stream, monkeypatch):
    other = made()
    streams.add(other)
    streams.be_ready()
    streams.join(stream, None)
    streams.publish(rows(3), 3)
    stream.take()
    streams.beat()
    assert (stream.take(), other.take()) == (b"", b"")
    monkeypatch.setattr(stream_module, "HEARTBEAT_SECONDS", 0.0)
    streams.beat()
    assert stream.take() == b": heartbeat\nid: 3\n\n"
    assert other.take() == b": heartbeat\n\n"


def test_one_that_is_old_ends_so_that_its_client_shows_its_credentials(
    streams, stream, monkeypatch
):
    streams.beat()
    assert not stream.is_over
    monkeypatch.setattr(stream_module, "LONGEST_SECONDS", 0.0)
    streams.beat()
    assert (stream.is_over, stream.is_due) == (True, True)


def test_a_client_that_is_too_far_behind_is_given_up():
    stream = made()
    text = b"x" * PIECE_BYTES
    for _ in range(LARGEST_BACKLOG // PIECE_BYTES):
        stream.put(text)
    assert not stream.is_abandoned
    assert stream.take() == text
    stream.put(text, b"x")
    assert stream.is_abandoned
