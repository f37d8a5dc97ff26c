# SPDX-License-Identifier: Apache-2.0
"""What a client can do wrong on the wire, or in what reaches the database, against faafo-api.

What is refused before either matters is in tests/unit/api/test_bad_input.py.
"""

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.functional.processes import SMALL_FRACTAL, Api, running_api

UUID = "12345678-9abc-4def-8123-456789abcdef"
INTEGER = "must be an integer from 1 to 2147483647"
NUMBER = "must be a finite number from -1000000 to 1000000"
MEBIBYTE = 2**20
JSON = {"Content-Type": "application/json"}
# What no answer may give away: SQL, tracebacks, and the names of our parts.
SECRETS = re.compile(
    r"Traceback|File \"|sqlalchemy|sqlite|pymysql|\bSELECT\b|\bINSERT\b|pydantic|site-packages"
)


@pytest.fixture(scope="module")
def one_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """``faafo-api`` on SQLite, for what does not reach the database."""
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api
        assert_all_is_well(api)


@pytest.fixture(scope="module")
def api(api: Api) -> Iterator[Api]:
    """``faafo-api`` on either database, for what reaches it."""
    yield api
    assert_all_is_well(api)


def assert_all_is_well(api: Api) -> None:
    """Assert that the API still answers, and has met nothing it did not expect."""
    assert number_of_fractals(api) == 0
    assert api.request("GET", "/healthcheck").status_code == 200
    assert "Traceback" not in api.service.output()
    assert api.service.lines_with(" ERROR ") == []


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


class TestDatabase:
    def test_a_uuid_that_exists_is_409(self, api: Api) -> None:
        record = api.post_fractal(uuid=UUID)
        for uuid in (UUID, UUID.upper()):
            body = json.dumps({**SMALL_FRACTAL, "uuid": uuid, "width": 9})
            refused(post(api, body), 409, "uuid", UUID)
        assert api.get_fractal(UUID) == record
        assert api.request("DELETE", f"/api/fractal/{UUID}").status_code == 204

    def test_a_page_beyond_the_end_is_empty(self, api: Api) -> None:
        answer = api.request("GET", "/api/fractal?page=2147483647&results_per_page=2147483647")
        assert answer.json()["objects"] == []

    def test_an_unknown_marker_is_404(self, api: Api) -> None:
        refused(api.request("GET", f"/api/fractal?marker={UUID}"), 404, UUID)

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
        in_many = {"name": "width", "op": "in", "val": list(range(1001))}
        refused(search(api, {"filters": [in_many]}), 400, "q: ", "at most 1000 values, not 1001")
        refused(search(api, {"filters": [{}] * 20_000}), 400, "q: ", "at most 65536 characters")
        wide = {"or": [{"and": [condition] * 30}] * 20}
        refused(search(api, {"filters": [wide]}), 400, "q: ", "at most 100 in all")
        widest = {"name": "width", "op": "in", "val": list(range(900))}
        pattern = {"name": "fault", "op": "like", "val": "%x" * 10}
        answer = search(api, {"filters": [widest, *[pattern] * 99]})
        assert answer.status_code == 200, answer.text

    @pytest.mark.parametrize(
        "val", ["%", "_", "\\", "%\\", "'", '"', "' OR 1=1 --", "\U0001f41f", "%s"]
    )
    @pytest.mark.parametrize("op", ["==", "like", "ilike", "not_like", "in"])
    def test_every_printable_text_can_be_searched_for(self, api: Api, op: str, val: str) -> None:
        condition = {"name": "generated_by", "op": op, "val": [val] if op == "in" else val}
        assert search(api, {"filters": [condition]}).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"width": 1}, {"height": 1}, {"width": 1, "height": 1}, {"xa": 1.0, "xb": 1.0},
     {"ya": 0.0, "yb": 0.0}, {"xa": 2.0, "xb": -2.0}, {"iterations": 1}, {"xa": 1, "xb": -1}],
)  # fmt: skip
def test_what_looks_odd_but_is_a_picture_is_accepted(api: Api, fields: dict[str, Any]) -> None:
    record = api.post_fractal(**fields)
    assert fields.items() <= record.items()
    assert api.request("DELETE", f"/api/fractal/{record['uuid']}").status_code == 204


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"width=4", b"\xff\xfe", b"{'width': 4}", b'{"width": 4,}', b"\x00",
          b"[" * 100_000],
    )  # fmt: skip
    def test_what_is_not_json_is_refused(self, one_api: Api, body: bytes) -> None:
        refused(post(one_api, body), 400, "the body")

    def test_deep_nesting_is_refused(self, one_api: Api) -> None:
        for deep in ("[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000):
            refused(post(one_api, deep), 400, "the body", "nested too deeply")

    def test_a_large_body_is_413(self, one_api: Api) -> None:
        large = with_literal("uuid", '"' + "a" * MEBIBYTE + '"')
        refused(post(one_api, large), 413)

    def test_a_large_body_in_chunks_is_413(self, one_api: Api) -> None:
        chunks = (b" " * 2**16 for _ in range(17))
        refused(one_api.request("POST", "/api/fractal", data=chunks, headers=JSON), 413)

    def test_a_body_of_exactly_the_limit_is_read(self, one_api: Api) -> None:
        refused(post(one_api, json.dumps({}).ljust(MEBIBYTE)), 400, "width: is missing")
        refused(post(one_api, json.dumps({}).ljust(MEBIBYTE + 1)), 413)

    def test_another_path_is_404(self, one_api: Api) -> None:
        for path in ("/api", "/api/", "/api/fractales", "/api/fractal/", "/api/fractal//image"):
            refused(one_api.request("GET", path), 404)

    def test_every_fault_is_told_at_once(self, one_api: Api) -> None:
        body = {**SMALL_FRACTAL, "width": 0, "xa": "left", "more": 1}
        refused(
            post(one_api, json.dumps(body)), 400, f"width: {INTEGER}", f"xa: {NUMBER}", "more: is"
        )


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
    def test_what_is_no_uuid_is_404(self, one_api: Api, uuid: str) -> None:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            for path in (f"/api/fractal/{uuid}", f"/api/fractal/{uuid}/image"):
                status, headers, body = raw_request(one_api, method, path)
                # There is nothing to PUT or DELETE at an image: either is an honest answer.
                assert status in ((404,) if method == "GET" else (404, 405)), (method, path)
                assert headers["Content-Type"] == "application/json"
                assert "root:" not in json.loads(body)["message"]

    def test_no_file_outside_the_store_is_touched(self, one_api: Api) -> None:
        outside = one_api.datadir.parent / "outside.png"
        outside.write_bytes(b"not yours")
        for dots in ("../outside", "..%2foutside", "%2e%2e%2foutside", "..%252foutside"):
            for method in ("GET", "DELETE"):
                for end in ("", "/image", ".png"):
                    status, _, body = raw_request(one_api, method, f"/api/fractal/{dots}{end}")
                    assert status in (404, 405)
                    assert b"not yours" not in body
        assert outside.read_bytes() == b"not yours"


def raw_request(api: Api, method: str, path: str) -> tuple[int, Any, bytes]:
    """Send a path as it is, which requests would tidy up."""
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=120)
    try:
        connection.request(method, path, body=b"{}", headers=JSON)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_no_path_writes_a_line_of_its_own_into_the_log(one_api: Api) -> None:
    for path in ("/one%0aforged%0d%1b[31m%22", "/api/fractal?q=%0aforged", "/%e2%80%a8forged"):
        assert raw_request(one_api, "GET", path)[0] in (400, 404)
    lines = [
        one_api.service.wait_for_line(start) for start in ("/one%0A", "q=%0aforged", "/%E2%80%A8")
    ]
    assert one_api.service.lines_with("forged") == lines
    assert '"GET /one%0Aforged%0D%1B[31m%22 HTTP/1.1" status: 404' in lines[0]


def test_a_query_string_of_garbage_is_no_trouble(one_api: Api) -> None:
    for query in ("%00", "q=%ff", "%ff=1", "page=1&page=2", "q", "&&&", "page[]=1", "=&=", "x=1"):
        status, _, _ = raw_request(one_api, "GET", f"/api/fractal?{query}")
        assert status in (200, 400), query


def test_a_request_line_too_long_is_refused(one_api: Api) -> None:
    answer = one_api.request("GET", f"/api/fractal?{urlencode({'q': 'x' * 300_000})}")
    assert 400 <= answer.status_code < 500
