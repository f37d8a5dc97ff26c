# SPDX-License-Identifier: Apache-2.0
"""``faafo quota show``, ``set`` and ``unset``."""

import argparse

from faafo import errors
from faafo.cli import values
from faafo.cli.base import ListCommand, PlainCommand, Result
from faafo.client import Quota
from faafo.fractal.numbers import MAX_SIZE

RESOURCES = ("queued", "fractals", "bytes", "pixels_per_day")
COLUMNS = ("resource", "limit", "used")


class _QuotaTable(ListCommand):
    """Base class of a command that shows limits and usage of a project."""

    operands = "PROJECT"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the project."""
        parser = super().get_parser(prog_name)
        parser.add_argument("project", metavar="PROJECT", help="id of the project")
        return parser

    def table(self, quota: Quota) -> Result:
        """Return a row for each resource."""
        limits, usage = quota.limits, quota.usage
        return COLUMNS, [(name, getattr(limits, name), getattr(usage, name)) for name in RESOURCES]


class ShowQuota(_QuotaTable):
    """Show the limits of a project and what it uses; -1 is no limit."""

    examples = ("faafo quota show default", "faafo quota show default -f json")

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show them."""
        return self.table(self.client.quota(parsed_args.project))


class SetQuota(_QuotaTable):
    """Set limits of a project, and show all; those that are not given stay."""

    examples = (
        "faafo quota set default --queued 100 --bytes 10000000000",
        "faafo quota set default --fractals -1",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the limits."""
        parser = super().get_parser(prog_name)
        for name, text in (
            ("queued", "fractals that are neither complete nor in error"),
            ("fractals", "fractals of any status"),
            ("bytes", "size of the images"),
            ("pixels-per-day", "pixels posted since midnight UTC"),
        ):
            parser.add_argument(
                f"--{name}",
                type=values.whole(-1, MAX_SIZE),
                metavar="LIMIT",
                help=f"limit of {text}; -1: none",
            )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Set them."""
        given = {name: getattr(parsed_args, name) for name in RESOURCES}
        limits = {name: limit for name, limit in given.items() if limit is not None}
        if not limits:
            self.usage_error("name a limit: --queued, --fractals, --bytes or --pixels-per-day")
        return self.table(self.client.set_quota(parsed_args.project, **limits))


class UnsetQuota(PlainCommand):
    """Make all limits of projects the default of the service again."""

    operands = "PROJECT [PROJECT ...]"
    examples = ("faafo quota unset default",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the projects."""
        parser = super().get_parser(prog_name)
        parser.add_argument("project", nargs="+", metavar="PROJECT", help="id of a project")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Unset them."""
        for project in parsed_args.project:
            try:
                self.client.unset_quota(project)
                self.print(f"project {project} has the default quota")
            except errors.ApiRefused as error:
                self.status = 1
                self.app.LOG.error("%s", error)
        return self.status
