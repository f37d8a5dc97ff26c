# SPDX-License-Identifier: Apache-2.0
"""``forker.py SCRIPT``: loads the command of a script once, and forks processes that run it.

Reads one JSON object a line. One with ``argv``, ``directory``, ``environment``, ``output`` and
``errors``, two files that may be one, starts a process and is answered with its id;
``{"pid": ...}`` asks how that process has ended, and is answered with its exit status, or null
while it runs.
"""

import gc
import importlib
import json
import os
import sys
import threading
from importlib import metadata
from typing import Any

APPENDING = os.O_CREAT | os.O_WRONLY | os.O_APPEND


def become(case: dict[str, Any]) -> None:
    """Turn this process into one that has just been started, and has loaded its command."""
    os.setsid()
    os.chdir(case["directory"])
    os.environ.clear()
    os.environ.update(case["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    files = [os.open(case[name], APPENDING) for name in ("output", "errors")]
    for number, replacement in enumerate((nothing, *files)):
        os.dup2(replacement, number)
        os.close(replacement)
    sys.argv = case["argv"]


def begun(case: dict[str, Any]) -> int:
    """Fork; return the id of the new process once its session and its log are there, 0 in it."""
    waiting, ready = os.pipe()
    child = os.fork()
    if child:
        os.close(ready)
        os.read(waiting, 1)
    else:
        become(case)
        os.close(ready)
    os.close(waiting)
    return child


class Children:
    """The processes that were started, and how those have ended that were asked about."""

    def __init__(self) -> None:
        self._statuses: dict[int, int] = {}

    def status_of(self, child: int) -> int | None:
        """Return the exit status of a process that has ended, None for one that runs."""
        if child not in self._statuses:
            ended, status = os.waitpid(child, os.WNOHANG)
            if not ended:
                return None
            self._statuses[child] = os.waitstatus_to_exitcode(status)
        return self._statuses[child]


def main(script: str) -> int:
    """Answer requests until there are no more; in a forked process return its exit status."""
    sys.path[0] = os.path.dirname(sys.executable)
    (entry,) = metadata.entry_points(group="console_scripts", name=script)
    importlib.import_module(f"faafo.cmd.{script.removeprefix('faafo-')}")
    command = entry.load()
    # Otherwise the first collection in a process would copy all that is loaded.
    gc.collect()
    gc.freeze()
    # A lock that another thread holds would never be released in a forked process.
    assert threading.active_count() == 1
    children = Children()
    for line in sys.stdin:
        case = json.loads(line)
        if "pid" in case:
            answer = children.status_of(case["pid"])
        elif not (answer := begun(case)):
            return command()
        print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
