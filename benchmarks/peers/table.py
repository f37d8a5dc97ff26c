# SPDX-License-Identifier: Apache-2.0
"""The table of fractals with faafo's fields and indexes, as plain SQLAlchemy."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Double, Engine, Index, String, Text, create_engine, make_url
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

FIELDS = {
    "uuid": str,
    "width": int,
    "height": int,
    "iterations": int,
    "xa": float,
    "xb": float,
    "ya": float,
    "yb": float,
    "cx": float,
    "cy": float,
}
SHOWN = (
    *FIELDS,
    "status",
    "attempt",
    "failures",
    "fault",
    "created_at",
    "checksum",
    "duration",
    "size",
    "generated_by",
)


def now() -> datetime:
    """Return the present, as the table keeps times: in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """The metadata of the one table."""


class Fractal(Base):
    """A fractal."""

    __tablename__ = "fractal"
    __table_args__ = (
        Index("ix_fractal_status_id", "status", "id"),
        Index("ix_fractal_status_lease_expires_at", "status", "lease_expires_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    created_at: Mapped[datetime] = mapped_column(DATETIME(fsp=6), default=now)
    width: Mapped[int]
    height: Mapped[int]
    iterations: Mapped[int]
    xa: Mapped[float] = mapped_column(Double)
    xb: Mapped[float] = mapped_column(Double)
    ya: Mapped[float] = mapped_column(Double)
    yb: Mapped[float] = mapped_column(Double)
    cx: Mapped[float] = mapped_column(Double)
    cy: Mapped[float] = mapped_column(Double)
    status: Mapped[str] = mapped_column(String(16), default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(Text)
    claimable_at: Mapped[datetime] = mapped_column(DATETIME(fsp=6), default=now)
    claimed_by: Mapped[str | None] = mapped_column(String(255))
    lease_expires_at: Mapped[datetime | None] = mapped_column(DATETIME(fsp=6))
    checksum: Mapped[str | None] = mapped_column(String(64))
    duration: Mapped[float | None] = mapped_column(Double)
    size: Mapped[int | None] = mapped_column(BigInteger)
    generated_by: Mapped[str | None] = mapped_column(String(255))

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON shows it."""
        record = {name: getattr(self, name) for name in SHOWN}
        record["created_at"] = f"{self.created_at.isoformat(timespec='microseconds')}Z"
        return record


def open_database(url: str, connections: int) -> Engine:
    """Return an engine that keeps up to this number of connections, after creating the table."""
    parts = make_url(url).set(drivername="mysql+pymysql")
    engine = create_engine(parts, pool_size=connections)
    Base.metadata.create_all(engine)
    return engine
