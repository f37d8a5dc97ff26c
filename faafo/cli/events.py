# SPDX-License-Identifier: Apache-2.0
"""``faafo event tail``."""

import argparse
import itertools
from typing import Any

from faafo.cli import values
from faafo.cli.base import PlainCommand
from faafo.client import Event
from faafo.fractal.events import TYPES
from faafo.fractal.numbers import MAX_INT32

SCOPES = ("project", "shared", "all_projects")


class TailEvents(PlainCommand):
    """Print what happens to fractals, as it happens.

    A line has the time in UTC, the type, the uuid of the fractal, its status,
    and how far it is, or what went wrong. When the connection is lost, the
    command connects again and goes on where it was. It ends with --count or
    Ctrl-C.
    """

    examples = (
        "faafo event tail",
        "faafo event tail --types fractal.complete,fractal.error --count 10",
        "faafo event tail --fractal 12345678-9abc-4def-8123-456789abcdef -f json",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to follow, and how to print it."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "-f", "--format", choices=("line", "json"), default="line",
            help="a line for people, or the JSON object of each event (default: %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--types", type=_types, default=(), metavar="TYPE[,TYPE ...]",
            help=f"only these types: {', '.join(TYPES)}",
        )  # fmt: skip
        parser.add_argument(
            "--fractal", type=values.uuid, metavar="UUID", help="only what happens to this fractal"
        )
        parser.add_argument(
            "--scope", choices=SCOPES,
            help="whose fractals: those of your project, those that any project shares, "
            "or all, which administrators may see (default: project)",
        )  # fmt: skip
        parser.add_argument(
            "--count", type=values.whole(1, MAX_INT32), metavar="N", help="end after N events"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print events until it is enough."""
        events = self.client.follow(
            scope=parsed_args.scope,
            fractal=parsed_args.fractal,
            types=parsed_args.types,
            on_reset=self._warn,
        )
        for event in itertools.islice(events, parsed_args.count):
            is_json = parsed_args.format == "json"
            self.print(event.model_dump_json() if is_json else _line(event))
            # Whoever reads a pipe gets it at once, too.
            self.app.stdout.flush()

    def _warn(self, reason: str) -> None:
        self.app.LOG.warning("changes may be missing here: %s", reason)


def _types(text: str) -> tuple[str, ...]:
    types = tuple(one.strip() for one in text.split(","))
    for one in types:
        if one not in TYPES:
            raise argparse.ArgumentTypeError(
                f"must be some of {', '.join(TYPES)}, with commas between, not {one!r:.60}"
            )
    return types


def _line(event: Event) -> str:
    data = event.data
    time = f"{event.timestamp:%Y-%m-%d %H:%M:%S}.{event.timestamp.microsecond // 1000:03}"
    parts = [time, event.type, data.get("uuid"), data.get("status"), _detail(data)]
    # A fault may have line breaks, or what a terminal would obey.
    text = "  ".join(str(one) for one in parts if one)
    return "".join(one if one.isprintable() else " " for one in text)


def _detail(data: dict[str, Any]) -> str:
    if data.get("status") == "complete" and data.get("duration") is not None:
        return f"{data['duration']:.6g} s, {data.get('size')} bytes, {data.get('generated_by')}"
    if data.get("status") == "rendering" and data.get("progress") is not None:
        return f"{data['progress']:.0%}"
    return str(data.get("fault") or "")
