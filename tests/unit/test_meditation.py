# SPDX-License-Identifier: Apache-2.0
"""The guru meditation report: where it goes, what it hides, and that it disturbs nothing."""

import re
import stat
import subprocess
import sys
from types import SimpleNamespace

from faafo import meditation

MAIN = """
import os, signal, sys, threading
from oslo_config import cfg
from faafo import process

def main(stop):
    process.prepare_service("faafo-producer", ["--config-file", sys.argv[1]])
    stop.listen()
    os.kill(os.getpid(), signal.SIGUSR2)
    while not any("Guru" in open(path).read() for path in written()):
        stop.requested.wait(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    stop.requested.wait()

def written():
    return [os.path.join(sys.argv[2], one) for one in os.listdir(sys.argv[2])]

sys.exit(process.run(main))
"""


def test_sigusr2_writes_a_report_beside_the_log_and_the_process_goes_on(tmp_path):
    (tmp_path / "logs").mkdir()
    config = tmp_path / "producer.conf"
    config.write_text(
        f"[DEFAULT]\nlog_dir = {tmp_path}/logs\n[tiles]\ntransport_url = rabbit://u:pw@h/\n"
    )
    command = [sys.executable, "-c", MAIN, config, tmp_path / "logs"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (path,) = (tmp_path / "logs").glob("*gurumeditation*")
    text = path.read_text()
    for section in ("Package", "Threads", "Processes", "Configuration"):
        assert re.search(rf"^=+ *{section} *=+$", text, re.MULTILINE), section
    assert "_wait_for_signals" in text
    assert "claim_interval" in text
    assert "pw@" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sigusr2_does_not_end_a_process_that_is_starting():
    start = "os.kill(os.getpid(), signal.SIGUSR2)"
    code = f"import os, signal, sys\nfrom faafo import process\nprocess.run(lambda stop: {start})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")


def test_without_a_log_file_a_report_goes_to_standard_error():
    # In a process of its own: the report tells of all children, and fails if one is a zombie.
    code = (
        "from types import SimpleNamespace\n"
        "from faafo import meditation\n"
        'meditation.write(SimpleNamespace(log_dir=None, log_file=None), "1.2.3")'
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "version = 1.2.3" in done.stderr


def test_a_report_that_cannot_be_written_is_logged(tmp_path, caplog):
    options = SimpleNamespace(log_dir=str(tmp_path / "nowhere"), prog="faafo-api")
    meditation.write(options, "1.2.3")
    assert "could not write a guru meditation report" in caplog.text
