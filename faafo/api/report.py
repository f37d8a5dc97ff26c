# SPDX-License-Identifier: Apache-2.0
"""The result or the fault of an attempt, in an update of its record."""

import json
from typing import Any

from faafo import errors
from faafo.api import precondition
from faafo.api.report_schemas import FractalUpdate
from faafo.core import stored_image
from faafo.core.collaborators import collaborators
from faafo.db import db, fractals, outcomes
from faafo.db.models import Fractal
from faafo.fractal.events import RESULT
from faafo.fractal.lease import Lease
from faafo.fractal.task import CHECKSUM_DIGITS

MUTABLE = {"attempt", "token", "image_token", "fault", *RESULT}


def record(uuid: str, body: FractalUpdate) -> Fractal:
    """Record the result or the fault in ``body``; return the fractal.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.FractalFixed: when a field has another value that cannot be changed.
    :raises faafo.errors.StaleAttempt: when the attempt is not the current one.
    """
    fractal = _record(uuid, body)
    collaborators().announce_ends([uuid])
    stored_image.tidy_posters()
    return fractal


def _record(uuid: str, body: FractalUpdate) -> Fractal:
    sent = body.model_dump(exclude_none=True)
    try:
        fractal = fractals.get(db.session, uuid)
    except errors.FractalNotFound:
        # The fractal was deleted during the render: no record refers to this image.
        stored_image.delete_image(uuid, body.token)
        raise
    known = fractal.as_dict()
    precondition.require_match(known)
    _refuse_changes(known, sent)
    if body.has_result:
        _check_digits(body, known["checksum"])
        result = {name: sent[name] for name in RESULT if name in sent}
        if body.attempt is None and body.token is None:
            return outcomes.complete_unfenced(db.session, uuid, result)
        lease = Lease(uuid, body.attempt or 0, body.token)
        completed = outcomes.Result(lease, result, body.image_token)
        return outcomes.complete(db.session, completed, stored_image.publish)
    if body.fault is not None and body.attempt is not None:
        lease = Lease(uuid, body.attempt, body.token)
        return outcomes.fail(db.session, lease, body.fault, collaborators().retry_policy)
    return fractal


def _check_digits(body: FractalUpdate, known: str | None) -> None:
    """Check the checksum of a result that names its attempt; a client may send a record back."""
    if body.attempt is None or body.checksum in (None, known):
        return
    if len(body.checksum) != CHECKSUM_DIGITS:
        raise errors.InvalidTask(
            f"checksum: must have {CHECKSUM_DIGITS} hexadecimal digits in the result of an "
            f"attempt, not {body.checksum!r}"
        )


def _refuse_changes(record: dict[str, Any], sent: dict[str, Any]) -> None:
    for name, value in sent.items():
        if name not in MUTABLE and record.get(name) != value:
            raise errors.FractalFixed(
                f"{name}: cannot be changed from {json.dumps(record.get(name))} to {value!r}"
            )
