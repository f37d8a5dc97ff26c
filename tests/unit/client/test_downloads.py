# SPDX-License-Identifier: Apache-2.0
"""Downloads that break off and go on: against a server that cuts its answers."""

import hashlib
import http.server
import io
import json
import threading

import pytest

from faafo import errors, retry
from faafo.client import Client, session

UUID = "12345678-9abc-4def-8123-456789abcdef"
CONTENT = bytes(range(256)) * 40


class Cutting:
    """A service whose image comes ``most`` bytes at a time, the rest by Range if ``is_ranged``."""

    def __init__(self, most, is_ranged=True, content=CONTENT, failures=0):
        self.most, self.is_ranged, self.content = most, is_ranged, content
        self.failures = failures
        self.begins = []

    def record(self):
        return {
            **dict.fromkeys(("xa", "xb", "ya", "yb", "cx", "cy", "duration"), 0.5),
            **dict.fromkeys(("width", "height", "iterations", "attempt", "failures"), 1),
            **{"uuid": UUID, "palette": "ember", "status": "complete", "fault": None},
            **{"created_at": "2026-11-28T18:00:00Z", "generated_by": None},
            "size": len(CONTENT),
            "checksum": hashlib.sha256(CONTENT).hexdigest(),
        }

    def answer(self, handler):
        if not handler.path.endswith("/image"):
            self._send(handler, 200, json.dumps(self.record()).encode())
            return
        wanted = handler.headers.get("Range", "bytes=0-")
        begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.begins.append(begin)
        if begin and self.failures:
            self.failures -= 1
            self._send(handler, 503, b'{"message": "busy"}')
            return
        partial = begin and self.is_ranged
        rest = self.content[begin if partial else 0 :]
        self._send(handler, 206 if partial else 200, rest, rest[: self.most])

    def _send(self, handler, status, body, sent=None):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body if sent is None else sent)


@pytest.fixture
def download(monkeypatch):
    """Starts a service; returns its client."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(session, "CHUNK", 1000)
    started = []

    def start(service):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                service.answer(self)

            def log_message(self, *_arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        started.append((server, thread))
        return Client(f"http://127.0.0.1:{server.server_port}")

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_breaks_off_goes_on_where_it_was(download, caplog):
    service, file, seen = Cutting(4000, failures=1), io.BytesIO(), []
    fractal = download(service).save_image(UUID, file, on_chunk=lambda *known: seen.append(known))
    assert (fractal.uuid, file.getvalue()) == (UUID, CONTENT)
    assert service.begins == [0, 4000, 4000, 8000]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert "going on after 4000 bytes" in caplog.text


def test_only_the_rest_of_a_file_is_downloaded(download):
    service, file = Cutting(len(CONTENT)), io.BytesIO(CONTENT[:5000])
    client = download(service)
    client.save_image(UUID, file, resume=True)
    assert (file.getvalue(), service.begins) == (CONTENT, [5000])
    client.save_image(UUID, file, resume=True)
    assert (file.getvalue(), service.begins) == (CONTENT, [5000])


def test_a_server_that_ignores_range_sends_what_is_there_again(download):
    service, file = Cutting(len(CONTENT), is_ranged=False), io.BytesIO(CONTENT[:5000])
    download(service).save_image(UUID, file, resume=True)
    assert file.getvalue() == CONTENT


def test_what_is_longer_than_the_image_is_downloaded_anew(download):
    service, file = Cutting(len(CONTENT)), io.BytesIO(CONTENT + b"more")
    download(service).save_image(UUID, file, resume=True)
    assert (file.getvalue(), service.begins) == (CONTENT, [0])


def test_the_beginning_of_another_image_is_found_out(download):
    client = download(Cutting(len(CONTENT)))
    with pytest.raises(errors.InvalidImage, match="does not match its checksum"):
        client.save_image(UUID, io.BytesIO(b"another"), resume=True)


def test_a_service_that_sends_nothing_is_not_waited_for(download):
    with pytest.raises(errors.ApiUnavailable):
        download(Cutting(0)).save_image(UUID, io.BytesIO())
