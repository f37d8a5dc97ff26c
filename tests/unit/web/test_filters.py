# SPDX-License-Identifier: Apache-2.0
from datetime import datetime

import pytest

from faafo.db.models import Fractal
from faafo.web import filters


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (22_993, "22.5 KiB"),
        (5 * 2**20, "5.0 MiB"),
        (2**63 - 1, "8589934592.0 GiB"),
    ],
)
def test_a_file_size_is_short(count, expected):
    assert filters.file_size(count) == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (0.0, "less than 1 ms"),
        (0.0071, "7 ms"),
        (1.25, "1.2 s"),
        (59.94, "59.9 s"),
        (192.4, "3 min 12 s"),
        (7260.0, "2 h 1 min"),
        (1e300, None),
    ],
)
def test_a_duration_has_the_digits_that_mean_something(duration, expected):
    assert filters.seconds(duration) == expected or expected is None


def test_a_moment_is_utc():
    assert filters.moment(datetime(2026, 1, 2, 3, 4, 5, 678)) == "2 January 2026, 03:04:05 UTC"


@pytest.mark.parametrize(
    ("cx", "cy", "expected"),
    [
        (-0.8, 0.156, "−0.8 + 0.156i"),
        (0.2512345, -0.75, "0.2512 − 0.75i"),
        (-1e-05, -1e-09, "−1e−05 − 1e−09i"),
        (0.0, 0.0, "0 + 0i"),
    ],
)
def test_the_constant_is_a_complex_number(cx, cy, expected):
    assert filters.constant(Fractal(cx=cx, cy=cy)) == expected
