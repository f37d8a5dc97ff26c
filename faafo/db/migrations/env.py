# SPDX-License-Identifier: Apache-2.0
"""Alembic's environment: runs migrations over the connection that ``faafo.db.schema`` passes."""

from alembic import context

from faafo.db.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
