# SPDX-License-Identifier: Apache-2.0
"""``faafo webhook list``, ``show``, ``create``, ``set``, ``delete``, ``ping`` and ``rotate``."""

import argparse

from faafo.cli import cells, values
from faafo.cli.base import ListCommand, Result, ShowCommand, collection_uuid
from faafo.cli.several import ForEach
from faafo.client.webhooks import WebhookChanges
from faafo.fractal.events import EventType

COLUMNS = ("uuid", "url", "events", "enabled", "reason", "created_at")
UUID = "12345678-9abc-4def-8123-456789abcdef"


class ListWebhooks(ListCommand):
    """List the webhooks of your project, newest first."""

    examples = ("faafo webhook list", "faafo webhook list -f value -c uuid -c enabled")

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """List them."""
        return COLUMNS, cells.rows(self.client.webhooks(), COLUMNS)


class ShowWebhook(ShowCommand):
    """Show a webhook, without its secret."""

    operands = "WEBHOOK"
    examples = (f"faafo webhook show {UUID}",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the webhook."""
        return with_webhook(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Show it."""
        return cells.fields(self.client.webhook(parsed_args.webhook))


class CreateWebhook(ShowCommand):
    """Make a webhook and show it with its secret.

    No other command shows the secret. The webhook gets a ping first.
    """

    operands = "URL"
    examples = (
        "faafo webhook create https://example.com/faafo",
        "faafo webhook create --events fractal.error --collection mine https://example.com/faafo",
        "faafo webhook create --secret-file secret https://example.com/faafo -f value -c uuid",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where it leads, and what it is about."""
        parser = _with_secret_file(super().get_parser(prog_name))
        parser.add_argument("url", metavar="URL", help="where events are posted: http or https")
        _with_events(parser, f"{EventType.COMPLETE},{EventType.ERROR}")
        _with_collection(parser, "(default: all fractals of the project)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Make it."""
        named = parsed_args.collection
        made = self.client.create_webhook(
            parsed_args.url,
            events=parsed_args.events,
            collection=named and collection_uuid(self.client, named),
            secret=parsed_args.secret,
        )
        return cells.fields(made)


class SetWebhook(ShowCommand):
    """Change a webhook, and show it; what is not given stays."""

    operands = "WEBHOOK"
    examples = (
        f"faafo webhook set --events fractal.complete,fractal.error,fractal.deleted {UUID}",
        f"faafo webhook set --disable {UUID}",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the webhook, and what may change."""
        parser = with_webhook(super().get_parser(prog_name))
        # --url is that of the service.
        parser.add_argument("--receiver", metavar="URL", help="post events there from now on")
        _with_events(parser, "as they are")
        about = parser.add_mutually_exclusive_group()
        _with_collection(about, "(default: as it is)")
        about.add_argument(
            "--all-fractals", action="store_true", help="events of all fractals of the project"
        )
        enabled = parser.add_mutually_exclusive_group()
        enabled.add_argument(
            "--enable", dest="enabled", action="store_true", default=None, help="deliver events"
        )
        enabled.add_argument(
            "--disable", dest="enabled", action="store_false", default=None, help="deliver none"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Change it."""
        changes = WebhookChanges()
        if parsed_args.receiver is not None:
            changes["url"] = parsed_args.receiver
        if parsed_args.events is not None:
            changes["events"] = parsed_args.events
        if parsed_args.enabled is not None:
            changes["enabled"] = parsed_args.enabled
        if parsed_args.collection is not None:
            changes["collection"] = collection_uuid(self.client, parsed_args.collection)
        if parsed_args.all_fractals:
            changes["collection"] = None
        if not changes:
            self.usage_error(
                "say what to change: --receiver, --events, --collection, --all-fractals, "
                "--enable or --disable"
            )
        return cells.fields(self.client.update_webhook(parsed_args.webhook, **changes))


class DeleteWebhooks(ForEach):
    """Delete webhooks and their deliveries."""

    what = "a webhook"
    examples = (f"faafo webhook delete {UUID}",)

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Delete them."""
        return self.for_each(parsed_args.uuid, self.client.delete_webhook, "deleted webhook {}")


class PingWebhooks(ForEach):
    """Queue an event of the type webhook.ping to webhooks, to try them."""

    what = "a webhook"
    examples = (f"faafo webhook ping {UUID} && faafo webhook deliveries --limit 1 {UUID}",)

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Ping them."""
        done = "queued a ping to webhook {}"
        return self.for_each(parsed_args.uuid, self.client.ping_webhook, done)


class RotateSecret(ShowCommand):
    """Sign with another secret, and show the webhook with it.

    For a day deliveries are signed with the one before, too. No other command
    shows the new secret.
    """

    operands = "WEBHOOK"
    examples = (
        f"faafo webhook rotate {UUID} -f value -c secret",
        f"pass show receiver | faafo webhook rotate --secret-file - {UUID}",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the webhook, and the secret."""
        return _with_secret_file(with_webhook(super().get_parser(prog_name)))

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Rotate it."""
        rotate = self.client.rotate_webhook_secret
        return cells.fields(rotate(parsed_args.webhook, parsed_args.secret))


def with_webhook(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser with the operand WEBHOOK."""
    parser.add_argument("webhook", type=values.uuid, metavar="WEBHOOK", help="uuid of a webhook")
    return parser


def _with_events(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--events",
        type=values.event_types,
        metavar="TYPES",
        help=f"the types of events it gets, separated by commas: {', '.join(EventType)} "
        f"(default: {default})",
    )


def _with_collection(parser: argparse._ActionsContainer, default: str) -> None:
    parser.add_argument(
        "--collection",
        type=values.collection,
        metavar="COLLECTION",
        help=f'only events of fractals in this collection: its uuid, or "{values.MINE}", your '
        f"favourites {default}",
    )


def _with_secret_file(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "--secret-file",
        dest="secret",
        type=values.secret_file,
        metavar="FILE",
        help="file with the secret: whsec_BASE64, of 24 to 64 bytes; - is standard input "
        "(default: a new one is generated)",
    )
    return parser
