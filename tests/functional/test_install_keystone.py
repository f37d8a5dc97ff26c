# SPDX-License-Identifier: Apache-2.0
"""The page «With Keystone» of the install guide: its own commands and files, on real servers."""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import requests

from faafo.fractal.png import has_sides
from tests.functional.keystone import HOME, Keystone
from tests.functional.processes import PATIENCE_SECONDS, Service, environment, run, write_config
from tests.functional.servers import free_ports

PAGE = Path(__file__).parents[2] / "doc" / "source" / "install" / "keystone.rst"
# Of all users of the page, as its files have it.
PASSWORD = "secretsecret"
FILE = re.compile(
    r"``/etc/faafo/([\w.]+)``(?:.+\n)+\n\.\. code-block:: (?:ini|yaml)\n\n((?:   .*\n|\n)+)"
)


class Guide:
    """What the page says, with the addresses and directories of a test."""

    def __init__(self, replaced: Mapping[str, str]) -> None:
        self._text = PAGE.read_text()
        self._replaced = replaced
        assert [one for one in replaced if one not in self._text] == []

    def files(self) -> dict[str, str]:
        """Return the content of each file by its name."""
        found = FILE.findall(self._text)
        return {name: self._here(re.sub("(?m)^   ", "", content)) for name, content in found}

    def commands(self, program: str = "") -> list[str]:
        """Return the command lines, in their order, that begin with that."""
        return re.findall(rf"(?m)^   \$ ({program}.*)$", self._here(self._text))

    def trial(self) -> list[str]:
        """Return what the new user does: four lines that log in, and two commands."""
        commands = self.commands()
        return commands[commands.index(self.commands("export ")[0]) :]

    def _here(self, text: str) -> str:
        for old, new in self._replaced.items():
            text = text.replace(old, new)
        return text


def bash(directory: Path, script: str, **variables: str) -> str:
    """Run a script that may ask for the password; return its output.

    ``openstack`` asks on a terminal only, so it gets the password by an option.
    """
    own = environment(directory)
    done = subprocess.run(
        ["bash", "-e", "-c", script.replace("--password-prompt", f"--password {PASSWORD}")],
        env={**own, "PATH": f"{own['PATH']}{os.pathsep}{HOME / 'bin'}", **variables},
        cwd=directory,
        input=f"{PASSWORD}\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, f"{script}: {done.stdout}"
    assert PASSWORD not in done.stdout
    return done.stdout


def as_admin(keystone: Keystone) -> dict[str, str]:
    options = keystone.options("admin")
    return {f"OS_{name.upper()}": text for name, text in options.items()}


@contextlib.contextmanager
def running(directory: Path, guide: Guide, port: int) -> Iterator[None]:
    """Start the services by the command lines of the page, the API on ``port``."""
    ports = write_config(directory / "port.conf", DEFAULT={"bind_port": port})
    (upgrade,) = guide.commands("faafo-manage")
    assert run(directory, *upgrade.split()).returncode == 0
    with contextlib.ExitStack() as services:
        for name, line in (
            ("api", "the API listens on"),
            ("worker", "is ready, with"),
            ("producer", "is ready"),
        ):
            (command,) = guide.commands(f"faafo-{name}")
            more = ("--config-file", ports) if name == "api" else ()
            service = services.enter_context(Service(directory, *command.split(), *more))
            service.wait_for_line(line)
        yield


def test_a_new_user_comes_to_a_picture_by_the_steps_of_the_page(
    keystone, memcached, server_url, transport_url, tmp_path
):
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    guide = Guide(
        {
            "https://keystone.example.org/v3": keystone.url,
            "https://faafo.example.org": url,
            "http://127.0.0.1:5000": url,
            "mysql://faafo:secretsecret@127.0.0.1:3306/faafo": server_url,
            "rabbit://faafo:secretsecret@localhost:5672/": transport_url,
            "10.0.0.4:11211": memcached.address,
            "/srv/faafo/images": str(tmp_path / "images"),
            "/etc/faafo": str(tmp_path),
        }
    )
    files = guide.files()
    assert list(files) == ["api.conf", "producer.conf", "worker.conf", "policy.yaml"]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    admin = as_admin(keystone)
    # In one process, which reads them as if typed: each start takes 3 s of CPU.
    typed = "\n".join(one.removeprefix("openstack ") for one in guide.commands("openstack"))
    answer = bash(tmp_path, f"openstack << 'END' || true\n{typed}\nEND", **admin)
    assert answer.count("| id ") == typed.count(" create ")
    with running(tmp_path, guide, port):
        bash(tmp_path, "\n".join(guide.trial()))
        assert has_sides((tmp_path / "julia.png").read_bytes(), 800, 600)
        check_that_only_administrators_delete(tmp_path, guide, admin)
        form = {"user": "ada", "password": PASSWORD}
        page = requests.post(f"{url}/login", data=form, headers={"Accept": "text/html"}, timeout=60)
        assert 'id="user">ada<' in page.text


def check_that_only_administrators_delete(
    directory: Path, guide: Guide, admin: Mapping[str, str]
) -> None:
    login = "\n".join(guide.trial()[:4])
    (uuid,) = bash(directory, f"{login}\nfaafo fractal list -f value -c uuid").split()
    refused = bash(directory, f"{login}\nfaafo fractal delete {uuid} 2>&1 || echo failed")
    assert "fractal:delete" in refused
    assert refused.endswith("failed\n")
    assert bash(directory, f"faafo fractal delete {uuid}", **admin) == f"deleted fractal {uuid}\n"
