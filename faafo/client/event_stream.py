# SPDX-License-Identifier: Apache-2.0
"""Reads server-sent events, as the HTML standard defines them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """An event of a stream; one without ``data`` has at most an ``id``, the new position."""

    id: str | None
    type: str
    data: str | None


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """Yield the messages of a stream; one that breaks off is left out."""
    number: str | None = None
    kind, data = "", list[str]()
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            yield Message(number, kind or "message", "\n".join(data) if data else None)
            number, kind, data = None, "", []
        elif name == "id":
            number = value
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
