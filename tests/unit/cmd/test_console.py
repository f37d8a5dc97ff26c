# SPDX-License-Identifier: Apache-2.0
"""The console of faafo-all."""

import pytest

from faafo import errors
from faafo.app.activity import Activity
from faafo.cmd import console
from faafo.cmd.console import Console

ADDRESS = "http://127.0.0.1:5000/"


@pytest.fixture
def lines(capsys):
    """Returns what has been printed so far: lines of standard output, and of standard error."""
    printed = ([], [])

    def read() -> tuple[list[str], list[str]]:
        for so_far, new in zip(printed, capsys.readouterr(), strict=True):
            so_far += new.splitlines()
        return printed

    return read


@pytest.fixture
def started(stop):
    """Starts a console that ends with the test."""
    consoles = []

    def start(activity=lambda: Activity(12, 3, 0), is_quiet=False) -> Console:
        consoles.append(Console(activity, stop, is_quiet))
        consoles[-1].start(ADDRESS)
        return consoles[-1]

    yield start
    stop.set()
    for one in consoles:
        one.ready.set()
        one.join()


def test_a_start_that_is_fast_is_two_lines(started, lines, wait_until):
    started().ready.set()
    wait_until(lambda: lines()[1])
    assert lines() == ([f"faafo is at {ADDRESS}"], [f"Ready: {ADDRESS}"])


def test_a_start_that_takes_time_shows_progress(started, lines, wait_until, monkeypatch):
    monkeypatch.setattr(console, "PROGRESS_SECONDS", (0.01, 0.02, 0.03))
    made = started()
    assert made.notice() == console.STARTING
    wait_until(lambda: len(lines()[1]) == 3)
    made.ready.set()
    wait_until(lambda: len(lines()[1]) == 4)
    assert lines()[1] == [
        console.STARTING,
        "The worker is still starting, after 0.02 s.",
        "The worker is still starting, after 0.03 s.",
        f"Ready: {ADDRESS}",
    ]
    assert made.notice() is None


def test_a_summary_comes_again_and_again_and_ends_with_the_address(
    started, lines, wait_until, monkeypatch
):
    monkeypatch.setattr(console, "SUMMARY_SECONDS", 0.01)
    started().ready.set()
    wait_until(lambda: len(lines()[1]) >= 3)
    assert set(lines()[1][1:]) == {
        f"12 fractal(s) complete in the last minute, 3 queued, 0 in error: {ADDRESS}"
    }


def test_a_database_that_is_unavailable_does_not_end_the_summaries(
    started, lines, wait_until, monkeypatch, caplog
):
    monkeypatch.setattr(console, "SUMMARY_SECONDS", 0.01)
    problems = [errors.DatabaseUnavailable("database_url = sqlite://: no")]

    def activity():
        if problems:
            raise problems.pop()
        return Activity(1, 2, 3)

    started(activity).ready.set()
    wait_until(lambda: len(lines()[1]) >= 2)
    assert "no summary: database_url = sqlite://: no" in caplog.text
    assert lines()[1][1].startswith("1 fractal(s) complete in the last minute, 2 queued, 3 in er")


def test_a_stop_during_the_start_prints_nothing_more(started, stop, lines):
    made = started()
    stop.set()
    made.ready.set()
    made.join()
    assert lines() == ([f"faafo is at {ADDRESS}"], [])


def test_a_quiet_console_prints_nothing_and_still_has_its_notice(started, lines):
    made = started(is_quiet=True)
    assert made.notice() == console.STARTING
    made.ready.set()
    made.join()
    assert made.notice() is None
    assert lines() == ([], [])
