# SPDX-License-Identifier: Apache-2.0
"""The form: a fractal of one's own, or a known one again in another size."""

import uuid as uuidlib
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.db import db, fractals
from faafo.db.models import Fractal
from faafo.fractal import palette as palettes
from faafo.fractal.generate import with_constant
from faafo.fractal.task import PARAMETERS, FractalTask, describe
from faafo.web.csrf import refuse_strangers

blueprint = Blueprint("create", __name__)
blueprint.before_request(refuse_strangers)

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
# How many times wider and higher "render again larger" makes a picture.
LARGER = 2


@blueprint.get("/new")
def get_form() -> str:
    """Show the form, with what the address tells filled in."""
    return _form(request.args)


@blueprint.post("/new")
def post_form() -> Response | tuple[str, int]:
    """Queue what was filled in and show its page; or say what is wrong with it."""
    try:
        task = FractalTask.model_validate({"uuid": str(uuidlib.uuid4()), **_values(request.form)})
        collaborators().limits.check(task)
    except ValidationError as error:
        return _form(request.form, describe(error)), 400
    except errors.LimitExceeded as error:
        return _form(request.form, str(error)), 400
    fractal = fractals.add(db.session, with_constant(task))
    return redirect(url_for("web.get_fractal", uuid=fractal.uuid), code=303)


def larger_address(fractal: Fractal) -> str:
    """Return the address of the form that asks for the same picture with more pixels."""
    parameters = {name: getattr(fractal, name) for name in PARAMETERS}
    larger = {name: LARGER * parameters[name] for name in ("width", "height")}
    return url_for("create.get_form", **parameters | larger)


def _form(given: Mapping[str, str], trouble: str | None = None) -> str:
    filled_in = {name: given.get(name, usual) for name, usual in DEFAULTS.items()}
    return render_template(
        "faafo/new.html", filled_in=filled_in, palettes=palettes.NAMES, trouble=trouble
    )


def _values(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what was filled in; what was left empty is not given."""
    texts = {name: form.get(name, "").strip() for name in PARAMETERS}
    return {name: _number(text) for name, text in texts.items() if text}


def _number(text: str) -> int | float | str:
    """Return the number that ``text`` is; it stays text when it is none, for the error to show."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
