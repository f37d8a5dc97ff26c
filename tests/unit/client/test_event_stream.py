# SPDX-License-Identifier: Apache-2.0
"""What is read from a stream of server-sent events."""

from faafo.client.event_stream import Message, messages

STREAM = """\
retry: 2000

: heartbeat
id: 7

id: 8
event: fractal.queued
data: {"a":
data: 1}

data:no space

event: fractal.queued
data: breaks off"""


def test_messages_end_with_an_empty_line_and_may_have_a_position_alone():
    assert list(messages(STREAM.split("\n"))) == [
        Message(None, "message", None),
        Message("7", "message", None),
        Message("8", "fractal.queued", '{"a":\n1}'),
        Message(None, "message", "no space"),
    ]
