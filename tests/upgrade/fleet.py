# SPDX-License-Identifier: Apache-2.0
"""A site whose services are of two releases, and clients that post to it meanwhile."""

import contextlib
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faafo.fractal.drawing import without_defaults
from faafo.fractal.task import FractalTask
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.proxy import Link
from tests.chaos.site import QUICK, Member, Site
from tests.functional.processes import write_config
from tests.functional.servers import ADDRESS, free_ports
from tests.upgrade.previous import Release

READY = {"api": "the API listens on", "producer": "is ready", "worker": "is ready, with"}
ALL = ("api-1", "api-2", "producer-1", "producer-2", "worker-1", "worker-2")
NONE_GENERATED = {"min_tasks": 0, "max_tasks": 0}
# Of all workers; the release before ignores it.
LABEL = "bigmem"
# All are told to stop, and none dies: no lease, call or statement may run out on a slow machine.
PACES: dict[str, dict[str, Any]] = {
    **QUICK,
    "rpc": {**QUICK["rpc"], "call_monitor_timeout": 30},
    "producer": {**QUICK["producer"], "lease_duration": 60},
    "database": {"timeout": 30},
    # Registries know soon who is there, and for long.
    "service": {"heartbeat_interval": 1},
}
TILE_SECONDS = 30
# However slow the machine is.
SETTLED_SECONDS = 900.0


class Balancer(Link):
    """Forwards each connection to the next of several APIs that takes it, as nginx does."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(ports[0])
        self._turn = list(ports)

    def _connect(self) -> None:
        self._turn.append(self._turn.pop(0))
        for port in self._turn:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((ADDRESS, port), timeout=5),
            ):
                self._target = (ADDRESS, port)
                break
        super()._connect()


class Poster(Ledger):
    """A client of either release: it names no parameter that has its default."""

    patience = SETTLED_SECONDS

    def members(self, task: FractalTask) -> dict[str, Any]:
        return without_defaults(super().members(task))


class Fleet(Site):
    """Two APIs behind a balancer, two producers, two workers; each is of one of two releases."""

    def __init__(self, directory: Path, database_url: str, transport_url: str) -> None:
        super().__init__(directory, database_url, transport_url, PACES)
        self._ports = free_ports(2)
        self.apis = [f"http://{ADDRESS}:{port}" for port in self._ports]
        self.balancer = Balancer(self._ports)

    def __enter__(self) -> "Fleet":
        self.balancer.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None:
        super().__exit__(kind, *rest)
        self.balancer.__exit__()

    def config(self, name: str) -> Path:
        """Write the configuration of a member, which both releases read."""
        kind, _, number = name.partition("-")
        broker = {"transport_url": self.transport_url}
        store = {"filesystem_store_datadir": self.images}
        options, own = {
            "api": (
                {
                    "database_url": self.database_url,
                    "bind_port": self._ports[int(number) - 1],
                    **store,
                },
                {"tiles": {**broker, "timeout": TILE_SECONDS}},
            ),
            "producer": (
                {
                    "endpoint_url": f"http://{ADDRESS}:{self.balancer.port}",
                    **broker,
                    **NONE_GENERATED,
                },
                {"producer": {"name": name}},
            ),
            "worker": ({**broker, **store}, {"worker": {"name": name, "labels": LABEL}}),
        }[kind]
        groups = {group: dict(values) for group, values in self.settings.items()}
        for group, values in own.items():
            groups.setdefault(group, {}).update(values)
        return write_config(self.directory / f"{name}.conf", DEFAULT=options, **groups)

    def upgrade(self, release: Release) -> str:
        """Upgrade the database as an administrator does; return what is printed."""
        arguments = ("--config-file", self.config("api-1"), "db", "upgrade")
        return release.run(self.directory, "faafo-manage", *arguments)

    def start_all(self, release: Release) -> None:
        """Start all members of one release."""
        with self.starting_together():
            for name in ALL:
                self.start(name, release)

    def start(self, name: str, release: Release) -> Member:
        """Start a member."""
        kind = name.partition("-")[0]
        command = release.command(f"faafo-{kind}", "--config-file", self.config(name))
        return self.add(name, command, READY[kind])

    def replace(self, name: str, release: Release) -> None:
        """Have a member drain and end, and start it again from another release."""
        self.members[name].terminate()
        self.start_again(name, release)

    def start_again(self, name: str, release: Release) -> None:
        """Start a member that has ended from another release."""
        member, kind = self.members[name], name.partition("-")[0]
        member.command = release.command(f"faafo-{kind}", "--config-file", self.config(name))
        member.start()

    def settle(self, ledger: Ledger, timeout: float = SETTLED_SECONDS) -> Verdict:
        return super().settle(ledger, timeout)

    def ledger(self, callback_url: str | None = None) -> Poster:
        """Return a client that posts to all APIs."""
        return Poster(self.apis)


class Stream:
    """Posts fractals in a thread, as long as its block lasts or longer."""

    def __init__(self, ledger: Ledger, tasks: Sequence[FractalTask], seconds: float) -> None:
        self._ledger = ledger
        self._thread = threading.Thread(target=ledger.post_all, args=(tasks, seconds))

    def __enter__(self) -> "Stream":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is not None:
            self._ledger.stop()
        self._thread.join()


def faults(verdict: Verdict) -> list[str]:
    """Return what must not be when everything has come to rest."""
    counted = {
        "lost": verdict.lost,
        "stuck": verdict.stuck,
        "with a wrong picture": verdict.wrong_checksum,
        "duplicate": verdict.duplicate,
        "in error": verdict.error,
        "not acknowledged": verdict.attempted - verdict.acknowledged,
    }
    found = [f"{number} {what}" for what, number in counted.items() if number]
    return found + (verdict.notes if found else [])
