# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.chaos``: the whole suite, and its report on the standard output."""

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import psutil

from tests.chaos.lab import FULL, SHORT, Lab
from tests.chaos.report import ROWS, Row, can_be_played, heading, shown
from tests.functional.databases import KINDS
from tests.functional.servers import RabbitMQ

TITLES = {"mariadb": "MariaDB", "postgresql": "PostgreSQL"}


def main() -> int:
    """Play the rows that the command line names, or all; return 1 when one broke the promise."""
    chosen = _arguments()
    if chosen.list:
        print("\n".join(f"{row.name}: {row.title}" for row in ROWS))
        return 0
    # Leaving every block, so that nothing is left behind.
    signal.signal(signal.SIGTERM, _interrupt)
    scale = SHORT if chosen.short else FULL
    if chosen.count:
        scale = replace(scale, count=chosen.count)
    table, broken = [heading()], 0
    try:
        with (
            tempfile.TemporaryDirectory() as directory,
            _nobody_left(),
            RabbitMQ() as rabbitmq,
            KINDS[chosen.database](durable=True) as database,
        ):
            lab = Lab(Path(directory), rabbitmq, database, login=True)
            for row in _selected(chosen):
                if not can_be_played(row):
                    print(f"{row.name}: left out, only root can do that", file=sys.stderr)
                    continue
                line, failures = _play(row, lab, chosen.seed, scale)
                table.append(line)
                broken += bool(failures)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        broken += 1
    # The titles name what is there by default.
    print("\n".join(table).replace("MariaDB", TITLES[chosen.database]))
    print(f"\nseed {chosen.seed}: {broken} row(s) broke the promise")
    return 1 if broken else 0


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="repeats a run (default: 1)")
    parser.add_argument("--count", type=int, help="fractals in each row")
    parser.add_argument("--short", action="store_true", help="fewer and shorter faults")
    parser.add_argument(
        "--database", choices=[*KINDS], default="mariadb", help="what keeps the records"
    )
    names = [row.name for row in ROWS]
    parser.add_argument("--list", action="store_true", help="show the rows and play none")
    parser.add_argument("--only", action="append", choices=names, help="may be repeated")
    return parser.parse_args()


def _selected(chosen: Any) -> list[Row]:
    if chosen.only:
        return [row for row in ROWS if row.name in chosen.only]
    return [row for row in ROWS if row.short or not chosen.short]


def _play(row: Row, lab: Lab, seed: int, scale: Any) -> tuple[str, list[str]]:
    print(f"{row.name}: {row.title}", file=sys.stderr, flush=True)
    begun_at = time.monotonic()
    # A row is the same whether others come before it or not.
    try:
        line = row.play(lab, Random(f"{seed} {row.name}"), scale)
    # One row that comes to grief must not keep the others from being played.
    except Exception as error:
        print(f"    FAILED: {error}", file=sys.stderr, flush=True)
        return f"| {row.title} | {type(error).__name__} |", [str(error)]
    for failure in line.failures:
        print(f"    FAILED: {failure}", file=sys.stderr)
    for note in line.verdict.notes if line.failures else []:
        print(f"    {note}", file=sys.stderr)
    shown_line = shown(row, line)
    took = time.monotonic() - begun_at
    print(f"    {shown_line}\n    {took:.0f} s", file=sys.stderr, flush=True)
    return shown_line, line.failures


@contextlib.contextmanager
def _nobody_left() -> Iterator[None]:
    """End what is still there after the block: an interrupt may come while something is started."""
    try:
        yield
    finally:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
