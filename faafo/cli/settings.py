# SPDX-License-Identifier: Apache-2.0
"""``faafo setting list``, ``show``, ``set`` and ``unset``."""

import argparse

from faafo import errors
from faafo.cli import cells
from faafo.cli.base import ListCommand, PlainCommand, Result, ShowCommand

COLUMNS = ("name", "value", "changed_at")
NAME = "name of an option: group.option, and without a group that of [DEFAULT]"


class ListSettings(ListCommand):
    """List the options that are set while services run."""

    examples = ("faafo setting list", "faafo setting list -f json")

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """List them."""
        return COLUMNS, cells.rows(self.client.settings(), COLUMNS)


class _OneSetting(ShowCommand):
    """Base class of a command about one option."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add its name."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", metavar="NAME", help=NAME)
        return parser


class ShowSetting(_OneSetting):
    """Show an option that is set."""

    operands = "NAME"
    examples = ("faafo setting show producer.claim_interval -f value -c value",)

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return cells.fields(self.client.setting(parsed_args.name))


class SetSetting(_OneSetting):
    """Set an option in all services, within 2 s, and show it."""

    operands = "NAME VALUE"
    examples = (
        "faafo setting set interval 2.5",
        "faafo setting set palettes ember,ocean",
        "faafo setting set worker.slots 8",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add its value."""
        parser = super().get_parser(prog_name)
        parser.add_argument("value", metavar="VALUE", help="the value, as it is written in a file")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Set it."""
        return cells.fields(self.client.set_setting(parsed_args.name, parsed_args.value))


class UnsetSetting(PlainCommand):
    """Have services read options from their files again."""

    operands = "NAME [NAME ...]"
    examples = ("faafo setting unset interval",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the names."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", nargs="+", metavar="NAME", help=NAME)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Unset them."""
        for name in parsed_args.name:
            try:
                self.client.unset_setting(name)
                self.print(f"option {name} is as in the files")
            except errors.ApiRefused as error:
                self.status = 1
                self.app.LOG.error("%s", error)
        return self.status
