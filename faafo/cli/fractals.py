# SPDX-License-Identifier: Apache-2.0
"""``faafo fractal create``, ``list`` and ``show``."""

import argparse
from collections.abc import Iterable

from faafo.cli import cells, picture, scheduling, values
from faafo.cli.base import ListCommand, Result, ShowCommand, collection_uuid
from faafo.client import Fractal
from faafo.fractal.drawing import Colouring, Formula
from faafo.fractal.palette import NAMES
from faafo.fractal.parts import MOST_PARTS
from faafo.fractal.task import Status

COLUMNS = ("uuid", "status", "width", "height", "palette", "created_at")
# New ones come last: programs may read CSV by position.
LONG_COLUMNS = (
    *("uuid", "status", "width", "height", "iterations", "cx", "cy", "palette", "created_at"),
    *("duration", "size", "failures", "generated_by", "fault"),
    *("project_id", "user_id", "shared"),
    *("formula", "colouring", "samples", "offset", "density", "inside"),
    *("priority", "label"),
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
        named = parsed_args.collection
        found: Iterable[Fractal] = self.client.find(
            status=parsed_args.status,
            palette=parsed_args.palette,
            formula=parsed_args.formula,
            colouring=parsed_args.colouring,
            limit=parsed_args.limit,
            scope=parsed_args.scope,
            collection=named and collection_uuid(self.client, named),
            children=parsed_args.children,
        )
        if parsed_args.children is not None:
            found = list(found)
            are_frames = any(getattr(one, "frame", None) is not None for one in found)
            columns = (*columns, *(("frame",) if are_frames else ("first_row", "band_rows")))
        return columns, cells.rows(found, columns)


class ShowFractal(ShowCommand):
    """Show the record of a fractal.

    "parts" of one with parts are their numbers by status; "faafo fractal list
    --children" lists them.
    """

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
        fractal = self.client.get(parsed_args.uuid)
        names, shown = cells.fields(fractal)
        if fractal.children is None:
            return names, shown
        parts = self.client.count_parts(fractal.uuid)
        return (*names, "parts"), (*shown, cells.Counts(parts))
