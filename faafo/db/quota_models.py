# SPDX-License-Identifier: Apache-2.0
"""The tables of quotas: what each project uses, and what it may use."""

from datetime import date

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from faafo.db import Base
from faafo.db.columns import exact


class Usage(Base):
    """What each project that has posted uses of its quota: see ``usage``."""

    __tablename__ = "usage"

    project_id: Mapped[str] = mapped_column(exact(64), primary_key=True)
    # Neither complete nor in error.
    queued: Mapped[int] = mapped_column(BigInteger, server_default="0")
    fractals: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # The sizes of the images of complete fractals.
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # Posted on ``day``, and not reduced when a fractal is deleted.
    pixels: Mapped[int] = mapped_column(BigInteger, server_default="0")
    day: Mapped[date | None]


class Quota(Base):
    """The limits of a project in place of those in ``[quota]``; NULL: that limit is the default."""

    __tablename__ = "quota"

    project_id: Mapped[str] = mapped_column(exact(64), primary_key=True)
    queued: Mapped[int | None] = mapped_column(BigInteger)
    fractals: Mapped[int | None] = mapped_column(BigInteger)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    pixels_per_day: Mapped[int | None] = mapped_column(BigInteger)
