# SPDX-License-Identifier: Apache-2.0
"""The cache of compiled functions: each function of a module has files of its own to be damaged."""

import os
import resource
import subprocess
import sys

import pytest

from faafo.render import code_cache, kernel
from faafo.render.code_cache import sources_digest

MODULE = """
from faafo.render.jit import compiled

{functions}
print([{calls}])
"""
RUN = """
import logging, resource, runpy, sys
logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
runpy.run_path(sys.argv[2])
"""
FUNCTION = """
@compiled
def times_{number}(x):
    return {number} * x
"""


def truncated(path):
    path.write_bytes(path.read_bytes()[:-40])


def empty(path):
    path.write_bytes(b"")


def garbage(path):
    path.write_bytes(os.urandom(5000))


def zeros_in_the_middle(path):
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] + bytes(64) + content[half + 64 :])


def no_file(path):
    path.unlink()
    path.mkdir()


DAMAGES = [
    (damage, suffix)
    for damage in (truncated, empty, garbage, zeros_in_the_middle, no_file)
    for suffix in ("nbi", "nbc")
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a module of small functions, one for each damage; returns what it logs."""
    directory = tmp_path_factory.mktemp("module")
    numbers = range(len(DAMAGES))
    module = directory / "small.py"
    module.write_text(
        MODULE.format(
            functions="\n".join(FUNCTION.format(number=number) for number in numbers),
            calls=", ".join(f"times_{number}(7)" for number in numbers),
        )
    )

    def run_module(largest_file=resource.RLIM_INFINITY) -> list[str]:
        environment = {name: value for name, value in os.environ.items() if "NUMBA" not in name}
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(largest_file), module],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{[number * 7 for number in numbers]}\n"
        return [line for line in done.stderr.splitlines() if "compiled code" in line]

    run_module.cache = directory / "__pycache__"
    return run_module


def test_what_is_damaged_is_removed_with_a_warning_and_compiled_anew(run):
    assert run() == []
    for number, (damage, suffix) in enumerate(DAMAGES):
        (path,) = run.cache.glob(f"small.times_{number}-*.{suffix}")
        damage(path)
    warnings = run()
    assert len(warnings) == len(DAMAGES)
    for number, line in enumerate(warnings):
        # One warning is enough for an operator.
        level = "INFO" if number else "WARNING"
        assert line.startswith(f"{level} the cache of compiled code is damaged and removed: ")
        assert f"small.times_{number}-" in line
    assert run() == []


def test_without_room_for_the_cache_functions_are_compiled_all_the_same(run):
    for path in run.cache.glob("*"):
        path.unlink()
    warnings = run(largest_file=50)
    assert len(warnings) == len(DAMAGES)
    assert all(line.startswith("WARNING compiled code is not cached in ") for line in warnings)
    assert all(line.endswith(": [Errno 27] File too large") for line in warnings)
    assert run() == []


@pytest.mark.parametrize("change", ["content", "name", "new"])
def test_the_digest_of_sources_changes_with_each_module(tmp_path, change):
    digests = []
    for directory in (tmp_path / "before", tmp_path / "after"):
        directory.mkdir()
        changed = directory.name == "after"
        name = "shape.py" if changed and change == "name" else "lanes.py"
        (directory / name).write_text("8\n" if changed and change == "content" else "4\n")
        if changed and change == "new":
            (directory / "other.py").write_text("")
        digests.append(sources_digest(directory))
    assert digests[0] != digests[1]


def test_a_change_of_another_module_of_the_kernel_makes_its_compiled_code_stale(monkeypatch):
    def stamp():
        return code_cache.CodeCache(kernel.fill.py_func)._cache_file._source_stamp

    before = stamp()
    assert stamp() == before
    monkeypatch.setattr(code_cache, "sources_digest", lambda: "of changed lanes")
    assert stamp() != before
