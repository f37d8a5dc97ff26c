# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common: a help with examples, the client, and how they fail."""

import argparse
from http import HTTPStatus
from typing import Any, NoReturn

from cliff.command import Command
from cliff.lister import Lister
from cliff.show import ShowOne

from faafo import errors
from faafo.cli.service import ServiceApp
from faafo.cli.values import MINE
from faafo.client import Client

HINTS = {
    "connection": "is faafo running there? --url or FAAFO_URL is the address of another one",
    "TLS": "--cacert or FAAFO_CACERT names certificates to trust",
}


LOGIN_HINT = (
    "set FAAFO_TOKEN, see faafo token issue, or FAAFO_URL=https://user:password@host, "
    "or OS_CLOUD or OS_AUTH_URL for Keystone"
)


class _Common(Command):
    """Base class of every command.

    ``examples`` are command lines for the end of its help; ``operands`` are what its usage has
    beside options.
    """

    app: ServiceApp
    examples: tuple[str, ...] = ()
    operands = ""
    # Of take_action; 0 unless it fails.
    status = 0
    # cliff asks which distribution a command comes from, which takes a tenth of a second.
    app_dist_name = "faafo"

    # Without cmd_name cliff looks for no hooks of other packages.
    def __init__(self, app: ServiceApp, app_args: argparse.Namespace | None) -> None:
        super().__init__(app, app_args)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the options, to which subclasses add theirs."""
        self._parser = super().get_parser(prog_name)
        # With all the options of cliff's formatters an error would be ten lines.
        self._parser.usage = f"{prog_name} [OPTION ...]{self.operands and ' '}{self.operands}"
        self._parser.formatter_class = argparse.RawDescriptionHelpFormatter
        return self._parser

    def get_epilog(self) -> str:
        """Return the examples."""
        lines = "\n".join(f"  $ {line}" for line in self.examples)
        return f"Examples:\n\n{lines}" if lines else ""

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Do what the command is for; return the exit status."""
        try:
            return super().run(parsed_args) or self.status
        except errors.ApiUnavailable as error:
            if error.kind not in HINTS:
                raise
            raise errors.ApiUnavailable(f"{error}; {HINTS[error.kind]}", error.kind) from None
        except errors.LoginRefused:
            # It says by itself what may be wrong.
            raise
        except errors.ApiRefused as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            raise errors.ApiRefused(f"{error}; {LOGIN_HINT}", error.status) from None

    def usage_error(self, message: str) -> NoReturn:
        """End the process: the options contradict each other."""
        self._parser.error(message)

    def print(self, line: str) -> None:
        """Print a line to standard output."""
        print(line, file=self.app.stdout)

    @property
    def client(self) -> Client:
        """The client for the service that the options name."""
        return self.app.client


class PlainCommand(_Common):
    """A command that prints lines, or nothing."""


class ListCommand(_Common, Lister):
    """A command whose result is a list of rows."""


class ShowCommand(_Common, ShowOne):
    """A command whose result is one set of fields."""


Result = tuple[tuple[str, ...], Any]


def collection_uuid(client: Client, named: str) -> str:
    """Return the uuid of the collection that a command line names."""
    return client.favourites().uuid if named == MINE else named
