# SPDX-License-Identifier: Apache-2.0
"""Which requests have a span, and what follows from it."""

import pytest

from faafo.core.preflight import PREFLIGHT
from faafo.tracing import spans
from tests.ids import TRACE_ID, TRACEPARENT

# Of the span that the recorder of these tests makes.
OWN = f"00-{TRACE_ID}-00000000000000aa-01"


class Recorder:
    """Keeps what spans are told at their begin and their end."""

    traceparent = OWN

    def __init__(self):
        self.begun, self.ended = [], []

    def begin(self, name, parent, kind, begun_at=None):
        self.begun.append((name, parent, str(kind)))
        return self

    def end(self, error=None, at=None, attributes=spans.NONE):
        self.ended.append((error, attributes.get("http.response.status_code")))

    def stop(self):
        pass


@pytest.fixture
def recorder():
    recorder = Recorder()
    spans.install(recorder)
    yield recorder
    spans.install(None)


@pytest.fixture
def http(app):
    return app.test_client()


def test_a_post_begins_a_trace_which_its_claim_tells(recorder, http, session, make_task):
    http.post("/v1/fractal", json=make_task().model_dump())
    assert recorder.begun == [("POST /v1/fractal", None, "server")]
    assert recorder.ended == [(None, 201)]
    answer = http.post("/api/claim", json={"claimed_by": "me", "count": 1, "lease": 60})
    assert answer.json["objects"][0]["traceparent"] == OWN
    assert recorder.begun[1:] == [("queued", OWN, "internal")]


@pytest.mark.parametrize("sent", [TRACEPARENT, None, "00-1-2-03"])
def test_other_requests_continue_a_trace_and_begin_none(recorder, http, session, sent):
    uuid = "00000000-0000-4000-8000-000000000000"
    http.get(f"/api/fractal/{uuid}", headers={"traceparent": sent} if sent else {})
    if sent != TRACEPARENT:
        assert recorder.begun == recorder.ended == []
        return
    assert recorder.begun == [("GET /api/fractal/<uuid:uuid>", TRACEPARENT, "server")]
    # It was a mistake of the sender.
    assert recorder.ended == [(None, 404)]


def test_the_question_whether_to_read_an_upload_has_no_span(recorder, http, session, make_task):
    http.put(
        f"/api/fractal/{make_task().uuid}/image?attempt=1",
        headers={"traceparent": TRACEPARENT},
        environ_overrides={PREFLIGHT: True},
    )
    assert recorder.begun == []


def test_log_lines_of_a_traced_request_name_its_trace(recorder, http, session, json_lines):
    http.get("/api/fractal", headers={"traceparent": TRACEPARENT})
    http.get("/api/fractal")
    lines = [line for line in json_lines() if line["name"] == "faafo.api.access"]
    assert [line["context"]["trace_id"] for line in lines] == [TRACE_ID, None]
