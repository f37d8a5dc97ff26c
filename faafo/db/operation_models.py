# SPDX-License-Identifier: Apache-2.0
"""The tables of operation: services, maintenance, locks, settings, and samples of the load."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from faafo.db import Base
from faafo.db.clock import Moment
from faafo.db.columns import exact
from faafo.db.event_models import Body


class Service(Base):
    """A service by kind and name: what the process that has the name now last told of itself."""

    __tablename__ = "service"
    __table_args__ = (Index("ix_service_seen_at", "seen_at"),)

    # Made of kind and name: the next process of the name has the same row.
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(exact(255))
    # Of the process: each has another one.
    instance_id: Mapped[str] = mapped_column(exact(255))
    host: Mapped[str] = mapped_column(exact(255))
    version: Mapped[str] = mapped_column(String(64))
    # Which settings and files it goes by.
    configuration: Mapped[str | None] = mapped_column(String(64))
    slots: Mapped[int | None]
    busy: Mapped[int | None]
    # Whatever else it reports.
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # Whether it finishes what it has and takes nothing more.
    draining: Mapped[bool] = mapped_column(server_default=false())
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    # Set by an operator, for this process and the next ones of the name.
    disabled: Mapped[bool] = mapped_column(server_default=false())
    reason: Mapped[str | None] = mapped_column(Body)


class Maintenance(Base):
    """The mode of maintenance: the row with the id 1."""

    __tablename__ = "maintenance"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Body)
    # When the mode ends by itself.
    until: Mapped[datetime | None] = mapped_column(Moment)
    changed_at: Mapped[datetime | None] = mapped_column(Moment)


class Lock(Base):
    """A lock; the row stays when the lock is released, since the token never decreases."""

    __tablename__ = "lock"

    name: Mapped[str] = mapped_column(exact(64), primary_key=True)
    # None: nobody.
    holder: Mapped[str | None] = mapped_column(exact(255))
    # Counts acquisitions: the fencing token of the holder.
    token: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    # Counts the transactions that require it: see ``locks.require``.
    uses: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Setting(Base):
    """The value of an option that overrides those of files and of the environment."""

    __tablename__ = "setting"

    # Such as ``producer.claim_interval``; without a group that of [DEFAULT].
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    # As in a file.
    value: Mapped[str] = mapped_column(Body)
    changed_at: Mapped[datetime] = mapped_column(Moment)


class SettingVersion(Base):
    """The number of changes of settings so far: the row with the id 1."""

    __tablename__ = "setting_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


class Sample(Base):
    """The load in one minute, written once by any of the APIs."""

    __tablename__ = "sample"

    # Minutes since 1970, by the clock of the database.
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # When it was written.
    queued: Mapped[int] = mapped_column(BigInteger)
    rendering: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[int] = mapped_column(BigInteger)
    # In the minute before.
    completed: Mapped[int] = mapped_column(BigInteger)
    # Seconds for which the oldest queued fractal could be claimed.
    oldest: Mapped[float | None] = mapped_column(Double)


class AccessToken(Base):
    """A token of a user who has logged in; the token itself is not stored."""

    __tablename__ = "access_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(exact(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
