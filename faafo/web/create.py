# SPDX-License-Identifier: Apache-2.0
"""The form that posts a fractal, empty or with the parameters of an existing one."""

import uuid as uuidlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response

from faafo import errors
from faafo.core import access
from faafo.core.collaborators import collaborators
from faafo.core.context import request_context
from faafo.core.csrf import reject_cross_site
from faafo.db import db, posting
from faafo.db.models import Fractal
from faafo.fractal import palette as palettes
from faafo.fractal.drawing import DEFAULTS, MAX_SAMPLES, Colouring
from faafo.fractal.generate import with_constant
from faafo.fractal.numbers import INTEGER, NUMBER
from faafo.fractal.parts import divided
from faafo.fractal.task import PARAMETERS, FractalTask, problems
from faafo.web import quota
from faafo.web.sizes import SIZES, resized
from faafo.web.words import COLOURINGS, FORMULAE, samples_in_words

blueprint = Blueprint("create", __name__)
blueprint.before_request(reject_cross_site)

# What the empty form suggests.
SUGGESTED = {
    "width": "1280",
    "height": "720",
    "iterations": "300",
    "xa": "-1.6",
    "xb": "1.6",
    "ya": "-0.9",
    "yb": "0.9",
    "palette": "ember",
    "colouring": Colouring.SMOOTH.value,
    "samples": "2",
}
# What the fields in a URL mean that it does not have.
UNSAID = {
    name: "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    for name, value in DEFAULTS.items()
}
# The factor by which "render again larger" multiplies width and height.
LARGER = 2


@blueprint.get("/new")
def get_form() -> str:
    """Show the form, filled in with the parameters in the URL."""
    is_empty = not any(name in request.args for name in PARAMETERS)
    usual = UNSAID | SUGGESTED if is_empty else SUGGESTED | UNSAID
    return _form(usual | request.args.to_dict())


@blueprint.post("/new")
def post_form() -> Response | tuple[str, int]:
    """Queue a fractal and show its page; show the form with errors at its fields if it is bad."""
    limits = collaborators().limits
    given = resized(request.form)
    try:
        task = FractalTask.model_validate({"uuid": str(uuidlib.uuid4()), **_values(given)})
        parts = limits.parts(task, None)
        record = posting.post(
            db.session,
            with_constant(task),
            access.owner(),
            quota=limits.quota,
            correlation=request_context().correlation,
            bands=divided(task.height, parts) if parts else [],
        )
    except ValidationError as error:
        return _form(given, problems(error)), 400
    except (errors.LimitExceeded, errors.InvalidTask) as error:
        return _form(given, [(str(error).partition(":")[0], str(error))]), 400
    except errors.QuotaExceeded as error:
        db.session.rollback()
        return _form(given, [("", str(error))]), 403
    collaborators().arrivals.announce()
    return redirect(url_for("web.get_fractal", uuid=record["uuid"]), code=303)


def larger_address(fractal: Fractal) -> str:
    """Return the URL of the form for the same picture with more pixels."""
    parameters = {name: getattr(fractal, name) for name in PARAMETERS}
    larger = {name: LARGER * parameters[name] for name in ("width", "height")}
    return url_for("create.get_form", **parameters | larger)


def _form(given: Mapping[str, str], found: Sequence[tuple[str, str]] = ()) -> str:
    """Return the page of the form.

    :param found: what is wrong: field and sentence. Wrong as a whole, without a field of its own,
        are the number of pixels, and c.
    """
    whole = {"pixels": "width", "split": "width"}
    wrong = {
        field if field in PARAMETERS else whole.get(field, "cx"): sentence
        for field, sentence in found
    }
    filled_in = {name: given.get(name, "") for name in PARAMETERS}
    return render_template(
        "faafo/new.html",
        filled_in=filled_in,
        palettes=palettes.NAMES,
        formulae=FORMULAE,
        colourings=COLOURINGS,
        samples={str(count): samples_in_words(count) for count in range(1, MAX_SAMPLES + 1)},
        sizes=SIZES,
        wrong=wrong if all(field for field, _ in found) else {},
        problems=found,
        usage=quota.usage(),
        max_iterations=collaborators().tiles.max_iterations,
    )


def _values(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that are not empty, numbers parsed."""
    texts = {name: form.get(name, "").strip() for name in PARAMETERS}
    return {name: _number(text) for name, text in texts.items() if text}


def _number(text: str) -> int | float | str:
    """Return ``text`` as a number, or unchanged if it is none, for the validation error."""
    for grammar, kind in ((INTEGER, int), (NUMBER, float)):
        # More than 4300 digits are an error of int; float takes them.
        with suppress(ValueError):
            if grammar.fullmatch(text):
                return kind(text)
    return text
