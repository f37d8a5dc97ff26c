# SPDX-License-Identifier: Apache-2.0
"""Real servers for the tests, RabbitMQ and MariaDB: started when asked for, gone afterwards."""

import contextlib
import getpass
import json
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

import psutil
import pymysql
import pytest
from pifpaf.drivers import Driver
from pifpaf.drivers.mysql import MySQLDriver
from pifpaf.drivers.rabbitmq import RabbitMQDriver

from tests.functional.processes import wait_until

ADDRESS = "127.0.0.1"
USER = "faafo"
PASSWORD = "secretsecret"  # as in the configuration files that faafo's documentation shows
STOP_SECONDS = 60
# So many are made at a time.
VIRTUAL_HOSTS = 12


def free_ports(count: int) -> list[int]:
    """Return ``count`` different TCP ports of the loopback that nobody listens on."""
    with contextlib.ExitStack() as sockets:
        held = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind((ADDRESS, 0))
        return [one.getsockname()[1] for one in held]


def unique(prefix: str) -> str:
    """Return a name that nobody else has."""
    return f"{prefix}{uuid.uuid4().hex[:12]}"


@contextlib.contextmanager
def started(kind: type[Driver], **options: Any) -> Iterator[Any]:
    """Run a server; without its programs skip the test, or fail it where nothing may be skipped."""
    missing = [one for one in kind.PROGRAMS if not Driver.find_executable(one, list(kind.PATH))]
    if missing:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        how = getattr(kind, "INSTALL", None) or f"apt-get install {kind.PACKAGE}"
        refuse(f"{missing[0]} is missing; install it with: {how}")
    with kind(**options) as server:
        yield server


class Family(Driver):
    """A driver that ends what it has started, children included.

    ``PATH`` are directories to look for its programs in first.

    pifpaf's own way reaps a process behind the back of its Popen, which then warns that it is
    still running: an error, where warnings are.
    """

    PATH: Sequence[str] = ()

    def _kill(self, process: psutil.Popen, signal: int = SIGTERM) -> None:
        if process.poll() is None:
            children = process.children(recursive=True)
            os.killpg(process.pid, signal)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(STOP_SECONDS)
            _, alive = psutil.wait_procs(children, STOP_SECONDS)
            for one in [*alive, process] if process.poll() is None else alive:
                one.kill()
            process.wait()
        if reader := getattr(process, "_log_thread", None):
            reader.join(STOP_SECONDS)
        for stream in filter(None, (process.stdin, process.stdout)):
            stream.close()

    def _run_server(self, *command: Any, env: Mapping[str, str] | None = None) -> psutil.Popen:
        """Start a server that runs until the end, and do not wait for it."""
        process = psutil.Popen(
            [str(word) for word in command],
            env={
                **os.environ,
                "PATH": f"{':'.join(self.PATH)}:{os.environ['PATH']}",
                **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.addCleanup(self._kill, process)
        return process

    def _wait_for_ports(self, *ports: int) -> None:
        """Wait until servers listen on all of ``ports``; pifpaf itself gives each 10 s."""
        for port in ports:
            wait_until(lambda port=port: _is_open(port), f"a server on port {port}")


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((ADDRESS, port)) == 0


class RabbitMQ(Family, RabbitMQDriver):
    """A broker with ports and an Erlang port mapper (epmd) of its own.

    ``url`` is its transport URL without a virtual host: tests get theirs from ``virtual_host``.

    :param cluster: whether it has three nodes; ``kill``, ``stop``, ``start`` are about the first.
    """

    PROGRAMS = ("rabbitmq-server", "rabbitmqctl", "epmd")
    PACKAGE = "rabbitmq-server"
    PATH = ("/usr/lib/rabbitmq/bin", "/usr/libexec/rabbitmq", "/usr/local/sbin", "/usr/sbin")

    _own_env: Mapping[str, str] = {}

    def __init__(self, cluster: bool = False) -> None:
        super().__init__(
            nodename=unique("faafotest"), username=USER, password=PASSWORD, cluster=cluster
        )
        suffixes = ("-1", "-2", "-3") if cluster else ("",)
        self._nodes = [f"{self.nodename}{suffix}@localhost" for suffix in suffixes]
        self._epmd_port, *ports = free_ports(1 + 2 * len(self._nodes))
        self._ports = dict(zip(self._nodes, ports, strict=False))
        self._distribution_ports = dict(zip(self._nodes, ports[len(self._nodes) :], strict=True))
        self.port = self._ports[self.node]
        self._own_env = {
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": ADDRESS,
            # 0 is any free port; the default is a fixed distance away from the other ports.
            "RABBITMQ_CTL_DIST_PORT_MIN": "0",
            "RABBITMQ_CTL_DIST_PORT_MAX": "0",
        }
        self.env = {}
        self._virtual_hosts: list[str] = []
        hosts = (f"{USER}:{PASSWORD}@{ADDRESS}:{port}" for port in self._ports.values())
        self.url = f"rabbit://{','.join(hosts)}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of every command: pifpaf's, and what keeps brokers apart."""
        return self._env

    @env.setter
    def env(self, values: dict[str, str]) -> None:
        self._env = {**values, **self._own_env}

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        # Erlang would start a daemon that outlives it; this one is a child, ended with the rest.
        self._run_server("epmd", env=self.env)
        self._wait_for_ports(self._epmd_port)
        super()._setUp()

    def start_node(self, nodename: str) -> int:
        self._env["RABBITMQ_DIST_PORT"] = str(self._distribution_ports[nodename])
        return super().start_node(nodename)

    def kill(self) -> None:
        """End the broker at once, as a crash does."""
        self.kill_node(self.node, SIGKILL)

    def stop(self) -> None:
        """End the broker in an orderly way."""
        self.kill_node(self.node, SIGTERM)

    def start(self) -> None:
        """Start the broker again, with its old port and what it has on disk."""
        self.start_node(self.node)

    @property
    def node(self) -> str:
        """The name of the (first) node."""
        return self._nodes[0]

    def kill_node(
        self, nodename: str, signal: int = SIGTERM, ignore_not_exists: bool = False
    ) -> None:
        process = self._process.pop(nodename, None)
        if process is not None:
            self._kill(process, signal)

    def virtual_host(self) -> str:
        """Return the transport URL of a virtual host: no queue of anybody else is in it."""
        if not self._virtual_hosts:
            self._virtual_hosts = self._add_virtual_hosts()
        return f"{self.url}/{self._virtual_hosts.pop()}"

    def _add_virtual_hosts(self) -> list[str]:
        """Make some more virtual hosts and return their names; each command takes a second."""
        names = [unique("test") for _ in range(VIRTUAL_HOSTS)]
        rights = {"user": USER, **dict.fromkeys(("configure", "read", "write"), ".*")}
        definitions = Path(self.tempdir) / f"{names[0]}.json"
        definitions.write_text(
            json.dumps(
                {
                    "vhosts": [{"name": name} for name in names],
                    "permissions": [{"vhost": name, **rights} for name in names],
                }
            )
        )
        self.rabbitmqctl(self.node, ["import_definitions", str(definitions)])
        return names

    def control(self, *command: str) -> None:
        """Run ``rabbitmqctl`` for the (first) node."""
        self.rabbitmqctl(self.node, list(command))

    def queues(self, transport_url: str) -> dict[str, bool]:
        """Return the queues of the virtual host of a URL: whether each of them is durable."""
        return {name: it == "true" for name, it in self._listed(transport_url, "durable")}

    def messages(self, transport_url: str) -> dict[str, int]:
        """Return the queues of the virtual host of a URL, and how many messages each has."""
        return {name: int(it) for name, it in self._listed(transport_url, "messages")}

    def _listed(self, transport_url: str, column: str) -> list[list[str]]:
        name = transport_url.rpartition("/")[2]
        command = ["-q", "list_queues", "-p", name, "--no-table-headers", "name", column]
        _process, output = self._exec(
            ["rabbitmqctl", "-n", self.node, *command], stdout=True, path=self._path, env=self.env
        )
        return [line.split() for line in output.decode().splitlines()]


class MariaDB(Family, MySQLDriver):
    """A database server that listens on TCP and asks for a password, unlike pifpaf's own.

    :param durable: whether its data survive a crash.
    """

    CONNECTION = "SELECT CONNECTION_ID()"
    PROGRAMS = ("mariadbd", "mariadb-install-db")
    PACKAGE = "mariadb-server"
    PATH = ("/usr/sbin", "/usr/libexec", "/usr/local/sbin")

    def __init__(self, durable: bool = False) -> None:
        super().__init__()
        (self.port,) = free_ports(1)
        self._flush = 1 if durable else 0
        self._process: psutil.Popen | None = None

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super(MySQLDriver, self)._setUp()  # not pifpaf's own server
        root = Path(self.tempdir)
        grants = root / "grants.sql"
        grants.write_text(
            f"CREATE USER '{USER}'@'{ADDRESS}' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON `faafo%`.* TO '{USER}'@'{ADDRESS}';\n"
            # Shows who waits for a lock.
            f"GRANT PROCESS ON *.* TO '{USER}'@'{ADDRESS}';\n"
        )
        self._exec(["mariadb-install-db", *self._common, "--skip-test-db"], path=list(self.PATH))
        self.start(f"--init-file={grants}")

    @property
    def _common(self) -> list[str]:
        data = Path(self.tempdir) / "data"
        return ["--no-defaults", f"--datadir={data}", f"--user={self._user}"]

    @property
    def _user(self) -> str:
        """Whose rights the server has."""
        return getpass.getuser()

    def kill(self) -> None:
        """End the server at once, as a crash does."""
        if self._process is not None:
            self._kill(self._process, SIGKILL)

    def stop(self) -> None:
        """End the server in an orderly way."""
        if self._process is not None:
            self._kill(self._process)

    def start(self, *options: str) -> None:
        """Start the server, again on its old port and data."""
        root = Path(self.tempdir)
        self._process, _output = self._exec(
            [
                "mariadbd",
                *self._common,
                *options,
                f"--tmpdir={root}",
                f"--socket={root / 'socket'}",
                f"--pid-file={root / 'pid'}",
                f"--bind-address={ADDRESS}",
                f"--port={self.port}",
                "--skip-name-resolve",
                f"--innodb-flush-log-at-trx-commit={self._flush}",
            ],
            wait_for_line="ready for connections",
            path=list(self.PATH),
        )

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Let nobody in, and throw out who is in, until the end of the block."""
        self._as_root(f"ALTER USER '{USER}'@'{ADDRESS}' ACCOUNT LOCK")
        try:
            self._as_root(f"KILL HARD USER '{USER}'@'{ADDRESS}'")
            yield
        finally:
            self._as_root(f"ALTER USER '{USER}'@'{ADDRESS}' ACCOUNT UNLOCK")

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Refuse every change until the end of the block."""
        self._as_root("SET GLOBAL read_only = 1")
        try:
            yield
        finally:
            self._as_root("SET GLOBAL read_only = 0")

    def _as_root(self, statement: str) -> Sequence[Sequence[Any]]:
        """Run one SQL statement as an administrator; return its rows."""
        connection = pymysql.connect(
            unix_socket=str(Path(self.tempdir) / "socket"), user=getpass.getuser()
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def end_connection(self, number: int) -> None:
        """End the connection to which CONNECTION gives that number."""
        self.execute(f"KILL HARD CONNECTION {number}")

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Give the ``mysql://`` URL of a new, empty database; it is dropped afterwards."""
        name = unique("faafo_")
        self.execute(f"CREATE DATABASE {name}")
        yield f"mysql://{USER}:{PASSWORD}@{ADDRESS}:{self.port}/{name}"
        self.execute(f"DROP DATABASE {name}")

    def execute(self, statement: str) -> None:
        """Run one SQL statement as the user of the tests."""
        connection = pymysql.connect(
            host=ADDRESS,
            port=self.port,
            user=USER,
            password=PASSWORD,
            connect_timeout=60,
            autocommit=True,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
