# SPDX-License-Identifier: Apache-2.0
"""Index fractals by size and duration, and store when they were claimed and completed."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    pixels = steps.product("width", "height")
    steps.add_column("fractal", sa.Column("pixels", sa.BigInteger, pixels))
    steps.add_column("fractal", sa.Column("claimed_at", MOMENT))
    steps.add_column("fractal", sa.Column("completed_at", MOMENT))
    steps.create_index("ix_fractal_duration", "fractal", ["duration"])
    steps.create_index("ix_fractal_pixels", "fractal", ["pixels"])
    steps.create_index("ix_fractal_completed_at", "fractal", ["completed_at"])
