# SPDX-License-Identifier: Apache-2.0
"""The release before this one, installed beside it from the history."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.functional.processes import environment

ROOT = Path(__file__).parents[2]
COMMIT = "c95e007eab2241d13c2a7d75ec303634fd2d3761"
# It had no tag: its own version number would come from the history.
VERSION = "0.9.0"
REVISION = "0006"


class Release:
    """An installed release: where its commands are."""

    def __init__(self, scripts: Path, cache: Path) -> None:
        self.scripts = scripts
        # What is compiled for one release is not for the other.
        self._cache = cache

    def command(self, script: str, *arguments: object) -> list[str]:
        """Return the command line of one of its console scripts."""
        words = ["/usr/bin/env", f"XDG_CACHE_HOME={self._cache}", self.scripts / script, *arguments]
        return [str(word) for word in words]

    def run(self, directory: Path, script: str, *arguments: object) -> str:
        """Run a console script that ends by itself; return what it logs and prints.

        :raises AssertionError: when its exit status is not 0.
        """
        done = self.attempt(directory, script, *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def attempt(
        self, directory: Path, script: str, *arguments: object
    ) -> subprocess.CompletedProcess[str]:
        """Run a console script that ends by itself, however it ends."""
        return subprocess.run(
            self.command(script, *arguments),
            env=environment(directory),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
            check=False,
        )


def this_release(directory: Path) -> Release:
    """Return the release that is tested, as it is installed in this environment."""
    return Release(Path(sys.executable).parent, directory / "cache-new")


def install(directory: Path) -> Release:
    """Install the release before into ``directory``, on the libraries of this environment.

    :raises AssertionError: when the history does not reach back to it, or it cannot be installed.
    """
    sources, target = directory / "previous", directory / "venv"
    sources.mkdir()
    archive = _run("git", "-C", ROOT, "archive", COMMIT)
    _run("tar", "-x", "-C", sources, given=archive)
    venv.create(target, symlinks=True, with_pip=False)
    site = sysconfig.get_path("purelib", vars={"base": str(target)})
    # Files in a directory that is added so may add no more: the other faafo stays out.
    Path(site, "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = (sys.executable, "-m", "pip", "--python", target / "bin/python", "--quiet")
    options = ("--no-deps", "--no-cache-dir", "--disable-pip-version-check")
    _run(*pip, "install", *options, sources, PBR_VERSION=VERSION)
    return Release(target / "bin", directory / "cache-old")


def _run(*command: object, given: bytes = b"", **variables: str) -> bytes:
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **variables},
        input=given,
        capture_output=True,
        check=False,
    )
    shown = " ".join(str(word) for word in command)
    assert done.returncode == 0, f"{shown}: {done.stderr.decode(errors='replace')[-2000:]}"
    return done.stdout
