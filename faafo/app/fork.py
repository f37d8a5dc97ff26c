# SPDX-License-Identifier: Apache-2.0
"""The application in a server that loads it once and forks: each process needs state of its own."""

import atexit
import os
from collections.abc import Callable

from flask import Flask

from faafo.core.collaborators import Collaborators
from faafo.db import db


def share_nothing(app: Flask, make: Callable[[], Collaborators]) -> None:
    """Close all connections of ``app``, and give each forked process state of its own.

    Each process closes its connections when it ends.

    Two processes must not use one connection, and a lock that a thread of the parent holds is never
    released in the child, which has only the thread that forked.

    :param make: returns new collaborators.
    """
    with app.app_context():
        engine = db.engine

    def begin_anew() -> None:
        # The connections are the parent's to close.
        engine.dispose(close=False)
        make().install(app)

    # uWSGI forks without telling Python, unless it has the option py-call-osafterfork: therefore
    # nothing may be open when it does.
    engine.dispose()
    os.register_at_fork(after_in_child=begin_anew)
    atexit.register(engine.dispose)
