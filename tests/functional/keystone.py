# SPDX-License-Identifier: Apache-2.0
"""A real Keystone with two projects and some users, and a memcached: started like other servers."""

import contextlib
import fcntl
import getpass
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

import psutil
import requests

from tests.functional.processes import wait_until
from tests.functional.servers import ADDRESS, Family, free_ports

# `make test` makes this virtual environment: Keystone has too many dependencies to be in ours.
HOME = Path(sys.prefix) / "keystone"
PASSWORD = "secret/sec+ret"
PROJECTS = ("alpha", "beta")
# Each has one role in one project.
USERS = {
    "reader": ("reader", "alpha"),
    "member": ("member", "alpha"),
    "operator": ("admin", "alpha"),
    "service": ("service", "alpha"),
    "stranger": ("member", "beta"),
}
CONF = """
[DEFAULT]
public_endpoint = {url}
log_file = {directory}/keystone.log
[database]
connection = sqlite:///{directory}/keystone.sqlite
[token]
provider = fernet
[fernet_tokens]
key_repository = {directory}/fernet
[credential]
key_repository = {directory}/credential
[identity]
password_hash_rounds = 4
"""
SERVE = """
import sys
port = sys.argv[1]
del sys.argv[1:]
from keystone.wsgi.api import application
from waitress import serve
serve(application, host="127.0.0.1", port=int(port), threads=8)
"""


class Keystone(Family):
    """Keystone on SQLite; what it is begun with is made once and copied.

    ``url`` is what ``auth_url`` is to be.
    """

    PROGRAMS = (str(HOME / "bin" / "keystone-manage"),)
    PACKAGE = "python3-venv, and: make .venv/.keystone-installed"

    def __init__(self) -> None:
        super().__init__()
        (self.port,) = free_ports(1)
        self.url = f"http://{ADDRESS}:{self.port}/v3"
        self._process: psutil.Popen | None = None

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        with _locked(HOME / "lock"):
            if not (HOME / "ready").exists():
                self._make()
        directory = Path(self.tempdir) / "keystone"
        shutil.copytree(HOME / "ready", directory)
        self._configure(directory)
        with contextlib.closing(sqlite3.connect(directory / "keystone.sqlite")) as database:
            database.execute("UPDATE endpoint SET url = ?", (self.url,))
            database.commit()
        self._start(directory)

    def _make(self) -> None:
        """Bootstrap a Keystone, and give it projects and users; takes some ten seconds."""
        directory = Path(self.tempdir) / "new"
        directory.mkdir()
        self._configure(directory)
        user = getpass.getuser()
        rights = ("--keystone-user", user, "--keystone-group", user)
        kinds = ("public", "internal", "admin")
        for command in (
            ("db_sync",),
            ("fernet_setup", *rights),
            ("credential_setup", *rights),
            (
                "bootstrap",
                f"--bootstrap-password={PASSWORD}",
                "--bootstrap-region-id=RegionOne",
                *(f"--bootstrap-{kind}-url={self.url}" for kind in kinds),
            ),
        ):
            subprocess.run(
                [*self.PROGRAMS, f"--config-file={directory}/keystone.conf", *command],
                check=True,
                capture_output=True,
            )
        self._start(directory)
        self._provide()
        self.kill()
        shutil.move(directory, HOME / "ready")

    def _configure(self, directory: Path) -> None:
        url = self.url.removesuffix("/v3")
        (directory / "keystone.conf").write_text(CONF.format(url=url, directory=directory))

    def _start(self, directory: Path) -> None:
        self._process = self._run_server(
            HOME / "bin" / "python",
            "-c",
            SERVE,
            self.port,
            env={"OS_KEYSTONE_CONFIG_FILES": str(directory / "keystone.conf")},
        )
        wait_until(self._answers, "Keystone")

    def _answers(self) -> bool:
        try:
            return requests.get(self.url, timeout=10).ok
        except requests.RequestException:
            return False

    def _provide(self) -> None:
        projects = {
            name: self._call("POST", "/projects", {"project": {"name": name}})["project"]["id"]
            for name in PROJECTS
        }
        listed = self._call("GET", "/roles")["roles"]
        roles = {role["name"]: role["id"] for role in listed}
        for name, (role, project) in USERS.items():
            user = {"name": name, "password": PASSWORD, "default_project_id": projects[project]}
            made = self._call("POST", "/users", {"user": user})["user"]["id"]
            path = f"/projects/{projects[project]}/users/{made}/roles/{roles[role]}"
            self._call("PUT", path)

    def publish(self, kind: str, url: str) -> None:
        """Put a service of that type into the catalogue."""
        service = {"name": "faafo", "type": kind}
        made = self._call("POST", "/services", {"service": service})["service"]["id"]
        endpoint = {"service_id": made, "interface": "public", "url": url, "region_id": "RegionOne"}
        self._call("POST", "/endpoints", {"endpoint": endpoint})

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"X-Auth-Token": self.token("admin", "admin")}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def token(self, user: str, project: str | None = None) -> str:
        """Return a token of a user for a project, by default the one in which the user has a role.

        :param project: "" for a token without a project.
        """
        name = USERS[user][1] if project is None else project
        domain = {"domain": {"id": "default"}}
        login = {"user": {"name": user, "password": PASSWORD, **domain}}
        body: dict[str, Any] = {"identity": {"methods": ["password"], "password": login}}
        body["scope"] = {"project": {"name": name, **domain}} if name else "unscoped"
        answer = requests.post(f"{self.url}/auth/tokens", json={"auth": body}, timeout=60)
        assert answer.ok, answer.text
        return answer.headers["X-Subject-Token"]

    def revoke(self, token: str) -> None:
        """Make a token invalid."""
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        requests.delete(f"{self.url}/auth/tokens", headers=headers, timeout=60).raise_for_status()

    def change_password(self, user: str, password: str) -> None:
        """Change the password of a user, as an administrator; this revokes the user's tokens."""
        found = self._call("GET", f"/users?name={user}")["users"][0]["id"]
        self._call("PATCH", f"/users/{found}", {"user": {"password": password}})

    def application_credential(self, user: str) -> tuple[str, str]:
        """Make an application credential of a user; return its id and its secret."""
        token = self.token(user)
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        found = requests.get(f"{self.url}/auth/tokens", headers=headers, timeout=60).json()
        path = f"{self.url}/users/{found['token']['user']['id']}/application_credentials"
        body = {"application_credential": {"name": "faafo"}}
        answer = requests.post(path, json=body, headers=headers, timeout=60)
        assert answer.ok, answer.text
        made = answer.json()["application_credential"]
        return made["id"], made["secret"]

    def options(self, user: str, password: str = PASSWORD) -> dict[str, Any]:
        """Return the options of a plugin of keystoneauth1 by which a user logs in."""
        return {
            "auth_type": "password",
            "auth_url": self.url,
            "username": user,
            "password": password,
            "project_name": USERS.get(user, ("", "admin"))[1],
            "user_domain_id": "default",
            "project_domain_id": "default",
        }

    def freeze(self) -> None:
        """Let it say nothing any more."""
        assert self._process is not None
        self._process.send_signal(SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._kill(self._process, SIGKILL)


class Memcached(Family):
    """A memcached at ``address``."""

    PROGRAMS = ("memcached",)
    PACKAGE = "memcached"

    def __init__(self) -> None:
        super().__init__()
        (port,) = free_ports(1)
        self.address = f"{ADDRESS}:{port}"
        self._port = port

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        self._run_server("memcached", "-l", ADDRESS, "-p", self._port, "-u", getpass.getuser())
        self._wait_for_ports(self._port)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock on a file, across processes."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
