# SPDX-License-Identifier: Apache-2.0
"""Queries of the gallery: fractals of one status and a filter, in one of three orders.

A page is found by the fractal beside it, its marker, at the cost of the first page: each order has
an index that ends with the id, and fractals with equal keys are sorted newest first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.counts import count_where
from faafo.db.deadline import BOUNDED
from faafo.db.finding import NO_FILTER, Filter, conditions
from faafo.db.models import Fractal
from faafo.db.scope import EVERYTHING, Scope
from faafo.fractal.task import Status


class Order(StrEnum):
    """The sort order: which fractals come first."""

    NEWEST = "newest"
    LONGEST = "longest"
    LARGEST = "largest"


class Extent(StrEnum):
    """A range of image sizes; see ``PIXELS``."""

    ANY = "any"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


KEYS: dict[Order, InstrumentedAttribute[Any]] = {
    Order.NEWEST: Fractal.id,
    Order.LONGEST: Fractal.duration,
    Order.LARGEST: Fractal.pixels,
}
# The last column of the index of a scope that has an order; that of the newest ends with the id.
INDEXED = {Order.NEWEST: "status", Order.LONGEST: "duration", Order.LARGEST: "pixels"}
STATUS = "ix_fractal_status_id"
# Minimum number of pixels, inclusive, and maximum, exclusive.
PIXELS: dict[Extent, tuple[int, int | None]] = {
    Extent.ANY: (0, None),
    Extent.SMALL: (0, 500_000),
    Extent.MEDIUM: (500_000, 4_000_000),
    Extent.LARGE: (4_000_000, None),
}
RATE_SECONDS = 60


@dataclass(frozen=True)
class Choice:
    """A status, a range of sizes, a sort order, whose fractals, and a filter of them."""

    status: Status = Status.COMPLETE
    extent: Extent = Extent.ANY
    order: Order = Order.NEWEST
    scope: Scope = EVERYTHING
    filter: Filter = NO_FILTER


def first(session: Session, choice: Choice, limit: int) -> Sequence[Fractal]:
    """Return the first ``limit`` fractals."""
    return session.scalars(
        _sorted(_chosen(session, choice), choice).limit(limit), execution_options=BOUNDED
    ).all()


def after(session: Session, choice: Choice, marker: Fractal, limit: int) -> Sequence[Fractal]:
    """Return up to ``limit`` fractals that follow ``marker`` directly."""
    key = KEYS[choice.order]
    value = getattr(marker, key.key)
    query = _chosen(session, choice).where(key <= value, or_(key < value, Fractal.id < marker.id))
    return session.scalars(_sorted(query, choice).limit(limit), execution_options=BOUNDED).all()


def before(session: Session, choice: Choice, marker: Fractal, limit: int) -> Sequence[Fractal]:
    """Return up to ``limit`` fractals that precede ``marker`` directly, in the same order."""
    key = KEYS[choice.order]
    value = getattr(marker, key.key)
    query = _chosen(session, choice).where(key >= value, or_(key > value, Fractal.id > marker.id))
    return session.scalars(
        query.order_by(key, Fractal.id).limit(limit), execution_options=BOUNDED
    ).all()[::-1]


def completed_lately(session: Session, scope: Scope = EVERYTHING) -> int:
    """Return the number of fractals of ``scope`` completed in the last ``RATE_SECONDS``."""
    return count_where(session, *scope.where, Fractal.completed_at > moment(-RATE_SECONDS))


def _chosen(session: Session, choice: Choice) -> Select[Fractal]:
    least, most = PIXELS[choice.extent]
    query = select(Fractal).where(*choice.scope.where, Fractal.status == choice.status)
    query = query.where(*conditions(session, choice.filter))
    if hint := _hint(choice):
        query = query.with_hint(Fractal, hint, "mysql").with_hint(Fractal, hint, "mariadb")
    if least:
        query = query.where(Fractal.pixels >= least)
    return query if most is None else query.where(Fractal.pixels < most)


def _hint(choice: Choice) -> str | None:
    """Return which indexes MariaDB may use: it would intersect two, and sort half a million rows.

    It looks at a range of ids within an index only if it is forced to use that. Where a filter
    is met by few fractals or by nearly all it knows, and chooses.
    """
    scope, wanted, is_newest = choice.scope.indexes, choice.filter, choice.order is Order.NEWEST
    last = INDEXED[choice.order]
    sorted_one = f"{scope}_{last}" if scope else STATUS if is_newest else f"ix_fractal_{last}"
    if wanted == NO_FILTER:
        return f"FORCE INDEX ({sorted_one})" if scope else None
    if not wanted.indexes:
        has_days = wanted.since is not None or wanted.until is not None
        is_range = is_newest and has_days and wanted.uuid is None
        return f"FORCE INDEX ({sorted_one})" if is_range else None
    if is_newest and not scope:
        return f"FORCE INDEX ({', '.join(wanted.indexes)})"
    return f"USE INDEX ({', '.join([*wanted.indexes, sorted_one])})"


def _sorted(query: Select[Fractal], choice: Choice) -> Select[Fractal]:
    return query.order_by(KEYS[choice.order].desc(), Fractal.id.desc())
