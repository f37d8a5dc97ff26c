# SPDX-License-Identifier: Apache-2.0
"""Runs commands in processes that are forked from one which has imported all of faafo.

Reads one JSON object a line, with ``argv``, ``environment``, ``directory``, and the files
``output`` and ``errors`` for what the command prints; answers each with the exit status, or null
after ``PATIENCE_SECONDS``.
"""

import gc
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback

from faafo.cmd import entry

PATIENCE_SECONDS = 20
# What takes a second, and each child would do again.
for name in ("all", "api", "manage", "notifier", "producer", "reader", "status", "worker"):
    importlib.import_module(f"faafo.cmd.{name}")
# Otherwise the first collection in a child would copy all that is loaded.
gc.collect()
gc.freeze()

MAINS = {
    "faafo-all": entry.all_in_one,
    "faafo-api": entry.api,
    "faafo-manage": entry.manage,
    "faafo-notifier": entry.notifier,
    "faafo-producer": entry.producer,
    "faafo-reader": entry.reader,
    "faafo-status": entry.status,
    "faafo-worker": entry.worker,
}


def become(case):
    """Turn this process into one that has just been started, up to the imports."""
    os.chdir(case["directory"])
    os.environ.update(case["environment"])
    for number, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(case[name], os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number)
    sys.argv = case["argv"]


def run(main):
    """Run a command and end this process; an interpreter takes longer to end than most cases."""
    status = 1
    try:
        status = main()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def wait_for(child):
    """Return the exit status; kill the process after the deadline."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        pause.wait(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


for line in sys.stdin:
    case = json.loads(line)
    child = os.fork()
    if not child:
        become(case)
        run(MAINS[case["argv"][0]])
    print(json.dumps(wait_for(child)), flush=True)
