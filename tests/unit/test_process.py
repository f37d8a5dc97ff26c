# SPDX-License-Identifier: Apache-2.0
"""What every command starts with."""

import logging
import os
import signal
import socket
import subprocess
import sys

import pytest
from oslo_config import cfg

from faafo import errors, logs, process


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    """Give each test a configuration of its own, as a process has, and leave logging to pytest."""
    monkeypatch.setattr(cfg, "CONF", cfg.ConfigOpts())
    monkeypatch.setattr(logs.logging, "setup", lambda *_arguments: None)
    yield
    logging.captureWarnings(False)


def prepare(tmp_path, text, prog="faafo-producer"):
    path = tmp_path / "test.conf"
    path.write_text(text)
    return process.prepare_service(prog, ["--config-file", str(path)])


def test_the_configuration_files_of_the_first_faafo_work(tmp_path, caplog):
    conf = prepare(
        tmp_path,
        "[DEFAULT]\n"
        "database_url = mysql://faafo:secretsecret@127.0.0.1:3306/faafo\n"
        "endpoint_url = http://127.0.0.1:5000\n"
        "filesystem_store_datadir = /home/vagrant\n"
        "verbose = True\n"
        "[matchmaker_redis]\n"
        "host = nowhere\n",
    )
    assert conf.database_url.startswith("mysql://faafo:")
    assert conf.filesystem_store_datadir == "/home/vagrant"
    process.warn_of_unknown_options(conf)
    warnings = [record.getMessage() for record in caplog.records]
    assert warnings == [
        f"ignoring unknown option [DEFAULT] verbose in {tmp_path}/test.conf",
        f"ignoring unknown option [matchmaker_redis] host in {tmp_path}/test.conf",
    ]


def test_unknown_options_in_a_directory_are_told_as_well(tmp_path, caplog):
    directory = tmp_path / "conf.d"
    directory.mkdir()
    (directory / "more.conf").write_text("[DEFAULT]\nverbose = True\n")
    conf = process.prepare_service("faafo-api", ["--config-dir", str(directory)])
    process.warn_of_unknown_options(conf)
    assert "[DEFAULT] verbose" in caplog.text


def test_options_that_are_registered_later_are_not_unknown(tmp_path, caplog):
    conf = prepare(
        tmp_path,
        "[DEFAULT]\ntransport_url = rabbit://\nverbose = True\n"
        "[oslo_messaging_rabbit]\nrabbit_quorum_queue = True\n",
    )
    process.warn_of_unknown_options(conf, later=process.OF_MESSAGING)
    assert [record.getMessage() for record in caplog.records] == [
        f"ignoring unknown option [DEFAULT] verbose in {tmp_path}/test.conf"
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[DEFAULT]\ntransport_url = rabbit://u:S3C#S3C@h/", "transport_url = rabbit://***: "),
        ("[DEFAULT]\ntransport_url = none://u:S3C@h/", "transport_url = none://u:***@h/: must beg"),
        (
            "[DEFAULT]\ntransport_url = rabbit://u:S3C$x@h",
            "transport_url = rabbit://u:***@h: there",
        ),
        ("[tiles]\ntransport_url = rabbit://u:S3C@h:x/", "[tiles] transport_url = rabbit://***: "),
    ],
)
def test_the_api_checks_the_url_of_the_broker_when_it_starts(tmp_path, text, sentence):
    conf = prepare(tmp_path, text, "faafo-api")
    with pytest.raises(errors.ConfigurationError) as caught:
        process.check_transport_url(conf)
    assert str(caught.value).startswith(sentence)
    assert "S3C" not in str(caught.value)


def test_the_url_of_the_broker_may_be_an_environment_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("OS_DEFAULT__TRANSPORT_URL", "none://u:S3C@h/")
    conf = prepare(tmp_path, "[DEFAULT]\ntransport_url = fake://", "faafo-api")
    with pytest.raises(errors.ConfigurationError, match=r"^transport_url = none://u:\*\*\*@h/"):
        process.check_transport_url(conf)


def test_urls_of_brokers_that_are_valid_pass(tmp_path):
    text = "[DEFAULT]\ntransport_url = rabbit://a:b$$c@h1,a:$quiet@h2/v?ssl=true\n"
    process.check_transport_url(prepare(tmp_path, text, "faafo-api"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[DEFAULT]\ninterval = soon", "[DEFAULT] interval: could not convert string to float"),
        ("[DEFAULT]\nmin_width = 0", "[DEFAULT] min_width: "),
        ("[api]\nthreads = many", "[api] threads: "),
        ("[DEFAULT]\nbind_port = 70000", "[DEFAULT] bind_port: "),
        ("[DEFAULT]\nendpoint_url = ftp://example.org", "[DEFAULT] endpoint_url: "),
    ],
)
def test_a_bad_value_is_told_when_the_service_starts(tmp_path, text, sentence):
    with pytest.raises(errors.ConfigurationError) as caught:
        prepare(tmp_path, text)
    assert str(caught.value).startswith(sentence)
    assert "LocationInfo" not in str(caught.value)


@pytest.mark.parametrize(
    ("argv", "has_console", "all_is_logged"),
    [
        ([], False, True),
        ([], True, False),
        (["--debug"], True, True),
        (["--log-file", "here.log"], True, True),
        (["--use-syslog"], True, True),
        (["--quiet"], False, False),
        (["--quiet", "--log-file", "here.log"], True, False),
        (["--quiet", "--debug"], False, True),
    ],
)
def test_a_command_with_a_console_logs_warnings_only_unless_asked_for_more(
    argv, has_console, all_is_logged
):
    conf = process.prepare_service("faafo-all", argv, [], has_console)
    assert ("root=WARN" in conf.default_log_levels) == (not all_is_logged)
    assert any(level.endswith("=INFO") for level in conf.default_log_levels) == (
        all_is_logged or "--quiet" not in argv
    )
    assert "waitress.queue=ERROR" in conf.default_log_levels


def test_a_mistake_that_faafo_can_explain_is_one_line_and_exit_status_one(caplog):
    def main(_stop):
        raise errors.ConfigurationError("bind_port = 1: no")

    assert process.run(main) == 1
    assert [record.getMessage() for record in caplog.records] == ["bind_port = 1: no"]


def test_ctrl_c_before_a_command_listens_for_signals_ends_it_without_a_traceback(caplog):
    def main(_stop):
        raise KeyboardInterrupt

    assert process.run(main) == 130
    assert caplog.records == []


def test_a_command_ends_with_the_status_it_returns():
    assert process.run(lambda _stop: 3) == 3
    assert process.run(lambda _stop: None) == 0


def test_each_process_of_a_kind_gets_the_first_free_number():
    kind = f"test-{os.getpid()}"
    host = socket.gethostname()
    assert process.unique_name(kind) == f"{host}-1"
    assert process.unique_name(kind) == f"{host}-2"


def test_a_number_is_free_again_when_its_process_has_been_killed():
    kind = f"test-killed-{os.getpid()}"
    script = (
        f"from faafo import process\nprint(process.unique_name({kind!r}), flush=True)\ninput()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        name = other.stdout.readline().strip()
        assert name.endswith("-1")
        assert process.unique_name(kind).endswith("-2")
        other.kill()
    assert process.unique_name(kind) == name


@pytest.mark.parametrize(
    ("signals", "requested", "immediate"),
    [
        ([], False, False),
        ([signal.SIGTERM], True, False),
        ([signal.SIGINT], True, True),
        ([signal.SIGTERM, signal.SIGTERM], True, True),
    ],
)
def test_the_first_signal_requests_a_stop_and_the_second_or_ctrl_c_an_immediate_one(
    signals, requested, immediate
):
    script = (
        "import signal, sys, threading\n"
        "from faafo.process import Stop\n"
        "stop = Stop()\n"
        "stop.listen()\n"
        "print('listening', flush=True)\n"
        "for line in sys.stdin:\n"
        "    signal.raise_signal(int(line))\n"
        "requested, immediate = (argument == 'True' for argument in sys.argv[1:])\n"
        "requested and stop.requested.wait(30)\n"
        "immediate and stop.immediate.wait(30)\n"
        # What must not be set would be by now.
        "threading.Event().wait(0.2)\n"
        "print(stop.requested.is_set(), stop.immediate.is_set())\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, str(requested), str(immediate)],
        input="".join(f"{int(number)}\n" for number in signals),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert finished.stdout.splitlines()[-1] == f"{requested} {immediate}"


def test_the_api_starts_without_numba_a_broker_and_stores_that_it_does_not_use():
    script = (
        "import sys, faafo.cmd.api\n"
        "heavy = ['numba', 'oslo_messaging', 'eventlet', 'requests', 'boto3', 'botocore',"
        " 'opentelemetry']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert finished.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["producer", "worker", "all"])
def test_no_command_imports_eventlet_nor_opentelemetry_by_itself(command):
    script = (
        f"import sys, faafo.cmd.{command}, faafo.rpc.server\n"
        "import oslo_messaging._drivers.impl_rabbit\n"
        "names = [name for name, module in sys.modules.items() if module is not None]\n"
        "unwanted = ('eventlet', 'greenlet', 'opentelemetry')\n"
        "print([name for name in names if name.partition('.')[0] in unwanted])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert finished.stdout.strip() == "[]"
    assert finished.stderr == ""
