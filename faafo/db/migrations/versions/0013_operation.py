# SPDX-License-Identifier: Apache-2.0
"""Keep services, maintenance, locks, settings and samples; note where requests came from."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0013"
down_revision = "0012"

NAME = {
    length: sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )
    for length in (64, 255)
}
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BODY = sa.Text().with_variant(mysql.TEXT(charset="utf8mb4"), "mysql", "mariadb")


def upgrade() -> None:
    for table in ("fractal", "event"):
        steps.add_column(table, sa.Column("request_id", sa.String(64)))
        steps.add_column(table, sa.Column("traceparent", sa.String(64)))
    steps.add_column("fractal", sa.Column("lock_token", sa.BigInteger))
    steps.create_table(
        "service",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", NAME[255], nullable=False),
        sa.Column("instance_id", NAME[255], nullable=False),
        sa.Column("host", NAME[255], nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("configuration", sa.String(64)),
        sa.Column("slots", sa.Integer),
        sa.Column("busy", sa.Integer),
        sa.Column("report", sa.JSON),
        sa.Column("draining", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("reason", BODY),
    )
    steps.create_index("ix_service_seen_at", "service", ["seen_at"])
    steps.create_table(
        "maintenance",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("reason", BODY),
        sa.Column("until", MOMENT),
        sa.Column("changed_at", MOMENT),
    )
    steps.insert_row("maintenance", id=1, mode="off")
    steps.create_table(
        "lock",
        sa.Column("name", NAME[64], primary_key=True),
        sa.Column("holder", NAME[255]),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    steps.create_table(
        "setting",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("value", BODY, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    steps.create_table(
        "setting_version",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    steps.insert_row("setting_version", id=1, version=0)
    steps.create_table(
        "sample",
        sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("queued", sa.BigInteger, nullable=False),
        sa.Column("rendering", sa.BigInteger, nullable=False),
        sa.Column("error", sa.BigInteger, nullable=False),
        sa.Column("completed", sa.BigInteger, nullable=False),
        sa.Column("oldest", sa.Double),
    )
