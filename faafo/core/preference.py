# SPDX-License-Identifier: Apache-2.0
"""The header ``Prefer: wait=10`` (RFC 7240): answer when a fractal has ended, or after 10 s."""

from types import TracebackType
from typing import Any, Self

from flask import Response, request
from werkzeug.http import parse_dict_header

from faafo.core.collaborators import collaborators
from faafo.core.endings import Ticket
from faafo.core.parked import Parked
from faafo.core.reading import CHANNEL
from faafo.fractal.numbers import INTEGER
from faafo.fractal.task import ENDED

# In the WSGI environment, once the request has waited.
TICKET = "faafo.ticket"


class Waiting:
    """What the current request prefers about the fractal ``uuid``; used in a ``with`` block.

    The record must be read within the block: an end after that calls the ticket.
    """

    def __init__(self, uuid: str) -> None:
        self._endings = collaborators().endings
        self._ticket: Ticket | None = request.environ.get(TICKET)
        if self._ticket is not None:
            self._ticket.renew()
        elif (seconds := self._seconds()) and CHANNEL in request.environ:
            ticket = Ticket(uuid, seconds, request.environ[CHANNEL].wake)
            self._ticket = ticket if self._endings.add(ticket) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._ticket is not None and (kind is None or not issubclass(kind, Parked)):
            self._endings.forget(self._ticket)

    def _seconds(self) -> float:
        return _preferred()

    @property
    def is_preferred(self) -> bool:
        """Whether the request waits, or has waited."""
        return self._ticket is not None

    def until_ended(self, status: str) -> None:
        """Return if there is nothing more to wait for; raise ``Parked`` otherwise."""
        if status not in ENDED:
            self._park()

    def _park(self) -> None:
        if self._ticket is not None and not self._ticket.is_over:
            request.environ[TICKET] = self._ticket
            raise Parked(self._ticket)

    def applied(self, response: Response) -> Response:
        """Return ``response`` with what became of the preference."""
        if self._ticket is not None:
            response.headers["Preference-Applied"] = f"wait={self._ticket.seconds:.0f}"
        return response


class Pause(Waiting):
    """A wait of some seconds that the current request makes in any case, without a thread.

    Too many requests may wait already, or the server cannot let one wait: then there is none.

    :param uuid: what ``waited_for`` returns when the request is repeated.
    """

    def __init__(self, uuid: str, seconds: float) -> None:
        self._length = seconds
        super().__init__(uuid)

    def _seconds(self) -> float:
        return self._length

    def until_over(self) -> None:
        """Return if the pause is over; raise ``Parked`` otherwise."""
        self._park()


def waited_for() -> str | None:
    """Return the uuid that this request has waited for before it was repeated."""
    ticket: Ticket | None = request.environ.get(TICKET)
    return None if ticket is None else ticket.uuid


def _preferred() -> int:
    """Return the seconds to wait, 0 without a preference; a malformed one is ignored."""
    sent: Any = request.headers.get("Prefer")
    text = parse_dict_header(sent).get("wait") if sent else None
    if text is None or not INTEGER.fullmatch(text) or len(text) > 9:
        return 0
    return max(0, min(int(text), collaborators().limits.max_wait))
