# SPDX-License-Identifier: Apache-2.0
"""Podman of our own, and the images that a registry has otherwise."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.container.engine import ENTER
from tests.container.image import MIRROR, Image, run
from tests.functional.processes import wait_until

# The first Debian with a podman that plays Jobs and Secrets, and with RabbitMQ 4.
SUITE, SCRIPT = "trixie", "/usr/share/debootstrap/scripts/sid"
PACKAGES = (
    *("ca-certificates", "podman", "netavark", "aardvark-dns", "catatonit", "crun", "nftables"),
    *("mariadb-server", "rabbitmq-server", "redis-server"),
)
IMAGES = {"mariadb:11.8": "database", "rabbitmq:4.2": "broker", "redis:8.2": "redis"}
# The user of the three images; it owns what a volume is made from.
SERVER_USER = 999
DIRECTORIES = ("var/lib/mysql", "var/lib/rabbitmq", "var/log/rabbitmq", "data")
NOT_IN_IMAGES = ("var/lib/containers", "var/cache", "usr/share/doc", "srv", *DIRECTORIES)
SETTINGS = """
[containers]
cgroups = "disabled"
pids_limit = 0
# Erlang takes memory for each file that it might open.
default_ulimits = ["nofile=16384:16384"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
firewall_driver = "nftables"
"""


class Podman:
    """Podman in a Debian below ``directory``; use it as a context manager, in a lab."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tree = directory / "tree"
        self._holder: subprocess.Popen | None = None

    def __enter__(self) -> Self:
        self._directory.mkdir(exist_ok=True)
        if not self._tree.exists():
            include = f"--include={','.join(PACKAGES)}"
            run("debootstrap", "--variant=minbase", include, SUITE, self._tree, MIRROR, SCRIPT)
        self._mount()
        self._hold()
        return self

    def __exit__(self, *_: Any) -> None:
        self("pod", "rm", "--all", "--force", "--time", "5")
        self._holder.kill()
        self._holder.wait()
        run("umount", "--recursive", self._tree)
        shutil.rmtree(self._directory)

    def _mount(self) -> None:
        tree, data = self._tree, self._directory / "data"
        data.mkdir(exist_ok=True)
        run("mount", "--bind", tree, tree)
        for path in ("/sys", "/dev"):
            run("mount", "--rbind", path, tree / path[1:])
        # With both versions of control groups crun starts nothing.
        if (tree / "sys/fs/cgroup/unified").is_mount():
            run("umount", "--lazy", tree / "sys/fs/cgroup/unified")
        run("mount", "-t", "proc", "proc", tree / "proc")
        for path in ("run", "tmp"):
            run("mount", "-t", "tmpfs", "tmpfs", tree / path)
        (tree / "var/lib/containers").mkdir(exist_ok=True)
        run("mount", "--bind", data, tree / "var/lib/containers")
        (tree / "etc/containers/containers.conf").write_text(SETTINGS)

    def _hold(self) -> None:
        """Keep the mount namespace, in which what one command has mounted the next one finds."""
        command = ["unshare", "--mount", "sh", "-ec", ENTER, "sh", self._tree]
        self._holder = subprocess.Popen([*command, "sleep", "infinity"])
        program = Path(f"/proc/{self._holder.pid}/exe")
        wait_until(lambda: program.readlink().name == "sleep", "the root to be that of podman")

    def __call__(self, *arguments: Any, **options: Any) -> str:
        """Return what a command of podman prints; fail with the end of it when it fails."""
        assert self._holder is not None
        enter = ("nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "--")
        variables = os.environ | {
            **{"DISABLE_HC_SYSTEMD": "true", "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"},
            "TMPDIR": "/var/tmp",
        }
        return run(*enter, "podman", *arguments, env=variables, **options)

    def path(self, inside: str) -> Path:
        """Return the path by which a file that podman sees is seen from outside."""
        assert self._holder is not None
        return Path(f"/proc/{self._holder.pid}/root{inside}")

    def load(self, image: Image, name: str) -> None:
        """Load the image of faafo under a name."""
        archive = self._tree / "srv/faafo.tar"
        image.save(archive)
        self("load", "--quiet", "--input", "/srv/faafo.tar")
        archive.unlink()
        self("tag", "faafo:latest", name)

    def make_servers(self) -> None:
        """Make images of MariaDB, RabbitMQ and Redis from the packages, under their real names."""
        for name in ("stand-in", "healthcheck.sh", "rabbitmq-diagnostics"):
            target = self._tree / "usr/local/bin" / name
            shutil.copy(Path(__file__).with_name("stand-in"), target)
        for name in DIRECTORIES:
            path = self._tree / name
            path.mkdir(parents=True, exist_ok=True)
            os.chown(path, SERVER_USER, SERVER_USER)
        leave_out = [f"--exclude=./{path}/*" for path in NOT_IN_IMAGES]
        pack = ["tar", "-C", self._tree, "--one-file-system", *leave_out, "-c", "."]
        with subprocess.Popen(pack, stdout=subprocess.PIPE) as packing:
            self("import", "--quiet", "-", "servers", stdin=packing.stdout)
        for name, role in IMAGES.items():
            changes = [f'ENTRYPOINT ["stand-in", "{role}"]', "CMD []", "WORKDIR /data"]
            options = [word for one in changes for word in ("--change", one)]
            container = self("create", "servers", "true")
            self("commit", "--quiet", *options, container, name)
            self("rm", container)
