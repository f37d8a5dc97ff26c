# SPDX-License-Identifier: Apache-2.0
"""The pages that log a visitor in and out; the token lives in a cookie that scripts cannot read."""

import logging
from collections.abc import Mapping

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from faafo import errors
from faafo.core.context import request_context
from faafo.core.csrf import reject_cross_site_posts
from faafo.core.login import (
    COOKIE,
    LONGEST_SECRET,
    Credentials,
    Issued,
    login,
    login_or_none,
    sent_token,
)
from faafo.web import local

LOG = logging.getLogger(__name__)

blueprint = Blueprint("login", __name__)
blueprint.before_request(reject_cross_site_posts)


# Of the errors that the form shows, the statuses.
SHOWN: Mapping[type[errors.FaafoError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.ProjectNeeded: 400,
    errors.TooManyAttempts: 429,
    errors.IdentityUnavailable: 503,
    errors.Overloaded: 503,
}


def register(app: Flask) -> None:
    """Add the pages and what templates ask to ``app``."""
    app.register_blueprint(blueprint)
    app.add_template_global(user_name, "user_name")
    app.add_template_global(has_login, "has_login")


def has_login() -> bool:
    """Tell whether users log in here."""
    return login_or_none() is not None


def user_name() -> str | None:
    """Return the name of the user who is logged in."""
    who = request_context()
    return who.user_name or who.user_id


@blueprint.get("/login")
def get_login() -> str:
    """Show the form."""
    return _form()


@blueprint.post("/login")
def post_login() -> Response | tuple[str, int]:
    """Log a user in and show the page that was asked for; show the form if that fails."""
    form = {name: value[:LONGEST_SECRET] for name, value in request.form.items()}
    credentials = Credentials(
        user=form.get("user", ""),
        password=form.get("password", ""),
        project=form.get("project", "").strip(),
        domain=form.get("domain", "").strip() or Credentials.domain,
    )
    try:
        issued = login().log_in(credentials, request.remote_addr or "")
    except tuple(SHOWN) as error:
        return _form(str(error)), SHOWN[type(error)]
    response = redirect(local.address_of(form.get("next", "")), code=303)
    _keep(response, issued)
    return response


@blueprint.post("/logout")
def post_logout() -> Response:
    """Revoke the token and forget it."""
    try:
        login().log_out(request.cookies.get(COOKIE, ""))
    except (errors.IdentityUnavailable, errors.DatabaseUnavailable) as error:
        # The browser forgets the token all the same; it lasts until it expires.
        LOG.warning("could not revoke the token of a user who logs out: %s", error)
    return _forgetful(redirect(url_for("web.get_gallery"), code=303))


def ask_to_log_in() -> Response:
    """Return the redirection to the form, which leads back to the page of this request."""
    response = redirect(url_for("login.get_login", next=local.this_page()), code=303)
    return _forgetful(response) if COOKIE in request.cookies else response


def _form(error: str | None = None) -> str:
    filled_in = {name: request.values.get(name, "") for name in ("user", "project", "domain")}
    return render_template(
        "faafo/login.html",
        error=error,
        filled_in=filled_in,
        next=local.local_path(request.values.get("next", "")),
        has_projects=login().has_projects,
        is_logged_in=bool(sent_token(request)),
    )


def _keep(response: Response, issued: Issued) -> None:
    response.set_cookie(
        COOKIE,
        issued.token,
        expires=issued.expires_at,
        path=request.script_root or "/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _forgetful(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=request.script_root or "/")
    return response
