# SPDX-License-Identifier: Apache-2.0
"""Options that say when a fractal is rendered, and by which workers."""

import argparse
from datetime import datetime
from typing import TypedDict

from faafo.cli import values
from faafo.fractal.kinds import LONGEST_LABEL, is_label
from faafo.fractal.scheduling import HIGHEST, LOWEST


class Schedule(TypedDict):
    """When a fractal is rendered, and by which workers, as the client is told."""

    priority: int
    not_before: datetime | None
    expires_at: datetime | None
    label: str | None


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
    parser.add_argument(
        "--label",
        type=label,
        metavar="LABEL",
        help="only workers that have this label are given it (default: all are)",
    )
    return parser


def label(text: str) -> str:
    """Return a label of workers."""
    if is_label(text):
        return text
    raise argparse.ArgumentTypeError(
        f"must be 1 to {LONGEST_LABEL} letters of ASCII, digits, dots, underscores or hyphens, not "
        f"{text!r:.60}"
    )


def given(options: argparse.Namespace) -> Schedule:
    """Return what the options say."""
    return Schedule(
        priority=options.priority,
        not_before=options.not_before,
        expires_at=options.expires_at,
        label=options.label,
    )
