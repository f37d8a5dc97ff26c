# SPDX-License-Identifier: Apache-2.0
"""What fails again and again, such as a request to a server that is away: logged once."""

import logging


class Outage:
    """Logs the first of several failures in a row, and the others for debugging only.

    :param log: of the module whose failures these are.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._lasts = False

    def failed(
        self,
        message: str,
        *arguments: object,
        level: int = logging.WARNING,
        exc_info: bool = False,
    ) -> None:
        """Log a failure.

        :param level: that of the first one.
        :param exc_info: whether the first one shows the exception that is being handled.
        """
        if self._lasts:
            self._log.debug(message, *arguments)
        else:
            self._log.log(level, message, *arguments, exc_info=exc_info)
        self._lasts = True

    def succeeded(self) -> None:
        """Note that it has not failed: the next failure is a first one again."""
        self._lasts = False
