# SPDX-License-Identifier: Apache-2.0
"""The search parameter q."""

import json

import pytest

from faafo import errors
from faafo.api import query
from faafo.db import fractals, outcomes
from faafo.db.counts import Counts
from faafo.db.search import COLUMNS
from tests.functional.comparisons import COMPARED, TEXTS


@pytest.fixture
def found(session, make_task):
    """Finds the widths of three fractals, 8, 9 and 10 pixels wide, that a q leaves."""
    for width in (8, 9, 10):
        fractals.add(session, make_task(width=width))

    def find(**q):
        search = query.parse(json.dumps(q))
        page = fractals.page(
            session, size=10, where=search.where, order_by=search.order_by, counts=Counts()
        )
        return [fractal.width for fractal in page.fractals]

    return find


def by_width(op, val):
    return {"name": "width", "op": op, "val": val}


def test_without_filters_everything_is_found_newest_first(found):
    assert found() == [10, 9, 8]
    assert found(filters=[]) == [10, 9, 8]


def test_filters_are_joined_by_and_unless_they_say_or(found):
    assert found(filters=[by_width(">", 8), by_width("<", 10)]) == [9]
    assert found(filters=[{"or": [by_width("==", 8), by_width("==", 10)]}]) == [10, 8]
    nested = {"and": [by_width("ge", 8), {"or": [by_width("eq", 8), by_width("eq", 9)]}]}
    assert found(filters=[nested]) == [9, 8]


def test_fractals_are_found_and_sorted_by_how_they_are_drawn(found, session, make_task):
    for width, offset in ((11, 0.5), (12, 0.25)):
        fractals.add(session, make_task(width=width, offset=offset, samples=2, inside="#00ff00"))
    by_offset = [{"field": "offset", "direction": "asc"}]
    drawn = [{"name": "samples", "op": "gt", "val": 1}, {"name": "inside", "op": "is_not_null"}]
    assert found(filters=drawn, order_by=by_offset) == [12, 11]
    assert found(filters=[{"name": "colouring", "op": "eq", "val": "Bands"}]) == []


def test_empty_junctions_are_all_and_nothing(found):
    assert found(filters=[{"and": []}]) == [10, 9, 8]
    assert found(filters=[{"or": []}]) == []


def test_an_order_replaces_newest_first(found):
    assert found(order_by=[{"field": "width"}]) == [8, 9, 10]
    assert found(order_by=[{"field": "height"}, {"field": "width", "direction": "desc"}]) == [
        10,
        9,
        8,
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x", "is not JSON"),
        ("5", "must be an object"),
        ('{"filter": []}', "no member 'filter'"),
        ('{"filters": 5}', "filters must be a list"),
        ('{"filters": [{"name": "__init__", "op": "==", "val": 1}]}', "unknown field '__init__'"),
        ('{"filters": [{"name": "width", "op": "~", "val": 1}]}', "unknown op '~'"),
        ('{"filters": [{"name": "width", "op": "in", "val": 1}]}', "needs a list"),
        ('{"filters": [{"name": "width", "op": "like", "val": "1"}]}', "is for text"),
        ('{"order_by": [{"field": "width", "direction": "up"}]}', "'asc' or 'desc'"),
        ('{"filters": [' + '{"and": [' * 9 + "]}" * 9 + "]}", "nest more than 8 deep"),
        ("[" * 50_000, "is not JSON"),
        ("[" * 65_537, "at most 65536 characters, not 65537"),
    ],
)
def test_a_query_that_is_not_valid_is_rejected_with_the_reason(text, sentence):
    with pytest.raises(errors.InvalidQuery, match="^q: ") as caught:
        query.parse(text)
    assert sentence in str(caught.value)


def by_fault(op, val):
    return {"name": "fault", "op": op, "val": val}


@pytest.mark.parametrize(
    ("q", "sentence"),
    [
        ({"filters": [by_width("in", list(range(1001)))]}, "at most 1000 values, not 1001"),
        (
            {"filters": [by_width("in", [0] * 600), by_width("not_in", [0] * 401)]},
            "at most 1000 values in all filters together",
        ),
        (
            {"filters": [{"or": [{"and": [by_width("==", 1)] * 12}] * 8}]},
            "at most 100 in all, nested ones included",
        ),
        ({"filters": [{"and": []}] * 101}, "at most 100"),
        ({"filters": [by_fault("like", "x" * 256)]}, "at most 255 characters, not 256"),
        ({"filters": [by_fault("not_like", "%x" * 11)]}, "at most 10 times '%', not 11"),
        ({"filters": [by_fault("ilike", "%" * 150)]}, "at most 10 times '%', not 150"),
        ({"filters": [by_fault("==", "x" * 4001)]}, "at most 4000 characters"),
        ({"filters": [by_fault("in", ["x" * 4001])]}, "at most 4000 characters"),
        (
            {"order_by": [{"field": "width"}] * (len(COLUMNS) + 1)},
            f"at most {len(COLUMNS)} objects",
        ),
    ],
)
def test_a_search_that_asks_for_too_much_is_told_the_bound(q, sentence):
    with pytest.raises(errors.InvalidQuery, match="^q: ") as caught:
        query.parse(json.dumps(q))
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_search_at_all_bounds_is_answered(found):
    values = [by_width("in", list(range(901))), by_width("==", 8)]
    patterns = [{"or": [by_fault("like", "%x" * 10), by_width("==", 8)]}] * 32
    assert found(filters=[*values, *patterns, by_fault("is_null", None)]) == [8]


@pytest.fixture
def texts(session, make_task):
    """Finds the texts that a filter leaves."""
    for text in TEXTS:
        task = fractals.add(session, make_task())
        outcomes.complete_unfenced(session, task.uuid, {"generated_by": text})

    def find(op, val):
        q = {"filters": [{"name": "generated_by", "op": op, "val": val}]}
        search = query.parse(json.dumps(q | {"order_by": [{"field": "generated_by"}]}))
        page = fractals.page(
            session, size=99, where=search.where, order_by=search.order_by, counts=Counts()
        )
        return [fractal.generated_by for fractal in page.fractals]

    return find


@pytest.mark.parametrize(("op", "val", "expected"), COMPARED)
def test_text_compares_character_by_character(texts, op, val, expected):
    assert texts(op, val) == expected
