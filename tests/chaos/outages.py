# SPDX-License-Identifier: Apache-2.0
"""Rows: the broker or the database dies, or stays away for a while."""

from collections.abc import Callable
from random import Random

from tests.chaos.deaths import ALL_SLOTS, populate
from tests.chaos.lab import Lab, Line, Scale, play
from tests.chaos.ledger import Ledger
from tests.chaos.site import pause

# What a POST may take while the broker is away: it does not need it.
# A POST that waited for the broker would take as long as its start.
POST_SECONDS = 4.0


def killed_broker(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of RabbitMQ, started again"""
    return _with_broker(lab, rng, scale, lab.rabbitmq.kill, 0.0)


def restarted_broker(lab: Lab, rng: Random, scale: Scale) -> Line:
    """RabbitMQ stopped in good order, started again"""
    return _with_broker(lab, rng, scale, lab.rabbitmq.stop, 0.0)


def absent_broker(lab: Lab, rng: Random, scale: Scale) -> Line:
    """RabbitMQ away for 30 s"""
    return _with_broker(lab, rng, scale, lab.rabbitmq.kill, scale.away)


def _with_broker(
    lab: Lab, rng: Random, scale: Scale, end: Callable[[], None], seconds: float
) -> Line:
    def outage() -> None:
        end()
        pause(seconds)
        lab.rabbitmq.start()

    def watch(ledger: Ledger) -> list[str]:
        slow = ledger.slowest_post > POST_SECONDS
        return [f"a POST took {ledger.slowest_post:.1f} s"] if slow else []

    with lab.site() as site:
        populate(site)
        return play(site, rng, scale, [outage], ALL_SLOTS, watch, lasting=seconds)


def killed_database(lab: Lab, rng: Random, scale: Scale) -> Line:
    """kill -9 of MariaDB, started again"""
    return _with_database(lab, rng, scale, 0.0)


def absent_database(lab: Lab, rng: Random, scale: Scale) -> Line:
    """MariaDB away for 20 s"""
    return _with_database(lab, rng, scale, scale.database_away)


def _with_database(lab: Lab, rng: Random, scale: Scale, seconds: float) -> Line:
    def outage() -> None:
        lab.database.kill()
        pause(seconds)
        lab.database.start()

    with lab.site() as site:
        populate(site)
        return play(site, rng, scale, [outage], ALL_SLOTS, lasting=seconds)
