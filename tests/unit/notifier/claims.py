# SPDX-License-Identifier: Apache-2.0
"""A server that hands out deliveries as the API does, from memory."""

import http.server
import json
import threading
import time
from urllib.parse import parse_qs, urlsplit


class ClaimServer:
    """Speaks ``/api/delivery/claim``; ``away`` has it answer 503, and ``broken`` 500."""

    def __init__(self):
        self.away = False
        self.claims = []
        self.updates = []
        self.outcomes = {}
        self.released = []
        self.lost = []
        self.closed = False
        self._due = {}
        self._leases = {}
        self._changed = threading.Condition()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query)
                self._answer(lambda _body: api.wait(float(query["wait"][0])))

            def do_POST(self):
                self._answer(api.claim)

            def do_PUT(self):
                self._answer(api.update)

            def _answer(self, handle):
                body = json.loads(
                    self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}"
                )
                status, answer = (503, {"message": "away"}) if api.away else (200, handle(body))
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_arguments):
                """Be silent when a client has gone."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        with self._changed:
            self.closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, *records):
        """Have deliveries be due now."""
        with self._changed:
            self._due |= {record["id"]: record for record in records}
            self._changed.notify_all()

    def expire(self):
        """Have all leases expire."""
        with self._changed:
            self._due |= {
                one: {**record, "attempt": record["attempt"] + 1}
                for one, (record, _until) in self._leases.items()
            }
            self._leases.clear()
            self._changed.notify_all()

    def give_away(self, number):
        """Have somebody else claim a delivery."""
        with self._changed:
            del self._leases[number]

    def held(self):
        """Return the ids of deliveries that are leased, with the end of each lease."""
        with self._changed:
            return {one: until for one, (_record, until) in self._leases.items()}

    def due(self):
        """Return the ids of deliveries that are due."""
        with self._changed:
            return set(self._due)

    def wait(self, seconds):
        with self._changed:
            self._changed.wait_for(lambda: self._due or self.closed, seconds)
            return {"claimable": bool(self._due)}

    def claim(self, body):
        with self._changed:
            self.claims.append(body)
            found, count = [], {}
            for record in list(self._due.values()):
                webhook = record["webhook"] and record["webhook"]["uuid"]
                count[webhook] = count.get(webhook, 0) + 1
                fits = (
                    body["bus"]
                    if webhook is None
                    else webhook not in body["busy"] and count[webhook] <= body["per_webhook"]
                )
                if fits and len(found) < body["count"]:
                    found.append(record)
                    del self._due[record["id"]]
                    self._leases[record["id"]] = (record, time.monotonic() + body["lease"])
            return {"objects": found}

    def update(self, body):
        with self._changed:
            self.updates.append(body)
            lost = []
            for one in body.get("renew", []):
                if self._holds(one):
                    record, _until = self._leases[one["id"]]
                    self._leases[one["id"]] = (record, time.monotonic() + body["lease"])
                else:
                    lost.append(one["id"])
            for one in [*body.get("delivered", []), *body.get("failed", [])]:
                if self._holds(one):
                    del self._leases[one["id"]]
                    self.outcomes[one["id"]] = one
                else:
                    lost.append(one["id"])
            for one in body.get("release", []):
                if self._holds(one):
                    record, _until = self._leases.pop(one["id"])
                    self._due[one["id"]] = {**record, "attempt": record["attempt"] + 1}
                    self.released.append(one["id"])
            self.lost += lost
            self._changed.notify_all()
            return {"lost": lost}

    def _holds(self, one):
        record, _until = self._leases.get(one["id"], ({"attempt": None}, None))
        return record["attempt"] == one["attempt"]
