# SPDX-License-Identifier: Apache-2.0
"""The values of options: what is read, and what is refused with its bound."""

import time
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

import pytest

from faafo.cli import values

UUID = "12345678-9abc-4def-8123-456789abcdef"
seconds = values.duration(1, 7200)
rate = values.number(0.01, 1000)


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (values.size, "1", 1),
        (values.size, "2147483647", 2**31 - 1),
        (rate, ".5", 0.5),
        (rate, "1e3", 1000.0),
        (values.coordinate, "-1.6", -1.6),
        (values.constant, "-0.8+0.156i", -0.8 + 0.156j),
        (values.constant, "-0.8 - 0.156j", -0.8 - 0.156j),
        (values.constant, "1e-3-2.5E-1i", 0.001 - 0.25j),
        (values.constant, "0.25", 0.25),
        (values.constant, "-1i", -1j),
        (values.constant, "0.5i", 0.5j),
        (seconds, "90", 90.0),
        (seconds, "1.5s", 1.5),
        (seconds, "10m", 600.0),
        (seconds, "2h", 7200.0),
        (values.uuid, UUID.upper(), UUID),
        (values.url, "https://me:p%40ss@host:8443/faafo", "https://me:p%40ss@host:8443/faafo"),
        (values.readable_file, __file__, __file__),
        (values.event_types, "fractal.error,fractal.queued", ["fractal.error", "fractal.queued"]),
        (values.since, "2026-11-28T18:00", datetime(2026, 11, 28, 18, tzinfo=UTC)),
        (values.since, "20261128T18+02:00", datetime(2026, 11, 28, 16, tzinfo=UTC)),
        (values.since, "2026-11-28", datetime(2026, 11, 28, tzinfo=UTC)),
    ],
)
def test_a_value_is_read(convert, text, value):
    assert convert(text) == value


@pytest.mark.parametrize(
    ("convert", "text", "message"),
    [
        (values.size, "0", "must be an integer from 1 to 2147483647, not '0'"),
        (values.size, "2147483648", "not '2147483648'"),
        (values.size, "1_0", "not '1_0'"),
        (values.size, "9" * 5000, "must be an integer from 1 to 2147483647, not '999"),
        (rate, "0.001", "must be a number from 0.01 to 1000, not '0.001'"),
        (rate, "nan", "not 'nan'"),
        (rate, "inf", "not 'inf'"),
        (values.coordinate, "1e7", "must be a number from -1000000 to 1000000, not '1e7'"),
        (values.constant, "i", "must be a complex number such as -0.8+0.156i, 0.25 or 1i, not 'i'"),
        (values.constant, "1+", "not '1+'"),
        (values.constant, "nan+1i", "not 'nan"),
        (values.constant, "1e9i", "must be a number from -1000000 to 1000000, not '1000000000'"),
        (values.constant, "1e999", "not 'inf'"),
        (seconds, "0.5", "must be a duration from 1s to 7200s, such as 30s, 10m or 1h, not '0.5'"),
        (seconds, "3h", "not '3h'"),
        (seconds, "10 m", "not '10 m'"),
        (seconds, "1d", "not '1d'"),
        (values.uuid, UUID[:-1], "must be a UUID such as"),
        (values.uuid, UUID.replace("-", ""), "must be a UUID such as"),
        (values.url, "ftp://me:S3C@host", "ftp://me:***@host: must begin with http:// or https://"),
        (values.url, "http://host:99999", "a port must be a number from 1 to 65535"),
        (values.readable_file, "/nowhere", "/nowhere: No such file or directory"),
        (values.readable_file, "/", "/: Is a directory"),
        (values.event_types, "", "not ''; known: fractal.queued, fractal.rendering"),
        (values.event_types, "fractal.error,error", "not 'error'; known: fractal.queued"),
        (values.since, "2w", "must be an age such as 30m, 2h or 1d, or a time such as 2026-11-28T"),
        (values.since, "999999d", "not '999999d'"),
        (values.since, "0001-01-01T00:00+02:00", "not '0001-01-01T00:00+02:00'"),
        (values.secret_file, "/nowhere", "/nowhere: No such file or directory"),
    ],
)
def test_an_invalid_value_is_refused_with_its_bound(convert, text, message):
    with pytest.raises(ArgumentTypeError) as caught:
        convert(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_an_age_is_a_time_before_now(text, age):
    before = datetime.now(UTC)
    found = values.since(text)
    assert before <= found + age <= datetime.now(UTC)


def test_a_time_without_a_zone_is_utc_wherever_the_command_runs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert values.since("2026-11-28T18:00") == datetime(2026, 11, 28, 18, tzinfo=UTC)
    time.tzset()


def test_a_negative_number_is_no_option():
    assert values.join_negative(["render", "--c", "-0.8+1i", "-o", "-", "--xa", "-.5"]) == [
        *("render", "--c=-0.8+1i", "-o", "-", "--xa=-.5")
    ]
    untouched = ["list", "--c=1", "-2", "--long", "-f", "json", "--", "-1"]
    assert values.join_negative(untouched) == untouched
