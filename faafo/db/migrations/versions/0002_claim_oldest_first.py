# SPDX-License-Identifier: Apache-2.0
"""Claim the oldest fractal first, retried ones included."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # The index (status, id) gives this order; with both, a planner may choose the wrong index.
    op.drop_index("ix_fractal_status_claimable_at", "fractal")
