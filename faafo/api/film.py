# SPDX-License-Identifier: Apache-2.0
"""The resource ``film`` of the REST API: posts and lists films; all else is as of fractals."""

from functools import partial
from typing import Any

from flask_openapi import APIBlueprint, Tag
from sqlalchemy import select

from faafo.api import examples, listing, new_fractals
from faafo.api.film_schemas import NewFilm
from faafo.api.schemas import ERRORS, FractalPage, PostedFractal, RecordList
from faafo.db.models import Fractal

# An index has those with children, which films have: they are few. As a set of ids, since SQLite
# would read all fractals of a project, or all there are, in the order of the list.
IS_FILM = (
    Fractal.id.in_(
        select(Fractal.id).where(Fractal.children.is_not(None), Fractal.film.is_not(None))
    ),
)

blueprint = APIBlueprint(
    "film",
    __name__,
    url_prefix="/api",
    abp_tags=[Tag(name="film", description="Films, whose frames are fractals")],
    abp_responses=ERRORS,
)


@blueprint.post(
    "/film",
    operation_id="create_film",
    request_body=examples.json_body(NewFilm, examples.FILM),
    responses={201: PostedFractal},
)
def post_film(body: NewFilm) -> Any:
    """Queue the frames of a film; with ``Prefer: wait=N``, answer when the film has ended."""
    return new_fractals.answer(partial(new_fractals.post_film, body))


@blueprint.get("/film", operation_id="list_films", responses={200: FractalPage})
def get_films(query: RecordList) -> Any:
    """Return a page of films, newest first: those of the caller's project by default."""
    return listing.answer(query, "film.get_films", IS_FILM)
