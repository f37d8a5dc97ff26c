# SPDX-License-Identifier: Apache-2.0
"""Keep events, webhooks and deliveries."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0012"
down_revision = "0011"

NAME = {
    length: sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )
    for length in (64, 255)
}
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BODY = sa.Text().with_variant(mysql.TEXT(charset="utf8mb4"), "mysql", "mariadb")


def upgrade() -> None:
    steps.add_column("fractal", sa.Column("callback_id", sa.BigInteger))
    steps.create_table(
        "event",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("uuid", sa.String(36), nullable=False, unique=True),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("fractal_uuid", sa.String(36)),
        sa.Column("project_id", NAME[64]),
        sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("body", BODY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    steps.create_table(
        "webhook",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("uuid", sa.String(36), nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("project_id", NAME[64]),
        sa.Column("user_id", NAME[255]),
        sa.Column("url", BODY, nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("collection_id", sa.BigInteger),
        sa.Column("callback", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("previous_secret", sa.String(128)),
        sa.Column("previous_until", MOMENT),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("reason", BODY),
        sqlite_autoincrement=True,
    )
    owner = ["project_id", "callback", "id"]
    steps.create_index("ix_webhook_project_id_callback", "webhook", owner)
    steps.create_index("ix_webhook_callback", "webhook", ["callback", "created_at"])
    steps.create_table(
        "delivery",
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.Column("bus", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("webhook_id", sa.BigInteger),
        sa.Column("status", sa.String(16), nullable=False, server_default="pending"),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("claimed_by", NAME[255]),
        sa.Column("http_status", sa.Integer),
        sa.Column("fault", BODY),
        sa.Column("duration", sa.Double),
        sa.Column("updated_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    claims = ["status", "bus", "due_at", "webhook_id"]
    steps.create_index("ix_delivery_status_bus_due_at", "delivery", claims)
    log = ["status", "webhook_id", "id"]
    steps.create_index("ix_delivery_status_webhook_id", "delivery", log)
    steps.create_index("ix_delivery_webhook_id", "delivery", ["webhook_id", "id"])
    steps.create_index("ix_delivery_event_id", "delivery", ["event_id"])
    steps.create_table(
        "subscription",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
