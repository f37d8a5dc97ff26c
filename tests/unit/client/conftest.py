# SPDX-License-Identifier: Apache-2.0
"""Servers that are not what a client expects."""

import http.server
import threading
from contextlib import ExitStack, contextmanager

import pytest


@contextmanager
def answering(status, body, headers, seen):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def odd_server():
    """Starts a server that gives every GET the same answer; returns its URL.

    It appends the headers of each request to ``seen``.
    """
    with ExitStack() as servers:

        def start(status, body, seen=None, **headers):
            seen = [] if seen is None else seen
            return servers.enter_context(answering(status, body, headers, seen))

        yield start
