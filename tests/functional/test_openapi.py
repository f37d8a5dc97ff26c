"""The OpenAPI document: served with its own Swagger UI, and true of the service it describes."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema_rs import Draft202012Validator, meta
from schemathesis import checks

from tests.functional.processes import Api, running_api

DOCUMENT = "/openapi/openapi.json"
UUID = "00000000-0000-4000-8000-000000000000"
CALLS = {
    ("/api/fractal", "get"),
    ("/api/fractal", "post"),
    ("/api/fractal/{uuid}", "get"),
    ("/api/fractal/{uuid}", "put"),
    ("/api/fractal/{uuid}", "patch"),
    ("/api/fractal/{uuid}", "delete"),
    ("/api/fractal/{uuid}/image", "get"),
    ("/api/fractal/{uuid}/retry", "post"),
    ("/api/claim", "post"),
    ("/api/claim", "put"),
    ("/healthcheck", "get"),
}
EXAMPLES = 20
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """``faafo-api`` on SQLite: what is asked here has nothing to do with the database."""
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    return api.request("GET", DOCUMENT).json()


@pytest.fixture(scope="module")
def schema(document: dict[str, Any], api: Api) -> Any:
    loaded = schemathesis.openapi.from_dict(document)
    loaded.config.update(base_url=api.url)
    return loaded


def schema_at(document: dict[str, Any], *path: str) -> Draft202012Validator:
    """Return a validator for the schema of a JSON body somewhere in the document."""
    found: Any = document["paths"]
    for key in (*path, "content", "application/json", "schema"):
        found = found[key]
    return Draft202012Validator({**found, "components": document["components"]})


def test_the_document_describes_every_call(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.")
    assert document["info"]["title"] == "faafo"
    described = {(path, method) for path, calls in document["paths"].items() for method in calls}
    assert described == CALLS


def test_every_call_says_what_it_does_and_answers(document: dict[str, Any]) -> None:
    for path, method in CALLS:
        call = document["paths"][path][method]
        assert call["summary"], (path, method)
        assert {"4XX", "503"} <= set(call["responses"])
        assert any(status.startswith("2") for status in call["responses"])


def test_every_reference_leads_somewhere(api: Api, document: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": ?"([^"]+)"', api.request("GET", DOCUMENT).text))
    assert references
    for reference in references:
        found: Any = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        meta.validate(schema)


def test_a_fractal_is_what_the_document_says(api: Api, document: dict[str, Any]) -> None:
    record = api.post_fractal()
    schema_at(document, "/api/fractal", "post", "responses", "201").validate(record)
    page = api.request("GET", "/api/fractal").json()
    schema_at(document, "/api/fractal", "get", "responses", "200").validate(page)


def test_an_error_is_what_the_document_says(api: Api, document: dict[str, Any]) -> None:
    answer = api.request("POST", "/api/fractal", json={})
    assert answer.status_code == 400
    schema_at(document, "/api/fractal", "post", "responses", "400").validate(answer.json())
    answer = api.request("GET", f"/api/fractal/{UUID}")
    assert answer.status_code == 404
    schema_at(document, "/api/fractal/{uuid}", "get", "responses", "4XX").validate(answer.json())


class Links(HTMLParser):
    """Collects what a page loads: the targets of its scripts, style sheets and images."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        target = attributes.get("href" if tag == "link" else "src")
        if tag in ("link", "script", "img") and target:
            self.targets.append(target.strip())


def test_swagger_ui_comes_from_the_service_itself(api: Api) -> None:
    page = api.request("GET", "/openapi/swagger")
    assert page.status_code == 200
    targets = Links(page.text).targets
    assert {target.rpartition(".")[2] for target in targets} >= {"js", "css"}
    for target in targets:
        url = urlsplit(urljoin(page.url, target))
        assert url.netloc == urlsplit(api.url).netloc, target
        asset = api.request("GET", url.path)
        assert asset.status_code == 200, target
        assert len(asset.content) > 100


def test_swagger_ui_reads_a_document_that_is_there(api: Api) -> None:
    page = api.request("GET", "/openapi/swagger")
    (name,) = re.findall(r'new URL\("([^"]+)"', page.text)
    assert urlsplit(urljoin(page.url, name)).path == DOCUMENT


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
@pytest.mark.parametrize(("path", "method"), sorted(CALLS))
def test_whatever_is_sent_is_answered_as_documented(
    schema: Any, path: str, method: str, mode: schemathesis.GenerationMode
) -> None:
    try:
        cases = schema[path][method].as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def send(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=CHECKS)

        send()
    except Unsatisfiable:
        assert mode is schemathesis.GenerationMode.NEGATIVE, "there is nothing to do wrong"


def test_none_of_this_left_a_traceback(api: Api) -> None:
    assert "Traceback" not in api.service.output()
