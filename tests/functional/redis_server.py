# SPDX-License-Identifier: Apache-2.0
"""A real Redis for the tests: with a password, on TCP, TLS and a socket, and with no room."""

from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM

import psutil
import redis
import trustme

from tests.functional.servers import ADDRESS, PASSWORD, Family, free_ports


class Redis(Family):
    """A Redis server that asks for a password; ``url``, ``tls_url`` and ``socket_url`` lead to it.

    What it holds is written to disk when it is stopped, and not when it is killed.
    """

    PROGRAMS = ("redis-server",)
    PACKAGE = "redis-server"
    PATH = ("/usr/bin", "/usr/local/bin")

    def __init__(self) -> None:
        super().__init__()
        self.port, self._tls_port = free_ports(2)
        self._process: psutil.Popen | None = None

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        root = Path(self.tempdir)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(root / "ca.pem")
        certificate = authority.issue_cert(ADDRESS)
        certificate.private_key_pem.write_to_path(root / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(root / "cert.pem")
        self.url = f"redis://:{PASSWORD}@{ADDRESS}:{self.port}/0"
        self.tls_url = (
            f"rediss://:{PASSWORD}@{ADDRESS}:{self._tls_port}/0?ssl_ca_certs={root / 'ca.pem'}"
        )
        self.socket_url = f"unix://:{PASSWORD}@{root / 'socket'}?db=0"
        self.client = redis.Redis.from_url(self.url, decode_responses=True)
        self.addCleanup(self.client.close)
        self.start()

    def start(self) -> None:
        """Start the server, again on its old ports, with what it had when it was stopped."""
        root = Path(self.tempdir)
        self._process = self._run_server(
            "redis-server",
            *("--dir", root, "--save", "3600 1", "--bind", ADDRESS, "--port", self.port),
            *("--requirepass", PASSWORD, "--unixsocket", root / "socket"),
            *("--tls-port", self._tls_port, "--tls-auth-clients", "no"),
            *("--tls-cert-file", root / "cert.pem", "--tls-key-file", root / "key.pem"),
            *("--tls-ca-cert-file", root / "ca.pem"),
        )
        self._wait_for_ports(self.port, self._tls_port)

    def stop(self) -> None:
        """End the server in an orderly way."""
        self._end(SIGTERM)

    def kill(self) -> None:
        """End the server at once, as a crash does: it is empty when it is started again."""
        self._end(SIGKILL)

    def _end(self, signal: int) -> None:
        if self._process is not None:
            self._kill(self._process, signal)
            self._process = None

    def freeze(self) -> None:
        """Let it say nothing any more."""
        if self._process is not None:
            self._process.send_signal(SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(SIGCONT)

    def fill(self) -> None:
        """Have it refuse to store anything more, as a full one does."""
        self.client.config_set("maxmemory-policy", "noeviction")
        self.client.config_set("maxmemory", 1)

    def make_room(self) -> None:
        """Have it store what it is sent."""
        self.client.config_set("maxmemory", 0)
