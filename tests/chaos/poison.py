# SPDX-License-Identifier: Apache-2.0
"""Rows: everything in one process, and fractals that kill whatever renders them."""

import sys
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from faafo.fractal.task import FractalTask
from tests.chaos.deaths import SLOTS, WORKERS
from tests.chaos.lab import Lab, Line, Scale, play
from tests.chaos.ledger import SMALL
from tests.chaos.poisoned import POISON
from tests.chaos.site import QUICK, Member, Site, kept_alive
from tests.functional.processes import write_config
from tests.functional.servers import ADDRESS, free_ports

LAUNCHER = Path(__file__).with_name("poisoned.py")
POISONED = 2
MAX_ATTEMPTS = 3
LIMITED = {**QUICK, "api": {**QUICK["api"], "max_attempts": MAX_ATTEMPTS}}


def poison(lab: Lab, rng: Random, scale: Scale) -> Line:
    """fractals that kill every worker which renders them"""
    with lab.site(LIMITED) as site:
        site.add_api()
        with site.starting_together():
            for number in range(1, WORKERS + 1):
                site.add_worker(f"worker-{number}", SLOTS, LAUNCHER)
            site.add_producer()
        with kept_alive(site, "worker"):
            return _play_poisoned(site, rng, scale, " failed on worker worker-")


def killed_all_in_one(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of faafo-all, restarted after 1 s"""
    with lab.site() as site:
        everything = _add_all_in_one(site, ["faafo-all"])
        return play(site, rng, scale, [everything.crash] * scale.faults, SLOTS)


def poisoned_all_in_one(lab: Lab, rng: Random, scale: Scale) -> Line:
    """fractals that kill faafo-all"""
    with lab.site(LIMITED) as site:
        _add_all_in_one(site, [sys.executable, LAUNCHER, "faafo.cmd.all"])
        with kept_alive(site, "worker"):
            return _play_poisoned(site, rng, scale, " failed: the lease of producer ")


def _add_all_in_one(site: Site, command: Sequence[Any]) -> Member:
    (port,) = free_ports(1)
    site.database_url = f"sqlite:///{site.directory}/faafo.sqlite"
    options = {
        "database_url": site.database_url,
        "bind_port": port,
        "min_tasks": 0,
        "max_tasks": 0,
        "state_path": site.directory,
        # Its log is read; by default it writes warnings only.
        "use_stderr": True,
    }
    groups = {**site.settings, "worker": {"slots": SLOTS}}
    config = write_config(site.directory / "all.conf", DEFAULT=options, **groups)
    site.apis.append(f"http://{ADDRESS}:{port}")
    # It is a worker, too: its renders are counted.
    return site.add("worker-all", [*command, "--config-file", config], "is ready, with")


def _play_poisoned(site: Site, rng: Random, scale: Scale, fault: str) -> Line:
    ledger = site.ledger()
    poisoned = POISONED if scale.full else 1
    posts = [
        partial(ledger.post, _poisonous_task(rng), rng.choice(site.apis)) for _ in range(poisoned)
    ]
    # Each attempt kills a worker, with what is in its other slots.
    line = play(site, rng, scale, posts, SLOTS * MAX_ATTEMPTS, ledger=ledger)
    line.errors_expected = poisoned
    for record in site.records():
        if (record["iterations"] == POISON) != (record["status"] == "error"):
            line.problems.append(f"{record['uuid']} is {record['status']}: {record['fault']}")
        if record["status"] == "error" and fault not in record["fault"]:
            line.problems.append(f"this fault does not say {fault!r}: {record['fault']}")
    return line


def _poisonous_task(rng: Random) -> FractalTask:
    name = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return FractalTask(uuid=name, width=30, height=20, iterations=POISON, **SMALL)
