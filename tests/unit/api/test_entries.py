# SPDX-License-Identifier: Apache-2.0
"""Entries of a batch: what is malformed is told, and refuses nothing else."""

import pytest

from faafo.api.claim_schemas import ClaimUpdate
from faafo.api.entries import Malformed, problems, valid

UUID = "12345678-9abc-4def-8123-456789abcdef"
GOOD = {"uuid": UUID, "attempt": 1}


def update(**lists):
    return ClaimUpdate.model_validate({"claimed_by": "me", **lists})


def test_the_valid_entries_are_found_among_malformed_ones():
    entries = update(renew=[5, GOOD, {"uuid": UUID}, {"uuid": "x", "attempt": 1}]).renew
    assert [one.uuid for one in valid(entries)] == [UUID]
    found = problems("renew", entries)
    assert list(found) == ["renew.0", "renew.2", "renew.3"]
    assert found["renew.2"] == Malformed(UUID, "attempt: is missing")
    assert [one.uuid for one in found.values()] == [None, UUID, None]


@pytest.mark.parametrize("rows_done", [0, 1, 2**31 - 1, 5.0])
def test_a_number_of_rows_is_kept(rows_done):
    (one,) = update(renew=[GOOD | {"rows_done": rows_done}]).renew
    assert one.rows_done == rows_done


@pytest.mark.parametrize("rows_done", [-1, 2**31, 1.5, "7", True, [], {}, float("nan")])
def test_what_is_no_number_of_rows_is_ignored(rows_done):
    (one,) = update(renew=[GOOD | {"rows_done": rows_done}]).renew
    assert (one.uuid, one.attempt, one.rows_done) == (UUID, 1, None)


@pytest.mark.parametrize("fault", [5, "x" * 4001, ["full"]])
def test_what_is_no_fault_is_ignored(fault):
    (one,) = update(release=[GOOD | {"fault": fault}]).release
    assert (one.uuid, one.fault) == (UUID, None)


def test_malformed_entries_leave_one_line_in_the_log_for_all(app, caplog):
    body = {"claimed_by": "me", "renew": [5] * 3, "release": [{"uuid": UUID}]}
    answer = app.test_client().put("/api/claim", json=body)
    assert answer.status_code == 200
    assert answer.json["lost"] == [UUID]
    assert len(answer.json["problems"]) == 4
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert lines == [
        "skipping 4 malformed entries of producer 'me', the first: "
        "renew.0: must be an object, not int"
    ]
