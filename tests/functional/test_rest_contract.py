# SPDX-License-Identifier: Apache-2.0
"""Every row of the REST contract, against a real faafo-api on SQLite and on a server."""

import hashlib
import json
import math
import uuid as uuidlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.functional.comparisons import COMPARED, TEXTS
from tests.functional.processes import SMALL_FRACTAL, Api, wait_until

FIELDS = [
    "uuid", "width", "height", "iterations", "xa", "xb", "ya", "yb", "cx", "cy", "palette",
    "formula", "colouring", "samples", "offset", "density", "inside",
    "status", "attempt", "failures", "fault", "created_at", "checksum", "duration", "size",
    "generated_by",
    "project_id",
    "user_id",
    "shared",
    "priority", "not_before", "expires_at", "kind", "label",
]  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n, as far as the API is concerned"
CHECKSUM = hashlib.sha256(PNG).hexdigest()
RESULT = {"checksum": CHECKSUM, "duration": 0.25, "size": len(PNG), "generated_by": "worker-1"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _nothing_to_begin_with(api: Api) -> None:
    api.forget_everything()


def put(api: Api, uuid: str, /, method: str = "PUT", **body: Any) -> requests.Response:
    return api.request(method, f"/api/fractal/{uuid}", json=body)


def listed(api: Api, q: Any = None, **parameters: Any) -> dict[str, Any]:
    if q is not None:
        parameters["q"] = json.dumps(q)
    answer = api.request("GET", "/api/fractal", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(api: Api, *filters: dict[str, Any]) -> list[int]:
    """Return the widths of what ``filters`` find, sorted: widths name fractals in these tests."""
    page = listed(api, {"filters": list(filters)}, results_per_page=100)
    assert page["num_results"] == len(page["objects"])
    return sorted(one["width"] for one in page["objects"])


def change_leases(api: Api, **body: Any) -> list[str]:
    answer = api.request("PUT", "/api/claim", json={"claimed_by": "me", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()["lost"]


def held(record: dict[str, Any]) -> dict[str, Any]:
    return {"uuid": record["uuid"], "attempt": record["attempt"]}


class TestPost:
    def test_a_fractal_without_uuid_and_constant_gets_both(self, api: Api) -> None:
        answer = api.request("POST", "/api/fractal", json=SMALL_FRACTAL)
        assert answer.status_code == 201
        record = answer.json()
        assert list(record) == FIELDS
        assert str(uuidlib.UUID(record["uuid"])) == record["uuid"]
        assert SMALL_FRACTAL.items() <= record.items()
        assert math.isfinite(record["cx"])
        assert math.isfinite(record["cy"])
        assert (record["status"], record["attempt"], record["fault"]) == ("queued", 0, None)
        assert [record[name] for name in RESULT] == [None] * len(RESULT)

    def test_of_many_that_are_posted_together_all_are_stored_or_none(self, api: Api) -> None:
        before = api.request("GET", "/api/fractal").json()["num_results"]
        many = [SMALL_FRACTAL | {"uuid": str(uuidlib.uuid4())} for _ in range(20)]
        answer = api.request("POST", "/api/fractals", json=many)
        assert answer.status_code == 201
        records = answer.json()["objects"]
        assert [one["uuid"] for one in records] == [one["uuid"] for one in many]
        assert [api.get_fractal(one["uuid"]) for one in records] == records
        again = [SMALL_FRACTAL, SMALL_FRACTAL, many[7]]
        answer = api.request("POST", "/api/fractals", json=again)
        assert (answer.status_code, many[7]["uuid"] in answer.text) == (409, True)
        assert api.request("GET", "/api/fractal").json()["num_results"] == before + 20

    def test_location_leads_to_the_fractal(self, api: Api) -> None:
        answer = api.request("POST", "/api/fractal", json=SMALL_FRACTAL)
        assert answer.headers["Location"] == f"/api/fractal/{answer.json()['uuid']}"
        assert api.request("GET", answer.headers["Location"]).json() == answer.json()

    def test_given_uuid_and_constant_are_kept(self, api: Api) -> None:
        uuid = str(uuidlib.uuid4())
        record = api.post_fractal(uuid=uuid, cx=-0.8, cy=0.156)
        assert (record["uuid"], record["cx"], record["cy"]) == (uuid, -0.8, 0.156)

    def test_a_whole_number_may_be_written_with_a_point(self, api: Api) -> None:
        record = api.post_fractal(width=4.0)
        assert type(record["width"]) is int
        assert record["width"] == 4

    def test_the_constant_follows_from_the_uuid(self, api: Api) -> None:
        uuid = str(uuidlib.uuid4())
        first = api.post_fractal(uuid=uuid)
        api.request("DELETE", f"/api/fractal/{uuid}")
        second = api.post_fractal(uuid=uuid)
        assert (first["cx"], first["cy"]) == (second["cx"], second["cy"])

    def test_a_uuid_in_capitals_is_the_same_uuid(self, api: Api) -> None:
        uuid = str(uuidlib.uuid4())
        assert api.post_fractal(uuid=uuid.upper())["uuid"] == uuid
        assert api.get_fractal(uuid.upper())["uuid"] == uuid

    def test_created_at_is_now_in_utc(self, api: Api) -> None:
        created_at = datetime.fromisoformat(api.post_fractal()["created_at"])
        assert abs(datetime.now(UTC) - created_at) < timedelta(minutes=1)

    def test_the_same_picture_may_be_asked_for_twice(self, api: Api) -> None:
        for _ in range(2):
            uuid = api.post_fractal(cx=0.0, cy=0.0)["uuid"]
            assert put(api, uuid, **RESULT).status_code == 200
        assert listed(api)["num_results"] == 2

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        numbers=st.lists(
            st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=True), min_size=6, max_size=6
        )
    )
    @example(numbers=[0.1, 1 / 3, 5e-324, 1e-300, -0.0, math.pi])
    @example(
        numbers=[2.2250738585072014e-308, -2.225073858507201e-308, 1e6, -1e6, 1e-5, 1e22 / 1e16]
    )
    @example(
        numbers=[
            0.1 + 0.2,
            math.nextafter(1, 2),
            math.nextafter(1, 0),
            -9007.199254740993,
            0.0,
            -1.0,
        ]
    )
    def test_doubles_survive_bit_by_bit(self, api: Api, numbers: list[float]) -> None:
        sent = dict(zip(("xa", "xb", "ya", "yb", "cx", "cy"), numbers, strict=True))
        record = api.get_fractal(api.post_fractal(**sent)["uuid"])
        for name, number in sent.items():
            # Adding 0.0 makes 0.0 of -0.0: no database keeps that sign, and no picture shows it.
            assert (record[name] + 0.0).hex() == (number + 0.0).hex(), name


class TestList:
    def test_an_empty_list_has_no_pages(self, api: Api) -> None:
        assert listed(api) == {"num_results": 0, "objects": [], "page": 1, "total_pages": 0}

    def test_ten_are_on_a_page_and_the_newest_come_first(self, api: Api) -> None:
        uuids = [api.post_fractal()["uuid"] for _ in range(12)]
        page = listed(api)
        assert (page["num_results"], page["page"], page["total_pages"]) == (12, 1, 2)
        assert [one["uuid"] for one in page["objects"]] == uuids[:1:-1]
        assert list(page["objects"][0]) == FIELDS
        page = listed(api, page=2)
        assert (page["num_results"], page["page"], page["total_pages"]) == (12, 2, 2)
        assert [one["uuid"] for one in page["objects"]] == uuids[1::-1]

    def test_a_page_beyond_the_end_is_empty(self, api: Api) -> None:
        api.post_fractal()
        page = listed(api, page=7)
        assert page == {"num_results": 1, "objects": [], "page": 7, "total_pages": 1}

    def test_a_page_has_a_hundred_at_most(self, api: Api) -> None:
        for _ in range(101):
            api.post_fractal()
        page = listed(api, results_per_page=1000)
        assert (len(page["objects"]), page["total_pages"]) == (100, 2)

    @pytest.mark.parametrize("q", [None, {"filters": [{"name": "width", "op": "<", "val": 8}]}])
    def test_the_link_header_leads_through_all_pages(self, api: Api, q: Any) -> None:
        uuids = [api.post_fractal(width=1 + number)["uuid"] for number in range(7)]
        parameters = {"results_per_page": 3} | ({"q": json.dumps(q)} if q else {})
        answer = api.request("GET", "/api/fractal", params=parameters)
        seen = [one["uuid"] for one in answer.json()["objects"]]
        while link := answer.links.get("next"):
            answer = api.request("GET", link["url"])
            assert answer.json()["num_results"] == 7
            seen += [one["uuid"] for one in answer.json()["objects"]]
        assert seen == uuids[::-1]

    def test_a_marker_is_not_disturbed_by_newer_fractals(self, api: Api) -> None:
        older, marker = api.post_fractal()["uuid"], api.post_fractal()["uuid"]
        api.post_fractal()
        page = listed(api, marker=marker)
        assert [one["uuid"] for one in page["objects"]] == [older]

    @pytest.mark.parametrize("field", ["width", "xa", "created_at", "uuid", "status"])
    def test_order_by_sorts_either_way(self, api: Api, field: str) -> None:
        for width in (3, 1, 2):
            api.post_fractal(width=width, xa=-width / 7)
        up, down = (
            [one[field] for one in listed(api, {"order_by": [order]})["objects"]]
            for order in ({"field": field}, {"field": field, "direction": "desc"})
        )
        assert up == sorted(up)
        assert down == up[::-1]

    def test_the_second_key_sorts_where_the_first_one_does_not(self, api: Api) -> None:
        for width, height in ((1, 2), (2, 1), (1, 1), (2, 2)):
            api.post_fractal(width=width, height=height)
        order = [{"field": "width", "direction": "desc"}, {"field": "height", "direction": "asc"}]
        page = listed(api, {"order_by": order}, results_per_page=3)
        sizes = [(one["width"], one["height"]) for one in page["objects"]]
        assert sizes == [(2, 1), (2, 2), (1, 1)]


class TestFilters:
    @pytest.fixture(autouse=True)
    def _three(self, api: Api, _nothing_to_begin_with: None) -> None:
        """Three fractals of width 1, 2 and 3; the one of width 2 is complete."""
        self.records = [api.post_fractal(width=width, xa=-0.1 * width) for width in (1, 2, 3)]
        assert put(api, self.records[1]["uuid"], **RESULT).status_code == 200

    @pytest.mark.parametrize(
        ("op", "val", "widths"),
        [
            *[(op, 2, [2]) for op in ("==", "eq", "equals", "equals_to")],
            *[(op, 2, [1, 3]) for op in ("!=", "ne", "neq", "does_not_equal", "not_equal_to")],
            *[(op, 2, [3]) for op in (">", "gt")],
            *[(op, 2, [1]) for op in ("<", "lt")],
            *[(op, 2, [2, 3]) for op in (">=", "ge", "gte", "geq")],
            *[(op, 2, [1, 2]) for op in ("<=", "le", "lte", "leq")],
            ("in", [1, 3, 9], [1, 3]),
            ("in", [], []),
            ("not_in", [1, 9], [2, 3]),
            ("not_in", [], [1, 2, 3]),
            ("is_null", None, []),
            ("is_not_null", None, [1, 2, 3]),
        ],
    )
    def test_an_operator_compares_numbers(
        self, api: Api, op: str, val: Any, widths: list[int]
    ) -> None:
        assert found(api, {"name": "width", "op": op, "val": val}) == widths

    @pytest.mark.parametrize(
        ("name", "op", "val", "widths"),
        [
            ("status", "==", "complete", [2]),
            ("status", "like", "que%", [1, 3]),
            ("status", "ilike", "QUE%", [1, 3]),
            ("status", "eq", "QUEUED", []),
            ("status", "in", ["QUEUED", "Complete"], []),
            ("checksum", "==", CHECKSUM.upper(), []),
            ("status", "not_like", "que%", [2]),
            ("status", "in", ["complete", "error"], [2]),
            ("checksum", "==", CHECKSUM, [2]),
            ("checksum", "is_null", None, [1, 3]),
            ("generated_by", "is_not_null", None, [2]),
            ("generated_by", "like", "%' OR '1'='1", []),
            ("duration", ">", 0.2, [2]),
            ("size", "<=", len(PNG), [2]),
            ("fault", "is_not_null", None, []),
        ],
    )
    def test_an_operator_compares_text_and_results(
        self, api: Api, name: str, op: str, val: Any, widths: list[int]
    ) -> None:
        assert found(api, {"name": name, "op": op, "val": val}) == widths

    def test_doubles_are_equal_to_themselves(self, api: Api) -> None:
        assert found(api, {"name": "xa", "op": "==", "val": -0.1 * 3}) == [3]

    def test_a_uuid_finds_its_fractal(self, api: Api) -> None:
        for record in self.records:
            name = {"name": "uuid", "op": "==", "val": record["uuid"]}
            assert found(api, name) == [record["width"]]

    def test_created_at_is_compared_as_a_time(self, api: Api) -> None:
        moment = self.records[1]["created_at"]
        assert found(api, {"name": "created_at", "op": "==", "val": moment}) == [2]
        assert found(api, {"name": "created_at", "op": ">", "val": moment}) == [3]
        elsewhere = datetime.fromisoformat(moment).astimezone().isoformat()
        assert found(api, {"name": "created_at", "op": "<=", "val": elsewhere}) == [1, 2]

    def test_all_filters_of_the_list_must_hold(self, api: Api) -> None:
        queued = {"name": "status", "op": "==", "val": "queued"}
        assert found(api, queued, {"name": "width", "op": ">", "val": 1}) == [3]

    def test_and_and_or_nest(self, api: Api) -> None:
        one, two, three = ({"name": "width", "op": "==", "val": val} for val in (1, 2, 3))
        queued = {"name": "status", "op": "==", "val": "queued"}
        assert found(api, {"or": [one, three]}) == [1, 3]
        assert found(api, {"and": [queued, {"or": [two, three]}]}) == [3]
        assert found(api, {"or": [two, {"and": [queued, {"or": [one]}]}]}) == [1, 2]
        assert found(api, {"and": []}) == [1, 2, 3]
        assert found(api, {"or": []}) == []


def test_text_compares_character_by_character(api: Api) -> None:
    for text in TEXTS:
        put(api, api.post_fractal()["uuid"], **{**RESULT, "generated_by": text})
    for op, val, expected in COMPARED:
        filters = [{"name": "generated_by", "op": op, "val": val}]
        q = {"filters": filters, "order_by": [{"field": "generated_by"}]}
        page = listed(api, q, results_per_page=100)
        assert [one["generated_by"] for one in page["objects"]] == expected, (op, val)


class TestOneFractal:
    def test_an_unknown_one_is_404_whatever_is_done_to_it(self, api: Api) -> None:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            answer = put(api, UNKNOWN, method, **RESULT)
            assert answer.status_code == 404
            assert UNKNOWN in answer.json()["message"]

    def test_a_deleted_one_is_gone_and_so_is_its_image(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        api.store.save(uuid, PNG)
        answer = api.request("DELETE", f"/api/fractal/{uuid}")
        assert (answer.status_code, answer.content) == (204, b"")
        for method in ("GET", "DELETE"):
            assert api.request(method, f"/api/fractal/{uuid}").status_code == 404
        assert not (api.datadir / f"{uuid}.png").exists()

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_a_result_without_attempt_completes_it(self, api: Api, method: str) -> None:
        record = api.post_fractal()
        answer = put(api, record["uuid"], method, uuid=record["uuid"], **RESULT)
        assert answer.status_code == 200
        assert answer.json() == {**record, **RESULT, "status": "complete"}
        assert api.get_fractal(record["uuid"]) == answer.json()

    def test_the_record_may_be_sent_back_as_it_is(self, api: Api) -> None:
        record = api.post_fractal(xa=0.1, xb=1 / 3)
        answer = put(api, record["uuid"], **record)
        assert answer.status_code == 200
        assert answer.json() == record

    @pytest.mark.parametrize(
        ("field", "value"),
        [("width", 5), ("xa", -1.25), ("status", "complete"), ("uuid", UNKNOWN)],
    )
    def test_what_is_to_be_rendered_cannot_be_changed(
        self, api: Api, field: str, value: Any
    ) -> None:
        record = api.post_fractal()
        answer = put(api, record["uuid"], **RESULT, **{field: value})
        assert answer.status_code == 409
        assert field in answer.json()["message"]
        assert api.get_fractal(record["uuid"]) == record

    def test_a_result_arrives_twice_without_harm(self, api: Api) -> None:
        api.post_fractal()
        (claimed,) = api.claim()
        first, second = (put(api, claimed["uuid"], attempt=1, **RESULT) for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json() == second.json()

    def test_a_result_of_an_older_attempt_is_refused(self, api: Api) -> None:
        api.post_fractal()
        (first,) = api.claim()
        change_leases(api, release=[held(first)])
        (second,) = api.claim()
        assert (first["attempt"], second["attempt"]) == (1, 2)
        answer = put(api, first["uuid"], attempt=1, **RESULT)
        assert answer.status_code == 409
        assert "attempt" in answer.json()["message"]
        assert api.get_fractal(first["uuid"])["status"] == "rendering"
        assert put(api, first["uuid"], attempt=2, **RESULT).json()["status"] == "complete"

    def test_a_result_of_an_attempt_to_come_is_refused(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        assert put(api, uuid, attempt=1, **RESULT).status_code == 409

    def test_a_late_result_counts_while_nobody_else_renders(self, api: Api) -> None:
        uuids = {api.post_fractal()["uuid"] for _number in range(2)}
        api.claim(count=2, lease=1, by="slow")
        (taken,) = wait_until(api.claim, "a lease to expire")
        (left,) = uuids - {taken["uuid"]}
        assert put(api, left, attempt=1, **RESULT).json()["status"] == "complete"
        assert put(api, taken["uuid"], attempt=1, **RESULT).status_code == 409
        assert api.claim(count=2) == []

    def test_a_complete_fractal_is_never_claimed(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        put(api, uuid, **RESULT)
        assert api.claim(count=10) == []


class TestFailures:
    def test_a_failed_attempt_is_queued_again_after_a_pause(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        api.claim()
        answer = put(api, uuid, attempt=1, fault="the worker was lost")
        assert answer.status_code == 200
        assert answer.json()["status"] == "queued"
        assert answer.json()["fault"] == "the worker was lost"
        (again,) = wait_until(api.claim, "the pause to end")
        assert (again["uuid"], again["attempt"]) == (uuid, 2)
        assert put(api, uuid, attempt=2, **RESULT).json()["fault"] is None

    def test_the_last_failure_is_an_error_that_a_person_can_read(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        for attempt in (1, 2, 3):
            wait_until(api.claim, "the pause to end")
            put(api, uuid, attempt=attempt, fault=f"failure {attempt}: ünreadable ✂")
        record = api.get_fractal(uuid)
        assert (record["status"], record["fault"]) == ("error", "failure 3: ünreadable ✂")
        assert api.claim() == []
        assert put(api, uuid, attempt=3, **RESULT).status_code == 409

    def test_a_fault_of_an_older_attempt_is_refused(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        (first,) = api.claim()
        change_leases(api, release=[held(first)])
        api.claim()
        assert put(api, uuid, attempt=1, fault="too late").status_code == 409
        assert api.get_fractal(uuid)["fault"] is None

    def test_a_fault_needs_its_attempt(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        answer = put(api, uuid, fault="whose?")
        assert answer.status_code == 400
        assert "attempt" in answer.json()["message"]


class TestImage:
    def test_there_is_none_before_the_fractal_is_complete(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        answer = api.request("GET", f"/api/fractal/{uuid}/image")
        assert answer.status_code == 404
        assert "queued" in answer.json()["message"]

    def test_it_is_what_the_worker_stored_with_its_checksum_as_etag(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        api.store.save(uuid, PNG)
        put(api, uuid, **RESULT)
        answer = api.request("GET", f"/api/fractal/{uuid}/image")
        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["ETag"] == f'"{CHECKSUM}"'

    def test_who_has_it_already_is_told_so(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        api.store.save(uuid, PNG)
        put(api, uuid, **RESULT)
        for tag, status in ((f'"{CHECKSUM}"', 304), ("*", 304), ('"another"', 200)):
            headers = {"If-None-Match": tag}
            answer = api.request("GET", f"/api/fractal/{uuid}/image", headers=headers)
            assert answer.status_code == status
            assert answer.headers["ETag"] == f'"{CHECKSUM}"'
            assert answer.content == (b"" if status == 304 else PNG)

    def test_a_lost_file_is_404_and_not_a_mistake_of_ours(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        put(api, uuid, **RESULT)
        answer = api.request("GET", f"/api/fractal/{uuid}/image")
        assert answer.status_code == 404
        assert uuid in answer.json()["message"]


class TestClaim:
    def test_it_takes_as_many_as_it_asked_for_oldest_first(self, api: Api) -> None:
        uuids = [api.post_fractal()["uuid"] for _ in range(5)]
        claimed = api.claim(count=3)
        assert [one["uuid"] for one in claimed] == uuids[:3]
        assert {(one["status"], one["attempt"]) for one in claimed} == {("rendering", 1)}
        # For its producer alone.
        token, request_id = (claimed[0].pop(name) for name in ("token", "request_id"))
        assert request_id.startswith("req-")
        assert api.get_fractal(uuids[0]) == claimed[0]
        assert token.endswith("-1")
        assert [one["uuid"] for one in api.claim(count=3)] == uuids[3:]
        assert api.claim(count=3) == []

    def test_an_expired_lease_makes_it_claimable_again(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        api.claim(lease=1, by="dead")
        (again,) = wait_until(lambda: api.claim(by="alive"), "the lease to expire")
        assert (again["uuid"], again["attempt"]) == (uuid, 2)

    def test_a_renewed_lease_outlives_the_first_one(self, api: Api) -> None:
        api.post_fractal()
        api.post_fractal()
        renewed, left = api.claim(count=2, lease=1)
        assert change_leases(api, renew=[held(renewed)], lease=60) == []
        again = wait_until(lambda: api.claim(count=2), "the other lease to expire")
        assert [one["uuid"] for one in again] == [left["uuid"]]

    def test_a_released_fractal_can_be_claimed_at_once(self, api: Api) -> None:
        api.post_fractal()
        (first,) = api.claim(by="me")
        assert change_leases(api, release=[held(first)]) == []
        assert api.get_fractal(first["uuid"])["status"] == "queued"
        (second,) = api.claim(by="you")
        assert (second["uuid"], second["attempt"]) == (first["uuid"], 2)

    def test_releases_do_not_count_as_failures(self, api: Api) -> None:
        uuid = api.post_fractal()["uuid"]
        for _ in range(4):
            change_leases(api, release=[held(api.claim()[0])])
        (claimed,) = api.claim()
        answer = put(api, uuid, attempt=claimed["attempt"], fault="the first failure")
        assert answer.json()["status"] == "queued"

    @pytest.mark.parametrize("what", ["renew", "release"])
    def test_what_is_not_ours_is_lost(self, api: Api, what: str) -> None:
        api.post_fractal()
        (mine,) = api.claim(by="me")
        stale = {**held(mine), "attempt": 2}
        unknown = {"uuid": UNKNOWN, "attempt": 1}
        assert change_leases(api, **{what: [stale, unknown]}) == [mine["uuid"], UNKNOWN]
        assert change_leases(api, claimed_by="you", **{what: [held(mine)]}) == [mine["uuid"]]
        assert api.get_fractal(mine["uuid"])["status"] == "rendering"
        assert change_leases(api, **{what: [held(mine)]}) == []

    @pytest.mark.parametrize("rows_done", [0, -1, "many", 2**31, 1.5, True, [], None])
    def test_no_progress_costs_a_lease(self, api: Api, rows_done: Any) -> None:
        api.post_fractal()
        api.post_fractal()
        records = api.claim(count=2, lease=1)
        entries = [{**held(records[0]), "rows_done": rows_done}, held(records[1])]
        assert change_leases(api, renew=entries, lease=60) == []

    def test_a_field_that_is_not_known_costs_no_lease(self, api: Api) -> None:
        api.post_fractal()
        (mine,) = api.claim()
        assert change_leases(api, renew=[{**held(mine), "temperature": 21}]) == []

    @pytest.mark.parametrize("what", ["renew", "release"])
    def test_a_malformed_entry_is_lost_and_no_other(self, api: Api, what: str) -> None:
        api.post_fractal()
        api.post_fractal()
        first, second = api.claim(count=2)
        entries = [{**held(first), "attempt": "one"}, 5, held(second)]
        assert change_leases(api, **{what: entries}) == [first["uuid"]]
        assert api.get_fractal(first["uuid"])["status"] == "rendering"
        left = "rendering" if what == "renew" else "queued"
        assert api.get_fractal(second["uuid"])["status"] == left

    def test_a_complete_fractal_has_no_lease_to_renew(self, api: Api) -> None:
        api.post_fractal()
        (mine,) = api.claim()
        put(api, mine["uuid"], attempt=1, **RESULT)
        assert change_leases(api, renew=[held(mine)]) == [mine["uuid"]]


def test_a_healthy_service_says_so(api: Api) -> None:
    answer = api.request("GET", "/healthcheck")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_each_request_leaves_one_access_line(api: Api) -> None:
    api.request("GET", "/api/fractal?page=5")
    line = api.service.wait_for_line('"GET /api/fractal?page=5 HTTP/1.1" status: 200')
    assert " INFO " in line
    assert len(api.service.lines_with("/api/fractal?page=5 ")) == 1
