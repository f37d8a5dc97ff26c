# SPDX-License-Identifier: Apache-2.0
"""The command line as a test runs it."""

import logging
import os

import pytest

from faafo.cli.app import FaafoApp


@pytest.fixture
def command_line(capsys, monkeypatch):
    """Runs ``faafo`` with arguments; returns its status, standard output and standard error."""
    for name in ("FAAFO_URL", "FAAFO_CACERT", "FAAFO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    # The service is in this process, too; its log is not that of the command.
    monkeypatch.setattr(logging.getLogger("faafo.api.access"), "disabled", True)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def run(*argv: object) -> tuple[int, str, str]:
        try:
            status = FaafoApp().run([str(one) for one in argv])
        except SystemExit as ended:
            status = ended.code or 0
        finally:
            # A handler that was left would write to the standard error of this test for ever.
            root.handlers, root.level = list(handlers), level
        output, errors = capsys.readouterr()
        assert "Traceback" not in errors
        return status, output, errors

    return run


@pytest.fixture
def faafo(command_line, api_url, monkeypatch):
    """Runs a command line against an API that asks for no login."""
    monkeypatch.setenv("FAAFO_URL", api_url)
    return command_line
