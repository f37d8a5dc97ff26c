# SPDX-License-Identifier: Apache-2.0
"""The search parameter q."""

import json

import pytest

from faafo import errors
from faafo.api import query
from faafo.db import fractals
from faafo.db.counts import Counts


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
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_query_that_is_not_valid_is_rejected_with_the_reason(text, sentence):
    with pytest.raises(errors.InvalidQuery, match="^q: ") as caught:
        query.parse(text)
    assert sentence in str(caught.value)
