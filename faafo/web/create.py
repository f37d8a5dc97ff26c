# SPDX-License-Identifier: Apache-2.0
"""The form that posts a fractal, empty or with the parameters of an existing one."""

import uuid as uuidlib
from collections.abc import Mapping
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
from faafo.db import db, fractals
from faafo.db.models import Fractal
from faafo.fractal import palette as palettes
from faafo.fractal.generate import with_constant
from faafo.fractal.numbers import INTEGER, NUMBER
from faafo.fractal.task import PARAMETERS, FractalTask, describe
from faafo.web import quota

blueprint = Blueprint("create", __name__)
blueprint.before_request(reject_cross_site)

DEFAULTS = {
    "width": "1280",
    "height": "720",
    "iterations": "300",
    "xa": "-1.6",
    "xb": "1.6",
    "ya": "-0.9",
    "yb": "0.9",
    "cx": "",
    "cy": "",
    "palette": palettes.DEFAULT,
}
# The factor by which "render again larger" multiplies width and height.
LARGER = 2


@blueprint.get("/new")
def get_form() -> str:
    """Show the form, filled in with the parameters in the URL."""
    return _form(request.args)


@blueprint.post("/new")
def post_form() -> Response | tuple[str, int]:
    """Queue a fractal and show its page; show the form with an error if it is not valid."""
    limits = collaborators().limits
    try:
        task = FractalTask.model_validate({"uuid": str(uuidlib.uuid4()), **_values(request.form)})
        limits.check(task)
        owner = access.owner()
        correlation = request_context().correlation
        fractal = fractals.add(
            db.session,
            with_constant(task),
            owner,
            quota=limits.quota,
            correlation=correlation,
        )
    except ValidationError as error:
        return _form(request.form, describe(error)), 400
    except errors.LimitExceeded as error:
        return _form(request.form, str(error)), 400
    except errors.QuotaExceeded as error:
        db.session.rollback()
        return _form(request.form, str(error)), 403
    collaborators().arrivals.announce()
    return redirect(url_for("web.get_fractal", uuid=fractal.uuid), code=303)


def larger_address(fractal: Fractal) -> str:
    """Return the URL of the form for the same picture with more pixels."""
    parameters = {name: getattr(fractal, name) for name in PARAMETERS}
    larger = {name: LARGER * parameters[name] for name in ("width", "height")}
    return url_for("create.get_form", **parameters | larger)


def _form(given: Mapping[str, str], error: str | None = None) -> str:
    filled_in = {name: given.get(name, default) for name, default in DEFAULTS.items()}
    return render_template(
        "faafo/new.html",
        filled_in=filled_in,
        palettes=palettes.NAMES,
        error=error,
        usage=quota.usage(),
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
