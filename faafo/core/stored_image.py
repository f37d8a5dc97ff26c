# SPDX-License-Identifier: Apache-2.0
"""The images of records: published with a result, deleted with a record.

An image is stored under the token of a lease, so that no other attempt overwrites or deletes it.
``publish`` gives that of a complete fractal a name without a token, which passes from one record of
a uuid to the next. Before a record is deleted its image gets the name with the token back, so that
neither a late rename nor a late deletion touches the image of the next record.
"""

import logging
from collections.abc import Sequence

from faafo.core import jobs
from faafo.core.collaborators import collaborators
from faafo.db import children, db, fractals, joins
from faafo.db.models import Fractal
from faafo.db.outcomes import Result
from faafo.fractal.media import FILMS, IMAGE, SEGMENT

LOG = logging.getLogger(__name__)

# Seconds that a report waits until its images have been renamed, unless the store is slow.
RENAME_SECONDS = 0.1


def publish(results: Sequence[Result]) -> None:
    """Give the images of accepted results their final names.

    A slow store does not delay the report: until it is renamed, an image is found by its token.
    """
    ours = collaborators()
    # Those of frames keep their tokens: nobody looks for them by another name.
    parts = children.take_parts(db.session())
    images = [
        (one.lease.uuid, one.image_token)
        for one in results
        if one.image_token is not None and one.lease.uuid not in parts
    ]
    if images and ours.store.renames:
        ours.images.publish(images).wait(RENAME_SECONDS)


def delete_fractal(seen: Fractal, only_as_seen: bool = False) -> bool:
    """Delete the images of a fractal and its record.

    :param only_as_seen: do not delete it, and return False, when it has changed since.
    :raises faafo.errors.FractalNotFound: when it is deleted already, also when another one was
        posted with its uuid since.
    :raises faafo.errors.Overloaded: when the image store is busy; nothing is deleted then.
    """
    uuid, created_at = seen.uuid, seen.created_at
    deleted = _delete_fractal(seen, only_as_seen)
    if deleted:
        jobs.tell_deleted(uuid, created_at)
    collaborators().announce_ends([uuid])
    return deleted


def _delete_fractal(seen: Fractal, only_as_seen: bool) -> bool:
    uuid, incarnation, state = seen.uuid, seen.incarnation, fractals.state_of(seen)
    # What waits for a place must not hold a database connection.
    db.session.close()
    with collaborators().bulkheads.images.place():
        current = fractals.get_again(db.session, uuid, incarnation)
        if only_as_seen:
            return fractals.state_of(current) == state and _delete(current)
        while not _delete(current):
            LOG.debug("fractal %s has changed while it was to be deleted", uuid)
            current = fractals.get_again(db.session, uuid, incarnation)
    return True


def _delete(seen: Fractal) -> bool:
    """Delete a fractal and its images; return False if the fractal has changed."""
    ours = collaborators()
    uuid, image_token, token = seen.uuid, seen.image_token, seen.token
    medium, of_children = seen.medium, joins.medium_of_children(seen.film)
    stored = joins.stored(db.session(), uuid) if seen.children else []
    # A slow image store must not hold a database connection.
    db.session.close()
    store = ours.store if medium is IMAGE else ours.store.of(medium)
    if store.renames:
        ours.images.unpublish(uuid, image_token)
    if not fractals.remove(db.session, uuid, seen):
        return False
    if image_token is not None or not store.renames:
        ours.images.delete(uuid, image_token, medium)
    ours.images.delete(uuid, token, medium)
    if stored:
        ours.images.delete_all_soon(stored, of_children)
    return True


def tidy_posters() -> None:
    """Delete the parts of posters and films that are complete, and announce those to be joined."""
    ours = collaborators()
    for uuid in children.take_joined(db.session()):
        # The transaction that completed it may have been rolled back: then a join needs them still.
        ours.images.delete_all_soon(*joins.unneeded(db.session(), uuid))
    if children.take_queued(db.session()):
        ours.arrivals.announce()


def delete_image(uuid: str, token: str | None) -> None:
    """Have an image deleted to which no record refers.

    The caller does not wait for the image store.
    """
    images = collaborators().images
    images.delete_soon(uuid, token)
    # It may have been a part of a picture, or a film.
    for medium in (SEGMENT, *FILMS.values()):
        images.delete_all_soon([(uuid, token)], medium)
