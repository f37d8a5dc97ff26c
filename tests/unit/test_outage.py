# SPDX-License-Identifier: Apache-2.0
"""Failures in a row: the first is seen, the others when debugging."""

import logging

from faafo.outage import Outage

LOG = logging.getLogger("faafo.outage.test")


def test_the_first_of_several_failures_is_a_warning(caplog):
    caplog.set_level("DEBUG")
    outage = Outage(LOG)
    for reason in ("timeout", "refused"):
        outage.failed("it is away: %s", reason)
    outage.succeeded()
    outage.failed("it is away again", level=logging.INFO)
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("WARNING", "it is away: timeout"),
        ("DEBUG", "it is away: refused"),
        ("INFO", "it is away again"),
    ]


def test_only_the_first_exception_is_shown(caplog):
    caplog.set_level("DEBUG")
    outage = Outage(LOG)
    for _ in range(2):
        try:
            raise RuntimeError("the reason")
        except RuntimeError:
            outage.failed("it fails", level=logging.ERROR, exc_info=True)
    first, second = caplog.records
    assert (first.levelname, first.exc_info[0], second.exc_info) == ("ERROR", RuntimeError, None)
