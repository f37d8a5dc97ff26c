# SPDX-License-Identifier: Apache-2.0
"""Error handlers: map each error to an HTTP status and a message without SQL or traceback."""

import logging

from flask import Flask, Response, current_app, jsonify, request
from pydantic import ValidationError
from sqlalchemy import exc
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response as AnyResponse

from faafo import errors
from faafo.core.login import login_or_none
from faafo.db import db
from faafo.db.deadline import is_too_slow
from faafo.db.engine import explained
from faafo.db.sqlstate import is_refusal
from faafo.fractal.task import describe
from faafo.web.error import error_page, wants_page
from faafo.web.login import ask_to_log_in

LOG = logging.getLogger(__name__)

STATUS = {
    errors.InvalidTask: 400,
    errors.InvalidQuery: 400,
    errors.InvalidImage: 400,
    errors.InvalidCollection: 400,
    errors.InvalidWebhook: 400,
    errors.InvalidSetting: 400,
    errors.InvalidService: 400,
    errors.LimitExceeded: 400,
    errors.ProjectNeeded: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.QuotaExceeded: 403,
    errors.NoLogin: 404,
    errors.FractalNotFound: 404,
    errors.QuotaNotFound: 404,
    errors.CollectionNotFound: 404,
    errors.WebhookNotFound: 404,
    errors.DeliveryNotFound: 404,
    errors.ServiceNotFound: 404,
    errors.SettingNotFound: 404,
    errors.ImageNotFound: 404,
    errors.FractalExists: 409,
    errors.WebhookDisabled: 409,
    errors.CollectionReserved: 409,
    errors.FractalFixed: 409,
    errors.StaleAttempt: 409,
    errors.ServiceFixed: 409,
    errors.NothingToRetry: 409,
    errors.LockConflict: 409,
    errors.StaleLock: 412,
    errors.QueueFull: 429,
    errors.TooManyAttempts: 429,
    errors.NoStreams: 501,
    errors.Overloaded: 503,
    errors.ReadOnly: 503,
    errors.TilesBusy: 503,
    errors.TileUnavailable: 503,
    errors.StoreUnavailable: 503,
    errors.DatabaseUnavailable: 503,
    errors.IdentityUnavailable: 503,
}
# Expected under load: clients get their text, and they are not logged.
EXPECTED = (
    errors.NoStreams,
    errors.Overloaded,
    errors.ReadOnly,
    errors.TilesBusy,
    errors.TileUnavailable,
    errors.IdentityUnavailable,
)
UNAVAILABLE = "service unavailable; see the log of the API"
TOO_SLOW = (
    "the database took too long for this request; ask for less: fewer filters and wildcards, "
    "marker instead of page"
)
INTERNAL_ERROR = "internal server error"
RETRY_AFTER_SECONDS = 2
# The scheme of the pages: they send the cookie that the login page sets.
PAGES = 'Cookie realm="faafo", form-action="/login"'
RETRYABLE = (429, 503)


def register(app: Flask) -> None:
    """Make ``app`` answer errors in JSON, or in HTML where a browser asks for a page."""
    app.register_error_handler(errors.FaafoError, _faafo_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(InterfaceError, _database_error)
    app.register_error_handler(DatabaseError, _other_database_error)
    app.register_error_handler(exc.TimeoutError, _database_error)
    app.register_error_handler(Exception, _unexpected_error)


def answer(status: int, message: str) -> Response:
    """Return the response to an error: JSON, or HTML where a browser asks for a page."""
    if wants_page(request):
        response = error_page(status, message)
    else:
        response = jsonify(message=message)
        response.status_code = status
    if status in RETRYABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def validation_error(error: ValidationError) -> Response:
    """Return the response to a request that does not match its schema."""
    return answer(400, describe(error))


def _faafo_error(error: errors.FaafoError) -> AnyResponse:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if status >= 500 and not isinstance(error, EXPECTED):
        LOG.error("%s %s: %s", request.method, request.path, error)
        # The text may name paths and hosts, which clients must not see.
        return answer(status, INTERNAL_ERROR if status == 500 else UNAVAILABLE)
    if isinstance(error, errors.Unauthenticated):
        return _unauthenticated(error)
    response = answer(status, str(error))
    if isinstance(error, (errors.TooManyAttempts, errors.ReadOnly)):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _unauthenticated(error: errors.Unauthenticated) -> AnyResponse:
    """Show a browser the login page instead of a page that it may not see."""
    if login_or_none() and request.method == "GET" and wants_page(request):
        return ask_to_log_in()
    response = answer(401, str(error))
    # A challenge of another scheme would have a browser ask for the password itself.
    is_browser = "Sec-Fetch-Site" in request.headers
    response.headers["WWW-Authenticate"] = PAGES if is_browser else error.challenge
    return response


def _http_error(error: HTTPException) -> Response:
    response = answer(error.code or 500, error.description or error.name)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    if isinstance(error, RequestedRangeNotSatisfiable):
        response.headers["Content-Range"] = f"{error.units} */{error.length}"
    return response


def _other_database_error(error: DatabaseError) -> AnyResponse:
    """Answer 503 for a damaged file, and 500 for the subclasses, which are mistakes of ours."""
    is_damaged = type(error) is DatabaseError
    return _database_error(error) if is_damaged or is_refusal(error) else _unexpected_error(error)


def _database_error(error: DatabaseError | InterfaceError | exc.TimeoutError) -> AnyResponse:
    db.session.rollback()
    if isinstance(error, OperationalError) and is_too_slow(error):
        LOG.warning("%s %s: the database took too long", request.method, request.path)
        return answer(503, TOO_SLOW)
    try:
        with explained(db.engine.url):
            raise error
    except errors.DatabaseUnavailable as explanation:
        return _faafo_error(explanation)


def _unexpected_error(error: Exception) -> Response:
    LOG.exception("%s %s failed", request.method, request.path)
    if current_app.testing:
        raise error
    return answer(500, INTERNAL_ERROR)
