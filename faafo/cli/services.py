# SPDX-License-Identifier: Apache-2.0
"""``faafo service list``, ``show``, ``set`` and ``delete``."""

import argparse
from typing import Any

from faafo import errors
from faafo.cli import cells
from faafo.cli.base import ListCommand, PlainCommand, Result, ShowCommand
from faafo.client.services import Service
from faafo.fractal.service import Kind, work_of

COLUMNS = (
    *("kind", "name", "host", "version", "state", "slots", "busy", "kinds", "labels"),
    *("seen_at", "reason"),
)
WORK = ("done", "done_1", "done_15", "median_seconds")
NO_WORK = (None,) * len(WORK)


def _with_kind(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "--kind", choices=[kind.value for kind in Kind], help="only services of this kind"
    )
    return parser


class ListServices(ListCommand):
    """List the services: who is up, draining, disabled or down.

    What waits that no live worker serves is said on the standard error.

    With --work, how many fractals each worker has rendered since it began, in
    the last minute and in the last 15 minutes, and the median seconds of one.
    """

    operands = ""
    examples = (
        "faafo service list",
        "faafo service list --kind worker --work",
        "faafo service list -f value -c name -c state",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the kind, and what is shown."""
        parser = _with_kind(super().get_parser(prog_name))
        parser.add_argument("--work", action="store_true", help="show what each has done, too")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """List them."""
        found = self.client.services(parsed_args.kind)
        for sentence in self.client.unserved():
            print(sentence, file=self.app.stderr)
        rows = cells.rows(found, COLUMNS)
        if not parsed_args.work:
            return COLUMNS, rows
        done = zip(rows, map(_work, found), strict=True)
        return (*COLUMNS, *WORK), [(*row, *work) for row, work in done]


def _work(service: Service) -> tuple[Any, ...]:
    work = work_of(service.report)
    values = NO_WORK if work is None else tuple(getattr(work, name) for name in WORK)
    return tuple(map(cells.Cell, values))


class _OneService(PlainCommand):
    """Base class of a command about one service."""

    operands = "SERVICE"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the service."""
        parser = _with_kind(super().get_parser(prog_name))
        parser.add_argument("service", metavar="SERVICE", help="name or id of a service")
        return parser

    def find(self, parsed_args: argparse.Namespace) -> Service:
        """Return the service that is meant.

        :raises faafo.errors.ApiRefused: when there is none, or several of the name.
        """
        named, kind = parsed_args.service, parsed_args.kind
        found = [one for one in self.client.services(kind) if named in (one.id, one.name)]
        if not found:
            raise errors.ApiRefused(f"there is no service {named!r:.80}", 404)
        if len(found) > 1:
            kinds = ", ".join(one.kind for one in found)
            raise errors.ApiRefused(
                f"several services are called {named}: name the --kind: {kinds}"
            )
        return found[0]


class ShowService(_OneService, ShowCommand):
    """Show a service: what its process told last."""

    examples = ("faafo service show worker-1", "faafo service show host-1 --kind api -f json")

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return cells.fields(self.find(parsed_args))


class SetService(_OneService, ShowCommand):
    """Disable a producer or a worker, or enable it again, and show it.

    A disabled worker finishes its renders and gets nothing more, a disabled
    producer claims nothing. So it stays over a restart, until it is enabled.
    """

    examples = (
        'faafo service set worker-1 --disable "an upgrade of its host"',
        "faafo service set worker-1 --enable",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the change."""
        parser = super().get_parser(prog_name)
        change = parser.add_mutually_exclusive_group(required=True)
        change.add_argument("--disable", metavar="REASON", help="disable it; others see why")
        change.add_argument("--enable", action="store_true", help="enable it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Change it."""
        uid, reason = self.find(parsed_args).id, parsed_args.disable
        if reason is None:
            return cells.fields(self.client.enable_service(uid))
        return cells.fields(self.client.disable_service(uid, reason))


class DeleteService(_OneService):
    """Remove a service that is down from the list.

    A service that ends in an orderly way is removed by itself, and any other
    one after a day. If it was disabled and comes back, it is enabled.
    """

    examples = ("faafo service delete worker-7", "faafo service delete host-1 --kind producer")

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Remove it."""
        service = self.find(parsed_args)
        self.client.delete_service(service.id)
        self.print(f"deleted {service.kind} {service.name}")
