# SPDX-License-Identifier: Apache-2.0
"""Posting fractals: bodies become tasks, within the limits of the operator."""

import uuid as uuidlib
from collections.abc import Callable, Sequence
from typing import Any

from flask import jsonify, request, url_for

from faafo.api.film_schemas import NewFilm
from faafo.api.scheduling_schemas import SCHEDULE, schedule_of
from faafo.api.schemas import NewFractal, NewPoster, Posting
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.core.context import request_context
from faafo.core.preference import Waiting, waited_for
from faafo.core.versions import under_requested_prefix
from faafo.db import db, posting
from faafo.db.scheduling import Schedule
from faafo.fractal.film import Plan
from faafo.fractal.film import frames as plan_frames
from faafo.fractal.generate import with_constant
from faafo.fractal.locks import HEADER, Fence
from faafo.fractal.parts import divided
from faafo.fractal.task import FractalTask


def answer(post: Callable[[], dict[str, Any]]) -> Any:
    """Call ``post`` and return the response with its record; with ``Prefer: wait=N``, the last one.

    A request that has waited is repeated: it has posted its fractal.
    """
    posted = waited_for()
    record = post() if posted is None else {}
    uuid = record["uuid"] if posted is None else posted
    with Waiting(uuid) as waiting:
        if waiting.is_preferred:
            record = access.visible_record(uuid)
            waiting.until_ended(record["status"])
    location = under_requested_prefix(url_for("fractal.get_fractal", uuid=uuid))
    return waiting.applied(jsonify(record)), 201, {"Location": location}


def post(body: NewPoster) -> dict[str, Any]:
    """Queue a fractal; return its record.

    :raises faafo.errors.FaafoError: when a limit, a quota or its callback URL forbids that.
    """
    task = _task(body)
    parts = collaborators().limits.parts(task, body.split)
    url = _callback_url(body)
    return _post(task, body, url, bands=divided(task.height, parts) if parts else [])


def post_film(body: NewFilm) -> dict[str, Any]:
    """Queue the frames of a film; return its record, and raise what ``post`` does."""
    whole, film = body.whole(), body.film()
    collaborators().limits.check_film(whole, film.frames)
    url = _callback_url(body)
    uuid = body.uuid or str(uuidlib.uuid4())
    # To find the constants of a walk takes a second, and must not hold a database connection.
    db.session.close()
    frames = plan_frames(film, whole, uuid)
    task = FractalTask(uuid=uuid, **whole.model_dump() | frames[0]._asdict())
    return _post(task, body, url, film=Plan(film, frames))


def _post(task: FractalTask, body: Posting, url: str | None, **parts: Any) -> dict[str, Any]:
    """Queue a fractal; return its record.

    :param url: its callback URL.
    :param parts: its bands, or its frames, as ``posting.post`` takes them.
    """
    request_context().uuid = task.uuid
    record = posting.post(
        db.session,
        task,
        access.owner(),
        body.shared,
        collaborators().limits.quota,
        url,
        request_context().correlation,
        _fence(),
        _schedule(body),
        **parts,
    )
    collaborators().arrivals.announce()
    return record


def post_all(bodies: Sequence[NewFractal]) -> list[dict[str, Any]]:
    """Queue fractals, all of them or none; return their records, and raise what ``post`` does."""
    tasks = [_task(one) for one in bodies]
    limits = collaborators().limits
    shared: set[str] = set()
    callbacks: dict[str, str] = {}
    for number, (task, one) in enumerate(zip(tasks, bodies, strict=True)):
        limits.check_size(task, f"{number}.")
        if one.shared:
            shared.add(task.uuid)
        if (url := _callback_url(one, f"{number}.")) is not None:
            callbacks[task.uuid] = url
    limits.check_queue(len(tasks))
    records = posting.post_all(
        db.session,
        tasks,
        access.owner(),
        shared,
        limits.quota,
        callbacks,
        request_context().correlation,
        _fence(),
        {task.uuid: _schedule(one) for task, one in zip(tasks, bodies, strict=True)},
    )
    collaborators().arrivals.announce()
    return records


def _task(body: NewFractal) -> FractalTask:
    """Return the task of a body; uuid and c are chosen unless they are given."""
    fields = body.model_dump(exclude={"shared", "callback_url", "split", *SCHEDULE})
    fields["uuid"] = body.uuid or str(uuidlib.uuid4())
    return with_constant(FractalTask(**fields))


def _schedule(body: Posting) -> Schedule:
    return Schedule(**schedule_of(body), ageing=collaborators().limits.ageing)


def _fence() -> Fence | None:
    """Return the lock under which the request is to be served, if its header names one."""
    sent = request.headers.get(HEADER)
    return None if sent is None else Fence.parse(sent)


def _callback_url(body: Posting, place: str = "") -> str | None:
    """Return the callback URL of a body, if it has one, once it is checked.

    :param place: what the name of the field begins with in messages, such as ``3.``.
    """
    if body.callback_url is None:
        return None
    return collaborators().receivers.checked(f"{place}callback_url", body.callback_url)
