# SPDX-License-Identifier: Apache-2.0
"""The examples of payloads in the documentation: what faafo sends, and what a reader takes."""

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from faafo.fractal.events import TYPES, EventType, fractal_data, payload
from faafo.recent.state import FIELDS, JobState

PAGE = (Path(__file__).parents[3] / "doc/source/user/events.rst").read_text()
BLOCKS = re.findall(r"code-block:: json\n\n((?: {6,}.*\n)+)", PAGE)
EXAMPLES = {one["type"]: one for one in map(json.loads, BLOCKS)}


def test_each_type_has_an_example():
    assert set(EXAMPLES) == {*TYPES, "webhook.ping"}


@pytest.mark.parametrize("kind", TYPES)
def test_an_example_is_what_faafo_would_send(kind):
    data = EXAMPLES[kind]["data"]
    columns = {**data, "created_at": datetime.fromisoformat(data["created_at"][:-1])}
    done = data["progress"]
    columns["rows_done"] = None if done is None else int(done * data["height"])
    moment = datetime.fromisoformat(EXAMPLES[kind]["timestamp"][:-1])
    sent = json.loads(payload(kind, moment, fractal_data(EventType(kind), columns)))
    assert sent == EXAMPLES[kind]
    assert list(sent["data"]) == list(data)


def test_the_schema_names_every_member():
    for name in EXAMPLES["poster.complete"]["data"]:
        assert f"``data.{name}``" in PAGE, name


def test_a_reader_takes_the_examples_and_finds_them_in_order():
    kinds = [kind for kind in TYPES if kind.startswith("fractal.")]
    states = [JobState.of_event(EXAMPLES[kind]) for kind in kinds]
    assert all(state is not None for state in states)
    by_type = dict(zip(kinds, states, strict=True))
    complete = EXAMPLES["fractal.complete"]["data"]
    document = json.loads(by_type["fractal.complete"].document)
    assert all(document.get(name) == complete[name] for name in FIELDS)
    of_one = ("fractal.queued", "fractal.rendering", "fractal.progress", "fractal.complete")
    orders = [by_type[kind].order for kind in (*of_one, "fractal.deleted")]
    assert orders == sorted(orders)
