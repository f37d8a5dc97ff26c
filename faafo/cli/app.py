# SPDX-License-Identifier: Apache-2.0
"""The command ``faafo``: its help, and how a command line leads to a command."""

import argparse
import itertools
import logging
from importlib import metadata
from typing import Any

from cliff.commandmanager import CommandManager
from cliff.help import HelpExit

from faafo.cli import values
from faafo.cli.commands import COMMANDS
from faafo.cli.help import listed
from faafo.cli.service import ServiceApp

DESCRIPTION = "Post, find, wait for and download the fractals of a faafo service."
EPILOG = f"""\
{listed(COMMANDS)}

Exit status: 0 when all went well, 1 when something failed, 2 when the command
line is wrong, 130 after Ctrl-C.

"faafo help COMMAND", or "faafo COMMAND --help", shows its options and examples.
"""


class FaafoApp(ServiceApp):
    """The command ``faafo``."""

    NAME = "faafo"
    LOG = logging.getLogger("faafo.cli")
    CONSOLE_MESSAGE_FORMAT = "faafo: %(message)s"

    def __init__(self) -> None:
        manager = CommandManager()
        super().__init__(DESCRIPTION, metadata.version("faafo"), manager, deferred_help=True)
        # Afterwards: two of them replace commands of cliff.
        for name, command in COMMANDS.items():
            manager.add_command(name, command)

    def build_option_parser(
        self,
        description: str | None,
        version: str | None,
        argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        """Return the parser of the global options."""
        ours = {
            "prog": self.NAME,
            "usage": "%(prog)s [OPTION ...] COMMAND ...",
            "epilog": EPILOG,
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            # An abbreviation of these options is an option of a command: --c is not --cacert.
            "allow_abbrev": False,
        }
        return super().build_option_parser(description, version, ours | (argparse_kwargs or {}))

    def run(self, argv: list[str]) -> int:
        """Run the command line; return the exit status."""
        return super().run(values.join_negative(argv))

    def run_subcommand(self, argv: list[str]) -> int:
        """Run a command; its help is shown for any of its command lines."""
        if argv[0] == "help":
            argv = list(itertools.takewhile(lambda word: not word.startswith("-"), argv))
        return super().run_subcommand(argv)

    def print_help_if_requested(self) -> None:
        """Print the help, and end the process, if there is no command."""
        if self.options.deferred_help:
            self.parser.print_help(self.stdout)
            raise HelpExit()

    def interact(self) -> None:
        """Refuse a command line without a command."""
        self.parser.error("a command is missing; faafo --help lists them")
