# SPDX-License-Identifier: Apache-2.0
"""``faafo help`` and the list of commands; cliff's would name the package that each comes from."""

import argparse

from cliff.command import Command
from cliff.complete import CompleteCommand
from cliff.help import HelpCommand


class Help(HelpCommand):
    """Show the options and examples of a command"""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Show the help of a command, or that of ``faafo``."""
        if parsed_args.cmd:
            return super().take_action(parsed_args)
        self.app.parser.print_help(self.app.stdout)
        return 0


class Complete(CompleteCommand):
    """Print a script that completes command lines: source <(faafo complete)"""


def listed(commands: dict[str, type[Command]]) -> str:
    """Return a line for each command."""
    width = max(map(len, commands))
    lines = (
        f"  {name:{width}}  {(command.__doc__ or '').splitlines()[0].rstrip('.')}"
        for name, command in commands.items()
    )
    return "\n".join(["commands:", *lines])
