# SPDX-License-Identifier: Apache-2.0
"""The short chaos suite: whatever dies, what was acknowledged ends complete, once."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.chaos.lab import SHORT, Lab
from tests.chaos.report import ROWS, Row, can_be_played
from tests.functional.databases import Chosen
from tests.functional.servers import RabbitMQ, started

SEED = 1


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Servers of our own: they are killed."""
    with started(RabbitMQ) as rabbitmq, started(Chosen, durable=True) as database:
        yield Lab(tmp_path_factory.mktemp("chaos"), rabbitmq, database, login=True)


@pytest.mark.parametrize("row", [row for row in ROWS if row.short], ids=lambda row: row.name)
def test_nothing_is_lost_whatever_happens(lab: Lab, row: Row) -> None:
    if not can_be_played(row):
        pytest.skip("only root can do that")
    line = row.play(lab, Random(f"{SEED} {row.name}"), SHORT)
    assert line.failures == [], line.verdict.notes
