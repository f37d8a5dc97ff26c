# SPDX-License-Identifier: Apache-2.0
"""Counts for the console of faafo-all: what was completed lately, and what waits."""

from dataclasses import dataclass

from flask import Flask

from faafo.core.collaborators import collaborators
from faafo.db import db, gallery
from faafo.db.engine import explained
from faafo.fractal.task import Status


@dataclass(frozen=True)
class Activity:
    """Numbers of fractals: completed in the last minute, queued now, and in error now."""

    completed_lately: int
    queued: int
    in_error: int


def activity_of(app: Flask) -> Activity:
    """Return the activity of an application.

    :raises faafo.errors.DatabaseUnavailable: when the database is unreachable.
    :raises faafo.errors.Overloaded: when the fractals are being counted for the first time.
    """
    with app.app_context(), explained(db.engine.url):
        session = db.session()
        counts = collaborators().counts.of().by_status(session)
        return Activity(
            completed_lately=gallery.completed_lately(session),
            queued=counts[Status.QUEUED],
            in_error=counts[Status.ERROR],
        )
