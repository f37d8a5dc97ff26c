# SPDX-License-Identifier: Apache-2.0
"""What keeps a service from starting is one line that names the option and its value."""

import socket
from urllib.parse import quote

import pytest

from tests.functional.processes import Service, run, write_config

SCRIPTS = [
    *("faafo-all", "faafo-api", "faafo-manage", "faafo-notifier", "faafo-producer"),
    *("faafo-reader", "faafo-status", "faafo-worker"),
]


OWN_OPTIONS = {
    "faafo-all": ["--port", "--listen-address", "--state-dir", "--quiet", "--worker-slots"],
    "faafo-api": ["--port", "--listen-address", "--state-dir", "--quiet", "--api-threads"],
    "faafo-manage": ["--state-dir", "\n    db ", "\n    fractal ", "\n    store ", "\n    reader "],
    "faafo-notifier": ["--endpoint-url", "--notifier-name", "--quiet"],
    "faafo-producer": ["--endpoint-url", "--one-shot", "--interval", "--min-tasks", "--quiet"],
    "faafo-reader": ["--quiet", "Keep the states of recent jobs"],
    "faafo-status": ["--state-dir", "\n    upgrade "],
    "faafo-worker": ["--endpoint-url", "--worker-name", "--worker-slots", "--tiles-threads"],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_explains_itself(tmp_path, script):
    finished = run(tmp_path, script, "--help")
    assert finished.returncode == 0
    for option in OWN_OPTIONS[script]:
        assert option in finished.stdout
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


@pytest.mark.parametrize("script", ["faafo-all", "faafo-api"])
def test_a_network_needs_a_login_or_a_decision(tmp_path, script):
    line = fails(tmp_path, script, listen_address="0.0.0.0", bind_port=0)
    for part in ("listen_address = 0.0.0.0: ", "auth_strategy = http_basic", "insecure_noauth"):
        assert part in line


def test_a_value_that_an_option_cannot_have_is_named(tmp_path):
    line = fails(tmp_path, "faafo-producer", interval="soon")
    assert "[DEFAULT] interval" in line
    assert "soon" in line


@pytest.mark.parametrize(
    ("script", "flag", "value"),
    [
        ("faafo-all", "--port", "70000"),
        ("faafo-api", "--port", "many"),
        ("faafo-producer", "--interval", "soon"),
        ("faafo-worker", "--worker-slots", "-1"),
        ("faafo-manage", "--state-dir", ""),
        ("faafo-all", "--prot", "8080"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(tmp_path, script, flag, value):
    verb = ["db", "version"] if script == "faafo-manage" else []
    finished = run(tmp_path, script, f"{flag}={value}", *verb)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert flag in line
    assert finished.stdout == ""


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


@pytest.mark.parametrize("script", ["faafo-api", "faafo-worker", "faafo-all"])
def test_a_store_url_that_makes_no_sense_is_named(tmp_path, script):
    config = write_config(
        tmp_path / "store.conf",
        DEFAULT={"transport_url": "fake://", "bind_port": 0},
        store={"url": "s3://k:se/cret@bucket"},
    )
    finished = run(tmp_path, script, "--config-file", config)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    line = finished.stderr.splitlines()[-1]
    assert "[store] url = s3://***@bucket: " in line
    assert "percent-encode" in line
    assert "se/cret" not in finished.stderr


def test_the_api_cannot_send_its_images_to_itself(tmp_path):
    config = write_config(tmp_path / "store.conf", store={"url": "api://"})
    for command in (["faafo-api"], ["faafo-all"], ["faafo-manage", "store", "sweep"]):
        script, *arguments = command
        finished = run(tmp_path, script, "--config-file", config, *arguments)
        assert finished.returncode == 1
        assert "[store] url = api://: is for workers" in finished.stderr.splitlines()[-1]


def worker_with(directory, **store) -> Service:
    """Start a worker with options of group ``[store]``."""
    config = write_config(
        directory / "worker.conf",
        DEFAULT={"transport_url": "fake://", "endpoint_url": "http://127.0.0.1:9", "debug": True},
        store=store,
    )
    return Service(directory, "faafo-worker", "--config-file", config)


def test_a_bucket_that_is_missing_or_not_for_us_stops_a_worker(tmp_path, swift):
    where = f"@nowhere/, s3_endpoint_url = {swift.url}: "
    known = f"{quote(swift.key)}:{quote(swift.secret, safe='')}"
    for credentials, why in ((known, "there is no such bucket"), ("a:b", "access is denied")):
        url = f"s3://{credentials}@nowhere"
        with worker_with(tmp_path, url=url, s3_endpoint_url=swift.url) as worker:
            assert worker.wait_for_end() == 1
            line = worker.output().splitlines()[-1]
            assert f"[store] url = s3://***{where}" in line
            assert why in line
            assert swift.secret not in worker.output()
            assert "sec%2Bret" not in worker.output()
            assert "Traceback" not in worker.output()


@pytest.mark.parametrize(
    ("store", "named"),
    [
        ({"url": "api://"}, "[store] url = api://, endpoint_url = http://127.0.0.1:9: "),
        (
            {"url": "s3://k:s@bucket", "s3_endpoint_url": "http://127.0.0.1:9"},
            "[store] url = s3://***@bucket/, s3_endpoint_url = http://127.0.0.1:9: ",
        ),
    ],
    ids=["api", "s3"],
)
def test_a_store_that_does_not_answer_is_waited_for(tmp_path, store, named):
    with worker_with(tmp_path, **store) as worker:
        assert "trying again in" in worker.wait_for_line(named)
        worker.stop()
        assert "Traceback" not in worker.output()
