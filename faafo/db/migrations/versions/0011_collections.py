# SPDX-License-Identifier: Apache-2.0
"""Keep fractals together in collections."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0011"
down_revision = "0010"

NAME = {
    length: sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )
    for length in (64, 255)
}
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    steps.create_table(
        "collection",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("uuid", sa.String(36), nullable=False, unique=True),
        sa.Column("project_id", NAME[64]),
        sa.Column("user_id", NAME[255]),
        sa.Column("name", NAME[255], nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("reserved", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    owner = ["project_id", "user_id"]
    steps.create_index("ix_collection_project_id_user_id", "collection", owner)
    steps.create_index("ix_collection_shared", "collection", ["shared"])
    steps.create_table(
        "collected_fractal",
        _part_of("collection"),
        _part_of("fractal"),
    )
    steps.create_index("ix_collected_fractal_fractal_id", "collected_fractal", ["fractal_id"])


def _part_of(table: str) -> sa.Column:
    """Return the column that names a row of ``table``, and goes with it."""
    whole = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(f"{table}_id", SERIAL, whole, primary_key=True, autoincrement=False)
