# SPDX-License-Identifier: Apache-2.0
"""How commands start, and what keeps one from it: one line of errors, and no password."""

import itertools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ALL = (
    *("faafo-all", "faafo-api", "faafo-manage", "faafo-notifier", "faafo-producer"),
    *("faafo-reader", "faafo-worker"),
)
WITH_EVENTS = ("faafo-all", "faafo-notifier", "faafo-reader")
WITH_REDIS = ("faafo-all", "faafo-api", "faafo-reader")
WITH_DATABASE = ("faafo-all", "faafo-api", "faafo-manage")
WITH_BROKER = ("faafo-all", "faafo-api", "faafo-producer", "faafo-worker")
WITH_TILES = ("faafo-all", "faafo-api", "faafo-worker")
CONNECTED = ("faafo-all", "faafo-producer", "faafo-worker")
WITH_STORE = ("faafo-all", "faafo-api", "faafo-manage", "faafo-worker")
LOCAL_STORE = ("faafo-all", "faafo-worker")
# A part of every password here.
SECRET = "S3C"


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("home"))
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("OS_", "AWS"))
    }
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("zygote.py")],
        env={**kept, "HOME": home, "XDG_STATE_HOME": home},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def run(zygote, tmp_path):
    """Runs a command; returns its exit status, what it has printed, and its errors."""

    def run(*argv, environment=None):
        case = {
            "argv": [str(part) for part in argv],
            "environment": environment or {},
            "directory": str(tmp_path),
            "output": str(tmp_path / "output"),
            "errors": str(tmp_path / "errors"),
        }
        print(json.dumps(case), file=zygote.stdin, flush=True)
        status = json.loads(zygote.stdout.readline())
        return status, (tmp_path / "output").read_text(), (tmp_path / "errors").read_text()

    return run


@pytest.fixture
def fails(run, tmp_path):
    """Runs a command that must not start; returns the line that says why."""

    def fails(command, text="", argv=(), environment=None, verb=("db", "version")):
        config = tmp_path / "test.conf"
        if isinstance(text, str):
            text = text.format(tmp=tmp_path).encode()
        config.write_bytes(text)
        argv = [command, "--config-file", config, *(part.format(tmp=tmp_path) for part in argv)]
        verb = verb if command == "faafo-manage" else ()
        status, output, why = run(*argv, *verb, environment=environment)
        assert output == ""
        assert "Traceback" not in why
        assert SECRET not in why
        assert status == 1, why
        assert why.count("\n") == 1, why
        return why

    return fails


def default(**options):
    return "\n".join(["[DEFAULT]", *(f"{name} = {value}" for name, value in options.items()), ""])


LOCAL = default(bind_port=0, transport_url="fake://", state_path="{tmp}")

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
MISTAKES = [
    ("faafo-all", "--port", "70000"),
    ("faafo-api", "--port", "many"),
    ("faafo-producer", "--interval", "soon"),
    ("faafo-worker", "--worker-slots", "-1"),
    ("faafo-manage", "--state-dir", ""),
    ("faafo-all", "--prot", "8080"),
]
FILES = {
    "not UTF-8": (b"[DEFAULT]\n# \xff\n", (), "line 2 is not UTF-8"),
    "no section": ("database_url = mysql://u:S3C@h/d", (), "line 1: Section must be started"),
    "no assignment": ("[DEFAULT]\nmysql//u#S3C@h/d", (), "line 2: No ':' or '=' found"),
    "no key": ("[DEFAULT]\n= S3C", (), "line 2: Key cannot be empty"),
    "missing": ("", ("--config-file", "/nowhere"), "/nowhere: No such file or directory"),
    "directory": ("", ("--config-file", "{tmp}"), ": Is a directory"),
    "endless": ("", ("--config-file=/dev/zero",), "/dev/zero: is larger than"),
    "no directory": ("", ("--config-dir", "/nowhere"), "/nowhere"),
    "password as an argument": ("", ("--url=mysql://u:S3C@h/d",), "--url=mysql://u:***@h/d"),
    "unknown flag": ("", ("--prot=1",), "--prot"),
}
VALUES = {
    "missing directory of the log": (default(log_file="/nowhere/x"), "log_file = /nowhere/x: "),
    "directory as the log": (default(log_file="{tmp}"), "Is a directory"),
    "missing log_dir": (default(log_dir="/nowhere"), "log_dir = /nowhere: No such file"),
    "missing log_config_append": (default(log_config_append="/nowhere"), "log_config_append"),
    "unknown level": (default(default_log_levels="root=LOUD"), "default_log_levels"),
    "unknown format": (default(logging_default_format_string="%(x)s"), "logging_default_format_"),
    "unknown rotation": (default(log_rotation_type="daily"), "[DEFAULT] log_rotation_type: "),
    "no boolean": (default(debug="perhaps"), "[DEFAULT] debug: "),
    "dollar in database_url": (default(database_url="mysql://u:se$cret@h/d"), "$cret to insert"),
    "dollar in the store": ("[store]\nurl = s3://k:se$cret@b", "[store] url: there is no option $"),
    "dollar in transport_url": (default(log_dir="$x"), "[DEFAULT] log_dir: there is no option $x"),
    "port out of range": (default(bind_port=70000), "[DEFAULT] bind_port: "),
    "no port": (default(bind_port="http"), "[DEFAULT] bind_port: "),
    "no address": (default(listen_address="no address"), "[DEFAULT] listen_address: "),
    "no thread": ("[api]\nthreads = 0", "[api] threads: "),
    "too many threads": ("[tiles]\nthreads = 1001", "[tiles] threads: "),
    "too long a drain": ("[worker]\ndrain_timeout = 1e10", "[worker] drain_timeout: "),
    "unprintable name": ("[producer]\nname = a\tb", "[producer] name: must have printable"),
    "too long a lease": ("[producer]\nlease_duration = 1e9", "[producer] lease_duration: "),
    "no network": ("[webhook]\negress_allowed = 10.0.0.1/8", "[webhook] egress_allowed: must be"),
    "no place": ("[notifier]\nconcurrency = 0", "[notifier] concurrency: "),
    "not a number": ("[database]\ntimeout = nan", "[database] timeout: must be a finite number"),
    "infinite": ("[DEFAULT]\ninterval = inf", "[DEFAULT] interval: Should be less than"),
    "unknown palette": (default(palettes="plaid"), "[DEFAULT] palettes: "),
    "empty state_path": (default(state_path=""), "[DEFAULT] state_path: must not be empty"),
    "unknown home": (default(state_path="~nobody2/x"), "there is no home directory for ~nobody2"),
    "long name": (f"[worker]\nname = {'x' * 201}", "[worker] name: "),
    "endpoint with @": (default(endpoint_url="http://u:S3C@S3C@h"), "endpoint_url: http://***@h: "),
    "endpoint with #": (default(endpoint_url="http://u:S3C#@h"), "endpoint_url: http://***: "),
    "endpoint without host": (default(endpoint_url="http://"), "endpoint_url: http://: "),
    "endpoint with ftp": (default(endpoint_url="ftp://u:S3C@h"), "endpoint_url: ftp://u:***@h: "),
    "login for the store": (
        "[store]\ns3_endpoint_url = http://u:S3C@h",
        "s3_endpoint_url: http://",
    ),
}
VARIABLES = {
    "OS_API__THREADS": ("many", "[api] threads (environment variable OS_API__THREADS): "),
    "OS_DEFAULT__BIND_PORT": ("70000", "bind_port (environment variable OS_DEFAULT__BIND_PORT"),
    "OS_DEFAULT__ENDPOINT_URL": ("http://u:S3C@S3C@h", "endpoint_url (environment variable OS_"),
}
DATABASES = {
    "mysql://faafo:S3C@S3C:S3C@host/faafo": "mysql://***@host/faafo: ",
    "mysql://faafo:S3C@host:33o6/faafo": "percent-encode",
    "mysql://faafo:S3C@[::1/": "percent-encode",
    "mysql://faafo:S3C@host:70000/d": "65535",
    "mysql://faafo:S3C@host": "names no database",
    "mysql://faafo:S3C@127.0.0.1:9/d?foo=S3C": "foo",
    "mysql://faafo:S3C@127.0.0.1:9/d?ssl_ca=/nowhere": "No such file or directory",
    "nonsense://faafo:S3C@host/d": "nonsense",
    "mssql://faafo:S3C@host/d": "No module named",
    "faafo:S3C@host/d": "***@host/d",
    "sqlite:////{tmp}/a?b/c.sqlite": "percent-encode",
    "sqlite:////dev/null/x/faafo.sqlite": "/dev/null",
    "sqlite:///{tmp}": "unable to open database file",
    "sqlite:///{tmp}/test.conf": "not a database",
}
BROKERS = {
    "rabbit://u:S3C#S3C@host/": "rabbit://***: ",
    "rabbit://u:S3C@host:abc/": "percent-encode",
    "rabbit://u:S3C@host:70000/": "a port must be a number from 1 to 65535",
    "rabbit://[::1/": "percent-encode",
    "nonsense://u:S3C@host/": "nonsense",
    "u:S3C@host": "***@host",
}
OPTIONS_OF_BROKERS = {
    "rabbit://u:S3C@h/?ssl=true&ssl_ca_file=/nowhere": "ssl_ca_file = /nowhere: No such file",
    "rabbit://u:S3C@h/?ssl=true&ssl_cert_file=/nowhere": "ssl_cert_file = /nowhere: No such file",
    "rabbit://u:S3C@h/?foo=S3C": "foo",
    "kafka://u:S3C@h/": "kafka://u:***@h/",
}
REDIS = {
    "host:6379": "must begin with redis:// or rediss:// or unix://",
    "http://:S3C@host": "must begin with redis:// or rediss:// or unix://",
    "redis://:S3C/ret@host": "percent-encode reserved characters",
    "redis://:S3C@one,two": "must be the URL of one server",
    "redis://:S3C@host:70000": "a port must be",
    "redis://:S3C@host/0?no_such_parameter=S3C": "no_such_parameter",
    "rediss://:S3C@host/0?ssl_ca_certs=/nowhere/ca.pem": "/nowhere/ca.pem: No such file",
}
STORES = {
    "ftp://u:S3C@host/images": "must begin with api://, file://, s3://",
    "s3://key:S3C/S3C@bucket": "s3://***@bucket: must look like s3://bucket/prefix; percent-encode",
    "s3://S3C@bucket": "credentials must look like",
    "s3://key:S3C@": "must look like s3://bucket/prefix",
    "file://images": "must look like file:///directory",
    "k:S3C@bucket": "***@bucket",
}


def cases(kinds, commands):
    """Return each kind with two of the commands in turn, which share what refuses it."""
    return [
        pytest.param(command, kind, id=f"{command}-{kind}")
        for number, kind in enumerate(kinds)
        for command in itertools.islice(itertools.cycle(commands), 2 * number, 2 * number + 2)
    ]


@pytest.mark.parametrize("command", OWN_OPTIONS)
def test_every_command_explains_itself(run, command):
    status, output, why = run(command, "--help")
    assert (status, why) == (0, "")
    assert output.startswith(f"usage: {command} ")
    for option in (*OWN_OPTIONS[command], "--config-file", "--config-dir"):
        assert option in output


@pytest.mark.parametrize(("command", "kind"), cases(FILES, ALL))
def test_a_command_line_or_a_file_that_cannot_be_read(fails, command, kind):
    text, argv, words = FILES[kind]
    assert words in fails(command, text, argv)


@pytest.mark.parametrize(("command", "kind"), cases(VALUES, ALL))
def test_a_value_that_an_option_cannot_have(fails, command, kind):
    text, words = VALUES[kind]
    assert words in fails(command, text)


@pytest.mark.parametrize(("command", "flag", "value"), MISTAKES)
def test_a_mistake_on_the_command_line(fails, command, flag, value):
    assert flag in fails(command, argv=(f"{flag}={value}",))


def test_an_option_of_a_file_that_is_no_number_is_shown(fails):
    line = fails("faafo-producer", default(interval="soon"))
    assert "[DEFAULT] interval" in line
    assert "soon" in line


@pytest.mark.parametrize("command", ["faafo-all", "faafo-api"])
def test_a_network_needs_a_login_or_a_decision(fails, command):
    line = fails(command, f"{LOCAL}listen_address = 0.0.0.0\n")
    for part in ("listen_address = 0.0.0.0: ", "auth_strategy = http_basic", "insecure_noauth"):
        assert part in line


@pytest.mark.parametrize(("command", "variable"), cases(VARIABLES, ALL))
def test_an_environment_variable_that_makes_no_sense(fails, command, variable):
    value, words = VARIABLES[variable]
    assert words in fails(command, environment={variable: value})


@pytest.mark.parametrize(("command", "url"), cases(DATABASES, WITH_DATABASE))
def test_a_url_of_a_database_that_makes_no_sense(fails, command, url):
    line = fails(command, f"{LOCAL}database_url = {url}\n")
    assert "database_url = " in line
    assert DATABASES[url] in line


@pytest.mark.parametrize(("command", "url"), cases(BROKERS, WITH_BROKER))
def test_a_url_of_a_broker_that_makes_no_sense(fails, command, url):
    line = fails(command, f"{LOCAL}transport_url = {url}\n")
    assert " transport_url = " in line
    assert BROKERS[url] in line


@pytest.mark.parametrize(("command", "url"), cases(BROKERS, WITH_TILES))
def test_a_url_of_a_broker_for_tiles_that_makes_no_sense(fails, command, url):
    line = fails(command, f"{LOCAL}[tiles]\ntransport_url = {url}\n")
    assert "[tiles] transport_url = " in line
    assert BROKERS[url] in line


@pytest.mark.parametrize(("command", "url"), cases(BROKERS, WITH_EVENTS))
def test_a_url_of_a_broker_for_events_that_makes_no_sense(fails, command, url):
    line = fails(command, f"{LOCAL}[events]\ntransport_url = {url}\n")
    assert "[events] transport_url = " in line
    assert BROKERS[url] in line


@pytest.mark.parametrize(("command", "url"), cases(REDIS, WITH_REDIS))
def test_a_url_of_redis_that_makes_no_sense(fails, command, url):
    text = f"{LOCAL}[events]\ntransport_url = fake://\n[reader]\nredis_url = {url}\n"
    line = fails(command, text)
    assert "[reader] redis_url" in line
    assert REDIS[url] in line


@pytest.mark.parametrize("text", ["", "[events]\ntransport_url = fake://\n"])
def test_a_reader_needs_a_broker_and_a_redis(fails, text):
    missing = "[reader] redis_url" if text else "[events] transport_url"
    assert f"{missing}: is not set" in fails("faafo-reader", text)


@pytest.mark.parametrize(("command", "url"), cases(OPTIONS_OF_BROKERS, CONNECTED))
def test_an_option_in_the_url_of_a_broker_that_makes_no_sense(fails, command, url):
    assert OPTIONS_OF_BROKERS[url] in fails(command, f"{LOCAL}transport_url = {url}\n")


@pytest.mark.parametrize("command", CONNECTED)
def test_an_option_of_oslo_messaging_that_makes_no_sense(fails, command):
    text = f"{LOCAL}[oslo_messaging_rabbit]\nheartbeat_rate = often\n"
    assert "[oslo_messaging_rabbit] heartbeat_rate: " in fails(command, text)
    assert "$cret" in fails(command, default(transport_url="rabbit://u:se$cret@h/"))


@pytest.mark.parametrize(("command", "url"), cases(STORES, WITH_STORE))
def test_a_url_of_a_store_that_makes_no_sense(fails, command, url):
    line = fails(command, f"{LOCAL}[store]\nurl = {url}\n", verb=("store", "sweep"))
    assert "[store] url = " in line
    assert STORES[url] in line


@pytest.mark.parametrize("command", ["faafo-all", "faafo-api", "faafo-manage"])
def test_the_api_cannot_send_its_images_to_itself(fails, command):
    line = fails(command, f"{LOCAL}[store]\nurl = api://\n", verb=("store", "sweep"))
    assert "[store] url = api://: is for workers" in line


@pytest.mark.parametrize("command", LOCAL_STORE)
def test_a_store_that_cannot_be_written(fails, command):
    text = f"{LOCAL}filesystem_store_datadir = /dev/null/x\n"
    assert "filesystem_store_datadir = /dev/null/x: Not a directory" in fails(command, text)


@pytest.mark.parametrize("command", WITH_DATABASE)
def test_a_state_path_that_cannot_be_written(fails, command):
    text = default(transport_url="fake://", state_path="/dev/null/x")
    line = fails(command, text)
    assert "/dev/null/x" in line
    assert "Not a directory" in line


def test_a_port_in_use(fails):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("faafo-all", "faafo-api"):
            line = fails(command, f"{LOCAL}bind_port = {port}\n")
            assert f"bind_port = {port}: [Errno 98] Address already in use" in line
