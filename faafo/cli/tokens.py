# SPDX-License-Identifier: Apache-2.0
"""``faafo token issue`` and ``revoke``."""

import argparse
import getpass
import os

from faafo.cli.base import PlainCommand, Result, ShowCommand
from faafo.cli.cells import Cell
from faafo.cli.service import TOKEN_VARIABLE

PASSWORD_VARIABLE = "FAAFO_PASSWORD"
COLUMNS = ("token", "expires_at", "project_id", "roles")


class IssueToken(ShowCommand):
    """Log in and show a token.

    The password is asked for, unless FAAFO_PASSWORD has it. Other commands
    send the token that FAAFO_TOKEN has.
    """

    examples = (
        "faafo token issue --user ada --project paintings",
        "export FAAFO_TOKEN=$(faafo token issue -f value -c token)",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add who logs in, and for which project."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--user", metavar="NAME", help="user name (default: yours here)")
        parser.add_argument(
            "--project", metavar="NAME", help="project in Keystone, if you have several"
        )
        parser.add_argument(
            "--domain", metavar="NAME", help="domain in Keystone, if it is not Default"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Log in."""
        user = parsed_args.user or getpass.getuser()
        password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass(f"Password of {user}: ")
        issued = self.client.issue_token(
            user, password, project=parsed_args.project, domain=parsed_args.domain
        )
        roles = ", ".join(issued.roles)
        cells = (issued.token, Cell(issued.expires_at), Cell(issued.project_id), roles)
        return COLUMNS, cells


class RevokeToken(PlainCommand):
    """Log out: revoke the token that FAAFO_TOKEN has."""

    examples = ("faafo token revoke && unset FAAFO_TOKEN",)

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Log out."""
        if not os.environ.get(TOKEN_VARIABLE):
            self.usage_error(f"environment variable {TOKEN_VARIABLE}: is not set")
        self.client.revoke_token()
        self.print("revoked the token")
