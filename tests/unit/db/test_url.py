# SPDX-License-Identifier: Apache-2.0
"""The URL of the database: its default, and what is wrong with others."""

import pytest
from sqlalchemy import create_engine, text

from faafo import errors
from faafo.db.engine import explain_arguments
from faafo.db.url import configured_url, parse_url, shown


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%41b", "a@b:c", "a b", "ä"])
def test_the_default_is_a_file_in_any_directory(conf, tmp_path, name):
    directory = tmp_path / name
    directory.mkdir()
    conf.set_override("state_path", str(directory))
    engine = create_engine(configured_url(conf))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (c INTEGER)"))
    engine.dispose()
    assert [path.name for path in directory.iterdir()] == ["faafo.sqlite"]


@pytest.mark.parametrize(
    ("url", "masked", "why"),
    [
        ("mysql://faafo:S3C@S3C:S3C@host/faafo", "mysql://***@host/faafo", "percent-encode"),
        ("mysql://faafo:S3C@S3C@host/faafo", "mysql://***@host/faafo", "percent-encode"),
        ("mysql://faafo:S3C@S3C/S3C@host/faafo", "mysql://***@host/faafo", "percent-encode"),
        ("mysql://faafo:S3C@S3C?S3C@host/faafo", "mysql://***", "percent-encode"),
        ("mysql://faafo:S3C@host/faafo#S3C", "mysql://faafo:***@host/faafo#***", "percent-encode"),
        ("mysql://faafo:S3C@host:33o6/faafo", "mysql://***", "percent-encode"),
        ("mysql://faafo:S3C@host:70000/faafo", "mysql://faafo:***@host:70000/faafo", "65535"),
        ("mysql://faafo:S3C@[::1/faafo", "mysql://***", "percent-encode"),
        ("mysql://faafo:S3C@host", "mysql://faafo:***@host", "names no database"),
        ("mysql://faafo:S3C@h/d?read_timeout=S3C", "mysql://faafo:***@h/d?***", "name=value"),
        ("mssql://faafo:S3C@host/d", "mssql://faafo:***@host/d", "pyodbc"),
        ("nonsense://faafo:S3C@host/d", "nonsense://faafo:***@host/d", "nonsense"),
        ("faafo:S3C@host/d", "***@host/d", "must look like"),
        ("sqlite:////srv/a?b/c", "sqlite:////srv/a?***", "percent-encode"),
        ("sqlite:////d?foo=S3C", "sqlite:////d?***", "sqlite:////directory/file"),
        ("mysql://faafo:S3C@h/d?plugin=S3C", "mysql://faafo:***@h/d?***", "plugin"),
        ("sqlite://host/d", "sqlite://host/d", "sqlite:////directory/file"),
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_its_password(url, masked, why):
    with pytest.raises(errors.ConfigurationError) as caught:
        parse_url(url)
    assert str(caught.value).startswith(f"database_url = {masked}: ")
    assert why in str(caught.value)
    assert "S3C" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://faafo:S3C@127.0.0.1:9/d?foo=S3C", "foo"),
        ("mysql://faafo:S3C@127.0.0.1:9/d?ssl_ca=/nowhere", "No such file"),
        ("mysql://faafo:S3C@127.0.0.1:9/d?charset=S4C", "the driver does not take its arguments"),
    ],
)
def test_an_argument_that_the_driver_does_not_take_is_explained(url, why):
    engine = create_engine(parse_url(url))
    explain_arguments(engine)
    with pytest.raises(errors.ConfigurationError, match=why) as caught:
        engine.connect()
    assert str(caught.value).startswith("database_url = ")
    assert "S3C" not in str(caught.value)


def test_a_password_may_have_characters_that_leave_no_doubt():
    url = parse_url("mysql://faafo:p/w#x?y:z@host/faafo")
    assert (url.password, url.host, url.database) == ("p/w#x?y:z", "host", "faafo")
    assert shown(url) == "mysql+pymysql://faafo:***@host/faafo"
