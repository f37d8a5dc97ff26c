# SPDX-License-Identifier: Apache-2.0
"""The tables: fractals, the only record of every job, and collections."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Computed,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from faafo.correlation import Correlation
from faafo.db import Base
from faafo.db.clock import Moment
from faafo.db.columns import Serial, exact
from faafo.db.records import NEED, RECORD_FIELDS, as_record
from faafo.fractal import palette as palettes
from faafo.fractal.film import Film
from faafo.fractal.lease import incarnation_of, make_token
from faafo.fractal.media import FILMS, IMAGE, SEGMENT, Medium
from faafo.fractal.parts import Band
from faafo.fractal.task import PARAMETERS, FractalTask, Status


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _owned(*columns: str) -> Index:
    name = "_".join(("ix_fractal_project_id", *columns))
    return _not_null(name, "project_id", "project_id", *columns)


def _not_null(name: str, column: str, *columns: str) -> Index:
    where = text(f"{column} IS NOT NULL")
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


def _shared(column: str) -> Index:
    name, lite = f"ix_fractal_shared_{column}", text("shared = 1")
    return Index(name, "shared", column, sqlite_where=lite, postgresql_where=text("shared"))


TURN = "ix_fractal_kind_turn"


class Deletions(Base):
    """The number of fractals deleted, shared or no longer shared so far: see ``counts``."""

    __tablename__ = "deletions"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)


class Collection(Base):
    """Fractals that a user keeps together under a name."""

    __tablename__ = "collection"
    __table_args__ = (Index("ix_collection_project_id_user_id", "project_id", "user_id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    # Who has made it; None: made without a login.
    project_id: Mapped[str | None] = mapped_column(exact(64))
    user_id: Mapped[str | None] = mapped_column(exact(255))
    name: Mapped[str] = mapped_column(exact(255))
    # Whether everybody may see it.
    shared: Mapped[bool] = mapped_column(server_default=false(), index=True)
    # Whether it is the one of its user's favourites.
    reserved: Mapped[bool] = mapped_column(server_default=false())


class CollectedFractal(Base):
    """A fractal in a collection; the row is deleted with either of them."""

    __tablename__ = "collected_fractal"

    collection_id: Mapped[int] = mapped_column(
        ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    fractal_id: Mapped[int] = mapped_column(
        ForeignKey("fractal.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Fractal(Base):
    """A fractal: its parameters, its status and its result."""

    __tablename__ = "fractal"
    __table_args__ = (
        Index("ix_fractal_status_id", "status", "id"),
        Index("ix_fractal_status_lease_expires_at", "status", "lease_expires_at"),
        # For claims: the order of what has a need in a project, and whether it can be claimed yet.
        Index(TURN, "status", "project_id", *NEED, "turn_at", "id", "claimable_at"),
        _not_null("ix_fractal_status_expires_at", "expires_at", "status", "expires_at"),
        # Without the status: nearly all rows have the same one, and it changes twice.
        Index("ix_fractal_duration", "duration"),
        Index("ix_fractal_pixels", "pixels"),
        Index("ix_fractal_completed_at", "completed_at"),
        # For the filters of the gallery: see ``finding``.
        Index("ix_fractal_palette_status", "palette", "status"),
        Index("ix_fractal_generated_by_status", "generated_by", "status"),
        Index("ix_fractal_created_at", "created_at"),
        # The children of a fractal, and what is none.
        Index("ix_fractal_parent_status", "parent", "status"),
        # Those that have children: few, and films are among them.
        Index("ix_fractal_children", "children", **_where("children IS NOT NULL")),
        _owned(),
        _owned("status"),
        _owned("duration"),
        _owned("pixels"),
        _shared("status"),
        _shared("duration"),
        _shared("pixels"),
    )

    # Grows with time, so that "newest first" and a cursor need no other column.
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    # Who has posted it; None: posted without a login.
    project_id: Mapped[str | None] = mapped_column(exact(64))
    user_id: Mapped[str | None] = mapped_column(exact(255))
    # Whether all projects may see it.
    shared: Mapped[bool] = mapped_column(server_default=false())

    width: Mapped[int]
    height: Mapped[int]
    pixels: Mapped[int] = mapped_column(BigInteger, Computed("width * height"))
    iterations: Mapped[int]
    xa: Mapped[float] = mapped_column(Double)
    xb: Mapped[float] = mapped_column(Double)
    ya: Mapped[float] = mapped_column(Double)
    yb: Mapped[float] = mapped_column(Double)
    cx: Mapped[float] = mapped_column(Double)
    cy: Mapped[float] = mapped_column(Double)
    palette: Mapped[str] = mapped_column(String(16), server_default=palettes.DEFAULT)
    formula: Mapped[str] = mapped_column(String(16), server_default="z2")
    colouring: Mapped[str] = mapped_column(String(16), server_default="bands")
    samples: Mapped[int] = mapped_column(server_default="1")
    # A reserved word of MariaDB.
    offset: Mapped[float] = mapped_column("offset", Double, quote=True, server_default="0")
    density: Mapped[float] = mapped_column(Double, server_default="1")
    inside: Mapped[str | None] = mapped_column(String(7))
    # What a worker must know to draw it: see ``fractal.drawing.parameter_version``.
    parameter_version: Mapped[int] = mapped_column(server_default="1")
    # Which workers are given it, too: see ``fractal.kinds``.
    kind: Mapped[str] = mapped_column(String(16), server_default="render")
    label: Mapped[str | None] = mapped_column(exact(64))
    # The uuid of the fractal that this is a part of, and its rows of that: see ``children``.
    parent: Mapped[str | None] = mapped_column(String(36))
    first_row: Mapped[int | None]
    band_rows: Mapped[int | None]
    # How many parts it has, and how many of them are not complete.
    children: Mapped[int | None]
    open_children: Mapped[int | None]
    # In JSON, if it is a film: see ``fractal.film``. Its children have numbers.
    film: Mapped[str | None] = mapped_column(Text)
    frame: Mapped[int | None]

    status: Mapped[str] = mapped_column(String(16), default=Status.QUEUED)
    # Random, 16 hexadecimal digits: an earlier record with the same uuid had another one.
    incarnation: Mapped[str] = mapped_column(String(16))
    # Counts claims. With the incarnation it is the fencing token: see ``token``.
    attempt: Mapped[int] = mapped_column(default=0)
    # Counts attempts that failed or whose lease expired; a release is no failure.
    failures: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(Text)
    claimable_at: Mapped[datetime] = mapped_column(Moment)
    priority: Mapped[int] = mapped_column(server_default="0")
    not_before: Mapped[datetime | None] = mapped_column(Moment)
    # A fractal that is queued then ends in error.
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    # The earliest is claimed first: see ``fractal.scheduling``; never after ``claimable_at``.
    turn_at: Mapped[datetime] = mapped_column(Moment, server_default="1970-01-01 00:00:00.000000")
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    claimed_by: Mapped[str | None] = mapped_column(String(255))
    lease_expires_at: Mapped[datetime | None] = mapped_column(Moment)
    # The progress of a long render, for the pages; not a field of the record.
    rows_done: Mapped[int | None]
    # The webhook that is told how it ends: see ``callbacks``. It may be deleted by now.
    callback_id: Mapped[int | None] = mapped_column(BigInteger)
    # The request that has posted it, as logs name it, and the span of that in a trace.
    request_id: Mapped[str | None] = mapped_column(String(64))
    traceparent: Mapped[str | None] = mapped_column(String(64))
    # The fencing token of the generator's lock, if it was posted under that.
    lock_token: Mapped[int | None] = mapped_column(BigInteger)

    # Not unique: two records may describe the same image.
    checksum: Mapped[str | None] = mapped_column(String(64))
    # The lease under which the image was stored; None: by a worker that knows no tokens.
    image_token: Mapped[str | None] = mapped_column(String(32))
    completed_at: Mapped[datetime | None] = mapped_column(Moment)
    duration: Mapped[float | None] = mapped_column(Double)
    size: Mapped[int | None] = mapped_column(BigInteger)
    generated_by: Mapped[str | None] = mapped_column(String(255))

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON shows it."""
        return as_record({name: getattr(self, name) for name in RECORD_FIELDS})

    @property
    def token(self) -> str:
        """The token of the lease on the current attempt."""
        return make_token(self.incarnation, self.attempt)

    @property
    def correlation(self) -> Correlation:
        """By which its log lines and spans are found."""
        return Correlation(self.request_id, self.traceparent)

    def may_own(self, image_token: str | None) -> bool:
        """Tell whether the image stored under that token is, or may become, that of this record."""
        if image_token is None:
            return True
        if self.status == Status.COMPLETE and self.image_token is not None:
            return image_token == self.image_token
        return incarnation_of(image_token) == self.incarnation

    @property
    def part(self) -> Band | None:
        """The band of another fractal that it is, if it is one."""
        if self.first_row is None:
            return None
        return Band(first_row=self.first_row, rows=self.band_rows or 1)

    @property
    def medium(self) -> Medium:
        """The kind of files that its image, its segment or its film is."""
        if self.film is not None:
            return FILMS[Film.of_text(self.film).format]
        return IMAGE if self.first_row is None else SEGMENT

    def task(self) -> FractalTask:
        """Return the task that a worker renders."""
        return FractalTask(uuid=self.uuid, **{name: getattr(self, name) for name in PARAMETERS})
