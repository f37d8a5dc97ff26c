# SPDX-License-Identifier: Apache-2.0
"""``faafo fractal create``, ``list``, ``show``, ``share``, ``delete`` and ``retry``."""

import argparse
from collections.abc import Callable
from typing import Any

from faafo import errors
from faafo.cli import cells, picture, scheduling, values
from faafo.cli.base import ListCommand, PlainCommand, Result, ShowCommand, collection_uuid
from faafo.fractal.drawing import Colouring, Formula
from faafo.fractal.palette import NAMES
from faafo.fractal.parts import MOST_PARTS
from faafo.fractal.task import Status

COLUMNS = ("uuid", "status", "width", "height", "palette", "created_at")
LONG_COLUMNS = (
    *("uuid", "status", "width", "height", "iterations", "cx", "cy", "palette", "created_at"),
    *("formula", "colouring", "samples", "offset", "density", "inside"),
    *("duration", "size", "failures", "generated_by", "fault"),
    *("project_id", "user_id", "shared"),
)
SCOPES = ("project", "shared", "all_projects")
MOST_LISTED = 1_000_000


class CreateFractal(ShowCommand):
    """Post a fractal and show its record.

    It is rendered as soon as a worker is free; "faafo render" waits for that
    and saves the image.
    """

    examples = (
        "faafo fractal create",
        "faafo fractal create --width 1920 --height 1080 --c -0.7269+0.1889i --palette ember",
        "faafo fractal create -f value -c uuid",
        "faafo fractal create --priority -5 --not-before 2h --expires-at 1d",
        "faafo fractal create --width 20000 --height 15000 --split 60",
        "faafo fractal create --callback-url https://example.com/done -c callback_secret",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the parameters of the fractal."""
        parser = super().get_parser(prog_name)
        picture.add_options(parser).add_argument(
            "--uuid",
            type=values.uuid,
            help="uuid of the fractal; posting the same one twice is refused (default: a new one)",
        )
        parser.add_argument(
            "--split",
            type=values.whole(1, MOST_PARTS),
            metavar="COUNT",
            help="number of bands of rows, each for a worker (default: it depends on the size)",
        )
        parser.add_argument(
            "--callback-url",
            metavar="URL",
            help="is told how the fractal ends, as a webhook is; callback_secret signs what is "
            "delivered there, and is shown this once",
        )
        return scheduling.add_options(parser)

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Post it."""
        given = picture.checked_parameters(self, parsed_args)
        if parsed_args.uuid is not None:
            given["uuid"] = parsed_args.uuid
        posted = self.client.create(
            callback_url=parsed_args.callback_url,
            split=parsed_args.split,
            **scheduling.given(parsed_args),
            **given,
        )
        return cells.fields(posted)


class ListFractals(ListCommand):
    """List fractals, newest first.

    Times are UTC. A table has the most important fields; JSON, YAML and CSV
    have the same ones, exactly. --long shows more of them.
    """

    examples = (
        "faafo fractal list",
        "faafo fractal list --status error --long",
        "faafo fractal list -f json --limit 1000",
        "faafo fractal list --children 12345678-9abc-4def-8123-456789abcdef --limit 1000",
        "faafo fractal list --status complete -f value -c uuid | head -1",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the filters."""
        parser = super().get_parser(prog_name)
        statuses = [status.value for status in Status]
        parser.add_argument("--status", choices=statuses, help="only those of this status")
        parser.add_argument(
            "--palette", choices=NAMES, metavar="PALETTE", help="only those of this palette"
        )
        for name, choices in (("formula", Formula), ("colouring", Colouring)):
            parser.add_argument(f"--{name}", choices=[*choices], help=f"only those of this {name}")
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument(
            "--collection",
            type=values.collection,
            metavar="COLLECTION",
            help=f'only those in this collection: its uuid, or "{values.MINE}", your favourites',
        )
        whose.add_argument(
            "--children",
            type=values.uuid,
            metavar="UUID",
            help="only the parts of this fractal, which no other list has",
        )
        whose.add_argument(
            "--scope",
            choices=SCOPES,
            help="whose: those of your project, those that any project shares, or, for "
            "administrators, those of all projects (default: project)",
        )
        parser.add_argument(
            "--limit",
            type=values.whole(1, MOST_LISTED),
            default=20,
            metavar="COUNT",
            help="number of fractals to list, at most (default: %(default)s)",
        )
        parser.add_argument("--long", action="store_true", help="show more fields")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """List them."""
        columns = LONG_COLUMNS if parsed_args.long else COLUMNS
        if parsed_args.children is not None:
            columns = (*columns[:2], "first_row", "band_rows", *columns[2:])
        named = parsed_args.collection
        found = self.client.find(
            status=parsed_args.status,
            palette=parsed_args.palette,
            formula=parsed_args.formula,
            colouring=parsed_args.colouring,
            limit=parsed_args.limit,
            scope=parsed_args.scope,
            collection=named and collection_uuid(self.client, named),
            children=parsed_args.children,
        )
        return columns, cells.rows(found, columns)


class ShowFractal(ShowCommand):
    """Show the record of a fractal."""

    operands = "UUID"
    examples = (
        "faafo fractal show 12345678-9abc-4def-8123-456789abcdef",
        "faafo fractal show 12345678-9abc-4def-8123-456789abcdef -f value -c status",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the uuid."""
        parser = super().get_parser(prog_name)
        parser.add_argument("uuid", type=values.uuid, metavar="UUID", help="uuid of the fractal")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return cells.fields(self.client.get(parsed_args.uuid))


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
