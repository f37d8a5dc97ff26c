# SPDX-License-Identifier: Apache-2.0
"""``faafo lock show``, ``acquire`` and ``release``."""

import argparse
import getpass
import re
import socket

from faafo.cli import values
from faafo.cli.base import PlainCommand, Result, ShowCommand
from faafo.cli.cells import row
from faafo.client import Lock
from faafo.fractal.locks import LONGEST_TTL, MOST_TOKEN, NAME_PATTERN, SHORTEST_TTL

COLUMNS = ("name", "holder", "token", "expires_at")


def _name(text: str) -> str:
    if re.fullmatch(NAME_PATTERN, text):
        return text
    raise argparse.ArgumentTypeError(
        f"must have 1 to 64 letters, digits, dots, hyphens and underscores, not {text!r:.80}"
    )


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=_name, metavar="NAME", help="name of the lock")


class _LockFields(ShowCommand):
    """Base class of a command that shows a lock."""

    operands = "NAME"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the name."""
        parser = super().get_parser(prog_name)
        _add_name(parser)
        return parser

    def fields(self, lock: Lock) -> Result:
        """Return its fields."""
        return COLUMNS, row(lock, COLUMNS)


class ShowLock(_LockFields):
    """Show who holds a lock, and until when; the last token of one that is free."""

    examples = ("faafo lock show generator",)

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return self.fields(self.client.lock(parsed_args.name))


class AcquireLock(_LockFields):
    """Acquire a lock that is free, and show its token.

    The status is 1 when it is held. It expires by itself unless it is released.
    """

    examples = (
        "faafo lock acquire backup --ttl 10m",
        "token=$(faafo lock acquire backup --ttl 10m -f value -c token) || exit",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add who acquires it, and for how long."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--ttl",
            type=values.duration(SHORTEST_TTL, LONGEST_TTL),
            default=60.0,
            metavar="DURATION",
            help="when it expires: 30s, 10m, 1h at most (default: 60s)",
        )
        parser.add_argument(
            "--holder", metavar="TEXT", help="shown to others (default: your name and the host's)"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Acquire it."""
        holder = parsed_args.holder or f"{getpass.getuser()}@{socket.gethostname()}"
        return self.fields(self.client.acquire_lock(parsed_args.name, holder, parsed_args.ttl))


class ReleaseLock(PlainCommand):
    """Release a lock."""

    operands = "NAME"
    examples = ("faafo lock release backup --token $token",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the name and the token."""
        parser = super().get_parser(prog_name)
        _add_name(parser)
        parser.add_argument(
            "--token",
            type=values.whole(1, MOST_TOKEN),
            required=True,
            help="the one that acquire has shown",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Release it."""
        self.client.release_lock(parsed_args.name, parsed_args.token)
        self.print(f"released the lock {parsed_args.name}")
