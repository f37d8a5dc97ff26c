# SPDX-License-Identifier: Apache-2.0
"""Conditions that select the records on which leases were given."""

from sqlalchemy import false, or_, tuple_
from sqlalchemy.sql import ColumnElement

from faafo.db.models import Fractal
from faafo.fractal.lease import Lease


def identified(*given: Lease) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the records whose latest lease is one of those ``given``."""
    leases = [one for one in given if one.is_consistent]
    fenced = [(one.uuid, one.attempt, one.incarnation) for one in leases if one.token is not None]
    bare = [(one.uuid, one.attempt) for one in leases if one.token is None]
    either: list[ColumnElement[bool]] = []
    if fenced:
        either.append(tuple_(Fractal.uuid, Fractal.attempt, Fractal.incarnation).in_(fenced))
    if bare:
        either.append(tuple_(Fractal.uuid, Fractal.attempt).in_(bare))
    # The first condition is the one that the unique index serves.
    return Fractal.uuid.in_([one.uuid for one in leases]), or_(false(), *either)
