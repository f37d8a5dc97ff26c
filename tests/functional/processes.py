# SPDX-License-Identifier: Apache-2.0
"""Running faafo's console scripts as the processes they are, and waiting for what they do.

A test that runs a service::

    write_config(tmp_path / "api.conf", DEFAULT={"bind_port": 0, "database_url": url})
    with Service(tmp_path, "faafo-api", "--config-file", tmp_path / "api.conf") as api:
        url = api.wait_for_url()
        ...
        api.wait_for_line("GET /healthcheck")

Leaving the block sends SIGTERM and asserts that the service ends with status 0; ``kill`` is
SIGKILL, in the middle of things. ``running_api`` does all of this for a test of the API alone.
``wait_until`` waits for any other condition. Nothing here sleeps longer than it must.
"""

import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import requests
from sqlalchemy import create_engine

from faafo.db import schema
from faafo.db.url import parse_url
from faafo.store.filesystem import FilesystemStore

SCRIPTS = Path(sys.executable).parent
# Shared by all processes: stevedore keeps in it which entry points SCRIPTS' environment has.
CACHE = SCRIPTS.parent / "cache"
# Long enough for a machine that does much else: no test that passes waits for it.
PATIENCE_SECONDS = 180.0
# The first pause between two looks at a condition, and the longest one.
POLL_SECONDS = (0.02, 0.2)

SMALL_FRACTAL = {
    "width": 4,
    "height": 3,
    "iterations": 20,
    "xa": -1.5,
    "xb": 1.5,
    "ya": -1.0,
    "yb": 1.0,
}
SMALL_FILM = SMALL_FRACTAL | {
    "path": {"type": "circle", "centre": [0.0, 0.0], "radius": 0.7885},
    "frames": 2,
    "fps": 4,
}

Found = TypeVar("Found")


def wait_until(
    condition: Callable[[], Found], what: str, timeout: float = PATIENCE_SECONDS
) -> Found:
    """Return what ``condition`` returns as soon as that is true; it is called again and again.

    The pauses are a tenth of the time waited so far: what is asked needs the processor, too.

    :param what: completes the sentence "waited 180 s for ...".
    :raises AssertionError: when it has not become true after ``timeout`` seconds.
    """
    begun_at = time.monotonic()
    shortest, longest = POLL_SECONDS
    pause = threading.Event()
    while not (found := condition()):
        waited = time.monotonic() - begun_at
        assert waited < timeout, f"waited {timeout:g} s for {what}"
        pause.wait(min(longest, max(shortest, waited / 10)))
    return found


def write_config(path: Path, **groups: dict[str, Any]) -> Path:
    """Write a configuration file, one keyword a group: ``DEFAULT={"bind_port": 0}``."""
    lines = []
    for group, options in groups.items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {value}" for name, value in options.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def environment(directory: Path) -> dict[str, str]:
    """Return the environment of a process whose home is ``directory``: nothing else of ours."""
    return {
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(directory),
        "XDG_STATE_HOME": str(directory / "state"),
        "XDG_CACHE_HOME": str(CACHE),
        "TMPDIR": str(directory),
        "LANG": "C.UTF-8",
        # Whoever binds a socket there is told when a service is ready.
        "NOTIFY_SOCKET": str(directory / "notify"),
    }


def run(directory: Path, script: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run a console script that ends by itself; return its status and what it printed."""
    return subprocess.run(
        [SCRIPTS / script, *map(str, arguments)],
        env=environment(directory),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def upgrade_database(database_url: str) -> None:
    """Do what ``faafo-manage db upgrade`` does, without the start of a process."""
    url = parse_url(database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database).exists():
        Path(url.database).write_bytes(_upgraded_sqlite())
        return
    made = create_engine(url)
    schema.upgrade(made)
    made.dispose()


@functools.cache
def _upgraded_sqlite() -> bytes:
    """Return an SQLite file with the latest schema and no rows: to migrate one takes longer."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "empty.sqlite"
        made = create_engine(f"sqlite:///{path}")
        schema.upgrade(made)
        made.dispose()
        return path.read_bytes()


class Service:
    """A console script that runs until it is stopped; its output goes to a file.

    :param directory: becomes its home, its working directory and the place of its log.
    :param script: the name of the console script.
    :param arguments: its command line.
    :param name: what its log is called; give one when the same script runs twice.
    """

    def __init__(
        self, directory: Path, script: str, *arguments: Any, name: str | None = None
    ) -> None:
        self.name = name or script
        self.log = directory / f"{self.name}.log"
        self._told = False
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [SCRIPTS / script, *map(str, arguments)],
                env=environment(directory),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is None and self._process.returncode is None:
            self.stop()
        else:
            self.kill()

    @property
    def pid(self) -> int:
        """The id of the process, and of its process group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How the process ended; None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """Return everything the process has printed and logged so far."""
        return self.log.read_text(errors="replace")

    def lines_with(self, text: str) -> list[str]:
        """Return the finished lines of the output that contain ``text``."""
        finished = self.output().rpartition("\n")[0]
        return [line for line in finished.splitlines() if text in line]

    def wait_for_line(self, text: str, timeout: float = PATIENCE_SECONDS) -> str:
        """Return the first line with ``text`` in it, as soon as the process has written it.

        :raises AssertionError: when the process ends without it, or does not come to it in time.
        """

        def line_or_end() -> list[str] | bool:
            ended = self.exit_status is not None
            return self.lines_with(text) or ended

        with self._showing_output():
            found = wait_until(line_or_end, f"{text!r} from {self.name}", timeout)
            assert isinstance(found, list), f"{self.name} ended without {text!r}"
        return found[0]

    def wait_for_url(self) -> str:
        """Return the URL that ``faafo-api`` (with ``bind_port = 0``) has come to listen on."""
        line = self.wait_for_line("the API listens on http")
        return re.search(r"listens on ([^\s\"]+)", line)[1]

    def wait_for_end(self, timeout: float = PATIENCE_SECONDS) -> int:
        """Return the exit status, once the process has ended by itself."""
        with self._showing_output():
            wait_until(lambda: self.exit_status is not None, f"{self.name} to end", timeout)
        return self._process.returncode

    def tell_to_stop(self, how: int = signal.SIGTERM) -> None:
        """Send a signal; harmless when the process has ended, or has been told already."""
        if not self._told:
            self._process.send_signal(how)
        self._told = True

    def stop(self, how: int = signal.SIGTERM, status: int = 0) -> None:
        """Send a signal and wait; assert that the process ends with ``status``."""
        self.tell_to_stop(how)
        try:
            ended = self.wait_for_end()
        finally:
            self.kill()
        assert ended == status, f"{self.name} ended with {ended}\n{self.output()}"

    def kill(self) -> None:
        """End the process and its children at once, with SIGKILL; harmless when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    @contextlib.contextmanager
    def _showing_output(self) -> Iterator[None]:
        try:
            yield
        except AssertionError as error:
            raise AssertionError(f"{error}; it wrote:\n{self.output()[-8000:]}") from None


@dataclass(frozen=True)
class Api:
    """A running ``faafo-api``: its URL, process and configuration, and the store it reads."""

    url: str
    service: Service
    config: Path
    store: FilesystemStore
    datadir: Path

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send one request, on a connection of its own, and return the answer."""
        return requests.request(method, self.url + path, timeout=PATIENCE_SECONDS, **arguments)

    def post_fractal(self, **fields: Any) -> dict[str, Any]:
        """Post a small fractal with ``fields`` and return its record."""
        answer = self.request("POST", "/api/fractal", json={**SMALL_FRACTAL, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get_fractal(self, uuid: str) -> dict[str, Any]:
        """Return a record."""
        answer = self.request("GET", f"/api/fractal/{uuid}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def claim(self, count: int = 1, lease: float = 60, by: str = "me") -> list[dict[str, Any]]:
        """Claim fractals as a producer does, and return their records."""
        body = {"claimed_by": by, "count": count, "lease": lease}
        answer = self.request("POST", "/api/claim", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["objects"]

    @contextlib.contextmanager
    def twin(self) -> Iterator["Api"]:
        """Run another process on the same database and the same images."""
        directory = self.config.parent
        with Service(directory, "faafo-api", "--config-file", self.config, name="twin") as service:
            yield replace(self, service=service, url=service.wait_for_url())

    def forget_everything(self) -> None:
        """Delete every fractal: the next test begins with none."""
        while uuids := [one["uuid"] for one in self._largest_page()]:
            for uuid in uuids:
                self.request("DELETE", f"/api/fractal/{uuid}")

    def _largest_page(self) -> list[dict[str, Any]]:
        return self.request("GET", "/api/fractal?results_per_page=100").json()["objects"]


@contextlib.contextmanager
def running_api(
    directory: Path,
    database_url: str | None = None,
    store: dict[str, Any] | None = None,
    groups: dict[str, dict[str, Any]] | None = None,
    **api: Any,
) -> Iterator[Api]:
    """Run ``faafo-api`` on any free port.

    :param directory: everything goes below it.
    :param database_url: is brought up to date first, as an administrator would; by default a
        SQLite file in ``directory``.
    :param store: options of group ``[store]``; by default images are files in ``directory``.
    :param groups: options of other groups, by their names.
    :param api: options of group ``[api]``.
    """
    datadir = directory / "images"
    database_url = database_url or f"sqlite:///{directory}/faafo.sqlite"
    config = write_config(
        directory / "api.conf",
        DEFAULT={
            "bind_port": 0,
            "database_url": database_url,
            "filesystem_store_datadir": datadir,
        },
        api=api,
        store=store or {},
        **(groups or {}),
    )
    upgrade_database(database_url)
    store = FilesystemStore(str(datadir))
    store.check()
    with Service(directory, "faafo-api", "--config-file", config) as service:
        url = service.wait_for_url()
        wait_until(lambda: requests.get(f"{url}/healthcheck", timeout=120).ok, "the API to be well")
        yield Api(url, service, config, store, datadir)
