# SPDX-License-Identifier: Apache-2.0
"""Lists of fractals: filters, order and page of the query; the page, and the link to the next."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import jsonify, url_for
from sqlalchemy.sql import ColumnElement

from faafo import errors
from faafo.api import query as query_parameter
from faafo.api.schemas import FractalList, RecordList
from faafo.core import access, collection_access
from faafo.core.collaborators import collaborators
from faafo.core.versions import under_requested_prefix
from faafo.db import db, fractals
from faafo.db.scope import Scope

MAX_RESULTS_PER_PAGE = 100


def answer(query: RecordList, endpoint: str, where: Sequence[ColumnElement[bool]] = ()) -> Any:
    """Return the answer to a request for a list.

    :param endpoint: of the request, for the link to the next page.
    :param where: what holds for all that is listed.
    """
    scope = _scope(query)
    size = min(query.results_per_page, MAX_RESULTS_PER_PAGE)
    # Reading q is a part of the cost.
    with _place(query):
        search = query_parameter.parse(query.q)
        if query.marker and search.order_by:
            raise errors.InvalidQuery("marker: cannot be combined with order_by")
        page = fractals.page(
            db.session,
            size=size,
            number=query.page,
            marker=query.marker,
            where=(*where, *search.where),
            order_by=search.order_by,
            scope=scope,
            counts=collaborators().counts.of(scope),
        )
    response = jsonify(
        num_results=page.total,
        objects=[fractal.as_dict() for fractal in page.fractals],
        page=query.page,
        total_pages=-(-page.total // size),
    )
    if len(page.fractals) == size and not search.order_by:
        response.headers["Link"] = _next_link(query, endpoint, size, page.fractals[-1].uuid)
    return response


def _scope(query: RecordList) -> Scope:
    children = query.children if isinstance(query, FractalList) else None
    given = {"collection": query.collection, "children": children}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise errors.InvalidQuery("children: cannot be combined with collection")
    if not names:
        return access.scope_of(query.scope)
    if "scope" in query.model_fields_set:
        raise errors.InvalidQuery(f"scope: cannot be combined with {names[0]}")
    if children is not None:
        return Scope(parent=access.visible(children).uuid)
    assert query.collection is not None
    return collection_access.scope_of(collection_access.visible(query.collection))


def _place(query: RecordList) -> AbstractContextManager[None]:
    """Return the place of a list that may read every record; others need none."""
    is_slow = query.q is not None or query.page > 1
    return collaborators().bulkheads.searches.place() if is_slow else nullcontext()


def _next_link(query: RecordList, endpoint: str, size: int, marker: str) -> str:
    parameters: dict[str, Any] = {"results_per_page": size, "marker": marker}
    if query.q is not None:
        parameters["q"] = query.q
    if query.scope is not access.Range.PROJECT:
        parameters["scope"] = query.scope.value
    if query.collection is not None:
        parameters["collection"] = query.collection
    if isinstance(query, FractalList) and query.children is not None:
        parameters["children"] = query.children
    url = under_requested_prefix(url_for(endpoint, **parameters))
    return f'<{url}>; rel="next"'
