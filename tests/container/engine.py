# SPDX-License-Identifier: Apache-2.0
"""A Docker daemon of our own, and images that ``compose.yaml`` has from a registry otherwise."""

import json
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.container.image import MIRROR, ROOT, Image, run
from tests.functional.processes import wait_until

# Its packages are about as old as the images that compose.yaml names.
SUITE, SCRIPT = "forky", "/usr/share/debootstrap/scripts/sid"
ENGINE = ("docker.io", "docker-cli", "docker-compose", "iptables")
SERVERS = ("mariadb-server", "rabbitmq-server", "nginx", "curl")
IMAGES = {"mariadb:11.8": "database", "rabbitmq:4.2": "broker", "nginx:1.28": "proxy"}
# What packages have made for the one host that they are installed on.
NOT_IN_IMAGES = (
    *("var/lib/docker", "var/lib/mariadb", "var/lib/mysql", "var/lib/rabbitmq"),
    *("var/cache", "usr/share/doc", "srv"),
)
PROJECT = "/srv/faafo"

# The root must be that of a mount namespace: from a mere chroot(2) a health check gets out.
ENTER = 'cd "$1"; shift; pivot_root . mnt; umount --lazy /mnt; exec "$@"'


class Engine:
    """A daemon in a Debian below ``directory``; use it as a context manager, in a lab."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tree = directory / "tree"
        self._secrets = self._tree / PROJECT[1:] / "secrets"
        self._daemon: subprocess.Popen | None = None

    def __enter__(self) -> Self:
        (self._directory / "data").mkdir(parents=True)
        packages = f"--include={','.join(('ca-certificates', *ENGINE, *SERVERS))}"
        run("debootstrap", "--variant=minbase", packages, SUITE, self._tree, MIRROR, SCRIPT)
        self._mount()
        self._start()
        self._make_images()
        self._copy_project()
        return self

    def __exit__(self, *_: Any) -> None:
        self._daemon.terminate()
        self._daemon.wait()
        run("umount", "--recursive", self._tree)
        shutil.rmtree(self._directory)

    def _mount(self) -> None:
        tree = self._tree
        run("mount", "--bind", tree, tree)
        for path in ("/sys", "/dev"):
            run("mount", "--rbind", path, tree / path[1:])
        run("mount", "-t", "proc", "proc", tree / "proc")
        for path in ("run", "tmp"):
            run("mount", "-t", "tmpfs", "tmpfs", tree / path)
        (tree / "var/lib/docker").mkdir(exist_ok=True)
        run("mount", "--bind", self._directory / "data", tree / "var/lib/docker")

    def _start(self) -> None:
        log = self._directory / "dockerd.log"
        # All of its groups of processes are below one, which the lab removes.
        parent = f"--cgroup-parent=/{self._directory.parent.name}"
        limit = "--default-ulimit=nofile=16384:16384"
        options = [parent, limit, "--exec-opt=native.cgroupdriver=cgroupfs"]
        with log.open("wb") as output:
            self._daemon = subprocess.Popen(
                ["unshare", "--mount", "sh", "-ec", ENTER, "sh", self._tree, "dockerd", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._answers, f"dockerd; see {log}")

    def _answers(self) -> bool:
        assert self._daemon.poll() is None, (self._directory / "dockerd.log").read_text()[-4000:]
        command = ["chroot", self._tree, "docker", "version"]
        return subprocess.run(command, capture_output=True).returncode == 0

    def _make_images(self) -> None:
        """Make images of MariaDB, RabbitMQ and nginx from the packages, under their real names."""
        for name in ("stand-in", "healthcheck.sh"):
            shutil.copy(Path(__file__).with_name("stand-in"), self._tree / "usr/local/bin" / name)
        (self._tree / "etc/nginx/sites-enabled/default").unlink()
        leave_out = [f"--exclude=./{path}/*" for path in NOT_IN_IMAGES]
        pack = ["tar", "-C", self._tree, "--one-file-system", *leave_out, "-c", "."]
        with subprocess.Popen(pack, stdout=subprocess.PIPE) as packing:
            self.docker("import", "-", "servers", stdin=packing.stdout)
        for name, role in IMAGES.items():
            container = self.docker("create", "servers", "true").strip()
            start = f'ENTRYPOINT ["stand-in", "{role}"]'
            self.docker("commit", "--change", start, "--change", "CMD []", container, name)
            self.docker("rm", container)

    def _copy_project(self) -> None:
        project = self._tree / PROJECT[1:]
        project.mkdir(parents=True)
        shutil.copy(ROOT / "compose.yaml", project)
        shutil.copytree(ROOT / "container", project / "container")
        run("container/make-secrets", cwd=project)

    def secret(self, name: str) -> str:
        """Return what ``container/make-secrets`` has made."""
        return (self._secrets / name).read_text().strip()

    def add_user(self, name: str) -> str:
        """Add a user as the documentation says; return the password."""
        password = secrets.token_urlsafe()
        command = ["htpasswd", "-i", "-B", "-C", "10", self._secrets / "users", name]
        subprocess.run(command, input=password, text=True, check=True, capture_output=True)
        return password

    def load(self, image: Image) -> None:
        """Take over an image that buildah has built."""
        archive = self._tree / "tmp/faafo.tar"
        image.save(archive)
        self.docker("load", "--input", "/tmp/faafo.tar")
        archive.unlink()

    def lose_power(self, container: dict[str, Any]) -> None:
        """End what runs in a container, as nobody does who wants it to end."""
        pid = self.docker("inspect", "--format", "{{.State.Pid}}", container["ID"])
        os.kill(int(pid), signal.SIGKILL)

    def docker(self, *arguments: Any, **options: Any) -> str:
        """Return what ``docker`` prints."""
        return run("chroot", self._tree, "docker", *arguments, **options)

    def compose(self, *arguments: Any) -> str:
        """Return what ``docker compose`` prints, in the directory of ``compose.yaml``."""
        return self.docker("compose", "--project-directory", PROJECT, *arguments)

    def containers(self) -> list[dict[str, Any]]:
        """Return what ``docker compose ps`` says of each container, ended ones, too."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return [json.loads(line) for line in lines]
