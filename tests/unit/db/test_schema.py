# SPDX-License-Identifier: Apache-2.0
"""The schema: migrations lead to the models, and an unknown revision is refused."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Double, String, create_engine, text
from sqlalchemy.dialects import mysql

from faafo import errors
from faafo.app.factory import create_app
from faafo.app.lifecycle import prepare_database
from faafo.db import db, schema
from faafo.db.migrations import steps
from faafo.db.tables import METADATA
from faafo.db.url import parse_url

INSERT = """
    INSERT INTO fractal (uuid, created_at, width, height, iterations, xa, xb, ya, yb, cx, cy,
                         status, attempt, failures, claimable_at, incarnation, project_id, size)
    VALUES (:uuid, '2026-01-01 00:00:00', 3, 5, 100, -1, 1, -1, 1, 0.1, 0.2, :status, 1, 0,
            '2026-01-01 00:00:00', '0123456789abcdef', :project, :size)
"""
FRACTALS = [
    ("queued", "alpha", None),
    ("rendering", "alpha", None),
    ("complete", "alpha", 7),
    ("error", "beta", None),
    ("complete", None, 9),
]


class Recorded:
    """Stands for MariaDB in a migration; keeps its statements."""

    def __init__(self, *known):
        self.dialect = mysql.dialect()
        self.known = [{"name": name} for name in known]
        self.statements = []

    def get_bind(self):
        return self

    def get_columns(self, _table):
        return self.known

    def execute(self, statement):
        self.statements.append(statement)


def test_columns_of_mariadb_are_added_in_one_statement_which_rewrites_the_table_once(monkeypatch):
    recorded = Recorded("id", "first")
    monkeypatch.setattr(steps, "op", recorded)
    monkeypatch.setattr(steps, "_inspector", lambda: recorded)
    columns = [Column(name, Double, nullable=False, server_default="0") for name in ("first", "x")]
    steps.add_columns("fractal", *columns, Column("offset", String(7), quote=True))
    (statement,) = recorded.statements
    assert statement == (
        "ALTER TABLE fractal ADD COLUMN x DOUBLE NOT NULL DEFAULT '0', "
        "ADD COLUMN `offset` VARCHAR(7)"
    )
    steps.add_columns("fractal", Column("first", Double))
    assert len(recorded.statements) == 1


@pytest.fixture
def opened(tmp_path):
    opened = create_engine(f"sqlite:///{tmp_path}/test.sqlite")
    yield opened
    opened.dispose()


def test_an_empty_database_is_behind(opened):
    with pytest.raises(errors.DatabaseBehind, match="faafo-manage db upgrade"):
        schema.check(opened)


def test_migrations_lead_to_the_model(opened):
    schema.upgrade(opened)
    schema.check(opened)
    with opened.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []


def test_the_revision_that_is_needed_is_the_last_of_the_migrations(opened):
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    assert schema.head() == scripts.get_current_head()
    schema.upgrade(opened)
    with opened.connect() as connection:
        context = MigrationContext.configure(connection)
        assert schema.current(opened) == context.get_current_revision() == schema.head()


def test_an_upgrade_counts_the_fractals_of_each_project_once(opened):
    schema.upgrade(opened, revision="0009")
    rows = [
        {"uuid": str(number), "status": status, "project": project, "size": size}
        for number, (status, project, size) in enumerate(FRACTALS)
    ]
    with opened.begin() as connection:
        connection.execute(text(INSERT), rows)
    schema.upgrade(opened)
    with opened.connect() as connection:
        usage = connection.execute(text("SELECT * FROM usage ORDER BY project_id")).all()
    assert usage == [("alpha", 2, 3, 7, 0, None), ("beta", 0, 1, 0, 0, None)]


def test_an_api_with_an_up_to_date_database_does_not_import_alembic(opened, tmp_path):
    schema.upgrade(opened)
    program = """
import sys
from sqlalchemy import create_engine
import faafo.cmd.api
from faafo.db import schema
opened = create_engine(sys.argv[1])
schema.upgrade(opened)
schema.check(opened)
print("alembic" in sys.modules)
"""
    url = str(opened.url)
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_upgrading_twice_is_harmless(opened):
    schema.upgrade(opened)
    schema.upgrade(opened)
    schema.check(opened)


@pytest.fixture
def unprepared(conf, store):
    """The application whose database is not there yet."""
    app = create_app(conf, store, "1.0")
    yield app
    with app.app_context():
        db.engine.dispose()


def test_an_embedded_database_is_brought_up_to_date_by_itself(unprepared):
    prepare_database(unprepared)
    assert unprepared.test_client().get("/healthcheck").status_code == 200


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "sqlite://host/with/host", ""])
def test_an_invalid_url_is_refused_with_the_name_of_the_option(url):
    with pytest.raises(errors.ConfigurationError, match="^database_url"):
        parse_url(url)


def test_mysql_means_pymysql():
    assert parse_url("mysql://u:p@h:3306/d").drivername == "mysql+pymysql"


@pytest.mark.usefixtures("on_sqlite")
def test_plain_queries_use_an_index(session):
    """The list, the gallery and the claim must not read the whole table."""
    for query in (
        "SELECT * FROM fractal ORDER BY id DESC LIMIT 10",
        "SELECT * FROM fractal WHERE id < 1000 ORDER BY id DESC LIMIT 10",
        "SELECT * FROM fractal WHERE status = 'complete' ORDER BY id DESC LIMIT 24",
        "SELECT id FROM fractal WHERE status = 'queued' AND claimable_at <= '2026-01-01' "
        "ORDER BY id LIMIT 10",
        "SELECT id FROM fractal WHERE status = 'rendering' AND lease_expires_at <= '2026-01-01' "
        "ORDER BY lease_expires_at LIMIT 10",
        "SELECT status, count(*) FROM fractal GROUP BY status",
    ):
        plan = " ".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))
        assert "TEMP B-TREE" not in plan, f"{query}: {plan}"
        assert "INDEX" in plan or "PRIMARY KEY" in plan or plan == "SCAN fractal", plan


def test_a_schema_of_a_later_version_is_refused_and_left_unchanged(opened):
    schema.upgrade(opened)
    with opened.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    later = "revision 9999, of a later release .* up to 0.*: install that release, or restore"
    with pytest.raises(errors.DatabaseBehind, match=later):
        schema.upgrade(opened)
    with pytest.raises(errors.DatabaseBehind, match=later):
        schema.check(opened)
    assert schema.current(opened) == "9999"


@pytest.mark.usefixtures("on_sqlite")
def test_a_file_that_is_no_database_is_named(unprepared, tmp_path):
    (tmp_path / "faafo.sqlite").write_text("this is no database, it is a letter to a friend")
    with pytest.raises(
        errors.ConfigurationError, match="database_url = sqlite:///.*not a database"
    ):
        prepare_database(unprepared)
