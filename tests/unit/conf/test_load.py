# SPDX-License-Identifier: Apache-2.0
"""Command lines and configuration files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from oslo_config import cfg

from faafo import conf as options
from faafo import errors
from faafo.conf import cli
from faafo.conf.files import LARGEST
from faafo.conf.load import check_values, load


def loaded(*argv, command="faafo-all", files=()):
    conf = cfg.ConfigOpts()
    cli.register_opts(conf, command)
    options.register_opts(conf)
    load(conf, command, "1.2.3", list(map(str, argv)), list(map(str, files)))
    return conf


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "all.conf"
    path.write_text("[DEFAULT]\nbind_port = 1111\ninterval = 7\n[worker]\nslots = 3\n")
    return path


def test_the_command_line_takes_precedence_over_files(file):
    conf = loaded("--port", "2222", "--worker-slots", "5", files=[file])
    assert (conf.bind_port, conf.interval, conf.worker.slots) == (2222, 7.0, 5)


@pytest.mark.parametrize("joined", [False, True])
def test_it_does_so_wherever_the_file_is_named(file, joined):
    named = [f"--config-file={file}"] if joined else ["--config-file", file]
    assert loaded("--port", "2222", *named).bind_port == 2222
    assert loaded(*named, "--port", "2222").bind_port == 2222
    assert loaded("--port", "2222", "--config-dir", file.parent).bind_port == 2222


def test_of_two_files_the_later_one_takes_precedence(file, tmp_path):
    other = tmp_path / "other.conf"
    other.write_text("[DEFAULT]\nbind_port = 3333\n")
    assert loaded("--config-file", file, "--config-file", other).bind_port == 3333
    assert loaded("--config-file", other, "--config-file", file).bind_port == 1111


def test_the_state_directory_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    conf = loaded("--state-dir", "data")
    assert conf.state_path == str(tmp_path / "data")
    assert conf.filesystem_store_datadir == f"{tmp_path}/data/images"
    assert loaded("--state-dir=~/data").state_path == "/home/me/data"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--port", "70000"], "--port: Should be less than or equal to 65535"),
        (["--port=-1"], "--port: Should be greater than or equal to 0"),
        (["--port", "many"], "--port: invalid literal for int() with base 10: 'many'"),
        (["--state-dir", ""], "--state-dir: must not be empty"),
        (["--worker-slots", "-2"], "--worker-slots: Should be greater than or equal to 0"),
        (["--palettes", "blue"], "--palettes: Valid values are [original, "),
        (["--port"], "argument --port: expected one argument; see faafo-all --help"),
        (["--prot", "1"], "unrecognized arguments: --prot 1; see faafo-all --help"),
    ],
)
def test_an_invalid_command_line_is_one_line_that_names_the_flag(argv, sentence, capsys):
    with pytest.raises(errors.ConfigurationError) as caught:
        loaded(*argv)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr() == ("", "")


def test_an_invalid_value_in_a_file_has_the_name_it_has_there(tmp_path):
    path = Path(tmp_path / "all.conf")
    path.write_text("[DEFAULT]\nbind_port = 70000\n")
    with pytest.raises(errors.ConfigurationError) as caught:
        loaded(files=[path])
    assert str(caught.value) == "[DEFAULT] bind_port: Should be less than or equal to 65535"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[DEFAULT]\n\n# na\xefve\n", "line 3 is not UTF-8"),
        (b"[DEFAULT]\nmysql//u=S3C@h\n S3C\nS3C\n", "line 4: No ':' or '=' found in assignment"),
        (b"interval = S3C\n", "line 1: Section must be started before assignment"),
        (b"[DEFAULT\n", "line 1: Invalid section (must end with ])"),
        (b"[DEFAULT]\n= S3C\n", "line 2: Key cannot be empty"),
        (b"[]\n", "line 1: Empty section name"),
        (b"# " + b"x" * LARGEST, "is larger than 1048576 bytes"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_named_with_the_line_and_nothing_of_it(
    tmp_path, content, sentence
):
    path = tmp_path / "all.conf"
    path.write_bytes(content)
    for argv in (["--config-file", path], [f"--config-dir={tmp_path}"]):
        with pytest.raises(errors.ConfigurationError) as caught:
            loaded(*argv)
        assert str(caught.value) == f"configuration file {path}: {sentence}"
    with pytest.raises(errors.ConfigurationError, match="configuration file"):
        loaded(files=[path])


def test_a_file_in_a_directory_that_oslo_config_finds_by_itself_is_checked_too(
    tmp_path, monkeypatch
):
    directory = tmp_path / ".faafo" / "faafo.conf.d"
    directory.mkdir(parents=True)
    (directory / "more.conf").write_bytes(b"\xff")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(errors.ConfigurationError, match="more.conf: line 1 is not UTF-8"):
        loaded()


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--config-file", "/dev/zero"], "configuration file /dev/zero: is larger than"),
        (["--config-file", "/"], "configuration file /: Is a directory"),
        (["--config-file=/nowhere"], "configuration file /nowhere: No such file or directory"),
        (["--config-dir", "/nowhere"], "Failed to read config file directory: /nowhere"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(argv, sentence):
    with pytest.raises(errors.ConfigurationError) as caught:
        loaded(*argv)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["--database-url=mysql://u:S3C=S3C@h/d"], "--database-url=mysql://u:***@h/d"),
        (["--transport-url", "rabbit://u:S3C#S3C@h"], "--transport-url rabbit://***"),
        (["--endpoint-url", "http://u:S3C@h:S3C"], "--endpoint-url: http://***"),
        (
            ["--endpoint-url", "http://u:S3C@h:70000"],
            "--endpoint-url: http://u:***@h:70000: a port",
        ),
    ],
)
def test_a_mistake_on_the_command_line_shows_no_password(argv, shown):
    with pytest.raises(errors.ConfigurationError) as caught:
        loaded(*argv, command="faafo-worker")
    assert shown in str(caught.value)
    assert "S3C" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "database_url = mysql://u:se$cret@h/d",
            "[DEFAULT] database_url: there is no option $cret",
        ),
        ("state_path = /srv/$nobody", "[DEFAULT] state_path: there is no option $nobody"),
        ("[store]\nurl = s3://k:${cret}@b", "[store] url: there is no option $cret to insert"),
        ("[store]\ns3_region = a$store", "[store] s3_region: template substitution error"),
    ],
)
def test_a_reference_to_no_option_is_named_with_the_way_to_write_a_dollar(tmp_path, text, sentence):
    path = tmp_path / "all.conf"
    path.write_text(f"[DEFAULT]\n{text}\n")
    with pytest.raises(errors.ConfigurationError) as caught:
        check_values(loaded("--config-file", path, command="faafo-producer"))
    assert sentence in str(caught.value)
    assert "$$" in str(caught.value) or "substitution" in str(caught.value)


def test_an_environment_variable_with_a_bad_value_is_named(monkeypatch):
    monkeypatch.setenv("OS_API__THREADS", "many")
    with pytest.raises(errors.ConfigurationError) as caught:
        check_values(loaded())
    assert str(caught.value).startswith("[api] threads (environment variable OS_API__THREADS): ")


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as caught:
        loaded("--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out == "1.2.3\n"


@pytest.mark.parametrize("flags", [["--state-dir", "~/x"], []])
def test_without_a_home_directory_state_path_is_needed_only_where_it_is_used(flags):
    script = (
        "import pwd, sys\n"
        # As for a user that the system does not know.
        "pwd.getpwuid = {}.__getitem__\n"
        "from faafo import conf as options\n"
        "from faafo.conf import cli\n"
        "from faafo.conf.load import check_values, load\n"
        "from oslo_config import cfg\n"
        "cli.register_opts(cfg.CONF, 'faafo-all')\n"
        "options.register_opts(cfg.CONF)\n"
        "load(cfg.CONF, 'faafo-all', '1', sys.argv[1:], [])\n"
        "check_values(cfg.CONF)\n"
        "print(cfg.CONF.state_path)\n"
    )
    unset = ("HOME", "XDG_STATE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    ended = subprocess.run(
        [sys.executable, "-c", script, *flags], capture_output=True, text=True, env=environment
    )
    if flags:
        assert "no home directory for ~/x" in ended.stderr
    else:
        assert ended.stdout == "/var/lib/faafo\n", ended.stderr
