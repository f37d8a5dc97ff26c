# SPDX-License-Identifier: Apache-2.0
"""A site of faafo on the lab's hosts: the playbook, fractals, and what is lost of them."""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.deploy.hosts import SSH_OPTIONS, Base, Host, run
from tests.functional.processes import SCRIPTS, wait_until

# Rendered in no time,
SMALL = {
    "width": 640,
    "height": 480,
    "iterations": 2000,
    "xa": -1.5,
    "xb": 1.5,
    "ya": -1.0,
    "yb": 1.0,
}
# and what takes a second and more: some are under way when something breaks. With c = 1/4 every
# point near 0 stays for ever, and no attracting cycle tells so beforehand.
LARGE = {
    "width": 1000,
    "height": 1000,
    "iterations": 8000,
    "xa": -0.1,
    "xb": 0.1,
    "ya": -0.1,
    "yb": 0.1,
    "cx": 0.25,
    "cy": 0.0,
}


class Site:
    """A site whose ``groups`` say which host runs what; the playbook makes it.

    :param directory: keeps the inventory and the passwords.
    :param variables: are in the inventory, too.
    """

    def __init__(
        self,
        base: Base,
        directory: Path,
        hosts: Iterable[Host],
        groups: dict[str, list[str]],
        variables: dict[str, str] | None = None,
    ) -> None:
        self._directory = directory
        self._playbooks = base.checkout / "ansible"
        directory.mkdir(parents=True, exist_ok=True)
        self.hosts = {host.name: host for host in hosts}
        self.url = f"http://{self.hosts[groups['webinterface'][0]].address}"
        # One address may only send so much at a time.
        self._patient = requests.Session()
        retries = Retry(connect=0, read=0, status_forcelist=[429], backoff_factor=0.2)
        self._patient.mount("http://", HTTPAdapter(max_retries=retries))
        self.inventory = directory / "inventory.yaml"
        every = {
            "vars": {
                "ansible_user": "root",
                "ansible_ssh_private_key_file": str(base.key),
                "ansible_ssh_common_args": " ".join(SSH_OPTIONS),
                **(variables or {}),
            },
            "hosts": {one.name: {"ansible_host": one.address} for one in self.hosts.values()},
            "children": {
                group: {"hosts": {name: {} for name in names}} for group, names in groups.items()
            },
        }
        self.inventory.write_text(yaml.safe_dump({"all": every}))

    def play(self, **variables: str) -> str:
        """Run the playbook, and log in; return what it prints."""
        extra = [f"--extra-vars={name}={value}" for name, value in variables.items()]
        output = run(
            *(SCRIPTS / "ansible-playbook", "-vv", "-i", self.inventory, *extra),
            "playbook.yaml",
            cwd=self._playbooks,
            env={
                **os.environ,
                "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
                "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks",
                "ANSIBLE_HOME": str(self._directory / "home"),
                "ANSIBLE_NOCOLOR": "1",
            },
        )
        self._patient.auth = self.login()
        return output

    def login(self) -> tuple[str, str]:
        """Return the user name and the password for people."""
        return "admin", self.secrets()["admin_password"]

    def secrets(self) -> dict[str, str]:
        """Return the passwords that the playbook has made."""
        files = (self._directory / "secrets").iterdir()
        return {path.name: path.read_text().strip() for path in files}

    def post(self, count: int, fractal: dict[str, Any] = SMALL) -> list[str]:
        """Post fractals; return their uuids."""
        return [self.post_one(fractal) for _ in range(count)]

    def post_one(self, fractal: dict[str, Any] = SMALL) -> str:
        """Post a fractal and return its uuid.

        :raises requests.RequestException: when the API has not said that it has it.
        """
        url = f"{self.url}/api/fractal"
        answer = requests.post(url, json=fractal, auth=self.login(), timeout=10)
        answer.raise_for_status()
        return answer.json()["uuid"]

    def record(self, uuid: str) -> dict[str, Any]:
        """Return a record."""
        answer = self._patient.get(f"{self.url}/api/fractal/{uuid}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def wait_until_complete(self, uuids: list[str], timeout: float = 150) -> list[dict[str, Any]]:
        """Return the records once all of them are complete."""
        waiting, done = set(uuids), []

        def all_done() -> bool:
            for uuid in sorted(waiting):
                record = self._record_if_up(uuid)
                if record.get("status") != "complete":
                    return False
                waiting.discard(uuid)
                done.append(record)
            return True

        wait_until(all_done, f"{len(uuids)} complete fractals", timeout)
        return done

    def _record_if_up(self, uuid: str) -> dict[str, Any]:
        try:
            return self.record(uuid)
        except requests.HTTPError as error:
            if error.response.status_code < 500:
                pytest.fail(f"fractal {uuid} is lost: {error}")
        except (requests.ConnectionError, requests.Timeout):
            return {}
        return {}

    def check_images(self, records: list[dict[str, Any]]) -> None:
        """Assert that each image comes through the web interface as it was rendered."""
        for record in records:
            url = f"{self.url}/api/fractal/{record['uuid']}/image"
            answer = self._patient.get(url, timeout=30)
            assert answer.status_code == 200, (answer.status_code, record)
            assert hashlib.sha256(answer.content).hexdigest() == record["checksum"]


def workers_of(records: list[dict[str, Any]]) -> set[str]:
    """Return the hosts that have rendered."""
    return {record["generated_by"].rpartition("-")[0] for record in records}


def changes(output: str) -> dict[str, int]:
    """Return how much the playbook has changed on each host."""
    found = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", output, re.MULTILINE)
    return {name: int(count) for name, count in found}
