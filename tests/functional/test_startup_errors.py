"""What keeps a service from starting is one line that names the option and its value."""

import socket

import pytest

from tests.functional.processes import Service, run, write_config

SCRIPTS = ["faafo-all", "faafo-api", "faafo-manage", "faafo-producer", "faafo-worker"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_explains_itself(tmp_path, script):
    finished = run(tmp_path, script, "--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"usage: {script} ")
    assert "--config-file" in finished.stdout
    assert "--config-dir" in finished.stdout
    assert finished.stderr == ""


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_tells_its_version(tmp_path, script):
    finished = run(tmp_path, script, "--version")
    assert finished.returncode == 0
    assert finished.stdout[0].isdigit()
    assert finished.stderr == ""


def fails(directory, script, *arguments, **options) -> str:
    """Run a script that must fail, and return the only line that says why."""
    config = write_config(directory / "test.conf", DEFAULT=options)
    finished = run(directory, script, "--config-file", config, *arguments)
    assert finished.returncode == 1, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished.stderr.splitlines()[-1]


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = fails(tmp_path, "faafo-api", bind_port=port)
    assert f"listen_address = 127.0.0.1, bind_port = {port}: " in line
    assert "Address already in use" in line


def test_a_value_that_an_option_cannot_have_is_named(tmp_path):
    line = fails(tmp_path, "faafo-producer", interval="soon")
    assert "[DEFAULT] interval" in line
    assert "soon" in line


def test_a_database_url_that_is_none_is_named(tmp_path):
    assert "database_url" in fails(tmp_path, "faafo-api", database_url="nonsense")


def test_a_transport_url_that_is_none_is_named(tmp_path):
    line = fails(tmp_path, "faafo-worker", transport_url="nonsense://")
    assert "transport_url" in line


def test_a_store_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "in-the-way"
    blocked.write_text("a file")
    for script in ("faafo-worker", "faafo-all"):
        line = fails(
            tmp_path, script, filesystem_store_datadir=blocked, bind_port=0, transport_url="fake://"
        )
        assert f"filesystem_store_datadir = {blocked}: " in line


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path):
    blocked = tmp_path / "in-the-way"
    blocked.write_text("a file")
    assert f"{blocked}" in fails(tmp_path, "faafo-api", state_path=blocked, bind_port=0)


def test_a_database_that_is_behind_stops_the_api_with_the_command_that_helps(tmp_path, mariadb_url):
    line = fails(tmp_path, "faafo-api", database_url=mariadb_url, bind_port=0)
    assert "faafo-manage db upgrade" in line
    config = tmp_path / "test.conf"
    assert run(tmp_path, "faafo-manage", "--config-file", config, "db", "version").returncode == 1
    assert run(tmp_path, "faafo-manage", "--config-file", config, "db", "upgrade").returncode == 0
    assert run(tmp_path, "faafo-manage", "--config-file", config, "db", "version").returncode == 0


def test_a_database_that_is_away_is_waited_for_without_telling_the_password(tmp_path):
    config = write_config(
        tmp_path / "test.conf",
        DEFAULT={"database_url": "mysql://faafo:secretsecret@127.0.0.1:9/faafo", "bind_port": 0},
    )
    with Service(tmp_path, "faafo-api", "--config-file", config) as api:
        line = api.wait_for_line("trying again in")
        assert "database_url = mysql+pymysql://faafo:***@127.0.0.1:9/faafo" in line
        api.stop()
        assert "secretsecret" not in api.output()


def test_a_wrong_password_for_the_broker_is_told_without_telling_it(tmp_path, transport_url):
    wrong = transport_url.replace("secretsecret", "guessguess")
    config = write_config(
        tmp_path / "test.conf",
        DEFAULT={"transport_url": wrong, "filesystem_store_datadir": tmp_path},
    )
    with Service(tmp_path, "faafo-worker", "--config-file", config) as worker:
        line = worker.wait_for_line("ACCESS_REFUSED")
        assert "transport_url = rabbit://faafo:***@127.0.0.1:" in line
        assert "trying again in" in line
        worker.stop()
        assert "guessguess" not in worker.output()
        assert "Traceback" not in worker.output()
