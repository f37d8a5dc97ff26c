# SPDX-License-Identifier: Apache-2.0
"""The registry of services: heartbeats are stored, and the state is computed when it is read.

Times are the database's own: a heartbeat tells ages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, false, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from faafo import errors
from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.operation_models import Service
from faafo.db.statements import execute_update, matched
from faafo.fractal.service import Kind, State, service_id, state_of

# A row that is disabled is kept for that many times as long as others.
DISABLED_FACTOR = 7
# Seconds after which a process that is not seen has lost its name to an older one, by default.
DOWN_TIME = 12.0


@dataclass(frozen=True)
class Heartbeat:
    """What a process tells of itself, or a producer of a worker.

    ``age`` is the number of seconds since the process began, ``seen`` that since it was seen.
    """

    kind: Kind
    name: str
    instance_id: str
    host: str
    version: str
    age: float
    seen: float = 0.0
    slots: int | None = None
    busy: int | None = None
    draining: bool = False
    configuration: str | None = None
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the service."""
        return service_id(self.kind, self.name)


@dataclass(frozen=True)
class Seen:
    """A service of the registry: what it told last, its state, and seconds since it was seen."""

    id: str
    kind: str
    name: str
    instance_id: str
    host: str
    version: str
    configuration: str | None
    slots: int | None
    busy: int | None
    report: dict[str, Any]
    started_at: datetime
    seen_at: datetime
    disabled: bool
    reason: str | None
    state: State
    unseen: float


@retry_on_deadlock
def store(session: Session, heartbeats: Iterable[Heartbeat], down_time: float = DOWN_TIME) -> None:
    """Store heartbeats and commit; one that is older than what is known changes nothing.

    :param down_time: seconds after which a process that is not seen is down.
    """
    # In one order for all: two producers tell of the same workers.
    for one in sorted(heartbeats, key=lambda one: one.id):
        if not execute_update(session, _update(one, down_time)) and not _is_known(session, one):
            _insert(session, one)
    session.commit()


def _columns(one: Heartbeat) -> dict[str, Any]:
    return {
        "instance_id": one.instance_id,
        "host": one.host,
        "version": one.version,
        "configuration": one.configuration,
        "slots": one.slots,
        "busy": one.busy,
        "report": one.report,
        "draining": one.draining,
        "started_at": moment(-one.age),
        "seen_at": moment(-one.seen),
    }


def _update(one: Heartbeat, down_time: float) -> Any:
    # Of two processes of one name the younger one has it, unless it is no longer seen.
    is_ours = or_(
        Service.instance_id == one.instance_id,
        Service.started_at < moment(-one.age),
        Service.seen_at < moment(-down_time),
    )
    # What is of the future was stored by a clock that has been put back since.
    is_news = or_(Service.seen_at <= moment(-one.seen), Service.seen_at > moment())
    return update(Service).where(Service.id == one.id, is_ours, is_news).values(_columns(one))


def _is_known(session: Session, one: Heartbeat) -> bool:
    return session.scalar(select(Service.id).where(Service.id == one.id)) is not None


def _insert(session: Session, one: Heartbeat) -> None:
    values = _columns(one) | {"id": one.id, "kind": one.kind, "name": one.name}
    try:
        with session.begin_nested():
            session.execute(insert(Service).values(values))
    except IntegrityError:
        # Another process has inserted it in this moment, with what it knows.
        return


@retry_on_deadlock
def remove(session: Session, uid: str, instance_id: str) -> None:
    """Remove a service whose process has ended, and commit; one that is disabled stays."""
    query = delete(Service).where(Service.id == uid, Service.instance_id == instance_id)
    session.execute(query.where(Service.disabled == false()))
    session.commit()


@retry_on_deadlock
def remove_down(session: Session, uid: str, down_time: float) -> bool:
    """Remove a service that is down, and commit; tell whether there was one.

    :param down_time: seconds after which a service that is not seen is down.
    """
    query = delete(Service).where(Service.id == uid, Service.seen_at < moment(-down_time))
    removed = matched(session.execute(query))
    session.commit()
    return bool(removed)


def listed(session: Session, down_time: float, kind: Kind | None = None) -> Sequence[Seen]:
    """Return the services, by kind and name.

    :param down_time: seconds after which a service that is not seen is down.
    """
    query = select(Service, moment()).order_by(Service.kind, Service.name)
    if kind is not None:
        query = query.where(Service.kind == kind)
    return [_seen(row, now, down_time) for row, now in session.execute(query)]


def get(session: Session, uid: str, down_time: float) -> Seen:
    """Return a service.

    :raises faafo.errors.ServiceNotFound: when there is none.
    """
    query = select(Service, moment()).where(Service.id == uid)
    found = session.execute(query).one_or_none()
    if found is None:
        raise errors.ServiceNotFound(f"there is no service {uid}")
    return _seen(*found, down_time)


def _seen(row: Service, now: datetime, down_time: float) -> Seen:
    unseen = max(0.0, (now - row.seen_at).total_seconds())
    return Seen(
        **{name: getattr(row, name) for name in SHOWN},
        report=row.report or {},
        state=state_of(unseen, down_time, row.disabled, row.draining),
        unseen=unseen,
    )


SHOWN = (
    *("id", "kind", "name", "instance_id", "host", "version", "configuration", "slots", "busy"),
    *("started_at", "seen_at", "disabled", "reason"),
)


@retry_on_deadlock
def change(session: Session, uid: str, disabled: bool, reason: str | None) -> None:
    """Disable a service or enable it again, and commit.

    :raises faafo.errors.ServiceNotFound: when there is none.
    """
    values = {"disabled": disabled, "reason": reason if disabled else None}
    if not execute_update(session, update(Service).where(Service.id == uid).values(values)):
        session.rollback()
        raise errors.ServiceNotFound(f"there is no service {uid}")
    session.commit()


def disabled(session: Session) -> Mapping[tuple[str, str], str | None]:
    """Return why services are disabled, by kind and name; leaves no transaction open."""
    query = select(Service.kind, Service.name, Service.reason).where(Service.disabled == true())
    found = {(one.kind, one.name): one.reason for one in session.execute(query)}
    session.rollback()
    return found


@retry_on_deadlock
def purge(session: Session, retention: float) -> None:
    """Remove services that have not been seen for ``retention`` seconds, and commit.

    A disabled one is kept for DISABLED_FACTOR times as long.
    """
    for is_disabled, seconds in ((false(), retention), (true(), DISABLED_FACTOR * retention)):
        old = Service.seen_at < moment(-seconds)
        session.execute(delete(Service).where(Service.disabled == is_disabled, old))
    session.commit()
