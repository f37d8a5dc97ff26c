# SPDX-License-Identifier: Apache-2.0
"""The start of logging: each case in a process of its own, since there is one root logger."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from faafo import process

def main(stop):
    process.prepare_service("faafo-producer", sys.argv[1:], [])
    raise process.errors.ConfigurationError("port = 1:\\n in use")

sys.exit(process.run(main))
"""


@pytest.fixture
def run(tmp_path):
    """Runs a command with these options in its file; returns its standard error."""

    def run_command(*options):
        path = tmp_path / "test.conf"
        path.write_text("\n".join(["[DEFAULT]", *options, ""]))
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT, "--config-file", path],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1
        return ended.stderr

    return run_command


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["log_file = /nowhere/x.log"], "log_file = /nowhere/x.log: No such file or directory"),
        (["log_file = x.log", "log_dir = /nowhere"], "log_dir = /nowhere: No such file"),
        (["log_file = /"], "log_file = /: Is a directory"),
        (["log_config_append = /nowhere"], "log_config_append = /nowhere: "),
        (["default_log_levels = root=LOUD"], "default_log_levels = root=LOUD: unknown level"),
        (["use_syslog = true", "syslog_log_facility = none"], "syslog_log_facility = none: "),
        (["logging_default_format_string = %(x)s"], "logging_default_format_string = %(x)s: "),
        (["log_rotation_type = daily"], "[DEFAULT] log_rotation_type: "),
        (["log_rotate_interval = often"], "[DEFAULT] log_rotate_interval: "),
        (["debug = perhaps"], "[DEFAULT] debug: invalid value: perhaps"),
        (["log_file = $nowhere"], "[DEFAULT] log_file: there is no option $nowhere"),
    ],
    ids=str,
)
def test_a_log_that_cannot_be_written_is_one_line(run, options, sentence):
    (line,) = run(*options).splitlines()
    assert sentence in line


def test_the_reason_for_the_end_is_one_line_in_the_log_and_on_standard_error(run, tmp_path):
    log = tmp_path / "x.log"
    assert run(f"log_file = {log}") == "port = 1:; in use\n"
    assert log.read_text().endswith(" ERROR faafo.logs [-] port = 1:; in use\n")


def test_it_is_there_only_once_when_the_log_goes_there(run):
    (line,) = run("use_stderr = true").splitlines()
    assert line.endswith(" ERROR faafo.logs [-] port = 1:; in use")
