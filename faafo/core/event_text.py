# SPDX-License-Identifier: Apache-2.0
"""The text of server-sent events, as the HTML standard defines ``text/event-stream``."""

import json
from typing import Any

from faafo.core.event_tail import Row

MIMETYPE = "text/event-stream"
# Milliseconds until a client connects again.
RETRY = b"retry: 2000\n\n"
# Events of the stream itself: from now on no change is missed; and: something may have been.
OPEN = "open"
RESET = "reset"


def of_event(event: Row, settled: int) -> bytes:
    """Return an event; a client that has got it needs all after the event ``settled``."""
    data = json.loads(event.body) | {"event": event.uuid}
    return _block(event.type, data, f"id: {settled}\n")


def opening(settled: int) -> bytes:
    """Return the event that tells that no change is missed from now on."""
    return _block(OPEN, {}, f"id: {settled}\n")


def reset(reason: str) -> bytes:
    """Return the event that tells a client to read again what it shows."""
    return _block(RESET, {"reason": reason})


def heartbeat(settled: int | None) -> bytes:
    """Return a comment; with the id, a client is not sent again what it has no interest in."""
    number = b"" if settled is None else b"id: %d\n" % settled
    return b": heartbeat\n" + number + b"\n"


def _block(kind: str, data: dict[str, Any], number: str = "") -> bytes:
    # JSON without indent is one line: it has its line breaks escaped.
    text = json.dumps(data, separators=(",", ":"))
    return f"{number}event: {kind}\ndata: {text}\n\n".encode()
