# SPDX-License-Identifier: Apache-2.0
"""Commands for several things at once: ``faafo fractal delete``, ``share`` and ``retry``."""

import argparse
from collections.abc import Callable
from typing import Any

from faafo import errors
from faafo.cli import values
from faafo.cli.base import PlainCommand


class ForEach(PlainCommand):
    """Base class of a command that does the same to several fractals.

    ``what`` says of what it names uuids.
    """

    operands = "UUID [UUID ...]"
    what = "a fractal"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the operands."""
        parser = super().get_parser(prog_name)
        self.add_operands(parser)
        return parser

    def add_operands(self, parser: argparse.ArgumentParser) -> None:
        """Add the uuids."""
        parser.add_argument(
            "uuid", type=values.uuid, nargs="+", metavar="UUID", help=f"uuid of {self.what}"
        )

    def for_each(self, uuids: list[str], act: Callable[[str], Any], done: str) -> int:
        """Do it, and print a line for each; return 1 if any was refused."""
        for uuid in uuids:
            try:
                act(uuid)
                self.print(done.format(uuid))
            except errors.ApiRefused as error:
                self.status = 1
                self.app.LOG.error("%s", error)
        return self.status


class DeleteFractals(ForEach):
    """Delete fractals and their images.

    A render under way is cancelled. One that cannot be deleted does not keep
    the others from it; the exit status is 1 then.
    """

    examples = (
        "faafo fractal delete 12345678-9abc-4def-8123-456789abcdef",
        "faafo fractal list --status error -f value -c uuid | xargs -r faafo fractal delete",
    )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Delete them."""
        return self.for_each(parsed_args.uuid, self.client.delete, "deleted fractal {}")


class ShareFractals(ForEach):
    """Let all projects see fractals; with --stop, no longer."""

    examples = (
        "faafo fractal share 12345678-9abc-4def-8123-456789abcdef",
        "faafo fractal share --stop 12345678-9abc-4def-8123-456789abcdef",
        "faafo fractal list --scope shared",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the option that stops it."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--stop", action="store_true", help="share them no longer")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Share them, or stop."""
        shared = not parsed_args.stop
        done = "shared fractal {}" if shared else "fractal {} is shared no longer"
        return self.for_each(
            parsed_args.uuid, lambda uuid: self.client.share(uuid, shared=shared), done
        )


class RetryFractals(ForEach):
    """Queue fractals again that are in error.

    One that is not in error does not keep the others from it; the exit status
    is 1 then.
    """

    examples = (
        "faafo fractal retry 12345678-9abc-4def-8123-456789abcdef",
        "faafo fractal list --status error -f value -c uuid | xargs -r faafo fractal retry",
    )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Queue them again."""
        return self.for_each(parsed_args.uuid, self.client.retry, "queued fractal {} again")
