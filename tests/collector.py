# SPDX-License-Identifier: Apache-2.0
"""A collector of traces: a real server on this machine that takes spans by OTLP over HTTP."""

import http.server
import threading
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Exported:
    """A span that has been exported, and the service and the process that it is of."""

    service: str
    pid: int
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    begun_at: int
    ended_at: int
    failed: bool
    attributes: dict[str, Any]


class Collector:
    """Keeps the spans that are sent to it, until the end of its block.

    Unless ``gate`` is set it answers nothing, as if it were cut off.
    """

    def __init__(self) -> None:
        self.spans: list[Exported] = []
        self.gate = threading.Event()
        self.gate.set()
        spans, gate = self.spans, self.gate

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gate.wait()
                spans.extend(_read(ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_arguments: Any) -> None:
                """Be silent when a service has gone."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Collector":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def trace(self, trace_id: str) -> dict[str, Exported]:
        """Return the spans of a trace by name."""
        return {one.name: one for one in list(self.spans) if one.trace_id == trace_id}


def _read(request: ExportTraceServiceRequest) -> list[Exported]:
    found = []
    for group in request.resource_spans:
        resource = _values(group.resource.attributes)
        found += [
            Exported(
                resource["service.name"],
                resource["process.pid"],
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                span.start_time_unix_nano,
                span.end_time_unix_nano,
                span.status.code == span.status.STATUS_CODE_ERROR,
                _values(span.attributes),
            )
            for scope in group.scope_spans
            for span in scope.spans
        ]
    return found


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
