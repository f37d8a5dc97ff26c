# SPDX-License-Identifier: Apache-2.0
"""Spans with a recorder of OpenTelemetry, and without any."""

import logging
import sys
import threading

import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from faafo import errors
from faafo.correlation import TRACEPARENT as PATTERN
from faafo.correlation import UNKNOWN, Correlation
from faafo.tracing import otlp, spans, start
from tests.ids import REQUEST_ID, TRACE_ID, TRACEPARENT

TRACED = Correlation(REQUEST_ID, TRACEPARENT)


@pytest.fixture
def record_to():
    """Has spans recorded by an exporter, or exported to a URL, until the test is over."""

    def install(exporter=None, ratio=1.0, url="http://127.0.0.1:1"):
        recorder = otlp.Recorder(url, ratio, "faafo-test", "1.2.3", exporter)
        spans.install(recorder)
        return recorder

    yield install
    spans.stop()


@pytest.fixture
def exported(record_to):
    """Ends the recording, and returns the spans by name."""
    exporter = InMemorySpanExporter()
    record_to(exporter)

    def by_name():
        spans.stop()
        return {one.name: one for one in exporter.get_finished_spans()}

    return by_name


def test_blocks_are_spans_below_each_other(exported):
    attributes = {"faafo.worker": "w", "none": None}
    with (
        spans.span("call", TRACED, spans.Kind.CLIENT, attributes) as call,
        spans.span("render", call),
    ):
        pass
    assert PATTERN.fullmatch(call.traceparent)
    assert call.request_id == REQUEST_ID
    found = exported()
    assert f"{found['call'].context.trace_id:032x}" == TRACE_ID
    assert f"{found['call'].parent.span_id:016x}" in TRACEPARENT
    assert found["render"].parent.span_id == found["call"].context.span_id
    assert dict(found["call"].attributes) == {"faafo.worker": "w"}
    assert found["call"].resource.attributes["service.name"] == "faafo-test"


def test_what_is_over_is_recorded_with_its_times(exported):
    following = spans.record("queued", TRACED, 1.5, 2.25)
    spans.record("claim", following, 2.0, 3.0)
    found = exported()
    times = found["queued"].start_time, found["queued"].end_time
    assert times == (1_500_000_000, 2_250_000_000)
    assert found["claim"].parent.span_id == found["queued"].context.span_id


def test_a_block_that_fails_is_a_failed_span_without_the_message(exported):
    with pytest.raises(errors.StoreUnavailable), spans.span("store", TRACED):
        raise errors.StoreUnavailable("s3://key@secret")
    status = exported()["store"].status
    assert (status.status_code, status.description) == (StatusCode.ERROR, "StoreUnavailable")


def test_what_belongs_to_no_trace_or_to_one_that_is_not_sampled_is_not_recorded(exported):
    for correlation in (UNKNOWN, Correlation(REQUEST_ID, f"{TRACEPARENT[:-2]}00")):
        with spans.span("call", correlation) as inside:
            assert inside is correlation
        assert spans.record("queued", correlation, 1.0) is correlation
    assert exported() == {}


def test_the_ratio_is_of_new_traces_only(record_to):
    exporter = InMemorySpanExporter()
    record_to(exporter, ratio=0.0)
    assert spans.begin("POST") is None
    spans.record("queued", TRACED, 1.0)
    spans.stop()
    assert [one.name for one in exporter.get_finished_spans()] == ["queued"]


def test_without_a_recorder_nothing_is_done():
    spans.stop()
    assert not spans.is_on()
    assert spans.begin("POST") is None
    with spans.span("call", TRACED) as inside:
        assert inside is TRACED
    assert spans.record("queued", TRACED, 1.0) is TRACED


class Hanging(SpanExporter):
    """Comes back, and ends, when it is told to."""

    def __init__(self):
        self.called, self.free = threading.Event(), threading.Event()
        self.came_back = False

    def export(self, spans):
        self.called.set()
        self.came_back = self.free.wait(60) or True
        return SpanExportResult.SUCCESS


def test_an_exporter_that_hangs_holds_up_neither_spans_nor_the_end(record_to, monkeypatch):
    monkeypatch.setattr(otlp, "STOP_SECONDS", 0.1)
    exporter = Hanging()
    recorder = record_to(exporter)
    # The library gives up after 30 s by itself.
    monkeypatch.setattr(recorder._provider, "shutdown", lambda: exporter.export([]))
    for number in range(2 * otlp.LONGEST_QUEUE):
        spans.record("queued", TRACED, float(number))
    assert exporter.called.wait(60)
    spans.stop()
    assert not exporter.came_back
    exporter.free.set()


def test_a_collector_that_is_away_is_logged_once(record_to, caplog, monkeypatch):
    monkeypatch.setattr(otlp, "EXPORT_TIMEOUT", 0.2)
    caplog.set_level(logging.WARNING, "faafo")
    recorder = record_to()
    for _number in range(2):
        spans.record("queued", TRACED, 1.0)
        recorder._provider.force_flush()
    (line,) = [one for one in caplog.messages if "otlp_endpoint" in one]
    assert line == (
        "[tracing] otlp_endpoint: no spans are exported to http://127.0.0.1:1/v1/traces"
    )


def test_tracing_needs_its_extra_only_if_a_collector_is_named(conf, monkeypatch):
    monkeypatch.delattr("faafo.tracing.otlp")
    monkeypatch.setitem(sys.modules, "faafo.tracing.otlp", None)
    start.start(conf, "faafo-api", "1.2.3")
    assert not spans.is_on()
    conf.set_override("otlp_endpoint", "http://collector.example:4318", "tracing")
    with pytest.raises(errors.ConfigurationError, match=r"pip install 'faafo\[tracing\]'"):
        start.start(conf, "faafo-api", "1.2.3")
