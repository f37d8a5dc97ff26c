# SPDX-License-Identifier: Apache-2.0
"""The guru meditation report: the threads and the configuration of a process, at SIGUSR2."""

import logging
import os
import sys
from datetime import UTC, datetime

from oslo_config import cfg

LOG = logging.getLogger(__name__)


class _Version:
    """What the section of the package asks for."""

    def __init__(self, version: str) -> None:
        self._version = version

    def vendor_string(self) -> str:
        return "faafo contributors"

    def product_string(self) -> str:
        return "faafo"

    def version_string_with_package(self) -> str:
        return self._version


def write(conf: cfg.ConfigOpts, version: str) -> None:
    """Write a report to the directory of the log, or without one to standard error.

    Values of secret options are masked. Whatever goes wrong is logged: the process goes on.
    """
    try:
        text = _report(version)
        directory = conf.log_dir or os.path.dirname(conf.log_file or "")
        if directory:
            LOG.warning("a guru meditation report is in %s", _stored(text, directory, conf.prog))
        else:
            print(text, file=sys.stderr, flush=True)
    # It looks into everything, and is made when something is wrong already.
    except Exception:
        LOG.exception("could not write a guru meditation report")


def _report(version: str) -> str:
    # With what it imports it takes 5 MB, which a process that is never asked saves.
    from oslo_reports.guru_meditation_report import TextGuruMeditation  # noqa: PLC0415

    return TextGuruMeditation(_Version(version)).run()


def _stored(text: str, directory: str, command: str) -> str:
    """Write a file that its owner alone can read; return its path."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path = os.path.join(directory, f"{command}_gurumeditation_{moment}")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path
