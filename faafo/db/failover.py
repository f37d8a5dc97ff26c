# SPDX-License-Identifier: Apache-2.0
"""Failover: connections to a server that takes no changes any more are given up."""

import logging
import time
from collections.abc import Callable

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

LOG = logging.getLogger(__name__)

# ER_OPTION_PREVENTS_STATEMENT (--read-only), ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION,
# ER_READ_ONLY_MODE.
READ_ONLY = {1290, 1792, 1836}
# The SQLSTATE of PostgreSQL: read_only_sql_transaction.
SQLSTATE = "25006"
# All connections are replaced together, once in so many seconds: after a failover they are all to
# the server that was the primary. One that is read-only for long has no more of them to open.
PAUSE_SECONDS = 1.0


def follow_primary(engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
    """Have ``engine`` connect anew when a server refuses a change because it is read-only.

    MariaDB and MySQL keep connections open when a primary becomes a replica, and the name in
    ``database_url``, or a proxy, leads to another server then: only new connections do so, too.
    """
    replaced_at: float | None = None

    @event.listens_for(engine, "handle_error")
    def give_up(context: ExceptionContext) -> None:
        nonlocal replaced_at
        error = context.original_exception
        if not _is_read_only(error):
            return
        context.is_disconnect = True
        now = clock()
        if replaced_at is not None and now - replaced_at < PAUSE_SECONDS:
            # This one alone.
            context.invalidate_pool_on_disconnect = False
        else:
            replaced_at = now
            LOG.info("the database takes no changes: opening new connections: %s", error)


def _is_read_only(error: BaseException) -> bool:
    is_refused = any(code in error.args[:1] for code in READ_ONLY)
    return is_refused or getattr(error, "sqlstate", None) == SQLSTATE
