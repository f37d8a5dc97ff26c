# SPDX-License-Identifier: Apache-2.0
"""Spans made and exported by the library of OpenTelemetry, to a collector by OTLP over HTTP."""

import logging
import os
import socket
import threading
from collections.abc import Sequence

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.trace.propagation import set_span_in_context

from faafo.tracing.spans import NONE, Attributes, Kind
from faafo.urls import masked, masked_text

LOG = logging.getLogger(__name__)

PATH = "/v1/traces"
# Spans that wait for the collector; when there are more, the oldest ones are dropped.
LONGEST_QUEUE = 4096
LARGEST_BATCH = 512
# Milliseconds between two exports.
EXPORT_INTERVAL = 1000
# Seconds that an export may take, repetitions included.
EXPORT_TIMEOUT = 10.0
# Seconds that the end of the process waits for the last export.
STOP_SECONDS = 1.0
KINDS = {
    Kind.INTERNAL: SpanKind.INTERNAL,
    Kind.SERVER: SpanKind.SERVER,
    Kind.CLIENT: SpanKind.CLIENT,
}


class Recorder:
    """Makes spans, and exports them in a thread of its own.

    :param endpoint: the URL of the collector.
    :param ratio: the share of new traces that are sampled; further spans follow their parents.
    :param exporter: takes the spans in place of the collector.
    """

    def __init__(
        self,
        endpoint: str,
        ratio: float,
        service: str,
        version: str,
        exporter: SpanExporter | None = None,
    ) -> None:
        resource = Resource.create(
            {
                "service.name": service,
                "service.version": version,
                "host.name": socket.gethostname(),
                "process.pid": os.getpid(),
            }
        )
        self._provider = TracerProvider(
            ParentBased(TraceIdRatioBased(ratio)), resource, shutdown_on_exit=False
        )
        url = endpoint.rstrip("/") + PATH
        exporter = exporter or _OutspokenOnce(OTLPSpanExporter(url, timeout=EXPORT_TIMEOUT), url)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=LONGEST_QUEUE,
                schedule_delay_millis=EXPORT_INTERVAL,
                max_export_batch_size=LARGEST_BATCH,
            )
        )
        # Otherwise that of oslo.messaging, if it is told to trace, sets up one that does not work.
        trace.set_tracer_provider(self._provider)
        self._tracer = self._provider.get_tracer("faafo", version)

    def begin(
        self, name: str, parent: str | None, kind: Kind, begun_at: float | None = None
    ) -> "RecordedSpan | None":
        """Begin a span; see ``spans.Recorder``."""
        context = None if parent is None else set_span_in_context(_remote(parent))
        begun = self._tracer.start_span(
            name,
            # Without one it would be that of the thread, which is of some other library.
            context or contexts.Context(),
            KINDS[kind],
            start_time=_nanoseconds(begun_at),
        )
        return RecordedSpan(begun) if begun.is_recording() else None

    def stop(self) -> None:
        """Export what is left; leave it when that takes longer than STOP_SECONDS."""
        ending = threading.Thread(target=self._provider.shutdown, name="spans", daemon=True)
        try:
            ending.start()
        # The system may refuse another thread.
        except RuntimeError as error:
            LOG.warning("the last spans are not exported: %s", error)
        else:
            ending.join(STOP_SECONDS)


class RecordedSpan:
    """A span of a trace that is sampled."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """Of the W3C Trace Context."""
        context = self._span.get_span_context()
        ids = f"{context.trace_id:032x}-{context.span_id:016x}"
        return f"00-{ids}-{context.trace_flags & TraceFlags.SAMPLED:02x}"

    def end(
        self, error: str | None = None, at: float | None = None, attributes: Attributes = NONE
    ) -> None:
        """End the span; see ``spans.Span``."""
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name, value)
        if error is not None:
            self._span.set_status(StatusCode.ERROR, error)
        self._span.end(_nanoseconds(at))


class _OutspokenOnce(SpanExporter):
    """Logs once that the collector is away, and once that it is back: the library logs each try."""

    def __init__(self, exporter: SpanExporter, url: str) -> None:
        self._exporter = exporter
        self._url = masked(url)
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result, reason = self._exported(spans)
        failing = result is not SpanExportResult.SUCCESS
        if failing and not self._failing:
            text = "[tracing] otlp_endpoint: no spans are exported to %s%s"
            LOG.warning(text, self._url, reason)
        elif self._failing and not failing:
            LOG.info("spans are exported to %s again", self._url)
        self._failing = failing
        return result

    def _exported(self, spans: Sequence[ReadableSpan]) -> tuple[SpanExportResult, str]:
        try:
            return self._exporter.export(spans), ""
        # Whatever the library or the collector does, no service suffers.
        except Exception as error:
            return SpanExportResult.FAILURE, f": {masked_text(str(error))}"

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _remote(traceparent: str) -> trace.Span:
    """Return the span that a valid ``traceparent`` names."""
    _version, trace_id, span_id, flags = traceparent.split("-")
    context = SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
    return trace.NonRecordingSpan(context)


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e9)
