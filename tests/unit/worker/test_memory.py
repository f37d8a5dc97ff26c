# SPDX-License-Identifier: Apache-2.0
"""The memory of a worker, in a process of its own."""

import subprocess
import sys

# Prints how many pages sixteen threads keep of what they have taken and freed.
PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faafo.worker import memory

def held():
    return int(Path("/proc/self/statm").read_text().split()[1])

def take():
    for _ in range(2):
        bytearray(b"1") * 12_000_000

memory.give_back()
take()
before = held()
for one in [ThreadPoolExecutor(1) for _ in range(16)]:
    one.submit(take).result()
print(held() - before)
"""


def test_threads_keep_no_memory_of_large_pictures() -> None:
    command = [sys.executable, "-c", PROGRAM]
    kept = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    # Ten times as many where the C library is not told.
    assert kept < 4096
