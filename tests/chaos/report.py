# SPDX-License-Identifier: Apache-2.0
"""The report: every row of the suite, and the table they make."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.chaos import (
    attacks,
    callbacks,
    cuts,
    deaths,
    galera,
    identity,
    interleavings,
    leadership,
    operators,
    outages,
    poison,
    posters,
    scaling,
    scarcity,
    special,
)
from tests.chaos.lab import Lab, Line, Scale

COLUMNS = (
    "fault", "injected", "attempted", "acknowledged", "complete", "error", "lost", "stuck",
    "wrong checksum", "duplicate", "miscounted", "rendered twice", "allowed", "recovered after",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row: what is done, whether the short suite does it, too, and whether only root can."""

    play: Callable[[Lab, Random, Scale], Line]
    short: bool = False
    root: bool = False

    @property
    def name(self) -> str:
        """How the command line calls it."""
        return self.play.__name__.replace("_", "-")

    @property
    def title(self) -> str:
        """What the report calls it."""
        return (self.play.__doc__ or "").strip()


ROWS = (
    Row(deaths.killed_workers),
    Row(deaths.killed_producers),
    Row(deaths.killed_apis),
    Row(deaths.killed_anything, short=True),
    Row(outages.killed_broker),
    Row(outages.restarted_broker),
    Row(outages.absent_broker),
    Row(outages.killed_database),
    Row(outages.absent_database),
    Row(galera.killed_galera_nodes),
    Row(galera.divided_galera),
    Row(deaths.frozen_workers, short=True),
    Row(deaths.frozen_producers),
    Row(cuts.worker_and_broker),
    Row(cuts.producer_and_broker),
    Row(cuts.producer_and_api),
    Row(cuts.api_and_database),
    Row(cuts.worker_host),
    Row(special.full_disk, root=True),
    Row(deaths.told_to_stop),
    Row(posters.posters),
    Row(interleavings.interleavings),
    Row(interleavings.interleavings_on_sqlite),
    Row(scaling.scaled_by_backlog, short=True),
    Row(poison.poison, short=True),
    Row(special.quorum_queues),
    Row(poison.killed_all_in_one),
    Row(poison.poisoned_all_in_one),
    Row(identity.reposted_uuids),
    Row(identity.taken_name),
    Row(leadership.lost_leaders),
    Row(scarcity.short_of_memory),
    Row(scarcity.short_of_disk),
    Row(scarcity.no_threads),
    Row(scarcity.slow_object_store),
    Row(callbacks.killed_during_callbacks, short=True),
    Row(operators.disabled_and_paused),
    Row(attacks.malformed_reports),
    Row(attacks.stalled_clients),
    Row(attacks.damaged_code_cache),
    Row(attacks.killed_upgrades),
    Row(special.default_settings),
)


def can_be_played(row: Row) -> bool:
    """Tell whether this user may do what the row needs."""
    return not row.root or os.geteuid() == 0


def heading() -> str:
    """Return the first two lines of the table."""
    return f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}"


def shown(row: Row, line: Line) -> str:
    """Return one line of the table."""
    verdict = line.verdict
    recovered = "never" if line.recovered is None else f"{line.recovered:.1f} s"
    values = (
        row.title, line.faults, verdict.attempted, verdict.acknowledged, verdict.complete,
        verdict.error, verdict.lost, verdict.stuck, verdict.wrong_checksum, verdict.duplicate,
        verdict.miscounted, line.rendered_twice, line.allowed, recovered,
    )  # fmt: skip
    return f"| {' | '.join(map(str, values))} |"
