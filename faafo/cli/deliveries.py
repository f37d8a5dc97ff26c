# SPDX-License-Identifier: Apache-2.0
"""``faafo webhook deliveries`` and ``redeliver``."""

import argparse

from faafo.cli import cells, values
from faafo.cli.base import ListCommand, PlainCommand, Result
from faafo.cli.fractals import MOST_LISTED
from faafo.cli.webhooks import UUID, with_webhook
from faafo.fractal.numbers import MAX_SIZE

COLUMNS = ("id", "type", "fractal", "status", "attempts", "http_status", "fault", "created_at")
STATUSES = ("pending", "delivered", "failed")


class ListDeliveries(ListCommand):
    """List the deliveries of a webhook, newest first.

    One that is pending is tried, one that is failed is given up.
    """

    operands = "WEBHOOK"
    examples = (
        f"faafo webhook deliveries --status failed {UUID}",
        f"faafo webhook deliveries -f json --limit 1000 {UUID}",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the webhook, and which ones."""
        parser = with_webhook(super().get_parser(prog_name))
        parser.add_argument("--status", choices=STATUSES, help="only those of this status")
        parser.add_argument(
            "--limit",
            type=values.whole(1, MOST_LISTED),
            default=20,
            metavar="COUNT",
            help="number of deliveries to list, at most (default: %(default)s)",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """List them."""
        found = self.client.deliveries(
            parsed_args.webhook, status=parsed_args.status, limit=parsed_args.limit
        )
        return COLUMNS, cells.rows(found, COLUMNS)


class Redeliver(PlainCommand):
    """Queue deliveries of a webhook again: all that were given up, or those that options name."""

    operands = "WEBHOOK"
    examples = (
        f"faafo webhook redeliver --since 2h {UUID}",
        f"faafo webhook redeliver --delivery 7 {UUID}",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the webhook, and which ones."""
        parser = with_webhook(super().get_parser(prog_name))
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--delivery",
            type=values.whole(1, MAX_SIZE),
            metavar="ID",
            help='only this one, whatever its status; "faafo webhook deliveries" shows ids',
        )
        which.add_argument(
            "--since",
            type=values.since,
            metavar="TIME",
            help="only those that were given up since then: an age such as 30m, 2h or 1d, or a "
            "time such as 2026-11-28T18:00 (UTC unless it has a zone)",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Queue them again."""
        number = self.client.redeliver(
            parsed_args.webhook, delivery=parsed_args.delivery, since=parsed_args.since
        )
        self.print(f"deliveries queued again: {number}")
