# SPDX-License-Identifier: Apache-2.0
"""Refusals: logs why the API refuses claims, once until it grants one."""

import logging
from http import HTTPStatus

from faafo import errors

LOG = logging.getLogger(__name__)

OLDER = "; the API is of an earlier release than this producer: upgrade all APIs first, it retries"


class Refusals:
    """Logs the first of several refused claims in a row, and each that has another reason."""

    def __init__(self) -> None:
        self._last = ""

    def log(self, error: errors.FaafoError) -> None:
        """Log why a claim was refused; call it outside of the except clause, for a single line.

        The members of a claim do not depend on any user: an API that finds fault with them does not
        know them.
        """
        is_older = isinstance(error, errors.ApiRefused) and error.status == HTTPStatus.BAD_REQUEST
        problem = f"{error}{OLDER if is_older else ''}"
        if problem != self._last:
            LOG.error("could not claim fractals: %s", problem)
        self._last = problem

    def forget(self) -> None:
        """Log the next one again: a claim was granted."""
        self._last = ""
