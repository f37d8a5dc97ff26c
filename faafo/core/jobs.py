# SPDX-License-Identifier: Apache-2.0
"""The states of jobs: from Redis where it is configured and knows them, else from the database.

Redis is behind the database, by milliseconds while a reader keeps up and by any time otherwise. So
what it says is taken only where that does no harm: a complete job stays so until it is deleted, and
who deletes or retries a fractal tells Redis. What has not ended, and an error, which may have been
retried, is looked up in the database when it is older than FRESH_SECONDS, and told to Redis anew.

The jobs of parts, of which no events tell, are those of the database.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.core.preference import Waiting
from faafo.db import db, jobs, outcomes
from faafo.db.models import Fractal
from faafo.fractal.events import DELETED, progress_of
from faafo.fractal.task import Status
from faafo.recent.state import Found, JobState, deleted

if TYPE_CHECKING:
    from faafo.recent.server import RecentJobs

FRESH_SECONDS = 10


def open_recent(conf: cfg.ConfigOpts) -> "RecentJobs | None":
    """Return the states in Redis; None if it is not configured.

    :raises faafo.errors.ConfigurationError: when ``[reader] redis_url`` is not valid.
    """
    if not conf.reader.redis_url:
        return None
    # It takes 6 MB.
    from faafo.recent.server import RecentJobs  # noqa: PLC0415

    return RecentJobs(conf.reader.redis_url, conf.reader.ttl)


def visible_state(uuid: str, waiting: Waiting) -> Mapping[str, Any]:
    """Return the fields of a job that the caller may see; null ones may be missing.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    """
    recent = collaborators().recent
    found = recent.get(uuid) if recent is not None else None
    is_usable = found is not None and is_settled(found, waiting.is_preferred)
    # Whether others share a job now is known to the database only.
    if found and is_usable and access.is_open(found.fields.get("project_id")):
        return found.fields
    state = dict(jobs.state(db.session, uuid))
    if state["parent"] is not None:
        return _of_part(uuid, state)
    access.require_visible(uuid, state["project_id"], state["shared"])
    if recent is not None and not (found and _is_fresh(found)):
        recent.tell(JobState.of_record(state, state["moment"]))
    return state | {"progress": progress_of(state)}


def _of_part(uuid: str, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of the job of a part, which belongs to the picture that it is a part of."""
    whole = jobs.state(db.session, state["parent"])
    access.require_visible(uuid, whole["project_id"], whole["shared"])
    rows = state["band_rows"] or state["height"]
    return {**state, "progress": progress_of({**state, "height": rows})}


def retry(seen: Fractal) -> Fractal:
    """Queue a fractal in error again, and tell whom it concerns; return it.

    :raises faafo.errors.FractalNotFound: when it is deleted.
    :raises faafo.errors.NothingToRetry: when it is being rendered, or complete.
    """
    queued = outcomes.retry(db.session, seen.uuid, seen.incarnation)
    ours = collaborators()
    ours.arrivals.announce()
    if ours.recent is not None:
        record = {name: getattr(queued, name) for name in jobs.COLUMNS}
        # As old as can be: an event of the same change is not held up.
        ours.recent.tell(JobState.of_record(record, queued.created_at))
    return queued


def tell_deleted(uuid: str, created_at: datetime) -> None:
    """Tell Redis that a record is deleted, before an event does."""
    recent = collaborators().recent
    if recent is not None:
        recent.tell(deleted(uuid, created_at))


def is_settled(found: Found, waits: bool = False) -> bool:
    """Tell whether what Redis says of a job is to be believed.

    :param waits: whether the request waits for the end: it is repeated when the database has one,
        which Redis may not have yet.
    """
    if found.fields["status"] == Status.COMPLETE:
        return True
    return _is_fresh(found) and not waits


def _is_fresh(found: Found) -> bool:
    # Less than 0: the clock of Redis has been set back.
    return 0 <= found.age <= FRESH_SECONDS and found.fields["status"] != DELETED
