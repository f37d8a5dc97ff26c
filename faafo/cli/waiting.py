# SPDX-License-Identifier: Apache-2.0
"""``faafo fractal wait``, and the wait of ``faafo render``."""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Collection

from faafo.cli import cells, values
from faafo.cli.base import ListCommand, Result
from faafo.cli.output import Progress
from faafo.client import Fractal
from faafo.client.waiting import WAIT_TIMEOUT

COLUMNS = ("uuid", "status", "duration", "fault")
# Seconds: a day.
LONGEST_WAIT = 86_400


class WaitForFractals(ListCommand):
    """Wait until fractals are complete or in error, and list them.

    The exit status is 0 when all are complete, and 1 when any is in error or
    has not ended in time. While the service is unavailable it is asked again.
    """

    operands = "UUID [UUID ...]"
    examples = (
        "faafo fractal wait 12345678-9abc-4def-8123-456789abcdef",
        "faafo fractal wait --timeout 1h $(faafo fractal list --status queued -f value -c uuid)",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the uuids and the timeout."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "uuid", type=values.uuid, nargs="+", metavar="UUID", help="uuid of a fractal"
        )
        add_timeout(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Wait for them."""
        uuids = list(dict.fromkeys(parsed_args.uuid))
        with Progress(self.app.stderr) as progress:
            ended = self.client.wait_all(uuids, parsed_args.timeout, shown_on(progress))
        self.status = 0 if all(fractal.is_complete for fractal in ended) else 1
        unfinished = sum(not fractal.has_ended for fractal in ended)
        if unfinished:
            self.app.LOG.error(
                "%d of %d fractal(s) neither complete nor in error after %g s",
                *(unfinished, len(ended), parsed_args.timeout),
            )
        return COLUMNS, cells.rows(ended, COLUMNS)


def add_timeout(
    parser: argparse.ArgumentParser, seconds: float = WAIT_TIMEOUT, what: str = "wait"
) -> None:
    """Add the option that bounds a wait."""
    parser.add_argument(
        "--timeout",
        type=values.duration(0, LONGEST_WAIT),
        default=seconds,
        metavar="DURATION",
        help=f"{what} no longer than this, such as 30s, 10m or 1h (default: %(default)gs)",
    )


def shown_on(progress: Progress) -> Callable[[Collection[Fractal]], None]:
    """Return a function that shows how many fractals have which status, and the time since now.

    Of those with parts it shows how many of these are complete.
    """
    begun_at = time.monotonic()

    def show(fractals: Collection[Fractal]) -> None:
        by_status = Counter(fractal.status for fractal in fractals)
        counts = ", ".join(f"{count} {status}" for status, count in sorted(by_status.items()))
        if parts := sum(fractal.children or 0 for fractal in fractals):
            open_parts = sum(fractal.open_children or 0 for fractal in fractals)
            counts += f"; {parts - open_parts} of {parts} parts complete"
        progress.show(f"{time.monotonic() - begun_at:.0f} s: {counts}")

    return show
