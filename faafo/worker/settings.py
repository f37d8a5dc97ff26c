# SPDX-License-Identifier: Apache-2.0
"""The RPC endpoint by which producers tell a worker the settings."""

import logging
from typing import Any

from faafo import errors
from faafo.fractal.settings import Live
from faafo.rpc import contract, messages

LOG = logging.getLogger(__name__)


class Following:
    """What is told of the settings that a worker follows: nothing if ``live`` is None."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self.endpoints = [] if live is None else [SettingsEndpoint(live)]

    def version(self) -> int | None:
        """Return the number of changes of settings that the worker knows."""
        return None if self._live is None else self._live.settings.version

    def configuration(self) -> str | None:
        """Return which settings and which values of options are in effect."""
        return None if self._live is None else self._live.configuration


class SettingsEndpoint:
    """The RPC method of topic ``tasks`` that has ``live`` follow the settings."""

    target = contract.TASKS_SERVED

    def __init__(self, live: Live) -> None:
        self._live = live

    def configure(self, ctxt: dict[str, Any], version: int, settings: dict[str, str]) -> None:
        """Apply settings, unless newer ones are known: one producer may know less than another."""
        try:
            told = messages.parse(messages.Told, {"version": version, "settings": settings})
        except errors.InvalidMessage as error:
            LOG.warning("ignoring malformed settings of producer %.100r: %s", ctxt, error)
            return
        if told.version > self._live.settings.version:
            self._live.apply_settings(told.version, told.settings)
