# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks``: every benchmark in turn, and a report in Markdown."""

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks import (
    api,
    auth,
    before,
    claiming,
    cold,
    control,
    explorer,
    footprint,
    jobs,
    kernel,
    latency,
    loaded,
    many,
    million,
    path,
    picture,
    scaling,
    scraping,
    servers,
    smooth,
    taste,
    waiting,
)
from benchmarks.report import Report, machine

MODULES = (
    kernel,
    picture,
    smooth,
    taste,
    path,
    latency,
    loaded,
    control,
    scaling,
    api,
    many,
    servers,
    auth,
    jobs,
    million,
    claiming,
    scraping,
    explorer,
    footprint,
    cold,
    waiting,
)
RESULTS = Path(__file__).with_name("results")


def main() -> int:
    """Run the named benchmarks, or all; return 1 when a threshold was missed."""
    chosen = _arguments()
    # SIGTERM leaves every block as Ctrl-C does, so that the servers are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    report = Report(chosen.output, chosen.before)
    print(f"# Benchmarks\n\n{machine()}\n")
    with _no_process_left():
        try:
            for module in MODULES:
                if not chosen.only or _name(module) in chosen.only:
                    module.run(report)
        except KeyboardInterrupt:
            report.progress("interrupted")
            return 130
    print(f"## All thresholds\n\n{report.summary()}\n\n{report.neighbours()}\n")
    report.progress(f"the report is in {report.save()}")
    return 0 if all(one.ok for one in report.thresholds) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [_name(module) for module in MODULES]
    parser.add_argument("--only", type=_listed(names), help=f"some of {','.join(names)}")
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help="directory of report.md and its plots"
    )
    parser.add_argument(
        "--before",
        metavar="REV",
        default="",
        help="revision to compare the CPU of a fractal with (default: the newest tag before this "
        f"commit, or {before.FIRST_RELEASE}, the first release)",
    )
    return parser.parse_args()


def _listed(names: list[str]) -> Any:
    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := sorted(set(chosen) - set(names)):
            raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}, only {names}")
        return chosen

    return parse


def _name(module: Any) -> str:
    return module.__name__.rpartition(".")[2]


@contextlib.contextmanager
def _no_process_left() -> Iterator[None]:
    """Kill the child processes left after the block, such as one whose start was interrupted."""
    try:
        yield
    finally:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
