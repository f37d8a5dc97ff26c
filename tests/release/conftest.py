# SPDX-License-Identifier: Apache-2.0
"""A release, built from a tag in a clone, and installed into an empty environment."""

import os
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TAG = "1.0.0"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


@dataclass(frozen=True)
class Built:
    """A clone with a tag, and what was built from it."""

    clone: Path
    wheel: Path
    sdist: Path
    tools: Path


def run(*command: object, **variables: str) -> str:
    """Run a command; return what it prints."""
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}"
    return done.stdout


def environment(directory: Path, *requirements: object) -> Path:
    """Make a virtual environment; return its Python."""
    venv.create(directory, symlinks=True, with_pip=True)
    python = directory / "bin/python"
    run(python, *PIP, "install", *requirements)
    return python


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """What this commit is built into when it has a tag; the repository gets none."""
    directory = tmp_path_factory.mktemp("built")
    clone, dist = directory / "faafo", directory / "dist"
    run("git", "clone", "--quiet", ROOT, clone)
    who = ("-c", "user.name=faafo", "-c", "user.email=faafo@example.org")
    run("git", *who, "-C", clone, "tag", "-a", TAG, "-m", f"faafo {TAG}")
    tools = environment(directory / "tools", "build", "twine")
    run(tools, "-m", "build", "--outdir", dist, clone)
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    return Built(clone, wheel, sdist, tools)


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds the wheel, what it requires, and nothing else."""
    directory = tmp_path_factory.mktemp("installed") / "venv"
    environment(directory, built.wheel)
    return directory / "bin"
