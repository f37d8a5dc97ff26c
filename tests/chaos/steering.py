# SPDX-License-Identifier: Apache-2.0
"""Rows: workers and producers that an operator disables and enables while they work."""

from random import Random

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from faafo import errors
from faafo.db import services
from faafo.db.url import parse_url
from faafo.fractal.service import service_id
from tests.chaos.deaths import populate
from tests.chaos.lab import Fault, Lab, Line, Scale, play
from tests.chaos.site import UNHURRIED, Member, Site, pause
from tests.functional.processes import wait_until

# How long one is disabled: some heartbeats.
DISABLED_SECONDS = 8.0


def disabled_services(lab: Lab, rng: Random, scale: Scale) -> Line:
    """a worker or a producer of 2 disabled for 8 s, then enabled"""
    with lab.site(UNHURRIED) as site:
        populate(site, producers=2)
        members = [rng.choice(site.of("worker")), *site.of("producer")[:1]]
        members += [rng.choice([*site.of("worker"), *site.of("producer")]) for _ in members]
        faults = [_disabling(site, member) for member in members[: scale.faults]]
        # What is under way is finished: nothing is rendered twice.
        return play(site, rng, scale, faults, 0, lasting=DISABLED_SECONDS * len(faults))


def _disabling(site: Site, member: Member) -> Fault:
    def disable_for_a_while() -> None:
        wait_until(lambda: _change(site, member, True), f"{member.name} in the registry")
        pause(DISABLED_SECONDS)
        _change(site, member, False)

    return disable_for_a_while


def _change(site: Site, member: Member, disabled: bool) -> bool:
    """Disable a member or enable it again; return whether it is in the registry."""
    kind = member.name.partition("-")[0]
    engine = create_engine(parse_url(site.database_url))
    try:
        with Session(engine) as session:
            services.change(session, service_id(kind, member.name), disabled, "chaos")
        return True
    except errors.ServiceNotFound:
        return False
    finally:
        engine.dispose()
