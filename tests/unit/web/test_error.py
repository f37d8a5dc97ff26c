# SPDX-License-Identifier: Apache-2.0
import pytest

UNKNOWN = "00000000-0000-4000-8000-ffffffffffff"


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/nowhere",
        f"/api/fractal/{UNKNOWN}",
        "/api/fractal?page=x",
        "/healthcheck/nowhere",
        "/openapi/nowhere",
    ],
)
def test_a_browser_gets_json_from_the_api(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code in (400, 404)
    assert set(answer.json) == {"message"}


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "image/webp,*/*;q=0.8", ""])
@pytest.mark.parametrize("path", ["/nowhere", f"/fractal/{UNKNOWN}", "/?status=x"])
def test_a_program_gets_json_from_a_page(app, path, accept):
    headers = {} if accept is None else {"Accept": accept}
    answer = app.test_client().get(path, headers=headers)
    assert answer.status_code == 404
    assert set(answer.json) == {"message"}


@pytest.mark.parametrize("path", ["/apiary", "/open", "/api.html"])
def test_a_browser_gets_a_page_from_everywhere_else(visitor, path):
    answer = visitor.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_a_method_that_a_page_does_not_have_is_refused_with_a_page(visitor):
    answer = visitor.post("/")
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "GET" in answer.headers["Allow"]


def test_an_internal_error_is_a_page_without_details(app, visitor, monkeypatch):
    def fail(*_args):
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("faafo.db.counts.Counts.by_status", fail)
    answer = visitor.get("/")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "internal server error" in answer.text
    assert "a secret" not in answer.text
