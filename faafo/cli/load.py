# SPDX-License-Identifier: Apache-2.0
"""``faafo load``: a load generator."""

import argparse
import threading
import time
from typing import Any

from cliff.columns import FormattableColumn

from faafo.cli import picture, values
from faafo.cli.base import Result, ShowCommand
from faafo.cli.figures import Figures
from faafo.cli.openloop import MOST_THREADS, OpenLoop
from faafo.cli.output import Progress
from faafo.cli.waiting import LONGEST_WAIT, add_timeout
from faafo.client.parameters import Parameters

MOST_RATE = 1000
MOST_ARRIVALS = 1_000_000
WIDTH, HEIGHT = 320, 240
# The same picture each time takes the same time each time.
CONSTANT = -0.8 + 0.156j
PROGRESS_SECONDS = 0.2
# After Ctrl-C, as for every command of cliff.
INTERRUPTED_STATUS = 130


class Errors(FormattableColumn[dict[str, int]]):
    """The number of errors of each kind."""

    def human_readable(self) -> str:
        """Return them in one line."""
        return ", ".join(f"{kind}: {count}" for kind, count in self._value.items()) or "none"


class Load(ShowCommand):
    """Post fractals at a constant rate, and measure how the service keeps up.

    The load is open-loop: an arrival does not wait for the answers to earlier
    ones. All times count from the moment at which an arrival was due: post_*
    to the answer to its POST, complete_* until the fractal was seen complete,
    which is accurate to 50 ms. send_delay_max_ms is how late an arrival was
    sent at most, because this machine was busy or 128 POSTs had no answer yet.

    The exit status is 0 when every fractal is complete, and 1 otherwise.
    Ctrl-C ends the load with the figures so far, and status 130. The fractals
    remain with the service.
    """

    examples = (
        "faafo load --rate 20 --duration 30s",
        "faafo load --rate 5 --duration 10m --width 1920 --height 1080 -f json",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the rate, the duration and the parameters of the fractals."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--rate",
            type=values.number(0.01, MOST_RATE, "fractals a second,"),
            default=10.0,
            metavar="PER_SECOND",
            help="fractals to post a second (default: %(default)g)",
        )
        parser.add_argument(
            "--duration",
            type=values.duration(1, LONGEST_WAIT),
            default=10.0,
            metavar="DURATION",
            help="post so long, such as 30s, 10m or 1h (default: %(default)gs)",
        )
        add_timeout(parser, 60, "wait for the last fractals")
        picture.add_options(parser, WIDTH, HEIGHT)
        parser.set_defaults(c=CONSTANT)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Post, wait, and return the figures."""
        count = max(1, round(parsed_args.rate * parsed_args.duration))
        if count > MOST_ARRIVALS:
            self.usage_error(
                f"argument --duration: at --rate {parsed_args.rate:g} it must be at most "
                f"{MOST_ARRIVALS / parsed_args.rate:g}s, not {parsed_args.duration:g}s: one load "
                f"posts at most {MOST_ARRIVALS} fractals"
            )
        given = picture.checked_parameters(self, parsed_args)
        # A service that is away is no load.
        next(self.client.find(limit=1), None)
        figures = Figures()
        unfinished = self._run(given, parsed_args, count, figures)
        summary: dict[str, Any] = {
            "rate": parsed_args.rate,
            "duration": parsed_args.duration,
            **figures.summary(),
            "unfinished": unfinished,
        }
        for text in figures.texts():
            self.app.LOG.error("%s", text)
        if self.status == 0 and not figures.all_complete:
            self.status = 1
        summary["errors"] = Errors(summary["errors"])
        return tuple(summary), tuple(summary.values())

    def _run(
        self, given: Parameters, parsed_args: argparse.Namespace, count: int, figures: Figures
    ) -> int:
        """Run the load; return the number of fractals that have not ended."""
        stop = threading.Event()
        # One more asks which fractals have ended.
        client = self.app.open_client(MOST_THREADS + 1)
        loop = OpenLoop(
            client, lambda: client.create(**given), parsed_args.rate, count, figures, stop
        )
        try:
            loop.start()
            with Progress(self.app.stderr) as progress:
                self._follow(loop, figures, progress, parsed_args.timeout)
        except KeyboardInterrupt:
            self.status = INTERRUPTED_STATUS
        finally:
            stop.set()
        return loop.unfinished

    def _follow(self, loop: OpenLoop, figures: Figures, progress: Progress, timeout: float) -> None:
        never, answered_at = threading.Event(), None
        while True:
            progress.show(figures.line())
            if loop.has_been_answered:
                answered_at = answered_at or time.monotonic()
                if not loop.unfinished or time.monotonic() - answered_at >= timeout:
                    return
            never.wait(PROGRESS_SECONDS)
