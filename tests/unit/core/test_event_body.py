# SPDX-License-Identifier: Apache-2.0
"""What a client gets that connects again: what it has missed, page by page, and then what comes."""

import re

import pytest
from sqlalchemy.exc import OperationalError

from faafo.core.event_body import PAGE, EventBody
from faafo.core.parked import Parked
from faafo.core.stream import Stream
from faafo.core.streams import Streams
from tests.unit.core.recorded import Recorded, Recording


@pytest.fixture
def streams():
    streams = Streams()
    streams.open(most=10)
    yield streams
    streams.close()


@pytest.fixture
def stream(streams):
    stream = Stream(lambda event: event.project_id is None, lambda: None)
    streams.add(stream)
    return stream


@pytest.fixture
def recording():
    return Recording()


def begin(stream, streams, recording, last_id):
    body = EventBody(stream, streams, recording, last_id)
    assert next(body) == b"retry: 2000\n\n"
    return body


def taken(body):
    """What threads send until there is nothing to send at present; and how many took turns."""
    text, turns = b"", 0
    while True:
        try:
            text += next(body)
        except Parked as parked:
            if not parked.ticket.is_due:
                return text.decode(), turns
            turns += 1


def ids(text):
    return [int(number) for number in re.findall(r"^id: (\d+)$", text, re.MULTILINE)]


def test_it_waits_for_the_tail_and_then_follows(streams, stream, recording):
    body = begin(stream, streams, recording, None)
    assert taken(body) == ("", 0)
    streams.be_ready()
    assert taken(body)[0] == ""
    streams.publish([(Recorded(1), 1)], 1)
    assert ids(stream.take().decode()) == [1]


def test_what_was_missed_is_read_in_pages_and_another_gets_the_thread_between(
    streams, stream, recording
):
    last = 2 * PAGE + 10
    recording.add(*range(1, last + 1))
    recording.add(7, project_id="another")
    streams.forget(last)
    streams.settled = last
    streams.be_ready()
    text, turns = taken(begin(stream, streams, recording, 5))
    assert ids(text) == [6, *range(8, last + 1)]
    assert turns == 3
    streams.publish([(Recorded(last + 1), last + 1)], last + 1)
    assert ids(stream.take().decode()) == [last + 1]


def test_only_what_is_settled_comes_from_the_database(streams, stream, recording):
    recording.add(*range(1, 21), 22)
    streams.forget(12)
    streams.publish([(Recorded(number), number) for number in range(13, 21)], 20)
    streams.publish([(Recorded(22), 20)], 20)
    streams.be_ready()
    body = begin(stream, streams, recording, 8)
    text, _ = taken(body)
    assert ids(text) == list(range(9, 21))
    assert ids(stream.take().decode()) == [20]
    streams.publish([(Recorded(21), 22)], 22)
    assert ids(stream.take().decode()) == [22]


def test_one_whose_last_event_is_gone_is_told_so_and_follows(streams, stream, recording):
    recording.add(*range(50, 60))
    recording.lost = "there is no event 7 any more"
    streams.forget(59)
    streams.be_ready()
    text, _ = taken(begin(stream, streams, recording, 7))
    assert text == 'event: reset\ndata: {"reason":"there is no event 7 any more"}\n\n'
    streams.publish([(Recorded(60), 60)], 60)
    assert ids(stream.take().decode()) == [60]


def test_it_ends_when_the_stream_is_over_and_gives_its_place_back(streams, stream, recording):
    body = begin(stream, streams, recording, None)
    streams.be_ready()
    taken(body)
    stream.call(finally_=True)
    with pytest.raises(StopIteration):
        next(body)
    body.close()
    assert len(streams) == 0


def test_it_ends_when_the_database_fails(streams, stream, recording):
    recording.fault = OperationalError("SELECT", {}, OSError("away"))
    streams.forget(10)
    streams.be_ready()
    body = begin(stream, streams, recording, 5)
    with pytest.raises(StopIteration):
        next(body)
