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

from benchmarks import api, control, footprint, kernel, million, path, picture
from benchmarks.report import Report, machine

MODULES = (kernel, picture, path, control, api, million, footprint)
RESULTS = Path(__file__).with_name("results")


def main() -> int:
    """Run what the command line names, or everything; return 1 when a bar was not reached."""
    chosen = _arguments()
    # Leaving every block, so that nothing is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    report = Report(chosen.output)
    print(f"# Benchmarks\n\n{machine()}\n")
    with _nobody_left():
        try:
            for module in MODULES:
                if not chosen.only or _name(module) in chosen.only:
                    module.run(report)
        except KeyboardInterrupt:
            report.progress("interrupted")
            return 130
    print(f"## All bars\n\n{report.summary()}\n\n{report.neighbours()}\n")
    report.progress(f"the report is in {report.save()}")
    return 0 if all(bar.ok for bar in report.met) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [_name(module) for module in MODULES]
    parser.add_argument("--only", type=_listed(names), help=f"some of {','.join(names)}")
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help="directory of report.md and its plots"
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
def _nobody_left() -> Iterator[None]:
    """End what is still there after the block: an interrupt may come while something is started."""
    try:
        yield
    finally:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
