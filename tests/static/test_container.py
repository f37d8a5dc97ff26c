# SPDX-License-Identifier: Apache-2.0
"""What the container image and compose.yaml say, without building or starting either."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import bcrypt
import pytest
import yaml
from oslo_config import cfg

from faafo import conf as options
from faafo import logs
from faafo.auth import htpasswd
from faafo.client import keystone
from faafo.rpc.transport import get_transport

ROOT = Path(__file__).parents[2]
CONTAINER = ROOT / "container"
SCRIPTS = [
    CONTAINER / name for name in ("faafo-container", "faafo-healthy", "make-secrets", "make-users")
]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "faafo"]


@pytest.fixture
def conf() -> cfg.ConfigOpts:
    """All options of faafo with their defaults."""
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    logs.register_opts(conf)
    conf([], project="faafo", default_config_files=[])
    return conf


def test_compose_keeps_to_the_schema():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, ROOT / "compose.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_well_made():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"OS_\w+__\w+", DOCKERFILE + COMPOSE))))
def test_every_variable_is_an_option(conf, variable):
    get_transport(conf, default_url="fake://")
    known = {("DEFAULT", name) for name in conf}
    groups = [*options.list_opts(), *keystone.list_opts()]
    known |= {(group, opt.dest) for group, opts in groups for opt in opts}
    group, _, name = variable.removeprefix("OS_").lower().partition("__")
    group = "DEFAULT" if group == "default" else group
    assert {(group, name), (group, name.removesuffix("_file"))} & known


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(name):
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_there_are_as_many_as_promised():
    replicas = {
        name: one["deploy"]["replicas"] for name, one in SERVICES.items() if "deploy" in one
    }
    assert replicas == {"api": 3, "producer": 2, "worker": 3, "notifier": 2}


def test_one_of_several_producers_generates():
    assert SERVICES["producer"]["environment"]["OS_PRODUCER__LEADER"] == "true"


def test_whatever_is_waited_for_says_when_it_is_ready():
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            waited_for = SERVICES[name]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in waited_for or name in OURS
            else:
                assert how["condition"] == "service_completed_successfully"


def test_no_password_is_in_it_and_only_the_proxy_is_published():
    assert not re.search(r"(?i)pass(word)?: (?!\S*/run/secrets|\{file|\"yes\")\S", COMPOSE)
    assert "://faafo:" not in COMPOSE
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert [name for name in published if "profiles" not in SERVICES[name]] == ["proxy"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_api_believes_its_proxy_which_says_who_asks_and_how():
    assert SERVICES["api"]["environment"]["OS_API__TRUSTED_PROXIES"] == "1"
    before, *servers = re.split(r"^server {", (CONTAINER / "nginx.conf").read_text(), flags=re.M)
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in before
    assert "proxy_set_header X-Forwarded-Proto $faafo_scheme;" in before
    # A block with a header of its own would drop these.
    assert not any("proxy_set_header" in server for server in servers)


def test_everybody_logs_in():
    assert SERVICES["api"]["environment"]["OS_API__AUTH_STRATEGY"] == "http_basic"
    for name in ("producer", "worker", "notifier"):
        assert SERVICES[name]["environment"]["OS_SERVICE_AUTH__USERNAME"] == "service"
        assert "service_password" in SERVICES[name]["secrets"]
    assert "admin_password" not in yaml.safe_load(COMPOSE)["secrets"]


def test_a_worker_may_finish_what_it_renders(conf):
    seconds = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    assert seconds > conf.worker.drain_timeout


def test_the_image_runs_as_nobody_special():
    assert re.search(r"^USER (?!0|root)\d+:\d+$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_one(script):
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["sh", "-n", script], check=True)


def test_another_role_is_refused():
    done = subprocess.run(
        [SCRIPTS[0], "cook"], capture_output=True, text=True, env={"PATH": "/bin"}
    )
    assert done.returncode == 2
    assert "api, producer, worker, notifier, reader, all, manage or status" in done.stderr


def test_secrets_are_made_once_and_agree(tmp_path):
    seen = []
    for _ in range(2):
        subprocess.run([SCRIPTS[2], tmp_path / "secrets"], check=True)
        made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
        assert set(made) >= set(yaml.safe_load(COMPOSE)["secrets"])
        database, broker = (made[f"{name}_password"].strip() for name in ("database", "broker"))
        assert len(database) >= 32
        assert database != broker
        assert made["database_url"] == f"mysql://faafo:{database}@database/faafo\n"
        assert made["postgresql_url"] == f"postgresql://faafo:{database}@database/faafo\n"
        assert made["transport_url"] == f"rabbit://faafo:{broker}@broker:5672/\n"
        assert f"default_pass = {broker}\n" in made["rabbitmq.conf"]
        redis = made["redis_password"].strip()
        assert made["redis_url"] == f"redis://:{redis}@redis:6379/0\n"
        assert f"requirepass {redis}\n" in made["redis.conf"]
        users = htpasswd.parse(made["users"]).hashes
        assert set(users) == {"admin", "service", "scaler"}
        for name, encoded in users.items():
            assert bcrypt.checkpw(made[f"{name}_password"].strip().encode(), encoded)
        seen.append(made)
    assert seen[0] == seen[1]
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_queues_of_processes_that_are_gone_expire_everywhere_alike(tmp_path):
    subprocess.run([SCRIPTS[2], tmp_path / "secrets"], check=True)
    lines = (tmp_path / "secrets/rabbitmq.conf").read_text().splitlines()
    broker = dict(line.split(" = ") for line in lines if not line.startswith("#"))
    policy = "default_policies.operator.faafo-gone"
    pattern = broker[f"{policy}.queue_pattern"]
    for topic in ("tasks", "joins", "films", "tiles", "producers", "readers"):
        assert re.match(pattern, f"{topic}.host-1")
        # It is that of all of them.
        assert not re.match(pattern, topic)
    assert not re.match(pattern, "faafo_events.info")
    role = yaml.safe_load((ROOT / "ansible/roles/messaging/defaults/main.yaml").read_text())
    assert role["messaging_gone_queues"] == pattern
    assert role["messaging_gone_bounds"] == {"expires": 3600000}
    assert broker[f"{policy}.expires"] == "1h"
    documented = (ROOT / "doc/source/admin/autoscaling.rst").read_text()
    assert f"faafo-gone '{pattern}' '{{\"expires\": 3600000}}'" in documented


def test_users_that_were_added_stay_and_a_password_that_was_removed_is_made_anew(tmp_path):
    subprocess.run([SCRIPTS[3], tmp_path], check=True)
    users = tmp_path / "users"
    before, old = (
        htpasswd.parse(users.read_text()).hashes,
        (tmp_path / "admin_password").read_text(),
    )
    with users.open("a") as file:
        file.write(f"ada:{before['admin'].decode()}\n")
    (tmp_path / "admin_password").unlink()
    subprocess.run([SCRIPTS[3], tmp_path], check=True)
    after, new = htpasswd.parse(users.read_text()).hashes, (tmp_path / "admin_password").read_text()
    assert (after["ada"], after["service"]) == (before["admin"], before["service"])
    assert new != old
    assert bcrypt.checkpw(new.strip().encode(), after["admin"])


@pytest.mark.parametrize("way", [{}, {"OS_API__INSECURE_NOAUTH": "true"}])
def test_all_in_one_has_a_login_unless_it_is_told_otherwise(tmp_path, way):
    (tmp_path / "faafo-all").write_text("#!/bin/sh\nenv | grep ^OS_ | sort\n")
    (tmp_path / "faafo-all").chmod(0o755)
    (tmp_path / "faafo-users").symlink_to(SCRIPTS[3])
    path = f"{tmp_path}:/usr/bin:/bin"
    environment = {"PATH": path, "OS_DEFAULT__STATE_PATH": str(tmp_path), **way}
    done = subprocess.run([SCRIPTS[0]], env=environment, capture_output=True, text=True, check=True)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    if way:
        assert "OS_API__AUTH_STRATEGY" not in found
        return
    assert found["OS_API__AUTH_STRATEGY"] == found["OS_SERVICE_AUTH__AUTH_TYPE"] == "http_basic"
    users = htpasswd.parse(Path(found["OS_API__HTTP_BASIC_AUTH_USER_FILE"]).read_text()).hashes
    assert bcrypt.checkpw(found["OS_SERVICE_AUTH__PASSWORD"].encode(), users["service"])
    assert f"{tmp_path}/admin_password" in done.stderr
    assert (tmp_path / "admin_password").read_text().strip() not in done.stderr


def test_a_variable_may_be_handed_over_as_a_file(tmp_path):
    (tmp_path / "url").write_text("rabbit://u:p$w'd@h/\n")
    (tmp_path / "faafo-manage").write_text("#!/bin/sh\nenv | grep ^OS_ | sort\n")
    (tmp_path / "faafo-manage").chmod(0o755)
    done = subprocess.run(
        [SCRIPTS[0], "manage"],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "OS_DEFAULT__TRANSPORT_URL_FILE": str(tmp_path / "url"),
            "OS_NOTIFIER__PULSE_FILE": "/tmp/pulse",
            "OS_RPC__PULSE_FILE": "/tmp/pulse",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [
        "OS_DEFAULT__TRANSPORT_URL=rabbit://u:p$w'd@h/",
        "OS_NOTIFIER__PULSE_FILE=/tmp/pulse",
        "OS_RPC__PULSE_FILE=/tmp/pulse",
    ]
    assert done.stdout.splitlines() == lines


def test_redis_and_reader_are_started_on_request_only():
    for name in ("redis", "reader"):
        assert SERVICES[name]["profiles"] == ["reader"]
    assert SERVICES["api"]["environment"]["OS_READER__REDIS_URL_FILE"].endswith(":-/dev/null}")
    given = dict(re.findall(r"^(\w+)=(.+)$", (CONTAINER / "reader.env").read_text(), re.MULTILINE))
    assert given.pop("COMPOSE_PROFILES") == "reader"
    secrets = yaml.safe_load(COMPOSE)["secrets"]
    assert all(path.removeprefix("/run/secrets/") in secrets for path in given.values())


def test_logs_are_shipped_on_request_only():
    for name in ("opensearch", "dashboards", "shipper"):
        assert SERVICES[name]["profiles"] == ["logging"]
    for name in OURS:
        assert SERVICES[name]["environment"]["OS_DEFAULT__USE_JSON"] == "${FAAFO_USE_JSON:-false}"
    given = (CONTAINER / "logging.env").read_text()
    assert re.findall(r"^\w+=.+$", given, re.MULTILINE) == [
        "COMPOSE_PROFILES=logging",
        "FAAFO_USE_JSON=true",
    ]
    pipeline = yaml.safe_load((ROOT / "etc/fluent-bit/faafo.yaml").read_text())["pipeline"]
    (output,) = pipeline["outputs"]
    assert output["host"] == "opensearch"
    (mounted,) = (one for one in SERVICES["shipper"]["volumes"] if one.startswith("./etc"))
    assert (ROOT / mounted.split(":")[0]).is_file()
