# SPDX-License-Identifier: Apache-2.0
"""The release before: a revision of the history, installed in a temporary directory of its own."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import database, stage
from tests.chaos.lab import Lab
from tests.functional.processes import write_config
from tests.functional.servers import ADDRESS, free_ports

ROOT = Path(__file__).resolve().parents[1]
FIRST_RELEASE = "c95e007"
# Its version is of no importance, and a directory without history does not tell it.
ENVIRONMENT = {"PBR_VERSION": "1.0.0"}


@dataclass(frozen=True)
class Release:
    """An installed revision: its name, its source and the directory of its console scripts."""

    revision: str
    source: Path
    scripts: Path


def default_revision() -> str:
    """Return the newest tag before the present commit; the first release when there is none."""
    described = _git("describe", "--tags", "--abbrev=0", "HEAD^")
    return described.stdout.strip() if described.returncode == 0 else FIRST_RELEASE


@contextlib.contextmanager
def installed(revision: str) -> Iterator[Release]:
    """Install a revision and what it requires, in about a minute; nothing of it remains.

    :raises LookupError: when the revision is unknown or cannot be installed; says why.
    """
    with tempfile.TemporaryDirectory(prefix="faafo-before-") as directory:
        source, venv = Path(directory, "source"), Path(directory, "venv")
        source.mkdir()
        archive = _git("archive", "--output", Path(directory, "source.tar"), revision)
        if archive.returncode:
            raise LookupError(f"{revision}: {_last_line(archive.stderr)}")
        for command in (
            ("tar", "--extract", "--file", Path(directory, "source.tar"), "--directory", source),
            (sys.executable, "-m", "venv", venv),
            (venv / "bin" / "pip", "--quiet", "install", "--editable", source),
        ):
            ended = _run(*command)
            if ended.returncode:
                raise LookupError(f"{revision} cannot be installed: {_last_line(ended.stderr)}")
        yield Release(revision, source, venv / "bin")


def _git(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return _run("git", "-C", ROOT, *arguments)


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **ENVIRONMENT}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def _last_line(text: str) -> str:
    return (text.strip() or "no reason given").splitlines()[-1]


@contextlib.contextmanager
def instant_faafo(of: Lab, slots: int, release: Release) -> Iterator[stage.Stack]:
    """Yield the three services of a release, whose kernel returns at once, with its defaults."""
    with stage.site(of) as at:
        (port,) = free_ports(1)
        files = {"filesystem_store_datadir": at.images}
        broker = {"transport_url": at.transport_url}
        api = write_config(
            at.directory / "api.conf",
            DEFAULT={"database_url": at.database_url, "bind_port": port, **files},
        )
        worker = write_config(
            at.directory / "worker.conf",
            DEFAULT={**files, **broker},
            worker={"slots": slots, "name": "worker-1"},
        )
        url = f"http://{ADDRESS}:{port}"
        producer = write_config(
            at.directory / "producer.conf",
            DEFAULT={"endpoint_url": url, "min_tasks": 0, "max_tasks": 0, **broker},
            producer={"name": "producer-1"},
        )
        manage = (release.scripts / "faafo-manage", "--config-file", api, "db", "upgrade")
        subprocess.run(manage, check=True, capture_output=True)
        # It has a launcher of its own, which finds its own modules.
        launch = (release.scripts / "python", release.source / "benchmarks" / "launch.py")
        instant = (*launch, "benchmarks.instant", "--config-file", worker)
        members = {
            "API": at.add(
                "api", (release.scripts / "faafo-api", "--config-file", api), "listens on"
            ),
            "worker": at.add("worker", instant, "is ready, with"),
            "producer": at.add(
                "producer",
                (release.scripts / "faafo-producer", "--config-file", producer),
                "is ready",
            ),
        }
        with database.mariadb(at.database_url) as opened:
            yield stage.Stack(url, opened, members)
