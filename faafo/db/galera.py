# SPDX-License-Identifier: Apache-2.0
"""Galera: what other nodes have committed is waited for, and a node that is cut off is left."""

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

# Whether the server is a node. An unknown variable has no row, where SELECT would be an error.
IS_NODE = "SHOW VARIABLES LIKE 'wsrep_on'"
# Bits of wsrep_sync_wait: 1 for SELECT, 2 for UPDATE and DELETE. An UPDATE that states what it
# expects to find must not miss a row on its way.
WAIT = "SET SESSION wsrep_sync_wait = @@wsrep_sync_wait | 3"
# ER_UNKNOWN_COM_ERROR: "WSREP has not yet prepared node for application use". Even ROLLBACK fails.
NOT_PREPARED = 1047


def support_nodes(engine: Engine) -> None:
    """Prepare the connections of ``engine`` for a server that is a node, if it is one.

    Each statement sees all that any node has committed before: two APIs may be connected to
    different nodes, and a result must not be refused because this node does not know yet of the
    claim. The connections to a node that is cut off from the others are given up.
    """
    if engine.dialect.name not in ("mysql", "mariadb"):
        return

    @event.listens_for(engine, "connect")
    def wait_for_others(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(IS_NODE)
            found = cursor.fetchone()
            if found is not None and found[1] == "ON":
                cursor.execute(WAIT)

    @event.listens_for(engine, "handle_error")
    def give_up(context: ExceptionContext) -> None:
        if context.original_exception.args[:1] == (NOT_PREPARED,):
            context.is_disconnect = True
