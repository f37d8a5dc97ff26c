# SPDX-License-Identifier: Apache-2.0
"""What a client can do wrong, and the sentence that a real faafo-api answers it with."""

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.functional.processes import SMALL_FRACTAL, Api

UUID = "12345678-9abc-4def-8123-456789abcdef"
INTEGER = "must be an integer from 1 to 2147483647"
NUMBER = "must be a finite number from -1000000 to 1000000"
MEBIBYTE = 2**20
JSON = {"Content-Type": "application/json"}
# What no answer may give away: SQL, tracebacks, and the names of our parts.
SECRETS = re.compile(
    r"Traceback|File \"|sqlalchemy|sqlite|pymysql|\bSELECT\b|\bINSERT\b|pydantic|site-packages"
)


@pytest.fixture(scope="module", autouse=True)
def _it_is_well_in_the_end(api: Api) -> Iterator[None]:
    """After all of this the API still answers, and has met nothing it did not expect."""
    yield
    assert api.request("GET", "/healthcheck").status_code == 200
    assert "Traceback" not in api.service.output()
    assert api.service.lines_with(" ERROR ") == []


@pytest.fixture(autouse=True)
def _no_fractal_is_made(api: Api) -> Iterator[None]:
    before = number_of_fractals(api)
    yield
    assert number_of_fractals(api) == before


def number_of_fractals(api: Api) -> int:
    return api.request("GET", "/api/fractal").json()["num_results"]


def refused(answer: requests.Response, status: int, *words: str) -> str:
    """Assert that ``answer`` is an error in JSON whose message holds ``words``; return that."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.json()) == ["message"]
    message = answer.json()["message"]
    assert "\n" not in message
    assert not SECRETS.search(message)
    for word in words:
        assert word in message
    return message


def post(api: Api, body: bytes | str, path: str = "/api/fractal") -> requests.Response:
    return api.request("POST", path, data=body, headers=JSON)


def with_literal(field: str, literal: str) -> str:
    """Return the JSON text of a fractal in which ``field`` is ``literal``, legal JSON or not."""
    text = json.dumps({**SMALL_FRACTAL, field: "@"})
    return text.replace('"@"', literal)


def search(api: Api, q: Any) -> requests.Response:
    text = q if isinstance(q, str) else json.dumps(q)
    return api.request("GET", "/api/fractal", params={"q": text})


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"width=4", b"\xff\xfe", b"{'width': 4}", b'{"width": 4,}', b"\x00",
          b"[" * 100_000],
    )  # fmt: skip
    def test_what_is_not_json_is_refused(self, api: Api, body: bytes) -> None:
        refused(post(api, body), 400, "the body")

    def test_deep_nesting_is_refused(self, api: Api) -> None:
        for deep in ("[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000):
            refused(post(api, deep), 400, "the body", "nested too deeply")

    def test_deep_nesting_within_a_field_is_refused(self, api: Api) -> None:
        deep = "[" * 500 + "]" * 500
        refused(post(api, with_literal("width", deep)), 400, f"width: {INTEGER}")

    @pytest.mark.parametrize("body", ["[]", "[{}]", "null", "5", '"text"', "true", "NaN"])
    @pytest.mark.parametrize("path", ["/api/fractal", "/api/claim"])
    def test_what_is_no_object_is_refused(self, api: Api, body: str, path: str) -> None:
        refused(post(api, body, path), 400, "the body: must be a JSON object")

    def test_an_empty_object_is_told_every_field_it_lacks(self, api: Api) -> None:
        refused(post(api, "{}"), 400, *[f"{field}: is missing" for field in SMALL_FRACTAL])

    @pytest.mark.parametrize("field", list(SMALL_FRACTAL))
    def test_a_missing_field_is_named(self, api: Api, field: str) -> None:
        body = {name: value for name, value in SMALL_FRACTAL.items() if name != field}
        assert refused(post(api, json.dumps(body)), 400) == f"{field}: is missing"

    @pytest.mark.parametrize(
        "field", ["colour", "status", "attempt", "id", "__class__", "\x00", ""]
    )
    def test_an_unknown_field_is_named(self, api: Api, field: str) -> None:
        refused(post(api, json.dumps({**SMALL_FRACTAL, field: 1})), 400, "is not a field", field)

    def test_a_large_body_is_413(self, api: Api) -> None:
        large = with_literal("uuid", '"' + "a" * MEBIBYTE + '"')
        refused(post(api, large), 413)

    def test_a_large_body_in_chunks_is_413(self, api: Api) -> None:
        chunks = (b" " * 2**16 for _ in range(17))
        refused(api.request("POST", "/api/fractal", data=chunks, headers=JSON), 413)

    def test_a_body_of_exactly_the_limit_is_read(self, api: Api) -> None:
        refused(post(api, json.dumps({}).ljust(MEBIBYTE)), 400, "width: is missing")
        refused(post(api, json.dumps({}).ljust(MEBIBYTE + 1)), 413)

    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", None],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "/api/fractal"), ("PUT", f"/api/fractal/{UUID}"), ("POST", "/api/claim")],
    )
    def test_another_content_type_is_415(
        self, api: Api, content_type: str | None, method: str, path: str
    ) -> None:
        body = json.dumps(SMALL_FRACTAL).encode()
        headers = {"Content-Type": content_type} if content_type else {}
        refused(api.request(method, path, data=body, headers=headers), 415)

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "/api/fractal", {"GET", "POST"}),
            ("DELETE", "/api/fractal", {"GET", "POST"}),
            ("POST", f"/api/fractal/{UUID}", {"GET", "PUT", "PATCH", "DELETE"}),
            ("POST", f"/api/fractal/{UUID}/image", {"GET", "PUT"}),
            ("GET", "/api/claim", {"POST", "PUT"}),
            ("POST", "/healthcheck", {"GET"}),
        ],
    )
    def test_another_method_is_405(
        self, api: Api, method: str, path: str, allowed: set[str]
    ) -> None:
        answer = api.request(method, path, json={})
        refused(answer, 405)
        assert allowed <= set(answer.headers["Allow"].split(", "))

    def test_another_path_is_404(self, api: Api) -> None:
        for path in ("/api", "/api/", "/api/fractals", "/api/fractal/", "/api/fractal//image"):
            refused(api.request("GET", path), 404)


class TestFields:
    @pytest.mark.parametrize("field", ["width", "height", "iterations"])
    @pytest.mark.parametrize(
        "literal",
        [
            "0", "-1", "2147483648", str(2**70), "1.5", "1e10", '"abc"', '"4"', "null", "true",
            "[]", "{}",
            "NaN", "Infinity", "-Infinity", "1e400",
        ],
    )  # fmt: skip
    def test_a_count_is_an_integer_within_bounds(self, api: Api, field: str, literal: str) -> None:
        refused(post(api, with_literal(field, literal)), 400, f"{field}: {INTEGER}")

    @pytest.mark.parametrize("field", ["xa", "xb", "ya", "yb", "cx", "cy"])
    @pytest.mark.parametrize(
        "literal",
        ["NaN", "Infinity", "-Infinity", "1e400", "1000001", "-1e300", str(2**70), '"abc"', '"1"',
         "true", "[]"],
    )  # fmt: skip
    def test_a_coordinate_is_a_finite_number_within_bounds(
        self, api: Api, field: str, literal: str
    ) -> None:
        refused(post(api, with_literal(field, literal)), 400, f"{field}: {NUMBER}")

    @pytest.mark.parametrize("field", ["width", "xa"])
    def test_an_integer_of_many_digits_is_refused(self, api: Api, field: str) -> None:
        for digits in (400, 4000, 5000, 500_000):
            refused(post(api, with_literal(field, "9" * digits)), 400)

    @pytest.mark.parametrize("given", ["cx", "cy"])
    def test_half_a_constant_is_refused(self, api: Api, given: str) -> None:
        refused(post(api, with_literal(given, "0.5")), 400, "cx and cy")

    def test_every_fault_is_told_at_once(self, api: Api) -> None:
        body = {**SMALL_FRACTAL, "width": 0, "xa": "left", "more": 1}
        refused(post(api, json.dumps(body)), 400, f"width: {INTEGER}", f"xa: {NUMBER}", "more: is")

    @pytest.mark.parametrize(
        ("field", "option", "limit", "fields"),
        [
            ("width", "max_width", 16384, {"width": 10**9}),
            ("width", "max_width", 16384, {"width": 16385, "height": 1}),
            ("height", "max_height", 16384, {"height": 10**9}),
            ("pixels", "max_pixels", 2**25, {"width": 8192, "height": 4097}),
            ("iterations", "max_iterations", 100_000, {"iterations": 100_001}),
        ],
    )
    def test_more_than_configured_names_limit_and_option(
        self, api: Api, field: str, option: str, limit: int, fields: dict[str, int]
    ) -> None:
        body = json.dumps({**SMALL_FRACTAL, **fields})
        refused(post(api, body), 400, f"{field}: ", f"[api] {option} = {limit}")

    def test_of_a_field_given_twice_the_bad_one_is_not_overlooked(self, api: Api) -> None:
        good = json.dumps(SMALL_FRACTAL)
        refused(post(api, good[:-1] + ', "width": 0}'), 400, f"width: {INTEGER}")

    @pytest.mark.parametrize(
        "uuid",
        [
            "../../etc/passwd", "..", "", "x", "12345678", UUID + "0", f"{{{UUID}}}",
            f"urn:uuid:{UUID}",
            UUID.replace("-", ""), f" {UUID}", f"{UUID}\n", f"{UUID}/../{UUID}", f"{UUID}\x00",
            "\ud800",
            "\ud800" + UUID[1:], "\U0001f41f" * 36, "１" * 36, 5, True, [], {}, ["x"],
        ],
    )  # fmt: skip
    def test_a_uuid_that_is_none_is_refused(self, api: Api, uuid: Any) -> None:
        refused(post(api, json.dumps({**SMALL_FRACTAL, "uuid": uuid})), 400, "uuid: ")

    def test_a_uuid_that_exists_is_409(self, api: Api) -> None:
        record = api.post_fractal(uuid=UUID)
        for uuid in (UUID, UUID.upper()):
            body = json.dumps({**SMALL_FRACTAL, "uuid": uuid, "width": 9})
            refused(post(api, body), 409, "uuid", UUID)
        assert api.get_fractal(UUID) == record
        assert api.request("DELETE", f"/api/fractal/{UUID}").status_code == 204


@pytest.mark.parametrize(
    "fields",
    [{"width": 1}, {"height": 1}, {"width": 1, "height": 1}, {"xa": 1.0, "xb": 1.0},
     {"ya": 0.0, "yb": 0.0}, {"xa": 2.0, "xb": -2.0}, {"iterations": 1}, {"xa": 1, "xb": -1}],
)  # fmt: skip
def test_what_looks_odd_but_is_a_picture_is_accepted(api: Api, fields: dict[str, Any]) -> None:
    record = api.post_fractal(**fields)
    assert fields.items() <= record.items()
    assert api.request("DELETE", f"/api/fractal/{record['uuid']}").status_code == 204


class TestResults:
    RESULT = {"checksum": "0" * 64, "duration": 1.0}

    @pytest.fixture
    def fractal(self, api: Api) -> Iterator[str]:
        record = api.post_fractal()
        yield f"/api/fractal/{record['uuid']}"
        assert api.get_fractal(record["uuid"]) == record
        api.request("DELETE", f"/api/fractal/{record['uuid']}")

    @pytest.mark.parametrize(
        ("field", "literal"),
        [
            *[("checksum", one) for one in ('"abc"', '"' + "g" * 64 + '"', '"' + "0" * 65 + '"',
              "5")],
            ("checksum", '"' + "0" * 64 + '\\n"'),
            *[("duration", one) for one in ("-1", "NaN", "Infinity", "1e400", '"1"', "true", "[]")],
            *[("size", one) for one in ("-1", "1.5", str(2**63), str(2**70), '"1"', "true")],
            *[("attempt", one) for one in ("-1", "1.5", str(2**31), '"1"', "true")],
            *[("generated_by", one) for one in ('""', '"' + "x" * 256 + '"', "5", '"\\ud800"')],
            *[("fault", one) for one in ('"' + "x" * 4001 + '"', "5", '"\\ud800"')],
            *[("status", one) for one in ('"done"', "5")],
            *[("width", one) for one in ("1e400", "NaN", '"abc"', str(2**70))],
            ("colour", "5"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_a_field_out_of_bounds_is_named(
        self, api: Api, fractal: str, method: str, field: str, literal: str
    ) -> None:
        text = json.dumps({**self.RESULT, field: "@"}).replace('"@"', literal)
        refused(api.request(method, fractal, data=text, headers=JSON), 400, f"{field}: ")

    @pytest.mark.parametrize("missing", ["checksum", "duration"])
    def test_half_a_result_is_refused(self, api: Api, fractal: str, missing: str) -> None:
        body = {name: value for name, value in self.RESULT.items() if name != missing}
        refused(api.request("PUT", fractal, json=body), 400, f"{missing}: is missing")


class TestClaims:
    @pytest.mark.parametrize(
        ("field", "literal"),
        [
            *[("count", one) for one in ("0", "-1", "1001", str(2**70), "1.5", '"1"', "true",
              "NaN")],
            *[("lease", one) for one in ("0", "-1", "3601", "NaN", "Infinity", "1e400", '"abc"',
              "[]")],
            *[("claimed_by", one) for one in ('""', "5", "null", '"' + "x" * 256 + '"',
              '"\\ud800"')],
            ("colour", "5"),
        ],
    )  # fmt: skip
    def test_a_claim_out_of_bounds_names_the_field(
        self, api: Api, field: str, literal: str
    ) -> None:
        body = {"claimed_by": "me", "count": 1, "lease": 10, field: "@"}
        text = json.dumps(body).replace('"@"', literal)
        refused(post(api, text, "/api/claim"), 400, f"{field}: ")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("renew", 5),
            ("renew", [{"uuid": UUID, "attempt": 1}] * 1001),
            ("release", {"uuid": UUID}),
        ],
    )
    def test_what_is_no_list_of_leases_is_refused(self, api: Api, field: str, value: Any) -> None:
        refused(
            api.request("PUT", "/api/claim", json={"claimed_by": "me", field: value}), 400, field
        )

    @pytest.mark.parametrize(
        ("problem", "lost", "entry"),
        [
            ("must be an object, not int", [], 5),
            ("must be an object, not NoneType", [], None),
            ("uuid: ", [], {"uuid": "../../etc/passwd", "attempt": 1}),
            ("attempt: ", [UUID], {"uuid": UUID, "attempt": 2**70}),
            ("attempt: is missing", [UUID], {"uuid": UUID}),
        ],
    )
    @pytest.mark.parametrize("field", ["renew", "release", "complete"])
    def test_an_entry_that_is_no_lease_is_answered_by_itself(
        self, api: Api, field: str, problem: str, lost: list[str], entry: Any
    ) -> None:
        body = {"claimed_by": "me", field: [entry]}
        answer = api.request("PUT", "/api/claim", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["lost"] == lost
        (told,) = answer.json()["problems"]
        assert told.startswith(f"{field}.0: ")
        assert problem in told
        assert not SECRETS.search(told)


class TestLists:
    @pytest.mark.parametrize(
        ("parameter", "value"),
        [
            *[("results_per_page", one) for one in ("0", "-1", "abc", "1.5", "", str(2**70),
              "NaN")],
            *[("page", one) for one in ("0", "-1", "abc", "1.5", "", str(2**70), "9" * 5000)],
            *[("marker", one) for one in ("abc", "", "../../etc/passwd", "\x00", "-1")],
        ],
    )  # fmt: skip
    def test_a_page_that_cannot_be_is_refused(self, api: Api, parameter: str, value: str) -> None:
        answer = api.request("GET", "/api/fractal", params={parameter: value})
        refused(answer, 400, f"{parameter}: ")

    def test_a_page_beyond_the_end_is_empty(self, api: Api) -> None:
        answer = api.request("GET", "/api/fractal?page=2147483647&results_per_page=2147483647")
        assert answer.json()["objects"] == []

    def test_an_unknown_marker_is_404(self, api: Api) -> None:
        refused(api.request("GET", f"/api/fractal?marker={UUID}"), 404, UUID)

    @pytest.mark.parametrize(
        "q",
        [
            "", "x", "{", "[" * 50_000, "5", "[]", "null", '"text"', "\x00", "9" * 5000,
            {"filters": 5}, {"filters": {}}, {"filters": None}, {"filters": [5]}, {"filters": [[]]},
            {"filters": [{}]}, {"filters": [None]}, {"filter": []}, {"limit": 5}, {"single": True},
            {"filters": [{"name": "width"}]}, {"filters": [{"op": "==", "val": 1}]},
            {"filters": [{"name": 5, "op": "==", "val": 1}]},
            {"filters": [{"name": "width", "op": 5, "val": 1}]},
            {"filters": [{"name": ["width"], "op": {}, "val": 1}]},
            {"filters": [{"name": "width", "op": "==", "val": 1, "more": 1}]},
            {"filters": [{"and": 5}]}, {"filters": [{"or": [5]}]},
            {"filters": [{"and": [], "or": []}]},
            {"order_by": 5}, {"order_by": ["width"]}, {"order_by": [{}]},
            {"order_by": [{"field": 5}]},
            {"order_by": [{"field": "width", "direction": "sideways"}]},
            {"order_by": [{"field": "width", "direction": []}]},
            {"order_by": [{"field": "width", "direction": {}}]},
            {"order_by": [{"field": "width; DROP TABLE fractal"}]},
        ],
    )  # fmt: skip
    def test_a_search_that_is_none_is_refused(self, api: Api, q: Any) -> None:
        refused(search(api, q), 400, "q: ")

    @pytest.mark.parametrize(
        "name",
        ["__init__", "__class__", "__table__", "metadata", "query", "id", "claimed_by",
         "claimable_at", "lease_expires_at", "as_dict", "task", "uuid.x", "", "width ", "WIDTH",
         "\x00", "\ud800", "x" * 10_000],
    )  # fmt: skip
    def test_only_fields_of_the_record_can_be_named(self, api: Api, name: str) -> None:
        condition = {"name": name, "op": "is_not_null"}
        refused(search(api, {"filters": [condition]}), 400, "q: unknown field", "known are uuid")
        refused(search(api, {"order_by": [{"field": name}]}), 400, "q: unknown field")

    @pytest.mark.parametrize("op", ["", "=", "has", "any", "__eq__", "between", "regexp", "\x00"])
    def test_an_unknown_operator_is_named_with_those_there_are(self, api: Api, op: str) -> None:
        condition = {"name": "width", "op": op, "val": 1}
        refused(search(api, {"filters": [condition]}), 400, "q: unknown op", repr(op), "not_in")

    @pytest.mark.parametrize(
        ("name", "op", "val"),
        [
            *[("width", "==", val) for val in ("abc", None, True, [], {}, 2**63, -(2**70),
              10**400)],
            *[("xa", ">", val) for val in (float("nan"), float("inf"), "0.1")],
            *[("uuid", "==", val) for val in (5, None, [], {}, "\ud800", "\x00")],
            *[("status", "like", val) for val in (5, None, "\ud800%", "\x00")],
            *[("created_at", ">", val) for val in (5, None, "yesterday", "9999-99-99", "\x00", [])],
            ("created_at", ">", "0001-01-01T00:00:00+23:59"),
            *[("width", "in", val) for val in (5, None, "abc", {}, [None], ["a"], [[1]])],
            ("width", "like", "1%"),
            ("created_at", "ilike", "2026%"),
        ],
    )  # fmt: skip
    def test_a_value_the_field_cannot_be_compared_with_is_refused(
        self, api: Api, name: str, op: str, val: Any
    ) -> None:
        condition = {"name": name, "op": op, "val": val}
        refused(search(api, {"filters": [condition]}), 400, "q: ")

    @pytest.mark.parametrize("junction", ["and", "or"])
    def test_filters_nest_only_so_deep(self, api: Api, junction: str) -> None:
        condition: dict[str, Any] = {"name": "width", "op": "==", "val": 1}
        for _ in range(7):
            condition = {junction: [condition]}
        assert search(api, {"filters": [condition]}).status_code == 200
        for _ in range(300):
            condition = {junction: [condition]}
        refused(search(api, {"filters": [condition]}), 400, "q: filters nest more than 8 deep")

    def test_a_search_is_only_so_large(self, api: Api) -> None:
        condition: dict[str, Any] = {"name": "width", "op": "==", "val": 1}
        refused(search(api, {"filters": [condition] * 101}), 400, "q: ", "at most 100")
        in_many = {"name": "width", "op": "in", "val": list(range(20_000))}
        assert search(api, {"filters": [in_many]}).status_code in (200, 400)
        wide = {"or": [{"and": [condition] * 30}] * 60}
        assert search(api, {"filters": [wide]}).status_code in (200, 400)

    @pytest.mark.parametrize(
        "val", ["%", "_", "\\", "%\\", "'", '"', "' OR 1=1 --", "\U0001f41f", "%s"]
    )
    @pytest.mark.parametrize("op", ["==", "like", "ilike", "not_like", "in"])
    def test_every_printable_text_can_be_searched_for(self, api: Api, op: str, val: str) -> None:
        condition = {"name": "generated_by", "op": op, "val": [val] if op == "in" else val}
        assert search(api, {"filters": [condition]}).status_code == 200


class TestPaths:
    @pytest.mark.parametrize(
        "uuid",
        [
            "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
            "%2e%2e%2f%2e%2e",
            "..%5c..%5cetc%5cpasswd", "%252e%252e%252fetc", "....//....//etc", "%00", f"{UUID}%00",
            "%",
            f"{UUID}%0a", f"{UUID}%2f..%2f{UUID}", "%ff%fe", "%ed%a0%80", "abc", "5", "x" * 5000,
            f"%7b{UUID}%7d", UUID.replace("-", ""), "*", "~", "/etc/passwd",
        ],
    )  # fmt: skip
    def test_what_is_no_uuid_is_404(self, api: Api, uuid: str) -> None:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            for path in (f"/api/fractal/{uuid}", f"/api/fractal/{uuid}/image"):
                status, headers, body = raw_request(api, method, path)
                # There is nothing to PUT or DELETE at an image: either is an honest answer.
                assert status in ((404,) if method == "GET" else (404, 405)), (method, path)
                assert headers["Content-Type"] == "application/json"
                assert "root:" not in json.loads(body)["message"]

    def test_no_file_outside_the_store_is_touched(self, api: Api) -> None:
        outside = api.datadir.parent / "outside.png"
        outside.write_bytes(b"not yours")
        for dots in ("../outside", "..%2foutside", "%2e%2e%2foutside", "..%252foutside"):
            for method in ("GET", "DELETE"):
                for end in ("", "/image", ".png"):
                    status, _, body = raw_request(api, method, f"/api/fractal/{dots}{end}")
                    assert status in (404, 405)
                    assert b"not yours" not in body
        assert outside.read_bytes() == b"not yours"


def raw_request(api: Api, method: str, path: str) -> tuple[int, Any, bytes]:
    """Send a path as it is, which requests would tidy up."""
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=30)
    try:
        connection.request(method, path, body=b"{}", headers=JSON)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_no_path_writes_a_line_of_its_own_into_the_log(api: Api) -> None:
    for path in ("/one%0aforged%0d%1b[31m%22", "/api/fractal?q=%0aforged", "/%e2%80%a8forged"):
        assert raw_request(api, "GET", path)[0] in (400, 404)
    lines = [api.service.wait_for_line(start) for start in ("/one%0A", "q=%0aforged", "/%E2%80%A8")]
    assert api.service.lines_with("forged") == lines
    assert '"GET /one%0Aforged%0D%1B[31m%22 HTTP/1.1" status: 404' in lines[0]


def test_a_query_string_of_garbage_is_no_trouble(api: Api) -> None:
    for query in ("%00", "q=%ff", "%ff=1", "page=1&page=2", "q", "&&&", "page[]=1", "=&=", "x=1"):
        status, _, _ = raw_request(api, "GET", f"/api/fractal?{query}")
        assert status in (200, 400), query


def test_a_request_line_too_long_is_refused(api: Api) -> None:
    answer = api.request("GET", f"/api/fractal?{urlencode({'q': 'x' * 300_000})}")
    assert 400 <= answer.status_code < 500
