# SPDX-License-Identifier: Apache-2.0
"""Options that say when a fractal is rendered."""

import argparse
from datetime import datetime
from typing import TypedDict

from faafo.cli import values
from faafo.fractal.scheduling import HIGHEST, LOWEST


class Schedule(TypedDict):
    """When a fractal is rendered, as the client is told."""

    priority: int
    not_before: datetime | None
    expires_at: datetime | None


def add_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the options; return the parser."""
    parser.add_argument(
        "--priority",
        type=values.whole(LOWEST, HIGHEST),
        default=0,
        metavar="NUMBER",
        help=f"{LOWEST} to {HIGHEST}: of the fractals of a project the higher ones are rendered "
        "first (default: %(default)s)",
    )
    parser.add_argument(
        "--not-before",
        type=values.until,
        metavar="TIME",
        help="when it may be rendered at the earliest: a time, or a duration from now on such as "
        "2h (default: at once)",
    )
    parser.add_argument(
        "--expires-at",
        type=values.until,
        metavar="TIME",
        help="it ends in error if its render has not begun by then",
    )
    return parser


def given(options: argparse.Namespace) -> Schedule:
    """Return what the options say."""
    return Schedule(
        priority=options.priority,
        not_before=options.not_before,
        expires_at=options.expires_at,
    )
