# SPDX-License-Identifier: Apache-2.0
"""Samples of the load: one row a minute, which any of the APIs writes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, select

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.gallery import completed_lately
from faafo.db.models import Fractal
from faafo.db.operation_models import Sample
from faafo.db.statements import insert_unless_there
from faafo.fractal.task import Status

# Minutes for which samples are kept.
KEPT = 24 * 60
HOUR = 60


def minute_now(session: Session) -> int:
    """Return the number of whole minutes since 1970, by the clock of the database."""
    now = session.scalars(select(moment())).one()
    return _minute(now)


def is_due(session: Session) -> bool:
    """Tell whether the present minute has no sample yet."""
    return session.get(Sample, minute_now(session)) is None


@retry_on_deadlock
def record(session: Session, counts: Mapping[str, int]) -> None:
    """Store the sample of the present minute unless there is one, and commit.

    :param counts: the number of fractals by status.
    """
    minute = minute_now(session)
    values = {
        "minute": minute,
        "queued": counts[Status.QUEUED],
        "rendering": counts[Status.RENDERING],
        "error": counts[Status.ERROR],
        "completed": completed_lately(session),
        "oldest": oldest_seconds(session),
    }
    session.execute(insert_unless_there(Sample.__table__), values)
    session.execute(delete(Sample).where(Sample.minute < minute - KEPT))
    session.commit()


def oldest_seconds(session: Session) -> float | None:
    """Return the seconds for which the oldest fractal that is queued could have been claimed.

    None without one. It was posted earlier if it has been queued again since: by a retry, say.
    What cannot be claimed yet does not wait.
    """
    query = select(moment(), Fractal.claimable_at).where(
        Fractal.status == Status.QUEUED, Fractal.claimable_at <= moment()
    )
    found = session.execute(query.order_by(Fractal.id).limit(1)).one_or_none()
    return None if found is None else max(0.0, (found[0] - found[1]).total_seconds())


def last_hour(session: Session) -> Sequence[Sample | None]:
    """Return the samples of the last HOUR minutes, the oldest first; None for one without."""
    last = minute_now(session)
    query = select(Sample).where(Sample.minute > last - HOUR, Sample.minute <= last)
    found = {one.minute: one for one in session.scalars(query)}
    return [found.get(minute) for minute in range(last - HOUR + 1, last + 1)]


def _minute(time: datetime) -> int:
    return int(time.replace(tzinfo=UTC).timestamp() // 60)
