# SPDX-License-Identifier: Apache-2.0
"""Each console script is there; servers that are away, or refuse a service, are named by it."""

from urllib.parse import quote

import pytest

from tests.functional.processes import Service, run, write_config

SCRIPTS = [
    *("faafo-all", "faafo-api", "faafo-manage", "faafo-notifier", "faafo-producer"),
    *("faafo-reader", "faafo-status", "faafo-worker"),
]


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


def test_a_database_that_is_behind_stops_the_api_with_the_command_that_helps(tmp_path, server_url):
    line = fails(tmp_path, "faafo-api", database_url=server_url, bind_port=0)
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
