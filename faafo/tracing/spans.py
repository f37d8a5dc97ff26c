# SPDX-License-Identifier: Apache-2.0
"""Spans, for all rooms: nothing is done, and no library loaded, while tracing is off.

Spans have their parents from the correlation of a fractal, which messages carry from process to
process; a correlation without a ``traceparent`` is that of no trace, and has none. Like a logger,
the recorder is one for the process.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from typing import Protocol

from faafo.correlation import UNKNOWN, Correlation

# By name, such as https://opentelemetry.io/docs/specs/semconv/ has them; what is None is left out.
Attributes = Mapping[str, str | int | float | bool | None]
NONE: Attributes = {}


class Kind(StrEnum):
    """What a span is for its peer, by the names of OpenTelemetry."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"


class Span(Protocol):
    """A span that has begun."""

    @property
    def traceparent(self) -> str:
        """By which spans that follow name it as their parent."""

    def end(
        self, error: str | None = None, at: float | None = None, attributes: Attributes = NONE
    ) -> None:
        """End the span, with a sentence if what it tells of has failed.

        :param at: seconds since 1970; by default now.
        """


class Recorder(Protocol):
    """What makes spans: ``faafo.tracing.otlp.Recorder``."""

    def begin(
        self, name: str, parent: str | None, kind: Kind, begun_at: float | None = None
    ) -> Span | None:
        """Begin a span; a new trace without a parent. None: the trace is not sampled."""

    def stop(self) -> None:
        """Export what has been recorded, within a second."""


_recorder: Recorder | None = None


def install(recorder: Recorder | None) -> None:
    """Have spans made by ``recorder`` from now on; None: by nobody."""
    global _recorder
    _recorder = recorder


def is_on() -> bool:
    """Return whether spans are recorded."""
    return _recorder is not None


def begin(
    name: str,
    correlation: Correlation = UNKNOWN,
    kind: Kind = Kind.INTERNAL,
    begun_at: float | None = None,
) -> Span | None:
    """Begin a span below that of ``correlation``, or a new trace; None if none is recorded.

    :param begun_at: seconds since 1970; by default now.
    """
    if _recorder is None:
        return None
    return _recorder.begin(name, correlation.traceparent, kind, begun_at)


def span(
    name: str,
    correlation: Correlation,
    kind: Kind = Kind.INTERNAL,
    attributes: Attributes = NONE,
) -> AbstractContextManager[Correlation]:
    """Record the block as a span below that of ``correlation``; give it the correlation inside."""
    if _recorder is None or correlation.traceparent is None:
        return nullcontext(correlation)
    return _recorded(name, correlation, kind, attributes)


@contextmanager
def _recorded(
    name: str, correlation: Correlation, kind: Kind, attributes: Attributes
) -> Iterator[Correlation]:
    begun = begin(name, correlation, kind)
    if begun is None:
        yield correlation
        return
    error: str | None = None
    try:
        yield correlation._replace(traceparent=begun.traceparent)
    except BaseException as caught:
        # Messages may hold what readers of traces must not see.
        error = type(caught).__name__
        raise
    finally:
        begun.end(error, attributes=attributes)


def record(
    name: str,
    correlation: Correlation,
    begun_at: float,
    ended_at: float | None = None,
    kind: Kind = Kind.INTERNAL,
    attributes: Attributes = NONE,
    error: str | None = None,
) -> Correlation:
    """Record as a span what is over; return the correlation of what follows from it.

    :param begun_at: seconds since 1970, as is ``ended_at``, by default now.
    :param error: what has failed, in a word or two.
    """
    if _recorder is None or correlation.traceparent is None:
        return correlation
    begun = begin(name, correlation, kind, begun_at)
    if begun is None:
        return correlation
    begun.end(error, ended_at, attributes)
    return correlation._replace(traceparent=begun.traceparent)


def stop() -> None:
    """Record no more; export what has been recorded, within a second."""
    recorder = _recorder
    install(None)
    if recorder is not None:
        recorder.stop()
