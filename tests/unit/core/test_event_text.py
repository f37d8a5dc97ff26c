# SPDX-License-Identifier: Apache-2.0
"""What a client of server-sent events reads."""

import json

from faafo.core import event_text
from tests.unit.core.recorded import Recorded


def test_an_event_is_one_block_with_its_payload_on_one_line():
    row = Recorded(7, "fractal.complete", fractal_uuid="first\nsecond")
    number, kind, data, *end = event_text.of_event(row, 5).decode().split("\n")
    assert (number, kind, end) == ("id: 5", "event: fractal.complete", ["", ""])
    document = json.loads(data.removeprefix("data: "))
    assert document == json.loads(row.body) | {"event": "event 7"}
    assert document["data"]["uuid"] == "first\nsecond"


def test_heartbeats_are_comments_which_may_have_an_id():
    assert event_text.heartbeat(None) == b": heartbeat\n\n"
    assert event_text.heartbeat(7) == b": heartbeat\nid: 7\n\n"


def test_the_events_of_the_stream_itself_have_data_or_clients_would_not_see_them():
    assert event_text.opening(7) == b"id: 7\nevent: open\ndata: {}\n\n"
    assert event_text.reset("it is gone") == b'event: reset\ndata: {"reason":"it is gone"}\n\n'
