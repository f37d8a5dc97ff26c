# SPDX-License-Identifier: Apache-2.0
"""What the playbook, its templates and the Vagrantfile say, without installing anything."""

import grp
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import bcrypt
import pytest
import yaml
from jinja2 import Environment

from faafo import conf as options
from faafo.auth import htpasswd
from faafo.client import keystone
from tests.htpasswd import user_line

ROOT = Path(__file__).parents[2]
ANSIBLE = ROOT / "ansible"
ROLES = ANSIBLE / "roles"
INVENTORIES = sorted((ANSIBLE / "inventory").glob("*.yaml"))
GROUPS = {"database", "messaging", "api", "producer", "worker", "notifier", "webinterface"}
OPTIONAL = {"reader"}
KNOWN = {
    "api": options.list_api_opts,
    "notifier": options.list_notifier_opts,
    "producer": options.list_producer_opts,
    "reader": options.list_reader_opts,
    "worker": options.list_worker_opts,
}
# An option of oslo.messaging, which registers it when a transport is made.
TRANSPORT_URL = ("DEFAULT", "transport_url")
EVENTS_URL = ("events", "transport_url")
UNIT = (ROLES / "faafo/templates/faafo.service.j2").read_text()


def run_tool(name, *arguments):
    """Run a program that test-requirements.txt brings; assert that it finds nothing."""
    directory = Path(sys.executable).parent
    path = f"{directory}{os.pathsep}{os.environ['PATH']}"
    if shutil.which(name, path=path) is None:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"{name} is missing; install it with: pip install -r test-requirements.txt")
    environment = {**os.environ, "PATH": path, "ANSIBLE_NOCOLOR": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [name, *map(str, arguments)],
        cwd=ANSIBLE,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_yamllint_finds_nothing():
    files = ["compose.yaml", ".yamllint.yaml", ".pre-commit-config.yaml"]
    directories = ["etc", "kubernetes", "releasenotes"]
    places = [ANSIBLE, *(ROOT / name for name in (*directories, *files))]
    run_tool("yamllint", "--strict", "--config-file", ROOT / ".yamllint.yaml", *places)


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.stem)
def test_the_playbook_can_be_read_with_an_inventory(inventory):
    run_tool("ansible-playbook", "--syntax-check", "--inventory", inventory, "playbook.yaml")


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.stem)
def test_an_inventory_has_every_group_of_the_playbook(inventory):
    plays = yaml.safe_load((ANSIBLE / "playbook.yaml").read_text())
    named = {group for play in plays for group in play["hosts"].split(":")} - {"all"}
    assert named == GROUPS | OPTIONAL
    children = yaml.safe_load(inventory.read_text())["all"]["children"]
    assert {group for group, content in children.items() if content["hosts"]} == GROUPS


def options_in(template):
    """Return (group, name) of each option that a template of a configuration file sets."""
    group, found = None, set()
    for line in template.read_text().splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            group = header[1]
        elif option := re.match(r"(\w+) = ", line):
            found.add((group, option[1]))
    return found


@pytest.mark.parametrize("service", sorted(KNOWN))
def test_every_option_in_a_template_exists(service):
    groups = [*KNOWN[service](), *keystone.list_opts()]
    known = {(group, opt.dest) for group, opts in groups for opt in opts}
    used = options_in(ROLES / service / f"templates/{service}.conf.j2")
    assert used & {TRANSPORT_URL, EVENTS_URL}
    assert used - {TRANSPORT_URL} <= known


@pytest.mark.parametrize(("producers", "is_led"), [(["a"], False), (["a", "b"], True)])
def test_one_of_several_producers_generates(producers, is_led):
    # Ansible's filter, as far as it is used.
    environment = Environment(trim_blocks=True)
    environment.filters["combine"] = lambda one, other, recursive: one | other
    template = (ROLES / "producer/templates/producer.conf.j2").read_text()
    written = environment.from_string(template).render(
        groups={"producer": producers},
        producer_options={"DEFAULT": {"max_tasks": 20}},
        faafo_auth_strategy="noauth",
    )
    assert ("[producer]\nleader = true\n" in written) is is_led
    assert "[DEFAULT]\nmax_tasks = 20\n" in written


def test_the_api_believes_its_proxy_which_says_who_asks_and_how():
    assert "trusted_proxies = 1" in (ROLES / "api/templates/api.conf.j2").read_text().splitlines()
    nginx = (ROLES / "webinterface/templates/faafo.conf.j2").read_text()
    headers = re.search(r"macro proxy\(\) %}(.*){% endmacro", nginx, re.DOTALL)[1]
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in headers
    assert "proxy_set_header X-Forwarded-Proto $faafo_scheme;" in headers
    assert nginx.count("{{ proxy() }}") == len(re.findall(r"^server {", nginx, re.MULTILINE)) - 1


def test_a_service_says_when_it_is_ready_and_may_do_little():
    for line in (
        "Type=notify",
        "Restart=on-failure",
        "User=faafo",
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
    ):
        assert line in UNIT.splitlines()


def test_a_worker_may_finish_what_it_renders():
    tasks = (ROLES / "worker/tasks/main.yaml").read_text()
    assert 'faafo_stop_seconds: "{{ worker_drain_timeout + 30 }}"' in tasks


def test_workers_are_updated_one_after_the_other():
    plays = yaml.safe_load((ANSIBLE / "playbook.yaml").read_text())
    for role in ("api", "worker", "producer", "notifier", "reader"):
        (play,) = [one for one in plays if one.get("roles") == [role]]
        assert play["serial"] == 1
        assert play["max_fail_percentage"] == 0


def test_whatever_handles_a_password_keeps_silent():
    """Tasks whose arguments hold one have no_log; templates that hold one show no difference."""
    for path in ROLES.glob("*/tasks/*.yaml"):
        for task in yaml.safe_load(path.read_text()) or ():
            if "password" in yaml.safe_dump({k: v for k, v in task.items() if k != "name"}):
                assert task.get("no_log") is True, task["name"]
            template = task.get("ansible.builtin.template", {}).get("src", "")
            source = path.parents[1] / "templates" / template
            if template and source.is_file() and "_url }}" in source.read_text():
                assert task.get("diff") is False, task["name"]


def test_no_password_is_on_a_command_line():
    for path in ROLES.glob("*/tasks/*.yaml"):
        for task in yaml.safe_load(path.read_text()) or ():
            command = task.get("ansible.builtin.command") or task.get("ansible.builtin.shell") or ""
            line = command if isinstance(command, str) else str(command.get("argv"))
            assert "item.password" not in line
            assert not re.search(r"faafo_\w*(password|_url)", line)


def set_users(path, *lines):
    """Run the script that gives users their passwords; return what it prints."""
    group = grp.getgrgid(os.getgid()).gr_name
    script = (ROLES / "api/files/set-users.py").read_text()
    done = subprocess.run(
        [sys.executable, "-c", script, path, group],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_users_get_their_passwords_once_and_others_stay(tmp_path):
    path = tmp_path / "users"
    path.write_text(user_line("ada", "known"))
    assert set_users(path, "admin:S3C:ret", "service:other") == "changed"
    first = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert set_users(path, "admin:S3C:ret", "service:other") == "the same"
    assert path.read_text() == first
    assert set_users(path, "admin:another", "service:other") == "changed"
    users = htpasswd.parse(path.read_text()).hashes
    for name, password in (("ada", b"known"), ("admin", b"another"), ("service", b"other")):
        assert bcrypt.checkpw(password, users[name])


def test_the_vagrantfile_gives_every_group_a_host_and_opens_ports_on_the_loopback_only():
    text = (ROOT / "Vagrantfile").read_text()
    named = set(re.search(r"ansible\.groups = %w\[([^\]]*)\]", text)[1].split())
    assert named | {"worker"} == GROUPS
    assert "{ 8000 => 80, 5000 => 5000, 15672 => 15672 }" in text
    assert re.search(r'"forwarded_port".*host_ip: "127\.0\.0\.1"', text)


def test_the_wheel_builder_can_be_run():
    assert (ROOT / "tools/build-wheel").stat().st_mode & stat.S_IXUSR
