# SPDX-License-Identifier: Apache-2.0
"""What a producer logs of claims that the API refuses."""

import pytest

from faafo import errors
from faafo.producer.refusals import Refusals

UNKNOWN = errors.ApiRefused("parameter_version: unknown", 400)


def lines(caplog):
    return [record.getMessage() for record in caplog.records]


def test_the_same_refusal_is_logged_once_until_a_claim_is_granted(caplog):
    refusals = Refusals()
    for _ in range(3):
        refusals.log(UNKNOWN)
    assert len(lines(caplog)) == 1
    refusals.forget()
    refusals.log(UNKNOWN)
    assert len(lines(caplog)) == 2


def test_a_refusal_for_another_reason_is_logged(caplog):
    refusals = Refusals()
    refusals.log(UNKNOWN)
    refusals.log(errors.ApiRefused("you may not claim", 403))
    assert lines(caplog)[1] == "could not claim fractals: you may not claim"


@pytest.mark.parametrize("error", [UNKNOWN, errors.ApiRefused("request_id: unknown", 400)], ids=str)
def test_an_api_that_does_not_know_a_member_is_called_older(caplog, error):
    Refusals().log(error)
    (line,) = lines(caplog)
    assert line.startswith(f"could not claim fractals: {error}; the API is of an earlier release")
