# SPDX-License-Identifier: Apache-2.0
"""An application that has been loaded before a fork, in processes of their own."""

import os
import subprocess
import sys

import pytest

LOAD = """
import os, sys, threading
from faafo.wsgi import application
from faafo.core.collaborators import collaborators
from faafo.db import db

with application.app_context():
    engine = db.engine
"""
NOTHING_IS_OPEN = """
assert not [name for name in os.listdir("/proc/self/fd")
            if "faafo.sqlite" in os.path.realpath(f"/proc/self/fd/{name}")]
assert threading.active_count() == 1
"""
FORK_WHILE_IT_IS_BUSY = """
visitor = application.test_client()
assert visitor.get("/").status_code == 200
assert engine.pool.checkedin()
with application.app_context():
    ours = collaborators()
held = threading.Event()
def hold():
    with ours.counts.of()._lock, ours.tiles._lock, ours.thumbnails._lock, engine.connect():
        held.set()
        threading.Event().wait()
threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if not child:
    assert not engine.pool.checkedin() + engine.pool.checkedout()
    os._exit(visitor.get("/").status_code != 200)
assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""
IS_BUSY_AND_ENDS = """
assert application.test_client().get("/").status_code == 200
assert engine.pool.checkedin()
"""


def run(directory, script):
    config = directory / "api.conf"
    config.write_text(f"[DEFAULT]\nstate_path = {directory}\n")
    done = subprocess.run(
        [sys.executable, "-c", LOAD + script],
        env={**os.environ, "FAAFO_CONFIG_FILES": str(config)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", [NOTHING_IS_OPEN, FORK_WHILE_IT_IS_BUSY])
def test_nothing_of_the_process_that_forks_is_in_use_in_another(tmp_path, script):
    run(tmp_path, script)


def test_a_process_that_ends_closes_its_connections(tmp_path):
    run(tmp_path, IS_BUSY_AND_ENDS)
    # SQLite's log of changes goes with the last connection.
    assert [one.name for one in tmp_path.glob("faafo.sqlite*")] == ["faafo.sqlite"]
