# SPDX-License-Identifier: Apache-2.0
"""``faafo backlog show``."""

import argparse

from faafo.cli import cells
from faafo.cli.base import Result, ShowCommand
from faafo.fractal.kinds import KINDS


class ShowBacklog(ShowCommand):
    """Show how much work there is for workers.

    outstanding is what they have and what they could have at once: divided by
    the slots of a worker, it is how many workers are worth running.
    """

    operands = ""
    examples = (
        "faafo backlog show",
        "faafo backlog show -f value -c outstanding",
        "faafo backlog show --kind film --label bigmem",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add kind and label."""
        parser = super().get_parser(prog_name)
        kinds = [kind.value for kind in KINDS]
        parser.add_argument("--kind", choices=kinds, help="only what needs a worker of this kind")
        parser.add_argument(
            "--label", metavar="LABEL", help="only what asks for this label; empty: for none"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return cells.fields(self.client.backlog(parsed_args.kind, parsed_args.label))
