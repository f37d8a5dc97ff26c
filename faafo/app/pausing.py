# SPDX-License-Identifier: Apache-2.0
"""Responses that pause while their client does not read, so that they hold no thread."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from waitress.buffers import ReadOnlyFileBasedBuffer

from faafo import errors
from faafo.core.context import CONTEXT
from faafo.core.parked import Parked
from faafo.core.preference import TICKET
from faafo.core.reading import CHANNEL

# In the WSGI environment.
BODY = "faafo.response_body"


class Paused(BaseException):
    """Ends the work of a thread on a response whose client does not read; waitress passes it on."""


class PausableBody:
    """The iterator of a response, which raises ``Paused`` while too much is unsent.

    It does so, too, while the bulkhead of the image store has no place for the next part. After
    ``Paused`` another thread can continue the iteration.

    :param put_off: called when the response shall not be resumed at once.
    """

    def __init__(
        self, body: Iterable[bytes], is_full: Callable[[], bool], put_off: Callable[[], None]
    ) -> None:
        self._body = body
        self._iterator: Iterator[bytes] = iter(body)
        self._is_full = is_full
        self._put_off = put_off
        self._paused = False
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._is_full():
            self._paused = True
            raise Paused
        try:
            return next(self._iterator)
        except (Paused, Parked):
            # A stream: there is nothing to send at present.
            self._paused = True
            raise
        except errors.Overloaded:
            self._paused = True
            self._put_off()
            raise Paused from None

    def close(self) -> None:
        """Close the response; ignored once after ``Paused``, when waitress leaves its loop."""
        if self._paused:
            self._paused = False
        elif not self._closed:
            self._closed = True
            if hasattr(self._body, "close"):
                self._body.close()


def pausable(app: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a WSGI application so that its responses can be paused and resumed."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        if BODY in environ:
            # Another thread may have begun the response; this one has logged for another request.
            if CONTEXT in environ:
                environ[CONTEXT].update_store()
            return environ[BODY]
        if TICKET in environ:
            # The request is repeated after a wait: its body has been read before.
            environ["wsgi.input"].seek(0)
        body = app(environ, start_response)
        # A file is read by waitress as the client reads; a list is in memory anyway.
        if isinstance(body, ReadOnlyFileBasedBuffer | list | tuple):
            return body
        channel = environ[CHANNEL]
        environ[BODY] = PausableBody(body, channel.is_full, channel.put_off)
        return environ[BODY]

    return call
