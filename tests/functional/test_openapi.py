# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document: served with its own Swagger UI, and true of the service it describes."""

import itertools
import os
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from jsonschema_rs import Draft202012Validator, meta

from faafo.fractal.numbers import MAX_INT32
from tests.functional.processes import SCRIPTS, Api, running_api

DOCUMENT = "/openapi/openapi.json"
UUID = "00000000-0000-4000-8000-000000000000"
# The name of each call is a promise: programs are generated from the document.
CALLS = {
    ("/api/fractal", "get"): "list_fractals",
    ("/api/fractal", "post"): "create_fractal",
    ("/api/fractals", "post"): "create_fractals",
    ("/api/film", "get"): "list_films",
    ("/api/film", "post"): "create_film",
    ("/api/fractal/{uuid}", "get"): "show_fractal",
    ("/api/fractal/{uuid}", "put"): "update_fractal",
    ("/api/fractal/{uuid}", "patch"): "patch_fractal",
    ("/api/fractal/{uuid}", "delete"): "delete_fractal",
    ("/api/fractal/{uuid}/image", "get"): "download_image",
    ("/api/fractal/{uuid}/image", "put"): "upload_image",
    ("/api/fractal/{uuid}/retry", "post"): "retry_fractal",
    ("/api/fractal/{uuid}/shared", "put"): "share_fractal",
    ("/api/job/{uuid}", "get"): "show_job",
    ("/api/event", "get"): "follow_events",
    ("/api/collection", "get"): "list_collections",
    ("/api/collection", "post"): "create_collection",
    ("/api/collection/mine", "get"): "show_favourites",
    ("/api/collection/{uuid}", "get"): "show_collection",
    ("/api/collection/{uuid}", "patch"): "update_collection",
    ("/api/collection/{uuid}", "delete"): "delete_collection",
    ("/api/collection/{uuid}/fractal/{fractal}", "put"): "add_collection_fractal",
    ("/api/collection/{uuid}/fractal/{fractal}", "delete"): "remove_collection_fractal",
    ("/api/webhook", "get"): "list_webhooks",
    ("/api/webhook", "post"): "create_webhook",
    ("/api/webhook/{uuid}", "get"): "show_webhook",
    ("/api/webhook/{uuid}", "patch"): "update_webhook",
    ("/api/webhook/{uuid}", "delete"): "delete_webhook",
    ("/api/webhook/{uuid}/ping", "post"): "ping_webhook",
    ("/api/webhook/{uuid}/secret", "post"): "rotate_webhook_secret",
    ("/api/webhook/{uuid}/delivery", "get"): "list_deliveries",
    ("/api/webhook/{uuid}/redeliver", "post"): "redeliver_webhook",
    ("/api/delivery/claim", "get"): "check_deliveries",
    ("/api/delivery/claim", "post"): "create_delivery_claim",
    ("/api/delivery/claim", "put"): "update_delivery_claim",
    ("/api/lock/{name}", "get"): "show_lock",
    ("/api/lock/{name}", "post"): "create_lock",
    ("/api/lock/{name}", "put"): "update_lock",
    ("/api/lock/{name}", "delete"): "delete_lock",
    ("/api/maintenance", "get"): "show_maintenance",
    ("/api/maintenance", "put"): "update_maintenance",
    ("/api/claim", "get"): "check_claim",
    ("/api/claim", "post"): "create_claim",
    ("/api/claim", "put"): "update_claim",
    ("/api/quota/{project_id}", "get"): "show_quota",
    ("/api/quota/{project_id}", "put"): "update_quota",
    ("/api/quota/{project_id}", "delete"): "delete_quota",
    ("/api/service", "get"): "list_services",
    ("/api/service/{id}", "get"): "show_service",
    ("/api/service/{id}", "put"): "report_service",
    ("/api/service/{id}", "patch"): "update_service",
    ("/api/service/{id}", "delete"): "delete_service",
    ("/api/backlog", "get"): "show_backlog",
    ("/api/setting", "get"): "list_settings",
    ("/api/setting/{name}", "get"): "show_setting",
    ("/api/setting/{name}", "put"): "update_setting",
    ("/api/setting/{name}", "delete"): "delete_setting",
    ("/tile/{z}/{x}/{y}.png", "get"): "show_tile",
    ("/api/token", "delete"): "delete_token",
    ("/api/token", "post"): "create_token",
    ("/healthcheck", "get"): "check_health",
    ("/healthcheck/store", "get"): "check_store",
    ("/v1", "get"): "show_version",
}
# `make fuzz` asks for more.
REQUESTS = int(os.environ.get("FAAFO_FUZZ_REQUESTS", "600"))
COMMAND = [
    f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
    "run",
    "--checks=all",
    "--max-examples=5",
    "--suppress-health-check=all",
    "--no-color",
]
# What can be posted at all, this service accepts: no operator's limit is in the document.
NO_LIMITS = {
    "max_width": MAX_INT32,
    "max_height": MAX_INT32,
    "max_pixels": MAX_INT32**2,
    "max_points": (4 * MAX_INT32) ** 2,
    "max_iterations": MAX_INT32,
    "split_pixels": 0,
    "max_poster_width": MAX_INT32,
    "max_poster_height": MAX_INT32,
    "max_poster_pixels": MAX_INT32**2,
    "max_poster_points": (4 * MAX_INT32) ** 2,
    # The example of the header Prefer would wait for fractals that nobody renders.
    "max_wait": 0,
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """``faafo-api`` on SQLite: what is asked here has nothing to do with the database."""
    with running_api(tmp_path_factory.mktemp("api"), **NO_LIMITS) as api:
        yield api


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    return api.request("GET", DOCUMENT).json()


def schema_at(document: dict[str, Any], *path: str) -> Draft202012Validator:
    """Return a validator for the schema of a JSON body somewhere in the document."""
    found: Any = document["paths"]
    for key in (*path, "content", "application/json", "schema"):
        found = found[key]
    return Draft202012Validator({**found, "components": document["components"]})


def test_the_document_describes_every_call_under_its_name(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.")
    assert document["info"]["title"] == "faafo"
    described = {
        (path, method): call["operationId"]
        for path, calls in document["paths"].items()
        for method, call in calls.items()
    }
    assert described == CALLS


def test_every_call_says_what_it_does_and_answers(document: dict[str, Any]) -> None:
    for path, method in CALLS:
        call = document["paths"][path][method]
        assert call["summary"], (path, method)
        assert {"4XX", "503"} <= set(call["responses"])
        assert any(status[0] in "23" for status in call["responses"])


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


def test_whatever_is_sent_is_answered_as_documented(api: Api) -> None:
    # The lock under which the configuration has fractals posted.
    held = api.request("POST", "/api/lock/fuzz", json={"holder": "fuzz", "ttl": 3600})
    assert held.json()["token"] == 1
    seeds = itertools.count(1)
    while len(api.service.lines_with("faafo.api.access")) < REQUESTS:
        done = subprocess.run(
            [SCRIPTS / "schemathesis", *COMMAND, "--seed", str(next(seeds)), api.url + DOCUMENT],
            capture_output=True,
            text=True,
            cwd=api.config.parent,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_none_of_this_was_a_mistake_of_ours(api: Api) -> None:
    assert "Traceback" not in api.service.output()
    # Nobody renders tiles here.
    mistakes = [one for one in api.service.lines_with("status: 5") if '"GET /tile/' not in one]
    assert mistakes == []
