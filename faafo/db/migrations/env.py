# SPDX-License-Identifier: Apache-2.0
"""Alembic's environment: runs migrations over the connection that ``faafo.db.schema`` passes."""

from alembic import context

from faafo.db import event_models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=event_models.Event.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
