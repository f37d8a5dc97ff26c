# SPDX-License-Identifier: Apache-2.0
"""Create the table of fractals."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0001"
down_revision = None

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    steps.create_table(
        "fractal",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("uuid", sa.String(36), nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("iterations", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.Double, nullable=False)
            for name in ("xa", "xb", "ya", "yb", "cx", "cy")
        ),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("fault", sa.Text),
        sa.Column("claimable_at", MOMENT, nullable=False),
        sa.Column("claimed_by", sa.String(255)),
        sa.Column("lease_expires_at", MOMENT),
        sa.Column("checksum", sa.String(64)),
        sa.Column("duration", sa.Double),
        sa.Column("size", sa.BigInteger),
        sa.Column("generated_by", sa.String(255)),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    steps.create_index("ix_fractal_status_id", "fractal", ["status", "id"])
    steps.create_index("ix_fractal_status_claimable_at", "fractal", ["status", "claimable_at"])
    steps.create_index(
        "ix_fractal_status_lease_expires_at", "fractal", ["status", "lease_expires_at"]
    )
