# SPDX-License-Identifier: Apache-2.0
"""``faafo-manage maintenance``: the mode of maintenance, while no API runs, too."""

from datetime import UTC
from typing import Any

from oslo_config import cfg

from faafo import process
from faafo.cli.maintenance import add_mode
from faafo.cmd.administration import noun, open_session, verb
from faafo.db import maintenance
from faafo.fractal.maintenance import Maintenance, Mode


def add_commands(commands: Any) -> None:
    """Add the noun and its verbs."""
    added = noun(commands, "maintenance", "what the service does not do for a while")
    verb(added, "show", show, "show the mode of maintenance")
    add_mode(verb(added, "set", change, "set the mode of maintenance"))


def show(conf: cfg.ConfigOpts, _stop: process.Stop) -> None:
    """Show the mode."""
    with open_session(conf) as opened:
        print(_described(maintenance.get(opened)))


def change(conf: cfg.ConfigOpts, _stop: process.Stop) -> None:
    """Set the mode; every API knows it within a second."""
    asked = conf.command
    until = None if asked.until is None else asked.until.astimezone(UTC).replace(tzinfo=None)
    with open_session(conf) as opened:
        state = maintenance.change(opened, Mode(asked.mode), asked.reason, until)
        print(_described(state))


def _described(state: Maintenance) -> str:
    return f"{state.mode.value}: {state.sentence}" if state.sentence else state.mode.value
