# SPDX-License-Identifier: Apache-2.0
"""Rows: malformed messages on the broker, clients that stall, and damaged files."""

import contextlib
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import oslo_messaging
from oslo_config import cfg

from faafo import conf as options
from faafo.rpc import contract
from faafo.rpc.transport import get_transport
from tests.chaos.deaths import SLOTS, populate
from tests.chaos.lab import Lab, Line, Scale, play, tell
from tests.chaos.ledger import Verdict
from tests.chaos.site import UNHURRIED, Site, pause

REPORTS = 200
MALFORMED: tuple[dict[str, Any], ...] = (
    {},
    {"server": "w", "slots": "many", "busy": 0, "busy_for": {}, "version": "1"},
    {"server": "w", "slots": None, "busy": None, "busy_for": None, "version": None},
    {"server": "w", "slots": -1, "busy": 0, "busy_for": {}, "version": "1"},
    {"server": None, "slots": 1, "busy": 0, "busy_for": [], "version": "1"},
    {"server": "w" * 10_000, "slots": 10**30, "busy": 0, "busy_for": {"p": "x"}, "version": {}},
    {"server": ["w"], "slots": [1], "busy": {}, "busy_for": "p", "version": 7, "more": 1},
)
CONTEXTS: tuple[dict[str, Any], ...] = (
    {},
    {"rows_done": 7},
    {"rows_done": {"x": "y"}, "worker": 3},
)
IDLE, STALLED = 1000, 8
# More bytes of answers than all buffers on the way take.
PIPELINED = b"GET /openapi/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 900
STALL_SECONDS = 15.0
ROOT = Path(__file__).parents[2]
REVISIONS = ("base", *(f"{number:04}" for number in range(1, 21)))


def malformed_reports(lab: Lab, rng: Random, scale: Scale) -> Line:
    """a stream of malformed reports on the broker"""
    with lab.site(UNHURRIED) as site:
        populate(site, producers=2)

        def send() -> None:
            with _reporter(site) as client:
                for number in range(REPORTS):
                    report = MALFORMED[number % len(MALFORMED)]
                    client.prepare(fanout=True).cast(rng.choice(CONTEXTS), "report", **report)

        return play(site, rng, scale, [send] * scale.faults, 0)


@contextlib.contextmanager
def _reporter(site: Site) -> Iterator[Any]:
    # Not a configuration of our own: oslo.messaging registers options for tracing in this one only.
    options.register_opts(cfg.CONF)
    cfg.CONF([], project="faafo", default_config_files=[])
    transport = get_transport(cfg.CONF, default_url=site.transport_url)
    try:
        yield oslo_messaging.get_rpc_client(transport, contract.PRODUCERS)
    finally:
        transport.cleanup()
        cfg.CONF.clear_default("transport_url")
        cfg.CONF.reset()


def stalled_clients(lab: Lab, rng: Random, scale: Scale) -> Line:
    """1 000 idle and 8 stalled connections to each API"""
    with lab.site(UNHURRIED) as site, _descriptors():
        populate(site, producers=2, apis=2)

        def attack() -> None:
            with contextlib.ExitStack() as clients:
                for url in site.apis:
                    for _ in range(IDLE):
                        clients.enter_context(_connection(url, b"GET / HTTP/1.1\r\nHost: "))
                    for _ in range(STALLED):
                        clients.enter_context(_connection(url, PIPELINED))
                pause(STALL_SECONDS)

        return play(site, rng, scale, [attack], 0, lasting=STALL_SECONDS)


@contextlib.contextmanager
def _connection(url: str, sent: bytes) -> Iterator[socket.socket]:
    address = urlsplit(url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(60)
        # An API that has as many connections as it takes may close this one.
        with contextlib.suppress(OSError):
            client.connect((address.hostname, address.port))
            client.sendall(sent)
        client.setblocking(False)
        yield client


@contextlib.contextmanager
def _descriptors() -> Iterator[None]:
    """Let this process have as many file descriptors as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def damaged_code_cache(lab: Lab, rng: Random, scale: Scale) -> Line:
    """power cuts: kill -9 of a worker, whose cache of compiled code is cut short"""
    with lab.site() as site:
        launcher = Path(__file__).with_name("own_cache.py")
        site.add_api()
        for number in range(1, 3):
            site.add_worker(f"worker-{number}", SLOTS, launcher)
        site.add_producer()
        victim = site.members["worker-1"]

        def cut_power() -> None:
            victim.kill()
            files = list((site.directory / "code").rglob("*.nb?"))
            assert files, "there is no cache of compiled code"
            for path in files:
                os.truncate(path, rng.choice([0, path.stat().st_size // 2]))
            victim.start()

        line = play(site, rng, scale, [cut_power] * min(2, scale.faults), SLOTS)
        if not victim.service.lines_with("the cache of compiled code is damaged"):
            line.problems.append("the worker did not say that its cache is damaged")
        return line


def killed_upgrades(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of db upgrade after each statement, from each revision, on SQLite and MariaDB"""
    line = Line(0, Verdict(), 0, 0, 0.0)
    # From each revision one that goes to the next is killed, and the second goes on to the latest.
    for revision, end in (("base", "head"), *pairwise((*REVISIONS[1:], "head"))):
        with lab.database.database() as server_url:
            sqlite_url = f"sqlite:///{lab.directory}/{revision}.sqlite"
            for url in (sqlite_url, server_url):
                line.faults += _killed_upgrades(url, revision, end, line.problems)
    return line


def _killed_upgrades(url: str, revision: str, end: str, problems: list[str]) -> int:
    """Kill upgrades of one database; return how many, and add what was wrong to ``problems``."""
    command = [sys.executable, "-m", "tests.functional.killed_upgrades", url, revision, end]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        problems.append(f"from {revision}: {done.stderr[-500:]}")
        return 0
    *faults, kills = done.stdout.splitlines()
    tell("from %s on %s: %s kills", revision, url.partition(":")[0], kills)
    problems += [f"from {revision}: {fault}" for fault in faults]
    return int(kills)
