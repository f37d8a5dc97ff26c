# SPDX-License-Identifier: Apache-2.0
"""The buttons of the gallery for fractals that are chosen by their boxes: queue again, delete."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request

from faafo import errors
from faafo.core import access, jobs
from faafo.core.csrf import reject_cross_site
from faafo.core.stored_image import delete_fractal
from faafo.db.models import Fractal
from faafo.web import local

blueprint = Blueprint("many", __name__)
blueprint.before_request(reject_cross_site)

MOST = 100
# Why a fractal is left as it is; all that may happen to one while others are dealt with.
REASONS: dict[type[errors.FaafoError], str] = {
    errors.FractalNotFound: "not there any more",
    errors.Forbidden: "of another project, which shares it",
    errors.NothingToRetry: "not in error",
    errors.FractalFixed: "a part of another one",
    errors.Overloaded: "left, since the image store is busy",
}


@blueprint.post("/fractals/retry")
def post_retry() -> str:
    """Queue the fractals again that are chosen and in error; say how many."""
    done, left = _each(_chosen(), jobs.retry)
    return _told(f"{_counted(done)} queued again.", left)


@blueprint.post("/fractals/delete")
def post_delete() -> str:
    """Ask whether to delete the fractals that are chosen; with the field ``sure``, delete them."""
    uuids = _chosen()
    if "sure" not in request.form:
        return render_template("faafo/delete_many.html", uuids=uuids, back=_back())
    done, left = _each(uuids, delete_fractal)
    return _told(f"{_counted(done)} deleted.", left)


def _each(uuids: list[str], change: Callable[[Fractal], Any]) -> tuple[int, Counter[str]]:
    """Change each fractal that the visitor may change; return how many, and why others are not."""
    done, left = 0, Counter[str]()
    for uuid in uuids:
        try:
            change(access.changeable(uuid))
            done += 1
        except tuple(REASONS) as error:
            left[REASONS[type(error)]] += 1
    return done, left


def _chosen() -> list[str]:
    """Return the uuids in the fields ``fractal``, each once."""
    texts = request.form.getlist("fractal")
    if not 1 <= len(texts) <= MOST:
        abort(400, description=f"fractal: choose from 1 to {MOST} fractals, not {len(texts)}")
    return list(dict.fromkeys(_uuid(text) for text in texts))


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        abort(400, description=f"fractal: must be a UUID, not {text!r:.60}")


def _told(sentence: str, left: Counter[str]) -> str:
    sentences = [sentence, *(f"{_counted(count)} {reason}." for reason, count in left.items())]
    return render_template("faafo/told.html", sentences=sentences, back=_back())


def _counted(count: int) -> str:
    return "1 fractal is" if count == 1 else f"{count or 'No'} fractals are"


def _back() -> str:
    return local.local_path(request.form.get("next", "/"))
