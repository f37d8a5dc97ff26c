# SPDX-License-Identifier: Apache-2.0
"""``faafo maintenance show`` and ``set``."""

import argparse

from faafo.cli import values
from faafo.cli.base import Result, ShowCommand
from faafo.cli.cells import row
from faafo.client import Maintenance
from faafo.fractal.maintenance import Mode

COLUMNS = ("mode", "reason", "until")


def add_mode(parser: argparse.ArgumentParser) -> None:
    """Add the mode, the reason and the end of maintenance to a parser."""
    parser.add_argument("mode", choices=[one.value for one in Mode], help="what is not done")
    parser.add_argument(
        "--reason", type=values.text(1, 255), metavar="TEXT", help="why; shown to users"
    )
    parser.add_argument(
        "--until",
        type=values.until,
        metavar="TIME",
        help="off from then on: 30m, 2h, 1d from now, or a time in UTC, 2026-11-29T06:00",
    )


class _Mode(ShowCommand):
    """Base class of a command that shows the mode."""

    def fields(self, state: Maintenance) -> Result:
        """Return the fields."""
        return COLUMNS, row(state, COLUMNS)


class ShowMaintenance(_Mode):
    """Show what the service does not do for a while, why, and until when."""

    examples = ("faafo maintenance show",)

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return self.fields(self.client.maintenance())


class SetMaintenance(_Mode):
    """Set the mode of maintenance.

    read-only: users change nothing. paused: nothing more is rendered; what
    is posted waits. off: all is done again.
    """

    operands = "MODE"
    examples = (
        'faafo maintenance set read-only --reason "the database moves" --until 2h',
        "faafo maintenance set paused",
        "faafo maintenance set off",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add mode, reason and end."""
        parser = super().get_parser(prog_name)
        add_mode(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Set it."""
        asked = {"reason": parsed_args.reason, "until": parsed_args.until}
        return self.fields(self.client.set_maintenance(parsed_args.mode, **asked))
