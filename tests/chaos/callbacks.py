# SPDX-License-Identifier: Apache-2.0
"""Row: whatever dies, and however bad the receiver is, each callback arrives."""

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.chaos.deaths import ALL_SLOTS, populate
from tests.chaos.lab import Fault, Lab, Line, Scale, play, tell
from tests.chaos.ledger import Ledger
from tests.chaos.site import QUICK
from tests.functional.databases import DatabaseServer
from tests.functional.processes import wait_until
from tests.functional.servers import ADDRESS, RabbitMQ

# Of a full run, instead of its scale.
COUNT = 1000
# Shares of the requests that the receiver answers with 500, and of those that it does not answer.
FAILING, CLOSING = 0.30, 0.05
DELIVERED_SECONDS = 240.0
SETTINGS = {
    **QUICK,
    "webhook": {
        "egress_allowed": f"{ADDRESS}/32",
        # The 20th attempt fails once in 10**9.
        "retry_schedule": ",".join(["0.2", "0.5", *["1"] * 17]),
    },
    "notifier": {"lease_duration": 3, "concurrency": 8, "per_webhook": 4},
}


@dataclass
class Receiver:
    """What a receiver has accepted: the ids of messages by the uuid of their fractal."""

    rng: Random
    secrets: set[str]
    accepted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    requests: int = 0
    forged: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes, headers: dict[str, str]) -> int | None:
        """Return the status of the answer, None for no answer."""
        with self.lock:
            self.requests += 1
            chance = self.rng.random()
            if chance < CLOSING:
                return None
            # The answer to a POST, which has the secret, may come later than the callback.
            if chance < CLOSING + FAILING or not self.secrets:
                return 500
            if not self._is_signed(body, headers):
                self.forged += 1
                return 400
            data = json.loads(body)["data"]
            if data["status"] == "complete":
                self.accepted[data["uuid"]].add(headers["webhook-id"])
            return 204

    def _is_signed(self, body: bytes, headers: dict[str, str]) -> bool:
        for secret in self.secrets:
            with contextlib.suppress(WebhookVerificationError):
                Webhook(secret).verify(body, headers)
                return True
        return False


def killed_during_callbacks(lab: Lab, rng: Random, scale: Scale) -> Line:
    """callbacks to a receiver that fails in 35 %: kill -9 of API, notifier, MariaDB, RabbitMQ"""
    scale = replace(scale, count=COUNT) if scale.full else scale
    with lab.site(SETTINGS) as site, _receiving(rng) as (url, receiver):
        populate(site)
        first = site.add_notifier("notifier-1")
        site.add_notifier("notifier-2")
        ledger = site.ledger(url)
        receiver.secrets = ledger.secrets
        faults = [site.of("api")[0].crash, first.crash, _crash(lab.database), _crash(lab.rabbitmq)]
        if not scale.full:
            faults = faults[: scale.faults]

        def watch(ledger: Ledger) -> list[str]:
            return _undelivered(ledger, receiver)

        line = play(site, rng, scale, faults, ALL_SLOTS, watch, ledger=ledger)
        text = "%d fractals told of by %d requests"
        tell(text, len(receiver.accepted), receiver.requests)
        return line


def _crash(server: DatabaseServer | RabbitMQ) -> Fault:
    def crash() -> None:
        server.kill()
        server.start()

    crash.__name__ = f"crash {type(server).__name__}"
    return crash


def _undelivered(ledger: Ledger, receiver: Receiver) -> list[str]:
    """Wait until each fractal was told of; return what is wrong then."""
    with contextlib.suppress(AssertionError):
        wait_until(
            lambda: ledger.acknowledged <= receiver.accepted.keys(),
            "every callback",
            DELIVERED_SECONDS,
        )
    missing = ledger.acknowledged - receiver.accepted.keys()
    problems = [f"{len(missing)} callbacks did not arrive"] if missing else []
    if receiver.forged:
        problems.append(f"{receiver.forged} signatures were wrong")
    if len(ledger.secrets) != 1:
        problems.append(f"one URL has {len(ledger.secrets)} secrets")
    several = [uuid for uuid, ids in receiver.accepted.items() if len(ids) > 1]
    return problems + [f"{uuid} was told of under several ids" for uuid in several]


@contextlib.contextmanager
def _receiving(rng: Random) -> Iterator[tuple[str, Receiver]]:
    receiver = Receiver(rng, set())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(body, headers)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((ADDRESS, 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://{ADDRESS}:{server.server_address[1]}/callback", receiver
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
