# SPDX-License-Identifier: Apache-2.0
"""The results of many attempts, recorded in one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, or_, update
from sqlalchemy.sql import ColumnElement

from faafo.db import Session, changes, children, usage
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.models import Fractal
from faafo.db.outcomes import COMPLETED, Accepted, Result
from faafo.db.text import exact
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status
from faafo.metrics import catalogue as metrics


@retry_on_deadlock
def complete_all(
    session: Session,
    claimed_by: str,
    results: Sequence[Result],
    accepted: Accepted = lambda _: None,
) -> list[Lease]:
    """Record the results of many attempts, as ``complete``; return the leases of refused ones.

    :param claimed_by: who reports them. A result without a token is refused if its fractal is now
        claimed by another producer: the attempt alone does not tell two records of a uuid apart.
    """
    refused: list[Result] = []
    if _record_all(session, claimed_by, results) != len(results):
        # The count does not say which of them were refused: record them one by one.
        session.rollback()
        refused = [one for one in results if not _record_all(session, claimed_by, [one])]
    lost = {one.lease for one in refused}
    session.commit()
    accepted([one for one in results if one.lease not in lost])
    metrics.COMPLETED.add(amount=len(results) - len(refused))
    return list(lost)


def _record_all(session: Session, claimed_by: str, results: Sequence[Result]) -> int:
    """Record results, count them, and tell of them; return how many of them were accepted."""
    results = [one for one in results if one.is_consistent]
    quiet = changes.is_quiet(session)
    accepted = _record_where(session, claimed_by, results, quiet)
    if accepted == len(results):
        return accepted
    uuids = [one.lease.uuid for one in results]
    before = changes.lock(session, quiet, Fractal.uuid.in_(uuids), Fractal.status != Status.ERROR)
    found = {one.uuid: one for one in before}
    others = [one for one in results if one.lease.uuid in found]
    count = _record_where(session, claimed_by, others, ~quiet)
    # Otherwise some were refused: the caller rolls back, or there was only one.
    if count == len(others):
        written = {one.lease.uuid: {**COMPLETED, **one.values} for one in others}
        counted = [(one.project_id, usage.replaced(one, written[one.uuid])) for one in before]
        usage.add(session, counted)
        children.follow(session, before, Status.COMPLETE)
        changes.tell(session, before, Status.COMPLETE)
    return accepted + count


def _record_where(
    session: Session, claimed_by: str, results: Sequence[Result], where: ColumnElement[bool]
) -> int:
    fenced = [one for one in results if one.lease.token is not None]
    bare = [one for one in results if one.lease.token is None]
    table = Fractal.__table__.c
    same_record = table.incarnation == bindparam("within")
    same_producer = or_(
        table.claimed_by.is_(None), exact(table.claimed_by) == bindparam("reported_by")
    )
    rows = [_row(one) | {"within": one.lease.incarnation} for one in fenced]
    count = _record(session, and_(where, same_record), rows)
    rows = [_row(one) | {"reported_by": claimed_by} for one in bare]
    return count + _record(session, and_(where, same_producer), rows)


def _row(one: Result) -> dict[str, Any]:
    identity = {"of": one.lease.uuid, "made_in": one.lease.attempt}
    return {**identity, **one.values, "image_token": one.image_token}


def _record(session: Session, where: ColumnElement[bool], rows: list[dict[str, Any]]) -> int:
    table = Fractal.__table__.c
    query = (
        update(Fractal.__table__)
        .where(table.uuid == bindparam("of"), table.attempt == bindparam("made_in"), where)
        .where(table.status != Status.ERROR)
        .values(**COMPLETED)
    )
    return session.connection().execute(query, rows).rowcount if rows else 0
