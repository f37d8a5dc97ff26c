# SPDX-License-Identifier: Apache-2.0
"""What a client can do wrong without reaching the database, and the sentence that answers it."""

import json
import logging
import re
import shutil
from typing import Any

import pytest
import requests
from flask import Flask
from oslo_config import cfg
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from faafo import conf as options
from faafo.app.factory import create_app
from faafo.db import db
from faafo.db.models import Fractal
from faafo.store.filesystem import FilesystemStore
from tests.functional.processes import SMALL_FRACTAL

UUID = "12345678-9abc-4def-8123-456789abcdef"
INTEGER = "must be an integer from 1 to 2147483647"
NUMBER = "must be a finite number from -1000000 to 1000000"
JSON = {"Content-Type": "application/json"}
# What no answer may give away: SQL, tracebacks, and the names of our parts.
SECRETS = re.compile(
    r"Traceback|File \"|sqlalchemy|sqlite|pymysql|\bSELECT\b|\bINSERT\b|pydantic|site-packages"
)


class Api:
    """The application, which is sent the same bytes that requests would send."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._client = app.test_client()

    def request(self, method: str, path: str, **arguments: Any) -> TestResponse:
        """Send one request and return the answer."""
        sent = requests.Request(method, f"http://localhost{path}", **arguments).prepare()
        return self._client.open(
            sent.path_url, method=sent.method, data=sent.body, headers=dict(sent.headers)
        )

    def post_fractal(self) -> dict[str, Any]:
        """Post a small fractal and return its record."""
        answer = self.request("POST", "/api/fractal", json=SMALL_FRACTAL)
        assert answer.status_code == 201, answer.text
        return answer.json

    def get_fractal(self, uuid: str) -> dict[str, Any]:
        """Return a record."""
        return self.request("GET", f"/api/fractal/{uuid}").json


@pytest.fixture(scope="module")
def api(tmp_path_factory, empty_database):
    """An application on SQLite, shared by all tests: none of them leaves anything behind."""
    directory = tmp_path_factory.mktemp("api")
    shutil.copy(empty_database, directory / "faafo.sqlite")
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    conf([], project="faafo", default_config_files=[])
    conf.set_override("state_path", str(directory))
    app = create_app(conf, FilesystemStore(conf.filesystem_store_datadir), "1.2.3")
    yield Api(app)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def _nothing_unexpected_happens(caplog):
    yield
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.fixture(autouse=True)
def _no_fractal_is_made(api: Api):
    before = number_of_fractals(api)
    yield
    assert number_of_fractals(api) == before


def number_of_fractals(api: Api) -> int:
    with api.app.app_context():
        return db.session.scalar(select(func.count()).select_from(Fractal))


def refused(answer: TestResponse, status: int, *words: str) -> str:
    """Assert that ``answer`` is an error in JSON whose message holds ``words``; return that."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.json) == ["message"]
    message = answer.json["message"]
    assert "\n" not in message
    assert not SECRETS.search(message)
    for word in words:
        assert word in message
    return message


def post(api: Api, body: bytes | str, path: str = "/api/fractal") -> TestResponse:
    return api.request("POST", path, data=body, headers=JSON)


def with_literal(field: str, literal: str) -> str:
    """Return the JSON text of a fractal in which ``field`` is ``literal``, legal JSON or not."""
    text = json.dumps({**SMALL_FRACTAL, field: "@"})
    return text.replace('"@"', literal)


def search(api: Api, q: Any) -> TestResponse:
    text = q if isinstance(q, str) else json.dumps(q)
    return api.request("GET", "/api/fractal", params={"q": text})


class TestBodies:
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
            ("DELETE", "/api/claim", {"GET", "POST", "PUT"}),
            ("POST", "/healthcheck", {"GET"}),
        ],
    )
    def test_another_method_is_405(
        self, api: Api, method: str, path: str, allowed: set[str]
    ) -> None:
        answer = api.request(method, path, json={})
        refused(answer, 405)
        assert allowed <= set(answer.headers["Allow"].split(", "))


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
            ("width", "max_poster_width", 65_536, {"width": 10**9}),
            ("width", "max_width", 16384, {"width": 16385, "height": 1}),
            ("height", "max_poster_height", 65_536, {"height": 10**9}),
            ("height", "max_height", 16384, {"width": 1, "height": 16385}),
            ("samples", "max_points", 2**28, {"width": 8192, "height": 4096, "samples": 3}),
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


class TestResults:
    RESULT = {"checksum": "0" * 64, "duration": 1.0}

    @pytest.fixture
    def fractal(self, api: Api):
        record = api.post_fractal()
        yield f"/api/fractal/{record['uuid']}"
        assert api.get_fractal(record["uuid"]) == record
        api.request("DELETE", f"/api/fractal/{record['uuid']}")

    @pytest.mark.parametrize(
        ("field", "literal"),
        [
            *[("checksum", one) for one in ('""', '"' + "g" * 64 + '"', '"' + "0" * 65 + '"',
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
        assert answer.json["lost"] == lost
        (told,) = answer.json["problems"]
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
