# SPDX-License-Identifier: Apache-2.0
"""``faafo fractal create`` with a priority, not before a time, and with a deadline."""

import json
from datetime import UTC, datetime, timedelta

import pytest


def test_a_fractal_is_posted_with_its_schedule(faafo):
    options = ("--priority", "-5", "--not-before", "2h", "--expires-at", "1d", "--label", "bigmem")
    record = json.loads(faafo("fractal", "create", *options, "-f", "json")[1])
    assert (record["priority"], record["label"]) == (-5, "bigmem")
    ahead = datetime.fromisoformat(record["not_before"]) - datetime.now(UTC)
    assert timedelta(hours=1) < ahead < timedelta(hours=3)
    assert record["expires_at"] > record["not_before"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--priority", "11"), "must be an integer from -10 to 10, not '11'"),
        (("--not-before", "soon"), "must be a duration such as 30m, 2h or 1d, or a time such"),
        (("--label", "big mem"), "must be 1 to 64 letters of ASCII, digits, dots, underscores"),
        (("--not-before", "2h", "--expires-at", "1h"), "must be later than not_before, 20"),
    ],
)
def test_what_is_out_of_bounds_is_refused_in_one_line(faafo, options, problem):
    status, output, shown = faafo("fractal", "create", *options)
    assert status != 0
    assert output == ""
    assert problem in shown
