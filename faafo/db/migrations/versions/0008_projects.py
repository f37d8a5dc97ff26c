# SPDX-License-Identifier: Apache-2.0
"""Say which project and user a fractal belongs to, and whether all projects may see it."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0008"
down_revision = "0007"

# Two projects must not be one by letters in another case, or by accents.
NAME = {
    length: sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )
    for length in (64, 255)
}
# SQLite and PostgreSQL index the rows only that have an owner, or are shared: without a login there
# are none.
OWNED = sa.text("project_id IS NOT NULL")
SHARED = sa.text("shared = 1")


def upgrade() -> None:
    steps.add_column("fractal", sa.Column("project_id", NAME[64]))
    steps.add_column("fractal", sa.Column("user_id", NAME[255]))
    shared = sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false())
    steps.add_column("fractal", shared)
    # The primary key is a part of each: the first one is by project and id.
    steps.create_index(
        "ix_fractal_project_id",
        "fractal",
        ["project_id"],
        sqlite_where=OWNED,
        postgresql_where=OWNED,
    )
    for name in ("status", "duration", "pixels"):
        columns = ["project_id", name]
        index = f"ix_fractal_project_id_{name}"
        steps.create_index(index, "fractal", columns, sqlite_where=OWNED, postgresql_where=OWNED)
    for name in ("status", "duration", "pixels"):
        index = f"ix_fractal_shared_{name}"
        columns = ["shared", name]
        steps.create_index(
            index,
            "fractal",
            columns,
            sqlite_where=SHARED,
            postgresql_where=sa.text("shared"),
        )
