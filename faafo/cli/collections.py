# SPDX-License-Identifier: Apache-2.0
"""``faafo collection list``, ``show``, ``create``, ``set``, ``delete``, ``add`` and ``remove``."""

import argparse

from faafo.cli import cells, values
from faafo.cli.base import ListCommand, Result, ShowCommand, collection_uuid
from faafo.cli.several import ForEach

COLUMNS = ("uuid", "name", "fractals", "shared", "reserved", "user_id")


class ListCollections(ListCommand):
    """List your collections, the favourites first, and those that others share."""

    examples = ("faafo collection list", "faafo collection list -f value -c uuid -c name")

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """List them."""
        return COLUMNS, cells.rows(self.client.collections(), COLUMNS)


class CreateCollection(ShowCommand):
    """Make a collection and show it."""

    operands = "NAME"
    examples = (
        "faafo collection create Dendrites",
        "faafo collection create --shared Dendrites -f value -c uuid",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add its name."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", metavar="NAME", help="name of the collection")
        parser.add_argument("--shared", action="store_true", help="let everybody see it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Make it."""
        made = self.client.create_collection(parsed_args.name, shared=parsed_args.shared)
        return cells.fields(made)


class ShowCollection(ShowCommand):
    """Show a collection; "faafo fractal list --collection" lists its fractals."""

    operands = "COLLECTION"
    examples = ("faafo collection show mine", "faafo fractal list --collection mine")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the collection."""
        return _with_collection(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return cells.fields(
            self.client.collection(collection_uuid(self.client, parsed_args.collection))
        )


class SetCollection(ShowCommand):
    """Rename a collection, or share it, and show it."""

    operands = "COLLECTION"
    examples = (
        "faafo collection set --share mine",
        "faafo collection set --name Dust 12345678-9abc-4def-8123-456789abcdef",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the collection, and what may change."""
        parser = _with_collection(super().get_parser(prog_name))
        parser.add_argument("--name", metavar="NAME", help="new name; favourites keep theirs")
        shared = parser.add_mutually_exclusive_group()
        shared.add_argument(
            "--share", dest="shared", action="store_true", default=None, help="let everybody see it"
        )
        shared.add_argument(
            "--stop", dest="shared", action="store_false", default=None, help="share it no longer"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Change it."""
        name, shared = parsed_args.name, parsed_args.shared
        if name is None and shared is None:
            self.usage_error("say what to change: --name, --share or --stop")
        uuid = collection_uuid(self.client, parsed_args.collection)
        return cells.fields(self.client.change_collection(uuid, name=name, shared=shared))


class DeleteCollections(ForEach):
    """Delete collections; their fractals stay."""

    what = "a collection"
    examples = ("faafo collection delete 12345678-9abc-4def-8123-456789abcdef",)

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Delete them."""
        delete = self.client.delete_collection
        return self.for_each(parsed_args.uuid, delete, "deleted collection {}")


class _Members(ForEach):
    """Base class of a command about fractals in a collection."""

    operands = "COLLECTION UUID [UUID ...]"

    def add_operands(self, parser: argparse.ArgumentParser) -> None:
        """Add the collection, then the fractals."""
        _with_collection(parser)
        super().add_operands(parser)


class AddToCollection(_Members):
    """Put fractals into a collection."""

    examples = (
        "faafo collection add mine 12345678-9abc-4def-8123-456789abcdef",
        "faafo fractal list --palette ember -f value -c uuid | xargs -r faafo collection add mine",
    )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Put them there."""
        uuid = collection_uuid(self.client, parsed_args.collection)
        return self.for_each(
            parsed_args.uuid,
            lambda one: self.client.add_to_collection(uuid, one),
            "added fractal {}",
        )


class RemoveFromCollection(_Members):
    """Take fractals out of a collection."""

    examples = ("faafo collection remove mine 12345678-9abc-4def-8123-456789abcdef",)

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Take them out."""
        uuid = collection_uuid(self.client, parsed_args.collection)
        return self.for_each(
            parsed_args.uuid,
            lambda one: self.client.remove_from_collection(uuid, one),
            "removed fractal {}",
        )


def _with_collection(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "collection",
        type=values.collection,
        metavar="COLLECTION",
        help=f'uuid of a collection, or "{values.MINE}": your favourites',
    )
    return parser
