# SPDX-License-Identifier: Apache-2.0
"""A row: leaders of producers that are killed and frozen, on hosts whose clocks are hours apart."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil
import requests
from sqlalchemy import Connection, create_engine, func, select

from faafo.db.models import Fractal
from faafo.db.url import parse_url
from faafo.fractal.locks import GENERATOR
from tests.chaos.counters import SERVICE
from tests.chaos.lab import Lab, Line, Scale, tell
from tests.chaos.ledger import Verdict
from tests.chaos.site import Member, Site, pause
from tests.functional.processes import wait_until

TTL = 1.0
# Beyond the ttl; more is told, and is no failure: the machine may be busy with something else.
PROMISED_SECONDS = 2.0
TAKE_OVERS, FEW_TAKE_OVERS = 200, 5
# Sets follow each other so closely that most faults come in the middle of one.
GENERATING = {"interval": 0.05, "min_tasks": 1, "max_tasks": 10}
LEADING = {"producer": {"leader": True, "leader_ttl": TTL, "style": "classic"}}
# Seconds that a leader works before it is lost, at most.
LONGEST_REIGN = 0.5
CLOCKS = ("-1h", "+1h", "+0")
TRANSPORT_URL = "inprocess://"
LIBRARIES = "/usr/lib"
LIBRARY = "libfaketimeMT.so.1"


@dataclass
class Outcome:
    """What became of the take-overs: how long each took, in seconds, and what was wrong."""

    seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return how long they took."""
        late = sum(one > TTL + PROMISED_SECONDS for one in self.seconds)
        return (
            f"{len(self.seconds)} take-overs with a ttl of {TTL:g} s: median "
            f"{statistics.median(self.seconds):.2f} s, longest {max(self.seconds):.2f} s, "
            f"{late} after more than {TTL + PROMISED_SECONDS:g} s"
        )


def lost_leaders(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 and SIGSTOP of the producer that generates, clocks of hosts two hours apart"""
    count = TAKE_OVERS if scale.full else FEW_TAKE_OVERS
    with lab.site(LEADING) as site:
        # No broker: with a wrong clock time.sleep raises, which oslo.messaging does not expect.
        site.transport_url = TRANSPORT_URL
        outcome = contend(site, rng, count, apis=2)
        tell("%s", outcome.summary())
        return Line(
            count, Verdict(), 0, 0, max(outcome.seconds), problems=[*outcome.problems, *site.dead()]
        )


def contend(site: Site, rng: Random, count: int, apis: int) -> Outcome:
    """Have three producers generate under one lock, and lose the leader ``count`` times.

    :param apis: how many there are to ask for it, 3 at most.
    """
    for number, shift in enumerate(CLOCKS[:apis]):
        site.add_api(f"api-{number}", prefix=with_clock(shift))

    def start(number: int, shift: str) -> None:
        url = site.apis[number % apis]
        site.add_producer(f"producer-{number}", url, prefix=with_clock(shift), **GENERATING)

    with ThreadPoolExecutor() as starting:
        list(starting.map(start, range(len(CLOCKS)), reversed(CLOCKS)))
    outcome = Outcome()
    engine = create_engine(parse_url(site.database_url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for _ in range(count):
                outcome.seconds.append(_lose_leader(site, connection, rng))
            outcome.problems += _disorder(connection, count)
    finally:
        engine.dispose()
    return outcome


def with_clock(shift: str) -> list[Any]:
    """Return the beginning of a command line that gives a process a wrong clock.

    Durations are right: no process of ours lives while its monotonic clock jumps.
    """
    found = next(Path(LIBRARIES).rglob(LIBRARY), None)
    assert found is not None, "faketime is missing; install it with: apt-get install faketime"
    variables = {
        "LD_PRELOAD": found,
        "FAKETIME": shift,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return ["/usr/bin/env", *(f"{name}={value}" for name, value in variables.items())]


def _lose_leader(site: Site, connection: Connection, rng: Random) -> float:
    """Kill the leader or stop it in its tracks; return the seconds until another one generates."""
    leader, token = wait_until(lambda: _leader(site), "a leader")
    wait_until(lambda: _latest(connection) == token, "its first set")
    pause(rng.uniform(0, LONGEST_REIGN))
    is_killed = rng.random() < 0.5
    begun_at = time.monotonic()
    if is_killed:
        leader.kill()
    else:
        psutil.Process(leader.service.pid).suspend()
    wait_until(lambda: _latest(connection) > token, "another leader")
    took = time.monotonic() - begun_at
    if is_killed:
        leader.start(wait=False)
    else:
        leader.thaw()
    return took


def _leader(site: Site) -> tuple[Member, int] | None:
    """Return the producer that holds the lock and its token, None if there is none."""
    path = f"{site.apis[0]}/api/lock/{GENERATOR}"
    auth = SERVICE if site.user else None
    state = requests.get(path, auth=auth, timeout=60).json()
    name = (state["holder"] or "").partition(":")[0]
    return (site.members[name], state["token"]) if name else None


def _latest(connection: Connection) -> int:
    """Return the token of the latest set."""
    return connection.scalar(select(func.max(Fractal.lock_token))) or 0


def _disorder(connection: Connection, count: int) -> Sequence[str]:
    """Return in which ways sets of one leader come after those of a later one."""
    token, number, at = Fractal.lock_token, Fractal.id, Fractal.created_at
    ends = func.min(number), func.max(number), func.min(at), func.max(at)
    rows = connection.execute(select(token, *ends).group_by(token).order_by(token)).all()
    problems = [f"the fractals {row[1]} to {row[2]} have no token" for row in rows if not row[0]]
    for before, after in zip(rows, rows[1:], strict=False):
        if before[2] >= after[1] or before[4] > after[3]:
            problems.append(f"token {before[0]}: {before[1:]} overlaps {after[0]}: {after[1:]}")
    if len(rows) <= count:
        problems.append(f"{len(rows)} leaders have generated after {count} take-overs")
    return problems
