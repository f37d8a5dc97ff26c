# SPDX-License-Identifier: Apache-2.0
"""Building the image with buildah, and running it as compose.yaml does: read-only, as nobody."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from tests.functional.processes import Service, wait_until

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/debian:bookworm-slim"
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
USER = 10001

# A mount namespace of its own, as a container runtime makes it.
ENTER = f"""
root=$1; shift
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o uid={USER},gid={USER} tmpfs "$root/var/lib/faafo"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
exec chroot "$root" "$@"
"""
AS_NOBODY = [
    *("setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"),
    *("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"),
]


class Image:
    """The image, built below ``directory``; ``root`` is what is in it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._settings: dict[str, str] = {}
        self.root = Path()

    def __enter__(self) -> Self:
        self._directory.mkdir()
        self._make_base()
        self._buildah(
            *("bud", "--isolation", "chroot", "--network", "host", "--format", "docker"),
            *("--pull-never", "--tag", "faafo", str(ROOT)),
        )
        container = self._buildah("from", "--pull-never", "localhost/faafo")
        self.root = Path(self._buildah("mount", container))
        template = "{{range .OCIv1.Config.Env}}{{println .}}{{end}}"
        lines = self._buildah("inspect", "--format", template, container).splitlines()
        self._settings = dict(line.split("=", 1) for line in lines if line)
        return self

    def __exit__(self, *_: Any) -> None:
        self._buildah("umount", "--all")
        shutil.rmtree(self._directory)

    def _make_base(self) -> None:
        """Make the base image, which a registry has otherwise, from the distribution itself."""
        tree = self._directory / "base"
        include = "--include=ca-certificates"
        run("debootstrap", "--variant=minbase", include, SUITE, tree, MIRROR)
        # However this machine gets through to mirrors and indexes, the build does.
        shutil.copy(CERTIFICATES, tree / CERTIFICATES.relative_to("/"))
        for path in Path("/etc/apt/apt.conf.d").iterdir():
            if "Acquire::http" in path.read_text():
                shutil.copy(path, tree / "etc/apt/apt.conf.d")
        container = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", container, str(tree), "/")
        self._buildah("commit", "--quiet", container, BASE)
        self._buildah("rm", container)
        shutil.rmtree(tree)

    def _buildah(self, *arguments: str) -> str:
        places = ["--root", f"{self._directory}/store", "--runroot", f"{self._directory}/run"]
        return run("buildah", *places, "--storage-driver", "vfs", *arguments)

    def save(self, archive: Path) -> None:
        """Write the image to a file that ``docker load`` reads."""
        target = f"docker-archive:{archive}:faafo:latest"
        self._buildah("push", "--quiet", "localhost/faafo", target)

    @contextlib.contextmanager
    def running(self, directory: Path, role: str, **options: str) -> Iterator["Container"]:
        """Run a role until the end of the block, where it is told to stop and must."""
        variables = self._settings | {f"OS_{name}": value for name, value in options.items()}
        command = ["-i", *(f"{name}={value}" for name, value in variables.items())]
        inside = [*AS_NOBODY, "tini", "-s", "--", "faafo-container", *role.split()]
        enter = ["/usr/bin/unshare", "-m", "sh", "-ec", ENTER, "sh", str(self.root), *inside]
        with Service(directory, "/usr/bin/env", *command, *enter, name=role) as service:
            yield Container(self, service, variables)


class Container:
    """A running role of the image."""

    def __init__(self, image: Image, service: Service, variables: dict[str, str]) -> None:
        self._image = image
        self._variables = variables
        self.service = service

    def path(self, inside: str) -> Path:
        """Return the path by which a file in the container is seen from outside."""
        return Path(f"/proc/{self.service.pid}/root{inside}")

    def is_healthy(self) -> bool:
        """Run the health check inside."""
        enter = ["nsenter", f"--mount=/proc/{self.service.pid}/ns/mnt"]
        command = [*enter, "chroot", str(self._image.root), *AS_NOBODY, "faafo-healthy"]
        done = subprocess.run(
            command, env=self._variables | _path(), capture_output=True, timeout=30
        )
        return done.returncode == 0

    def wait_until(self, healthy: bool, timeout: float = 90) -> None:
        """Wait for the health check to say so."""
        what = f"{self.service.name} to be {'well' if healthy else 'ill'}"
        wait_until(lambda: self.is_healthy() == healthy, what, timeout)


def _path() -> dict[str, str]:
    return {"PATH": f"/opt/faafo/bin:{os.environ['PATH']}"}


def run(*command: Any, **options: Any) -> str:
    """Return what a command prints; fail with the end of it when it fails."""
    done = subprocess.run(
        list(map(str, command)),
        **{"stdin": subprocess.DEVNULL, **options},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout.strip()
