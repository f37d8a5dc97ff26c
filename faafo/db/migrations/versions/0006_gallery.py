# SPDX-License-Identifier: Apache-2.0
"""Index fractals by size and duration, and store when they were claimed and completed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    pixels = sa.Computed("width * height", persisted=False)
    op.add_column("fractal", sa.Column("pixels", sa.BigInteger, pixels))
    op.add_column("fractal", sa.Column("claimed_at", MOMENT))
    op.add_column("fractal", sa.Column("completed_at", MOMENT))
    op.create_index("ix_fractal_duration", "fractal", ["duration"])
    op.create_index("ix_fractal_pixels", "fractal", ["pixels"])
    op.create_index("ix_fractal_completed_at", "fractal", ["completed_at"])
