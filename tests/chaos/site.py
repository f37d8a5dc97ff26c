# SPDX-License-Identifier: Apache-2.0
"""A site: the services of one run; each can be killed, frozen, stopped and started again."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
import requests

from tests.chaos.counters import USER, miscounted, with_login
from tests.chaos.ledger import Ledger, Verdict
from tests.functional.processes import (
    PATIENCE_SECONDS,
    SCRIPTS,
    Service,
    upgrade_database,
    wait_until,
    write_config,
)
from tests.functional.servers import ADDRESS, free_ports

# What dies is noticed soon; one row of the table has the defaults instead.
QUICK = {
    "rpc": {"call_monitor_timeout": 3, "report_interval": 0.5},
    "producer": {"lease_duration": 3, "renew_interval": 0.5},
    # With shorter time-outs attempts are used up faster: of the 5 by default, each takes 8 s.
    "api": {"retry_delay": 0.3, "retry_delay_max": 2, "max_attempts": 13},
    "database": {"timeout": 4},
}
# Where none dies, nothing needs to be noticed: no lease and no call may run out because a machine
# is slow, or busy with something else.
UNHURRIED = {
    **QUICK,
    "rpc": {**QUICK["rpc"], "call_monitor_timeout": 60},
    "producer": {"lease_duration": 120},
}
RESTART_SECONDS = 1.0
FROZEN_SECONDS = QUICK["producer"]["lease_duration"] * 2.0
# Longer than a worker that is told to stop gives its renders by default.
GRACE_SECONDS = 120.0
REST_SECONDS = 180.0
PAGE = 100


@dataclass
class Member:
    """One service of a site: what is started again keeps its name, configuration and log."""

    name: str
    directory: Path
    command: Sequence[Any]
    ready: str = ""
    service: Service = field(init=False)

    def start(self, wait: bool = True) -> None:
        """Start the service, and wait until it says that it is ready."""
        self._starts = getattr(self, "_starts", 0) + 1
        script, *arguments = self.command
        self.service = Service(self.directory, script, *arguments, name=self.name)
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the service says that it is ready, if it ever does."""
        if self.ready:
            wait_until(lambda: self.has_started() or self.has_ended(), f"{self.name} to start")
            # What is ready when it has done its work may have ended since.
            assert self.has_started(), self.last_words()

    def has_started(self) -> bool:
        """Tell whether the service has said for each start that it is ready."""
        return len(self.service.lines_with(self.ready)) >= self._starts

    def has_ended(self) -> bool:
        """Tell whether the process is gone, whoever has ended it."""
        return self.service.exit_status is not None

    def last_words(self) -> str:
        """Return how the process ended, and what it wrote before."""
        return f"{self.name} ended with {self.service.exit_status}: {self.service.output()[-2000:]}"

    def kill(self) -> None:
        """End the service as a crash does."""
        self.service.kill()
        # A start that was not finished will never say that it is ready.
        self._starts = len(self.service.lines_with(self.ready)) if self.ready else 0

    def crash(self) -> None:
        """End the service as a crash does, and start it again after a second."""
        self.kill()
        pause(RESTART_SECONDS)
        self.start(wait=False)

    def faint(self) -> None:
        """Stop the process in its tracks, and let it go on when its leases have run out."""
        psutil.Process(self.service.pid).suspend()
        pause(FROZEN_SECONDS)
        self.thaw()

    def thaw(self) -> None:
        """Let it go on."""
        psutil.Process(self.service.pid).resume()

    def terminate(self) -> None:
        """Ask the service to end; it must do so in good order and within the grace period."""
        psutil.Process(self.service.pid).send_signal(signal.SIGTERM)
        status = self.service.wait_for_end(GRACE_SECONDS)
        self.service.kill()
        assert status == 0, self.last_words()

    def restart(self) -> None:
        """Ask the service to end, and start it again."""
        self.terminate()
        self.start(wait=False)


def pause(seconds: float) -> None:
    """Let time go by: what happens meanwhile is what a row is about."""
    threading.Event().wait(seconds)


def _command(kind: str, launcher: Path | None) -> list[Any]:
    program = SCRIPTS / f"faafo-{kind}"
    return [sys.executable, launcher, f"faafo.cmd.{kind}"] if launcher else [program]


class Site:
    """Services in ``directory`` on a database and a broker that may be behind links.

    :param settings: option groups for every service; QUICK by default.
    :param login: everybody logs in, and what the project of all users uses is counted.
    """

    def __init__(
        self,
        directory: Path,
        database_url: str,
        transport_url: str,
        settings: dict[str, dict[str, Any]] | None = None,
        login: bool = False,
    ) -> None:
        self.directory = directory
        self.images = directory / "images"
        self.database_url = database_url
        self.transport_url = transport_url
        self.settings = QUICK if settings is None else settings
        self.user = USER if login else None
        if login:
            self.settings = with_login(self.settings, directory)
        self.members: dict[str, Member] = {}
        self.apis: list[str] = []
        self._waits = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        # One that was interrupted while it was started has no service yet.
        for member in (one for one in self.members.values() if "service" in vars(one)):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.thaw()
            member.kill()

    def of(self, kind: str) -> list[Member]:
        """Return the members whose names begin with ``kind``."""
        return [one for name, one in self.members.items() if name.startswith(kind)]

    def add_api(self, name: str = "api-1", prefix: Sequence[Any] = (), **api: Any) -> str:
        """Start an API on a port that it keeps; return its URL.

        :param prefix: what its command line begins with.
        """
        (port,) = free_ports(1)
        options = {
            "database_url": self.database_url,
            "bind_port": port,
            "filesystem_store_datadir": self.images,
        }
        config = self._write(name, options, api=api)
        upgrade_database(self.database_url)
        command = [*prefix, SCRIPTS / "faafo-api", "--config-file", config]
        self.add(name, command, "the API listens on")
        self.apis.append(f"http://{ADDRESS}:{port}")
        return self.apis[-1]

    def add_worker(
        self, name: str = "worker-1", slots: int = 2, launcher: Path | None = None, **changes: Any
    ) -> Member:
        """Start a worker; ``launcher`` is a program that starts it in its own way."""
        options = {"filesystem_store_datadir": self.images, "transport_url": self.transport_url}
        config = self._write(name, {**options, **changes}, worker={"slots": slots, "name": name})
        command = _command("worker", launcher)
        return self.add(name, [*command, "--config-file", config], "is ready, with")

    def add_producer(
        self,
        name: str = "producer-1",
        url: str = "",
        launcher: Path | None = None,
        prefix: Sequence[Any] = (),
        **changes: Any,
    ) -> Member:
        """Start a producer that generates nothing; by default it talks to the first API.

        :param prefix: what its command line begins with.
        """
        options = {
            "endpoint_url": url or self.apis[0],
            "transport_url": self.transport_url,
            "min_tasks": 0,
            "max_tasks": 0,
        }
        config = self._write(name, {**options, **changes}, producer={"name": name})
        command = [*prefix, *_command("producer", launcher)]
        return self.add(name, [*command, "--config-file", config], "is ready")

    def add_notifier(self, name: str = "notifier-1", **notifier: Any) -> Member:
        """Start a notifier of the first API, which may deliver to this machine."""
        options = {"endpoint_url": self.apis[0], "transport_url": self.transport_url}
        config = self._write(name, options, notifier={"name": name, **notifier})
        return self.add(name, ["faafo-notifier", "--config-file", config], "is ready")

    def ledger(self, callback_url: str | None = None) -> Ledger:
        """Return a client that posts to all APIs."""
        return Ledger(self.apis, self.user, callback_url)

    def records(self) -> list[dict[str, Any]]:
        """Return all fractals, from the first API that answers."""
        records: list[dict[str, Any]] = []
        path = f"/api/fractal?results_per_page={PAGE}"
        while path:
            answer = requests.get(self.apis[0] + path, auth=self.user, timeout=60)
            answer.raise_for_status()
            records += answer.json()["objects"]
            path = answer.links.get("next", {}).get("url", "")
        return records

    def count(self, *statuses: str) -> int:
        """Return how many fractals have one of ``statuses``; -1 while nobody answers."""
        listed = ", ".join(f'"{status}"' for status in statuses)
        q = f'{{"filters": [{{"name": "status", "op": "in", "val": [{listed}]}}]}}'
        parameters: dict[str, Any] = {"q": q, "results_per_page": 1}
        try:
            answer = requests.get(
                f"{self.apis[0]}/api/fractal", params=parameters, auth=self.user, timeout=30
            )
            return answer.json()["num_results"] if answer.ok else -1
        except requests.RequestException:
            return -1

    def settle(self, ledger: Ledger, timeout: float = REST_SECONDS) -> Verdict:
        """Wait until every fractal has come to rest, as far as it does; judge."""
        with contextlib.suppress(AssertionError):
            wait_until(
                lambda: self.count("complete", "error") >= len(ledger.acknowledged),
                "everything to come to rest",
                timeout,
            )
        wait_until(lambda: self.count("complete") >= 0, "the API", PATIENCE_SECONDS)
        verdict = ledger.judge(self.apis[0], self.records())
        counted = self.count("complete", "error", "queued", "rendering")
        if counted != verdict.complete + verdict.error + verdict.stuck:
            verdict.duplicate += 1
            verdict.notes.append(f"the sum over all statuses is {counted}")
        if self.user:
            wrong = miscounted(self.apis[0], self.database_url)
            verdict.miscounted = len(wrong)
            verdict.notes += wrong
        return verdict

    def dead(self) -> list[str]:
        """Return the last words of those that have ended: what a row did to them is over."""

        def ended() -> list[Member]:
            return [one for one in self.members.values() if one.has_ended()]

        with contextlib.suppress(AssertionError):
            wait_until(lambda: not ended(), "everybody to be alive", GRACE_SECONDS)
        return [one.last_words() for one in ended()]

    def rendered_twice(self) -> int:
        """Return how many renders there were beyond the first one of each fractal."""
        rendered = [
            line.split(" task ", 1)[1].split(" ", 1)[0]
            for worker in self.of("worker")
            for line in worker.service.lines_with(" processed in ")
        ]
        return len(rendered) - len(set(rendered))

    def _write(self, name: str, options: dict[str, Any], **groups: dict[str, Any]) -> Path:
        merged = {group: dict(values) for group, values in self.settings.items()}
        for group, values in groups.items():
            merged.setdefault(group, {}).update(values)
        return write_config(self.directory / f"{name}.conf", DEFAULT=options, **merged)

    def add(self, name: str, command: Sequence[Any], ready: str) -> Member:
        """Start any other service, which says ``ready`` when it is."""
        member = self.members[name] = Member(name, self.directory, command, ready)
        member.start(wait=self._waits)
        return member

    @contextlib.contextmanager
    def starting_together(self) -> Iterator[None]:
        """Wait at the end of the block until all are ready that were started in it."""
        before, self._waits = set(self.members), False
        yield
        self._waits = True
        for name in self.members.keys() - before:
            self.members[name].wait_until_ready()


@contextlib.contextmanager
def kept_alive(site: Site, *kinds: str) -> Iterator[None]:
    """Start members of ``kinds`` again that have ended, as systemd does."""
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(0.2):
            for member in (one for kind in kinds for one in site.of(kind)):
                if member.service.exit_status is not None:
                    member.kill()
                    member.start(wait=False)

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()
