# SPDX-License-Identifier: Apache-2.0
"""Claim the oldest fractal first, also one that waits for its next attempt."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # The index (status, id) gives this order; with both there, a planner may take the wrong one.
    op.drop_index("ix_fractal_status_claimable_at", "fractal")
