# SPDX-License-Identifier: Apache-2.0
"""The page of the system: which services there are, what they do, and what is wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from faafo import errors
from faafo.core import access
from faafo.core.access import Range
from faafo.core.collaborators import collaborators
from faafo.core.csrf import reject_cross_site_posts
from faafo.core.diagnosis import problems
from faafo.core.unserved import unserved
from faafo.db import counts, db, gallery, maintenance, outcomes, samples
from faafo.db.children import with_parts
from faafo.db.services import Seen
from faafo.fractal.kinds import TaskKind
from faafo.fractal.maintenance import LONGEST_REASON, Mode
from faafo.fractal.service import CHANGEABLE, Kind, State, ability_of, done_of, work_of
from faafo.fractal.task import Status
from faafo.web import chart
from faafo.web.filters import seconds

TITLES = {
    Kind.API: "APIs",
    Kind.PRODUCER: "Producers",
    Kind.WORKER: "Workers",
    Kind.NOTIFIER: "Notifiers",
    Kind.READER: "Readers",
}

blueprint = Blueprint("system", __name__)
blueprint.before_request(reject_cross_site_posts)


@blueprint.get("/system")
def get_system() -> str:
    """Show the system; a script reads the page again every two seconds."""
    # Comes first: while it waits it gives its connection back, and what had been read would expire.
    by_status = collaborators().counts.of().by_status(db.session)
    listed = collaborators().registry.listed()
    oldest = samples.oldest_seconds(db.session)
    waiting = with_parts(db.session(), by_status)
    return render_template(
        "faafo/system.html",
        problems=problems(
            *(listed, waiting, oldest, _delayed(waiting)),
            unserved=_unserved(waiting, listed),
        ),
        counts=by_status,
        completed_lately=gallery.completed_lately(db.session),
        oldest=oldest,
        chart=chart.chart_of(samples.last_hour(db.session)),
        width=chart.WIDTH,
        height=chart.HEIGHT,
        services=[*_by_kind(listed)],
        titles=TITLES,
        changeable=CHANGEABLE,
        words=_words,
        mode=collaborators().upkeep.get(),
        modes=list(Mode),
        work_of=work_of,
        done_of=done_of,
        states=_states,
        served=_served,
        scope=(Range.ALL_PROJECTS if access.sees_all() else Range.PROJECT).value,
    )


def _delayed(by_status: Mapping[str, int]) -> int:
    return counts.delayed(db.session) if by_status[Status.QUEUED] else 0


def _unserved(by_status: Mapping[str, int], listed: Sequence[Seen]) -> list[str]:
    """Return what no live worker serves, in words."""
    if not by_status[Status.QUEUED]:
        return []
    return unserved(db.session(), collaborators().backlog.get(db.session()), listed)


def _served(one: Seen) -> str | None:
    """Return the kinds and the labels of a worker; None of other services."""
    if one.kind != Kind.WORKER:
        return None
    kinds, labels = ability_of(one.report)
    named = "".join(f", label {label}" for label in sorted(labels))
    return ", ".join(kind for kind in TaskKind if kind in kinds) + named


@blueprint.post("/system/service/<uuid:uid>")
def post_service(uid: UUID) -> Response:
    """Disable a producer or a worker, or enable it again: the form says which."""
    disabled = request.form.get("disabled") == "true"
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON] or None
    if disabled and reason is None:
        raise errors.InvalidService("reason: is needed to disable a service")
    registry = collaborators().registry
    registry.change(str(uid), disabled, reason)
    return _back()


@blueprint.post("/system/maintenance")
def post_maintenance() -> Response:
    """Set the mode of maintenance that the form has, until it is set again."""
    mode = request.form.get("mode", "")
    if mode not in set(Mode):
        raise errors.InvalidSetting(f"mode: must be {', '.join(Mode)}, not {mode!r:.60}")
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON] or None
    maintenance.change(db.session, Mode(mode), reason)
    collaborators().upkeep.forget()
    collaborators().arrivals.announce()
    return _back()


@blueprint.post("/system/retry")
def post_retry() -> Response:
    """Queue all fractals in error again, those of all projects."""
    outcomes.retry_all_errors(db.session)
    collaborators().arrivals.announce()
    return _back()


def _back() -> Response:
    return redirect(url_for("system.get_system"), code=303)


def _by_kind(listed: Sequence[Seen]) -> Iterator[tuple[str, list[Seen]]]:
    """Yield the services of each kind in the order of a fractal's life, those down first."""
    order = {kind.value: number for number, kind in enumerate(Kind)}
    worst = {State.DOWN: 0, State.DISABLED: 1, State.DRAINING: 2, State.UP: 3}
    rows = sorted(listed, key=lambda one: (order[one.kind], worst[one.state], one.name))
    for kind, group in groupby(rows, lambda one: one.kind):
        yield kind, [*group]


def _states(some: Sequence[Seen]) -> str:
    """Return how many services are in each state, such as "3 up, 1 down"."""
    counts = Counter(one.state for one in some)
    return ", ".join(f"{counts[state]} {state}" for state in State if counts[state])


def _words(one: Seen) -> str:
    """Return the state of a service in words."""
    reason = f": {one.reason}" if one.disabled and one.reason else ""
    if one.state is State.DOWN:
        return f"not seen for {seconds(one.unseen)}{', disabled' if one.disabled else ''}{reason}"
    return f"{one.state}{reason}"
