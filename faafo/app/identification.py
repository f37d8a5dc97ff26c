# SPDX-License-Identifier: Apache-2.0
"""Finds out who sends a request in lanes of its own, before the request gets to its lane."""

import logging
from typing import Any

from flask import Request

from faafo import errors
from faafo.app.lanes import Lane, Lanes
from faafo.auth.identity import Authenticator, Sender

LOG = logging.getLogger(__name__)


class Identification:
    """The check of the credentials of one request; then ``task`` gets to its own lane."""

    def __init__(
        self, task: Any, lane: Lane, request: Request, authenticator: Authenticator, lanes: Lanes
    ) -> None:
        self.lane = lane
        self._task = task
        self._request = request
        self._authenticator = authenticator
        self._lanes = lanes
        self._is_turned_away = False

    def turn_away(self) -> bool:
        """Have the request answered with 503."""
        self._is_turned_away = bool(self._task.turn_away())
        return self._is_turned_away

    def service(self) -> None:
        """Check the credentials; whatever else goes wrong, the gate of the application answers."""
        if self._is_turned_away:
            self._task.service()
            return
        try:
            self._task.parser.sender = self._identified()
        finally:
            self._lanes.add_task(self._task)

    def cancel(self) -> None:
        """Drop the request: the server stops."""
        self._task.cancel()

    def _identified(self) -> Sender | None:
        try:
            return self._authenticator.identify(self._request)
        except errors.FaafoError as error:
            return error
        except Exception:
            LOG.exception("could not find out who sends %s", self._request.path)
            return errors.IdentityUnavailable("the credentials cannot be checked; try again later")


class Identifier:
    """Has unknown credentials checked where no request with known ones waits.

    Credentials that were valid when they were checked last have a lane of their own: whoever sends
    others, any number of them, delays only those who have not been let in yet.
    """

    def __init__(self, authenticator: Authenticator | None, lanes: Lanes) -> None:
        self._authenticator = authenticator
        self._lanes = lanes

    def first(self, task: Any) -> Any:
        """Return what has to be done first: ``task`` itself when its sender is known."""
        parser, authenticator = task.parser, self._authenticator
        if authenticator is None or not parser.route.is_private:
            return task
        if parser.error or parser.sender is not None:
            return task
        request = Request(task.environ())
        try:
            parser.sender = authenticator.recall(request)
        except errors.Unauthenticated as error:
            parser.sender = error
        if parser.sender is not None:
            return task
        lane = Lane.CONFIRMING if authenticator.was_valid(request) else Lane.IDENTIFYING
        return Identification(task, lane, request, authenticator, self._lanes)
