# SPDX-License-Identifier: Apache-2.0
"""Who wants events, as each process has read it READ_SECONDS ago at most.

While nobody wants any, this is all that the outbox reads. A subscriber can rely on events of
changes that begin ``EFFECTIVE_SECONDS`` after the subscription was committed.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, case, delete, false, insert, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from faafo.db import Session
from faafo.db.clock import moment
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.event_models import Subscription, Webhook
from faafo.db.statements import execute_update

READ_SECONDS = 0.5
# A change that has read who wants events just before a subscription ends within this time.
EFFECTIVE_SECONDS = 2 * READ_SECONDS

# Names of subscriptions.
BUS = "bus"
STREAM = "stream"


@dataclass(frozen=True)
class Target:
    """A webhook that is enabled: the events it wants."""

    id: int
    project_id: str | None
    types: frozenset[str]
    collection_id: int | None


@dataclass(frozen=True)
class Subscriptions:
    """Who wants events at present; callbacks of single fractals apart.

    ``has_webhooks`` tells whether there is a webhook at all, those for callbacks included: without
    one there is nothing to deliver.
    """

    targets: tuple[Target, ...] = ()
    names: frozenset[str] = frozenset()
    has_webhooks: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nobody wants any."""
        return not self.targets and not self.names


class _Known:
    """What a process knows of one database."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.read_at = -READ_SECONDS
        self.found = Subscriptions()
        # How often ``forget`` was called.
        self.forgotten = 0


_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


def current(session: Session) -> Subscriptions:
    """Return who wants events."""
    known = _of(session)
    if time.monotonic() - known.read_at >= READ_SECONDS:
        read_at, forgotten = time.monotonic(), known.forgotten
        found = _read(session)
        with known.lock:
            if forgotten != known.forgotten:
                # It may have been read before the change that was to be read.
                return found
            if read_at > known.read_at:
                known.read_at, known.found = read_at, found
    return known.found


def forget(session: Session) -> None:
    """Have this process read who wants events before the next change."""
    known = _of(session)
    with known.lock:
        known.forgotten += 1
        known.read_at = -READ_SECONDS


def seconds_to_effect(session: Session) -> float:
    """Return the seconds after which every process knows of a subscription of this one.

    An SQLite file is that of one process, which knows at once.
    """
    return 0.0 if _engine(session).dialect.name == "sqlite" else EFFECTIVE_SECONDS


@retry_on_deadlock
def subscribe(session: Session, name: str, seconds: float) -> None:
    """Want events for ``seconds`` from now on, and commit.

    :param name: BUS for deliveries to the bus; any other for events alone.
    """
    lasting = case((Subscription.expires_at > moment(), Subscription.began_at), else_=moment())
    # In this order: MariaDB sees in an expression what was set before.
    query = update(Subscription).where(Subscription.name == name)
    query = query.ordered_values(("began_at", lasting), ("expires_at", moment(seconds)))
    if not execute_update(session, query):
        times = {"began_at": moment(), "expires_at": moment(seconds)}
        try:
            session.execute(insert(Subscription).values(name=name, **times))
        except IntegrityError:
            # Another process has subscribed in this moment.
            session.rollback()
    session.commit()
    forget(session)


def age(session: Session, name: str) -> float:
    """Return for how many seconds events have been wanted without interruption; 0.0 if not."""
    query = select(moment(), Subscription.began_at)
    found = session.execute(query.where(*_is_valid(name))).one_or_none()
    return 0.0 if found is None else max(0.0, (found[0] - found[1]).total_seconds())


def began_at(session: Session, name: str) -> datetime | None:
    """Return since when events have been wanted without interruption; None if they are not."""
    return session.scalar(select(Subscription.began_at).where(*_is_valid(name)))


def _is_valid(name: str) -> tuple[ColumnElement[bool], ...]:
    return Subscription.name == name, Subscription.expires_at > moment()


def remove_expired(session: Session) -> None:
    """Delete subscriptions that have expired; the caller commits."""
    session.execute(delete(Subscription).where(Subscription.expires_at < moment()))


def _engine(session: Session) -> Engine:
    bind = session.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine


def _of(session: Session) -> _Known:
    return _known.setdefault(_engine(session), _Known())


def _read(session: Session) -> Subscriptions:
    names = select(Subscription.name).where(Subscription.expires_at > moment())
    webhooks = select(Webhook.id, Webhook.project_id, Webhook.events, Webhook.collection_id)
    webhooks = webhooks.where(Webhook.callback == false(), Webhook.enabled == true())
    targets = [
        Target(one.id, one.project_id, frozenset(one.events), one.collection_id)
        for one in session.execute(webhooks)
    ]
    has_webhooks = bool(targets) or session.scalar(select(Webhook.id).limit(1)) is not None
    return Subscriptions(tuple(targets), frozenset(session.scalars(names)), has_webhooks)
