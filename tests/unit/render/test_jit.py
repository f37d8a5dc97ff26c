# SPDX-License-Identifier: Apache-2.0
"""Compiled functions are kept on disk where that is possible, and work where it is not."""

import os
import subprocess
import sys

import pytest

MODULE = """
from faafo.render.jit import compiled, inlined

@inlined
def _double(x):
    return 2 * x

@compiled
def double(x):
    return _double(x)

print(double(21))
"""


@pytest.fixture
def run(tmp_path):
    """Runs a module that compiles a small function, with a home that is no directory."""
    nowhere = tmp_path / "nowhere"
    nowhere.touch()
    module = tmp_path / "small.py"
    module.write_text(MODULE)
    environment = {name: value for name, value in os.environ.items() if "NUMBA" not in name}
    environment |= {"HOME": str(nowhere), "XDG_CACHE_HOME": str(nowhere)}

    def run_module() -> str:
        done = subprocess.run(
            [sys.executable, module], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_module


def test_a_compiled_function_is_kept_beside_its_module(run, tmp_path):
    assert run() == "42\n"
    assert list((tmp_path / "__pycache__").glob("small.double-*.nbi"))


def test_a_function_is_compiled_where_no_directory_for_the_cache_can_be_written_to(run, tmp_path):
    # A file in the place of a directory stops even root.
    (tmp_path / "__pycache__").touch()
    assert run() == "42\n"
