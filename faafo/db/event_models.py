# SPDX-License-Identifier: Apache-2.0
"""The tables of the outbox: events, who wants them, and their deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Index, String, Text, false, true
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from faafo.db import Base
from faafo.db.clock import Moment
from faafo.db.columns import Serial, exact

# In MariaDB a TEXT is in the character set of the database, which need not have every character.
Body = Text().with_variant(mysql.TEXT(charset="utf8mb4"), "mysql", "mariadb")


class DeliveryStatus(StrEnum):
    """The status of a delivery: ``failed`` is given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Event(Base):
    """A change of a fractal, written in the transaction of the change."""

    __tablename__ = "event"
    # Streams are resumed by the id: it is never used again.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    type: Mapped[str] = mapped_column(String(32))
    # None: of a ping.
    fractal_uuid: Mapped[str | None] = mapped_column(String(36))
    project_id: Mapped[str | None] = mapped_column(exact(64))
    shared: Mapped[bool] = mapped_column(server_default=false())
    attempt: Mapped[int] = mapped_column(server_default="0")
    # The payload, a JSON text: a signature covers its bytes.
    body: Mapped[str] = mapped_column(Body)
    created_at: Mapped[datetime] = mapped_column(Moment)
    # Those of the fractal.
    request_id: Mapped[str | None] = mapped_column(String(64))
    traceparent: Mapped[str | None] = mapped_column(String(64))


class Webhook(Base):
    """A URL to which events are delivered."""

    __tablename__ = "webhook"
    __table_args__ = (
        Index("ix_webhook_project_id_callback", "project_id", "callback", "id"),
        Index("ix_webhook_callback", "callback", "created_at"),
        # Fractals name their callbacks by the id: it is never that of somebody else's webhook.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    # A callback is made anew whenever a fractal is posted with it.
    created_at: Mapped[datetime] = mapped_column(Moment)
    # Whose fractals it is about; None: those posted without a login.
    project_id: Mapped[str | None] = mapped_column(exact(64))
    user_id: Mapped[str | None] = mapped_column(exact(255))
    url: Mapped[str] = mapped_column(Body)
    # The types of events.
    events: Mapped[list[Any]] = mapped_column(JSON)
    # Only of fractals in this collection.
    collection_id: Mapped[int | None] = mapped_column(BigInteger)
    # Whether it stands for the callback_url of fractals, and gets events of those alone.
    callback: Mapped[bool] = mapped_column(server_default=false())
    secret: Mapped[str] = mapped_column(String(128))
    # Signs, too, until it expires.
    previous_secret: Mapped[str | None] = mapped_column(String(128))
    previous_until: Mapped[datetime | None] = mapped_column(Moment)
    enabled: Mapped[bool] = mapped_column(server_default=true())
    # Why it is disabled.
    reason: Mapped[str | None] = mapped_column(Body)

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Return what signs deliveries: the secret, and the one before while both are valid."""
        if self.previous_secret is None or self.previous_until is None:
            return (self.secret,)
        return (self.secret, self.previous_secret) if now < self.previous_until else (self.secret,)


class Delivery(Base):
    """An event on its way to a webhook, or to the bus."""

    __tablename__ = "delivery"
    __table_args__ = (
        # Claims: see ``deliveries``.
        Index("ix_delivery_due", "status", "bus", "due_at", "webhook_id", "tenant"),
        # How many were given up, and their redelivery.
        Index("ix_delivery_status_webhook_id", "status", "webhook_id", "id"),
        # The log of a webhook.
        Index("ix_delivery_webhook_id", "webhook_id", "id"),
        Index("ix_delivery_event_id", "event_id"),
        # Leases name deliveries by the id: a late report is never about another one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger)
    # Whether it is to the bus, and to which webhook otherwise.
    bus: Mapped[bool] = mapped_column(server_default=false())
    webhook_id: Mapped[int | None] = mapped_column(BigInteger)
    # The project at the receiver: see ``tenants``. None: to the bus, or of an earlier release.
    tenant: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16), server_default=DeliveryStatus.PENDING)
    # Counts claims: the fencing token of a claim.
    attempt: Mapped[int] = mapped_column(server_default="0")
    # Failed attempts since it was queued.
    failures: Mapped[int] = mapped_column(server_default="0")
    # When it can be claimed; while it is claimed, when its lease expires.
    due_at: Mapped[datetime] = mapped_column(Moment)
    claimed_by: Mapped[str | None] = mapped_column(exact(255))
    # What came of the last attempt.
    http_status: Mapped[int | None]
    fault: Mapped[str | None] = mapped_column(Body)
    duration: Mapped[float | None] = mapped_column(Double)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Subscription(Base):
    """Who wants events beside webhooks, until the subscription expires."""

    __tablename__ = "subscription"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    # Since when it has never been expired.
    began_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
