# SPDX-License-Identifier: Apache-2.0
"""Keep the digests of tokens that were issued to users with a password."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0009"
down_revision = "0008"

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
NAME = sa.String(255).with_variant(
    mysql.VARCHAR(255, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    steps.create_table(
        "access_token",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("user_id", NAME, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    steps.create_index("ix_access_token_expires_at", "access_token", ["expires_at"])
