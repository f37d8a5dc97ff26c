# SPDX-License-Identifier: Apache-2.0
"""The corners of a fractal's life, through a real faafo-api on SQLite and on a server."""

import hashlib
import io
import os
import uuid as uuidlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from faafo.fractal.embedded import embed
from faafo.fractal.task import FractalTask
from tests.functional.conftest import on_sqlite
from tests.functional.processes import (
    Api,
    run,
    wait_until,
)

PNG = b"\x89PNG, as far as the API is concerned"
RESULT = {"checksum": hashlib.sha256(PNG).hexdigest(), "duration": 0.25, "size": len(PNG)}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
# As the fixture ``api`` has it.
MAX_ATTEMPTS = 3


@pytest.fixture(autouse=True)
def _nothing_to_begin_with(api: Api) -> None:
    api.forget_everything()


def fail(api: Api, record: dict[str, Any], fault: str = "no") -> dict[str, Any]:
    body = {"attempt": record["attempt"], "fault": fault}
    return api.request("PUT", f"/api/fractal/{record['uuid']}", json=body).json()


def claim_one(api: Api, lease: float = 60) -> dict[str, Any]:
    (record,) = wait_until(lambda: api.claim(lease=lease), "a fractal to claim")
    return record


def post_and_give_up(api: Api) -> str:
    """Post a fractal, and let it fail until its status is error."""
    uuid = api.post_fractal()["uuid"]
    for _ in range(MAX_ATTEMPTS):
        fail(api, claim_one(api))
    assert api.get_fractal(uuid)["status"] == "error"
    return uuid


def manage(api: Api, *arguments: str) -> Any:
    return run(api.config.parent, "faafo-manage", "--config-file", api.config, *arguments)


class TestRetry:
    def test_what_was_given_up_is_queued_again_and_may_fail_as_often_as_before(
        self, api: Api
    ) -> None:
        uuid = post_and_give_up(api)
        answer = api.request("POST", f"/api/fractal/{uuid}/retry")
        assert answer.status_code == 200
        record = answer.json()
        assert (record["status"], record["failures"], record["fault"]) == ("queued", 0, "no")
        claimed = claim_one(api)
        assert (claimed["uuid"], claimed["attempt"]) == (uuid, MAX_ATTEMPTS + 1)
        assert fail(api, claimed)["status"] == "queued"

    def test_what_is_not_given_up_is_409(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        claim_one(api)
        answer = api.request("POST", f"/api/fractal/{uuid}/retry")
        assert answer.status_code == 409
        assert "is rendering" in answer.json()["message"]

    def test_what_does_not_exist_is_404(self, api: Api) -> None:
        assert api.request("POST", f"/api/fractal/{UNKNOWN}/retry").status_code == 404
        assert api.request("GET", f"/api/fractal/{UNKNOWN}/retry").status_code == 405

    def test_an_administrator_can_retry_one(self, api: Api) -> None:
        uuid = post_and_give_up(api)
        done = manage(api, "fractal", "retry", uuid)
        assert (done.returncode, done.stdout) == (0, f"queued fractal {uuid} again\n")
        assert api.get_fractal(uuid)["status"] == "queued"

    def test_an_administrator_can_retry_all(self, api: Api) -> None:
        uuids = [post_and_give_up(api) for _ in range(2)]
        done = manage(api, "fractal", "retry", "--all-errors")
        assert (done.returncode, done.stdout) == (0, "queued 2 fractal(s) again\n")
        assert {api.get_fractal(uuid)["status"] for uuid in uuids} == {"queued"}

    @on_sqlite
    def test_an_administrator_is_told_what_cannot_be_retried(self, api: Api) -> None:
        done = manage(api, "fractal", "retry", UNKNOWN)
        assert done.returncode == 1
        assert done.stderr == f"there is no fractal {UNKNOWN}\n"
        for arguments in ([], ["--all-errors", UNKNOWN]):
            done = manage(api, "fractal", "retry", *arguments)
            assert done.returncode == 1
            assert "give either uuids or --all-errors" in done.stderr


class TestFromPng:
    @pytest.fixture
    def file(self, api: Api, tmp_path: Path) -> Path:
        """The file of a fractal that is complete; what it shows is only made up."""
        record = api.post_fractal(cx=-0.5, cy=0.25, iterations=77, palette="tides")
        buffer = io.BytesIO()
        Image.new("P", (record["width"], record["height"])).save(buffer, "PNG")
        path = tmp_path / "fractal.png"
        path.write_bytes(embed(buffer.getvalue(), FractalTask.model_validate(record)))
        return path

    def test_a_file_becomes_the_fractal_again_that_it_shows(self, api: Api, file: Path) -> None:
        (before,) = api.request("GET", "/api/fractal").json()["objects"]
        api.request("DELETE", f"/api/fractal/{before['uuid']}")
        done = manage(api, "fractal", "from-png", file)
        assert (done.returncode, done.stdout) == (0, f"queued fractal {before['uuid']}\n")
        after = api.get_fractal(before["uuid"])
        assert after == before | {"created_at": after["created_at"]}

    def test_it_gets_another_uuid_where_its_own_is_taken(self, api: Api, file: Path) -> None:
        done = manage(api, "fractal", "from-png", file)
        assert done.returncode == 0
        assert "exists already" in done.stdout
        one, other = api.request("GET", "/api/fractal").json()["objects"]
        assert one["uuid"] != other["uuid"]
        assert {**one, "uuid": "", "created_at": ""} == {**other, "uuid": "", "created_at": ""}

    @on_sqlite
    def test_a_file_without_a_fractal_is_refused_in_one_line(
        self, api: Api, tmp_path: Path
    ) -> None:
        (tmp_path / "no.png").write_text("no")
        for name, words in (("no.png", "this is no PNG file"), ("missing.png", "No such file")):
            done = manage(api, "fractal", "from-png", tmp_path / name)
            assert done.returncode == 1
            assert words in done.stderr
            assert name in done.stderr
            assert "Traceback" not in done.stderr


class TestLeases:
    def test_what_nobody_comes_back_from_ends_in_error_and_says_why(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        for attempt in range(1, MAX_ATTEMPTS + 1):
            assert claim_one(api, lease=1)["attempt"] == attempt
        wait_until(lambda: api.claim() or api.get_fractal(uuid)["status"] == "error", "the end")
        record = api.get_fractal(uuid)
        assert (record["status"], record["failures"]) == ("error", MAX_ATTEMPTS)
        assert "the lease of producer me expired at 20" in record["fault"]

    def test_what_has_failed_twice_is_handed_out_by_itself(self, api: Api) -> None:
        suspect = api.post_fractal()["uuid"]
        for _ in range(2):
            fail(api, claim_one(api))
        claimed = claim_one(api)
        held = {"uuid": suspect, "attempt": claimed["attempt"]}
        api.request("PUT", "/api/claim", json={"claimed_by": "me", "release": [held]})
        others = [api.post_fractal()["uuid"] for _ in range(3)]
        assert [one["uuid"] for one in api.claim(count=9)] == [suspect]
        assert [one["uuid"] for one in api.claim(count=9)] == others

    def test_a_fault_that_comes_with_a_release_is_shown_and_not_counted(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        claimed = claim_one(api)
        held = {"uuid": uuid, "attempt": claimed["attempt"], "fault": "the disk is full"}
        answer = api.request("PUT", "/api/claim", json={"claimed_by": "me", "release": [held]})
        assert answer.json() == {"lost": []}
        record = api.get_fractal(uuid)
        assert (record["status"], record["failures"]) == ("queued", 0)
        assert record["fault"] == "the disk is full"
        api.request("PUT", f"/api/fractal/{uuid}", json=RESULT)
        assert api.get_fractal(uuid)["fault"] is None


class TestTurns:
    def test_priorities_come_first_and_what_has_expired_ends_in_error(self, api: Api) -> None:
        soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        given: list[dict[str, Any]] = [{"priority": -1}, {}, {"priority": 10}]
        given += [{"not_before": later}, {"expires_at": soon}]
        low, plain, high, waits, overdue = (api.post_fractal(**one)["uuid"] for one in given)
        wait_until(lambda: datetime.now(UTC).isoformat() > soon, "the deadline")
        assert [one["uuid"] for one in api.claim(count=9)] == [high, plain, low]
        assert api.get_fractal(waits)["status"] == "queued"
        record = api.get_fractal(overdue)
        assert record["status"] == "error"
        assert record["fault"].startswith("expired: its render had not begun by 20")


def stored(api: Api) -> set[str]:
    return {uuid for uuid, _token in api.store.images(age=-1)}


class TestSweep:
    def save(self, api: Api, uuid: str, hours_old: float = 2) -> None:
        path = api.store.save(uuid, PNG)
        moment = os.stat(path).st_mtime - 3600 * hours_old
        os.utime(path, (moment, moment))

    def test_only_images_without_a_record_go(self, api: Api) -> None:
        known = api.post_fractal()["uuid"]
        orphan, fresh = (str(uuidlib.uuid4()) for _ in range(2))
        self.save(api, known)
        self.save(api, orphan)
        self.save(api, fresh, hours_old=0)
        done = manage(api, "store", "sweep", "--dry-run")
        assert f"would remove the image of {orphan}" in done.stdout
        assert stored(api) == {known, orphan, fresh}
        done = manage(api, "store", "sweep")
        assert done.returncode == 0
        assert done.stdout.splitlines() == [
            f"removing the image of {orphan}",
            "1 image(s) without a record, 0 half-written file(s) removed",
        ]
        assert stored(api) == {known, fresh}
        manage(api, "store", "sweep", "--older-than", "0")
        assert stored(api) == {known}
        api.store.delete(known)

    @on_sqlite
    def test_what_was_written_half_goes_once_it_is_old(self, api: Api) -> None:
        left = api.datadir / f".worker-x.{UNKNOWN}.abc.part"
        left.write_bytes(PNG)
        manage(api, "store", "sweep")
        assert left.exists()
        done = manage(api, "store", "sweep", "--older-than", "0")
        assert "1 half-written file(s) removed" in done.stdout
        assert not left.exists()

    def test_a_result_of_a_fractal_that_is_no_more_leaves_no_image(self, api: Api) -> None:
        api.store.save(UNKNOWN, PNG)
        answer = api.request("PUT", f"/api/fractal/{UNKNOWN}", json=RESULT)
        assert answer.status_code == 404
        wait_until(lambda: not stored(api), "the image to be deleted")

    def test_one_of_many_results_neither(self, api: Api) -> None:
        api.store.save(UNKNOWN, PNG)
        assert tell(api, {"uuid": UNKNOWN, "attempt": 1}) == [UNKNOWN]
        wait_until(lambda: not stored(api), "the image to be deleted")


def tell(api: Api, *held: dict[str, Any]) -> list[str]:
    complete = [{**one, **RESULT, "size": 7, "generated_by": "w"} for one in held]
    body = {"claimed_by": "me", "complete": complete}
    answer = api.request("PUT", "/api/claim", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["lost"]


class TestManyResultsAtOnce:
    def test_all_that_are_current_are_recorded_and_the_others_refused(self, api: Api) -> None:
        uuids = [api.post_fractal()["uuid"] for _ in range(4)]
        attempts = {one["uuid"]: one["attempt"] for one in api.claim(100)}
        held = [{"uuid": uuid, "attempt": attempts[uuid]} for uuid in uuids]
        held[2]["attempt"] += 1
        assert tell(api, *held) == [uuids[2]]
        statuses = [api.get_fractal(uuid)["status"] for uuid in uuids]
        assert statuses == ["complete", "complete", "rendering", "complete"]
        record = api.get_fractal(uuids[3])
        assert (record["checksum"], record["size"]) == (RESULT["checksum"], 7)

    def test_one_that_arrives_twice_changes_nothing(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        attempts = {one["uuid"]: one["attempt"] for one in api.claim(100)}
        held = {"uuid": uuid, "attempt": attempts[uuid]}
        assert tell(api, held) == []
        before = api.get_fractal(uuid)
        assert tell(api, held) == []
        assert api.get_fractal(uuid) == before

    def test_one_that_makes_no_sense_is_named_and_the_others_are_recorded(self, api: Api) -> None:
        first, bad, last = (api.post_fractal()["uuid"] for _ in range(3))
        attempts = {one["uuid"]: one["attempt"] for one in api.claim(100)}
        entries = [
            {"uuid": uuid, "attempt": attempts[uuid], **RESULT, "size": 7, "generated_by": "w"}
            for uuid in (first, bad, last)
        ]
        entries[1]["checksum"] = "x"
        body = {"claimed_by": "me", "complete": entries}
        answer = api.request("PUT", "/api/claim", json=body)
        assert answer.status_code == 200
        assert answer.json()["lost"] == [bad]
        (problem,) = answer.json()["problems"]
        assert problem.startswith("complete.1: checksum: ")
        statuses = [api.get_fractal(uuid)["status"] for uuid in (first, bad, last)]
        assert statuses == ["complete", "rendering", "complete"]
