# SPDX-License-Identifier: Apache-2.0
"""What the join of a poster or a film needs, and what of its children is stored.

Segments of posters and images of frames are deleted once the join is complete, but the image of the
first frame: thumbnails of the film are made of it.
"""

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from faafo.db import Session, children
from faafo.db.models import Fractal
from faafo.fractal.film import Film
from faafo.fractal.lease import make_token
from faafo.fractal.media import IMAGE, SEGMENT, Medium
from faafo.fractal.parts import FilmJoin, Join, Segment, StoredFrame
from faafo.fractal.task import Status

# Uuid and token of a stored file.
Stored = tuple[str, str | None]


def join_of(session: Session, parent: Fractal) -> Join | FilmJoin:
    """Return what is joined to the picture, or the film, of a parent."""
    listed = children.of(session, parent.uuid)
    if parent.film is not None:
        film = Film.of_text(parent.film)
        frames = tuple(StoredFrame(uuid=one.uuid, token=one.image_token) for one in listed)
        return FilmJoin(frames=frames, fps=film.fps, format=film.format)
    return Join(
        segments=tuple(
            Segment(uuid=one.uuid, token=one.image_token, checksum=one.checksum, rows=one.band_rows)
            for one in listed
        )
    )


def stored(session: Session, parent: str) -> list[Stored]:
    """Return under which uuids and tokens files of the children of a parent may be stored."""
    listed = children.of(session, parent)
    latest = {(one.uuid, make_token(one.incarnation, one.attempt)) for one in listed}
    return sorted(latest | {(one.uuid, one.image_token) for one in listed if one.image_token})


def medium_of_children(film: str | None) -> Medium:
    """Return the kind of files of the children of a fractal.

    :param film: its column.
    """
    return SEGMENT if film is None else IMAGE


def unneeded(session: Session, parent: str) -> tuple[list[Stored], Medium]:
    """Return what of the children of a parent no join will need, and the kind of these files."""
    of_film = session.scalar(select(Fractal.film).where(Fractal.uuid == parent))
    medium = medium_of_children(of_film)
    found = stored(session, parent)
    return (orphans if medium is SEGMENT else image_orphans)(session, found), medium


def first_frame(session: Session, film: str) -> Row | None:
    """Return uuid and image token of the first frame of a film; None when it is deleted."""
    query = select(Fractal.uuid, Fractal.image_token)
    return session.execute(query.where(Fractal.parent == film, Fractal.frame == 0)).one_or_none()


def orphans(session: Session, segments: Sequence[Stored]) -> list[Stored]:
    """Return those of ``segments``, uuid and token, that no join will need."""
    parent, uuids = aliased(Fractal), {uuid for uuid, _token in segments}
    query = select(Fractal).join(parent, Fractal.parent == parent.uuid)
    query = query.where(Fractal.uuid.in_(uuids), parent.status != Status.COMPLETE)
    needed = {one.uuid: one for one in session.scalars(query)}
    return [one for one in segments if one[0] not in needed or not needed[one[0]].may_own(one[1])]


def image_orphans(session: Session, images: Sequence[Stored]) -> list[Stored]:
    """Return those of ``images`` to which no record refers nor may refer later.

    Nor needs a film that is complete the image of any frame but the first.
    """
    parent = aliased(Fractal)
    query = select(Fractal, parent.status).outerjoin(parent, Fractal.parent == parent.uuid)
    query = query.where(Fractal.uuid.in_({uuid for uuid, _token in images}))
    needed = {
        one.uuid: one
        for one, of_parent in session.execute(query)
        if not (one.frame and of_parent == Status.COMPLETE)
    }
    return [one for one in images if one[0] not in needed or not needed[one[0]].may_own(one[1])]
