# SPDX-License-Identifier: Apache-2.0
"""The command ``faafo`` with OS_* variables and ``clouds.yaml``, and a real Keystone."""

import contextlib
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
import yaml

from faafo.cli.app import FaafoApp
from tests.functional.keystone import PASSWORD, Keystone
from tests.functional.processes import PATIENCE_SECONDS, SCRIPTS, environment, running_api
from tests.functional.servers import free_ports

UUID = ("-f", "value", "-c", "uuid")


@pytest.fixture(scope="module")
def url(keystone: Keystone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an API that asks Keystone, whose catalogue has it."""
    directory = tmp_path_factory.mktemp("api")
    group = {**keystone.options("service"), "www_authenticate_uri": keystone.url}
    groups = {"keystone_authtoken": group}
    with running_api(directory, groups=groups, auth_strategy="keystone") as api:
        keystone.publish("fractal", f"{api.url}/v1")
        yield api.url


@dataclass
class Shell:
    """Command lines with some variables, and no other ones.

    :param is_new: whether each is a new process, as it is for users.
    """

    directory: Path
    variables: dict[str, str]
    is_new: bool = False

    def start(self, *argv: str, **more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [SCRIPTS / "faafo", *argv],
            env=environment(self.directory) | self.variables | more,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # As in a terminal, also if these tests run in the background, where it is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def faafo(self, *argv: str, **more: str) -> tuple[int, str, str]:
        """Run a command line; it shows no secret."""
        if self.is_new:
            with self.start(*argv, **more) as process:
                output, errors = process.communicate(timeout=PATIENCE_SECONDS)
            status = process.returncode
        else:
            status, output, errors = self._run(*argv, **more)
        for secret in (PASSWORD, "wrong-S3Cret", "Traceback"):
            assert secret not in output + errors
        return status, output, errors

    def _run(self, *argv: str, **more: str) -> tuple[int, str, str]:
        """Run a command line in this process, which has loaded what takes most of its time."""
        held = environment(self.directory) | self.variables | more
        output, errors = io.StringIO(), io.StringIO()
        root = logging.getLogger()
        handlers, level = list(root.handlers), root.level
        with (
            mock.patch.dict(os.environ, held, clear=True),
            contextlib.chdir(self.directory),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            try:
                status = FaafoApp().run(list(argv))
            finally:
                root.handlers, root.level = handlers, level
        return status, output.getvalue(), errors.getvalue()

    def fails(self, *argv: str, **more: str) -> str:
        """Run a command line that fails; return the sentence it says."""
        status, output, errors = self.faafo(*argv, **more)
        assert (status, output) == (1, "")
        assert errors.startswith("faafo: ")
        assert errors.count("\n") == 1
        return errors


def variables(keystone: Keystone, user: str, **changed: str) -> dict[str, str]:
    options = keystone.options(user)
    del options["auth_type"]
    found = {f"OS_{name.upper()}": value for name, value in options.items()}
    return {**found, "OS_REGION_NAME": "RegionOne", **changed}


@pytest.fixture
def shell(keystone: Keystone, url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path, variables(keystone, "member"))


def test_a_user_of_keystone_needs_no_url(shell):
    shell.is_new = True
    status, uuid, errors = shell.faafo("fractal", "create", *UUID)
    assert (status, errors) == (0, "")
    status, output, errors = shell.faafo("fractal", "list", "-f", "json")
    assert (status, errors) == (0, "")
    assert uuid.strip() in {one["uuid"] for one in json.loads(output)}


def test_the_project_is_that_of_the_variables(keystone, shell, tmp_path):
    _, uuid, _ = shell.faafo("fractal", "create", *UUID)
    other = Shell(tmp_path, variables(keystone, "stranger"))
    assert f"there is no fractal {uuid}" in other.fails("fractal", "show", uuid.strip())


def test_domains_may_be_names_and_the_url_of_keystone_may_have_no_version(keystone, shell):
    for kind in ("USER", "PROJECT"):
        del shell.variables[f"OS_{kind}_DOMAIN_ID"]
        shell.variables[f"OS_{kind}_DOMAIN_NAME"] = "Default"
    shell.variables["OS_AUTH_URL"] = keystone.url.removesuffix("/v3")
    assert shell.faafo("fractal", "list")[0] == 0


def test_a_token_of_keystone_and_an_application_credential_will_do(keystone, shell):
    project = {"OS_PROJECT_NAME": "alpha", "OS_PROJECT_DOMAIN_NAME": "Default"}
    common = {"OS_AUTH_URL": keystone.url}
    identifier, secret = keystone.application_credential("member")
    for login in (
        {"OS_TOKEN": keystone.token("member"), **project},
        {"OS_TOKEN": keystone.token("member"), "OS_AUTH_TYPE": "v3token", **project},
        {
            "OS_APPLICATION_CREDENTIAL_ID": identifier,
            "OS_APPLICATION_CREDENTIAL_SECRET": secret,
        },
    ):
        shell.variables = common | login
        status, _, errors = shell.faafo("fractal", "list")
        assert (status, errors) == (0, "")


def test_the_url_of_an_option_or_a_variable_comes_before_the_catalogue(shell, url):
    (port,) = free_ports(1)
    away = f"http://127.0.0.1:{port}"
    assert f"{away}: " in shell.fails("fractal", "list", FAAFO_URL=away)
    assert f"{away}: " in shell.fails("fractal", "list", "--url", away, FAAFO_URL=url)
    assert shell.faafo("fractal", "list", FAAFO_URL=url, OS_REGION_NAME="elsewhere")[0] == 0


def test_a_token_in_its_variable_and_a_login_in_the_url_come_before_keystone(keystone, shell, url):
    shell.variables["OS_PASSWORD"] = "wrong-S3Cret"
    token = keystone.token("member")
    assert shell.faafo("fractal", "list", FAAFO_TOKEN=token, FAAFO_URL=url)[0] == 0
    address = url.replace("://", "://ada:S3Cret@")
    assert "refuses the login" not in shell.fails("fractal", "list", FAAFO_URL=address)


def test_the_catalogue_is_asked_for_the_url_though_there_is_a_token(keystone, shell):
    shell.variables = variables(keystone, "stranger", FAAFO_TOKEN=keystone.token("member"))
    _, uuid, _ = shell.faafo("fractal", "create", *UUID)
    shell.variables["FAAFO_TOKEN"] = keystone.token("stranger")
    assert "there is no fractal" in shell.fails("fractal", "show", uuid.strip())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"OS_PASSWORD": "wrong-S3Cret"}, "refuses the login: user name, password, project, "),
        ({"OS_USERNAME": "nobody"}, "refuses the login: user name, password, project, "),
        ({"OS_PROJECT_NAME": "beta"}, "refuses the login: user name, password, project, "),
        ({"OS_PASSWORD": ""}, "faafo: OS_PASSWORD is not set"),
        ({"OS_AUTH_URL": "", "OS_AUTH_TYPE": "password"}, "faafo: OS_AUTH_URL: not set"),
        ({"OS_AUTH_TYPE": "nonsense"}, "faafo: OS_AUTH_TYPE = nonsense: "),
        (
            {"OS_USERNAME": "admin", "OS_PROJECT_NAME": ""},
            "no public endpoint of type fractal in region RegionOne in the catalogue",
        ),
        ({"OS_REGION_NAME": "elsewhere"}, "no public endpoint of type fractal in region elsewhere"),
        ({"OS_INTERFACE": "internal"}, "no internal endpoint of type fractal in region RegionOne"),
        ({"OS_CLOUD": "nowhere"}, "faafo: OS_CLOUD = nowhere: Cloud nowhere was not found."),
    ],
)
def test_a_login_that_cannot_be_is_one_sentence(shell, changed, words):
    shell.variables |= changed
    assert words in shell.fails("fractal", "list")


def test_debugging_shows_no_password_and_no_token(keystone, shell, tmp_path):
    token = keystone.token("member")
    shell.variables["OS_PASSWORD"] = "wrong-S3Cret"
    with shell.start("fractal", "list", "--debug") as process:
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "S3Cret" not in output + errors
    shell.variables = variables(keystone, "member", FAAFO_TOKEN=token)
    shell.is_new = True
    status, output, errors = shell.faafo("fractal", "list", "--debug")
    assert status == 0
    assert token not in output + errors


def test_a_keystone_that_is_away_is_one_sentence(shell):
    (port,) = free_ports(1)
    for path in ("", "/v3"):
        address = f"http://127.0.0.1:{port}{path}"
        sentence = shell.fails("fractal", "list", OS_AUTH_URL=address)
        assert f"faafo: Keystone at {address}: it gives no token: " in sentence
        assert "Connection refused" in sentence


def test_ctrl_c_ends_a_command_that_waits_for_keystone(shell):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shell.variables["OS_AUTH_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}/v3"
        with shell.start("fractal", "list") as process:
            silent.settimeout(PATIENCE_SECONDS)
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        connection.close()
    assert (process.returncode, output, errors) == (130, "", "")


@pytest.fixture
def cloud(keystone: Keystone, shell: Shell) -> Shell:
    """A shell that has a ``clouds.yaml``, and of the variables OS_CLOUD only."""
    options = keystone.options("member")
    del options["auth_type"]
    clouds = {"clouds": {"studio": {"auth": options, "region_name": "RegionOne"}}}
    (shell.directory / "clouds.yaml").write_text(yaml.safe_dump(clouds))
    shell.variables = {"OS_CLOUD": "studio"}
    # The file is looked for where openstacksdk is loaded.
    shell.is_new = True
    return shell


def test_a_cloud_of_clouds_yaml_has_login_and_url(cloud):
    status, uuid, errors = cloud.faafo("fractal", "create", *UUID)
    assert (status, errors) == (0, "")
    assert uuid in cloud.faafo("fractal", "list", *UUID)[1]


def test_a_broken_clouds_yaml_is_named(cloud):
    (cloud.directory / "clouds.yaml").write_text("clouds: [")
    status, output, errors = cloud.faafo("fractal", "list")
    assert (status, output) == (1, "")
    assert f"{cloud.directory}/clouds.yaml: while parsing " in errors
    assert errors.endswith("faafo: OS_CLOUD = studio: Cloud studio was not found.\n")


def test_without_openstacksdk_the_extra_is_named(cloud):
    code = "import sys; sys.modules['openstack'] = None; from faafo.cmd import entry; entry.user()"
    env: Mapping[str, str] = environment(cloud.directory) | cloud.variables
    done = subprocess.run(
        [sys.executable, "-c", code, "fractal", "list"], env=env, capture_output=True, text=True
    )
    assert done.stdout == ""
    assert "pip install 'faafo[clouds]'" in done.stderr
    assert done.stderr.count("\n") == 1
