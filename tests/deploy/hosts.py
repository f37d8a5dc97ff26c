# SPDX-License-Identifier: Apache-2.0
"""Hosts with systemd on a network of their own, for what runs in ``tools/enter-lab``."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any, Self

from tests.functional.processes import wait_until

ROOT = Path(__file__).parents[2]
SUITE, MIRROR = os.environ.get("SUITE", "trixie"), "http://deb.debian.org/debian"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "python3"),
    *("ca-certificates", "iproute2", "procps"),
)
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# What this machine needs to get through to package mirrors and indexes, the hosts need, too.
ALSO_HERE = (CERTIFICATES, "/etc/pip.conf")
CGROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified")
OURS_ALONE = shutil.ignore_patterns(".venv", ".tox", "__pycache__", "dist", "build", "secrets")
REBOOT = 133
BOOT_SECONDS = 60
# The playbook takes a minute or two, and ten on a machine that does much else.
COMMAND_SECONDS = 1800.0

SSH_OPTIONS = (
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=5"),
)


def run(*command: Any, timeout: float = COMMAND_SECONDS, **options: Any) -> str:
    """Return what a command prints; fail with all of it when it fails."""
    done = subprocess.run(
        [str(one) for one in command],
        **{"stdin": subprocess.DEVNULL, **options},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout[-12000:]}\n{done.stderr[-4000:]}"
    return done.stdout


class Base:
    """What all hosts begin as: ``tree``, a small Debian; and what is installed, ``checkout``.

    Both are below ``directory``. Whoever goes on with their work meanwhile does not disturb us.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tree = directory / "base"
        self.key = directory / "key"
        self.checkout = directory / "checkout"
        self.cache = directory / "cache"

    def make(self) -> None:
        """Make the files; takes a minute."""
        self.cache.mkdir()
        shutil.copytree(ROOT, self.checkout, symlinks=True, ignore=OURS_ALONE)
        include = f"--include={','.join(PACKAGES)}"
        run("debootstrap", "--variant=minbase", include, SUITE, self.tree, MIRROR)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        authorized = self.tree / "root/.ssh/authorized_keys"
        authorized.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.key.with_suffix(".pub"), authorized)
        for path in map(Path, ALSO_HERE):
            if path.exists():
                shutil.copy(path, self.tree / path.relative_to("/"))
        for path in Path("/etc/apt/apt.conf.d").iterdir():
            if "Acquire::" in path.read_text():
                shutil.copy(path, self.tree / "etc/apt/apt.conf.d")
        (self.tree / "etc/machine-id").write_text("")


class Host:
    """A host called ``name``; use it as a context manager.

    :param number: the last part of its address.
    """

    def __init__(self, base: Base, name: str, number: int) -> None:
        self.name = name
        self.address = f"192.168.56.{number}"
        self._base = base
        self._link = f"lab{number}"
        self._directory = base.directory / name
        self._root = self._directory / "root"
        self._cgroups = [
            Path(one, base.directory.name, name)
            for one in CGROUPS
            if Path(one, "cgroup.procs").exists()
        ]
        self._stopping = threading.Event()
        self._machine: subprocess.Popen | None = None
        self._running = threading.Thread(target=self._run, name=name)
        self.boots = 0

    def __enter__(self) -> Self:
        self._mount()
        self._connect()
        self._running.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stopping.set()
        self.power_off()
        self._running.join()
        run("umount", self._root)
        run("ip", "netns", "delete", self.name)
        shutil.rmtree(self._directory)

    def _mount(self) -> None:
        for part in ("upper", "work", "root"):
            (self._directory / part).mkdir(parents=True)
        layers = f"lowerdir={self._base.tree},upperdir={self._directory}/upper"
        options = f"{layers},workdir={self._directory}/work"
        run("mount", "-t", "overlay", "overlay", self._root, "-o", options)
        (self._root / "etc/hostname").write_text(f"{self.name}\n")
        (self._root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")

    def _connect(self) -> None:
        inside = ("ip", "-netns", self.name)
        run("ip", "netns", "add", self.name)
        peer = ("peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "add", self._link, "type", "veth", *peer)
        run("ip", "link", "set", self._link, "master", "lab", "up")
        run(*inside, "address", "add", f"{self.address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            run(*inside, "link", "set", link, "up")
        run(*inside, "route", "add", "default", "via", "192.168.56.1")

    def _run(self) -> None:
        """Run the machine, and again each time it reboots or its power was cut."""
        while not self._stopping.is_set():
            self._boot()
            status = self._machine.wait()
            # What runs in the machine outlives systemd-nspawn.
            wait_until(self._is_off, f"{self.name} to be off", BOOT_SECONDS)
            if status not in (REBOOT, -signal.SIGKILL):
                return

    def _boot(self) -> None:
        for cgroup in self._cgroups:
            cgroup.mkdir(parents=True, exist_ok=True)
        enter = "".join(f'echo $$ > "{cgroup}/cgroup.procs"; ' for cgroup in self._cgroups)
        command = [
            *("systemd-nspawn", "--quiet", "--boot", "--directory", self._root),
            *("--machine", self.name, "--resolv-conf=copy-host", "--register=no", "--keep-unit"),
            *("--console=pipe", f"--network-namespace-path=/run/netns/{self.name}"),
            # Nobody cuts the power of this machine, and packages are installed much faster.
            *("--suppress-sync=yes", f"--bind={self._base.cache}:/root/.cache/pip"),
        ]
        with (self._directory / "console.log").open("ab") as console:
            self._machine = subprocess.Popen(
                ["sh", "-c", f'{enter} exec "$@"', "sh", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.boots += 1

    def _is_off(self) -> bool:
        """Kill whatever is in the machine's groups; return whether nothing was left there."""
        # A group that has just gone makes one look again.
        with contextlib.suppress(OSError):
            files = [path for one in self._cgroups for path in one.rglob("cgroup.procs")]
            processes = {int(pid) for path in files for pid in path.read_text().split()}
            for pid in processes:
                os.kill(pid, signal.SIGKILL)
            return not processes
        return False

    def ssh(self, command: str, **options: Any) -> str:
        """Return what a command prints that root runs there."""
        login = ("-i", self._base.key, *SSH_OPTIONS, f"root@{self.address}")
        return run("ssh", *login, command, **options)

    def is_up(self) -> bool:
        """Return whether one can log in."""
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.ssh("true", timeout=10)
            return True
        return False

    def wait_until_up(self) -> None:
        """Wait until one can log in."""
        wait_until(self.is_up, f"{self.name} to be up: {self.console()}", BOOT_SECONDS)

    def console(self) -> str:
        """Return the end of what the machine wrote to its console."""
        path = self._directory / "console.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def reboot(self) -> None:
        """Reboot as an administrator does, and wait until one can log in again."""
        before = self.boots
        with contextlib.suppress(AssertionError):
            self.ssh("systemctl reboot")
        wait_until(lambda: self.boots > before, f"{self.name} to go down", BOOT_SECONDS)
        self.wait_until_up()

    def lose_power(self) -> None:
        """End everything that runs there at once; it boots again by itself."""
        before = self.boots
        self.power_off()
        wait_until(lambda: self.boots > before, f"{self.name} to boot", BOOT_SECONDS)
        self.wait_until_up()

    def power_off(self) -> None:
        """End everything that runs there at once."""
        if self._machine is not None and self._machine.poll() is None:
            os.killpg(self._machine.pid, signal.SIGKILL)

    def cut(self) -> None:
        """Take away the network."""
        run("ip", "link", "set", self._link, "down")

    def heal(self) -> None:
        """Give the network back."""
        run("ip", "link", "set", self._link, "up")
