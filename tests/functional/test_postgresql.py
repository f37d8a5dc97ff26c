# SPDX-License-Identifier: Apache-2.0
"""What differs on PostgreSQL: migrations, claims, times, text, and what its errors mean."""

import re
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, literal, select, text, update
from sqlalchemy.orm import Session

from faafo import errors
from faafo.db import claims, engine, fractals, postgresql, posting, schema, search, waiting
from faafo.db.clock import moment, today
from faafo.db.counts import Counts
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.models import Fractal
from faafo.db.outcomes import RetryPolicy
from faafo.db.quota_models import Usage
from faafo.db.scope import Owner
from faafo.db.text import matches, matches_in_any_case
from faafo.db.url import parse_url
from faafo.fractal.task import FractalTask
from tests.functional.postgresql import PostgreSQL
from tests.functional.processes import SMALL_FRACTAL, run, running_api, write_config
from tests.functional.servers import PASSWORD, USER, unique

POLICY = RetryPolicy(max_attempts=3, delay=1.0, longest_delay=2.0)
CARE = Path(__file__).parents[2] / "doc/source/admin/care.rst"
# Seconds between the clocks of two processes on one machine, at most.
CLOCKS_APART = 60


@pytest.fixture(scope="module")
def opened_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The URL of a database with the latest schema, shared by the tests of this file."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="module")
def opened(opened_url: str) -> Iterator[Engine]:
    """An engine of that database."""
    url = parse_url(opened_url)
    made = create_engine(url, **engine.engine_options(url, 10.0))
    schema.upgrade(made)
    yield made
    made.dispose()


def post(opened: Engine, count: int, owner: str | None = None) -> list[str]:
    uuids = [str(uuid.uuid4()) for _ in range(count)]
    tasks = [FractalTask(uuid=one, cx=0.1, cy=0.2, **SMALL_FRACTAL) for one in uuids]
    with Session(opened) as session:
        posting.post_all(session, tasks, Owner(owner, owner))
    return uuids


def test_an_upgrade_without_rights_or_on_a_replica_says_so_and_leaves_nothing(postgresql_url):
    url = parse_url(postgresql_url)
    made = create_engine(url, **engine.engine_options(url))
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = url.database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    made.dispose()
    with pytest.raises(errors.DatabaseUnavailable, match="read-only"):
        schema.upgrade(made)
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    made.dispose()
    # The first statements succeed.
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE ix_service_seen_at (id INTEGER)"))
    with pytest.raises(errors.DatabaseUnavailable, match="seen_at"), engine.explained(url):
        schema.upgrade(made)
    assert schema.current(made) is None
    made.dispose()


def test_an_api_whose_user_lacks_rights_says_which(postgresql, opened, opened_url, tmp_path):
    name = unique("faafo_guest_")
    postgresql.as_superuser(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    database = parse_url(opened_url).database
    postgresql.as_superuser(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}", database)
    url = opened_url.replace(f"{USER}:", f"{name}:")
    config = write_config(tmp_path / "api.conf", DEFAULT={"database_url": url, "bind_port": 0})
    ended = run(tmp_path, "faafo-api", "--config-file", config)
    assert ended.returncode == 1
    line = ended.stderr.splitlines()[-1]
    assert f"the user {name} lacks the rights DELETE on access_token, " in line
    assert PASSWORD not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_server_that_is_too_old_is_refused_with_both_versions(opened, opened_url, monkeypatch):
    with opened.connect():
        monkeypatch.setattr(opened.dialect, "server_version_info", (15, 8))
    expected = "faafo_[0-9a-f]+: is PostgreSQL 15.8, faafo needs 16 or newer$"
    with pytest.raises(errors.ConfigurationError, match=expected):
        schema.check(opened)
    # The next test ends all connections.
    opened.dispose()


def test_an_api_serves_a_life_and_answers_503_while_its_database_takes_no_changes(
    postgresql, tmp_path
):
    with postgresql.database() as url, running_api(tmp_path, url) as api:
        made = api.request("POST", "/api/fractal", json=SMALL_FRACTAL)
        assert made.status_code == 201
        wanted = {"claimed_by": "me", "count": 1, "lease": 60}
        (claimed,) = api.request("POST", "/api/claim", json=wanted).json()["objects"]
        assert claimed["uuid"] == made.json()["uuid"]
        with postgresql.read_only():
            answer = api.request("POST", "/api/fractal", json=SMALL_FRACTAL)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        with postgresql.refusing():
            path = f"/api/fractal/{claimed['uuid']}"
            assert api.request("GET", path).status_code == 503
        assert api.request("GET", path).json()["status"] == "rendering"
        said = api.service.lines_with("database_url = postgresql+psycopg://faafo:***@127.0.0.1")
        assert any("read-only transaction" in line for line in said)
        assert "Traceback" not in api.service.output()
        assert PASSWORD not in api.service.output()


def test_claims_at_the_same_time_give_each_fractal_once(opened):
    post(opened, 60)

    def claim_all(name: str) -> list[str]:
        taken: list[str] = []
        with Session(opened) as session:
            while found := claims.claim(session, name, 4, 30.0, POLICY):
                taken += [one.uuid for one in found]
        return taken

    with ThreadPoolExecutor(4) as threads:
        found = [one for some in threads.map(claim_all, "abcd") for one in some]
    assert len(found) == len(set(found)) == 60


@pytest.mark.parametrize("owner", [None, "project"])
def test_the_first_of_many_are_claimed_without_a_sort_of_all(opened, owner):
    post(opened, 300, owner)
    with Session(opened) as session:
        session.execute(text("ANALYZE fractal"))
        # Of a small table it would read every row.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        query = waiting._first(owner is None, True, True)
        values = {"parameters": 9, "most": 2, "kind": "render"}
        values |= {} if owner is None else {"project": owner}
        compiled = query.compile(opened)
        planned = session.connection().exec_driver_sql(
            f"EXPLAIN {compiled.string}", compiled.construct_params(values)
        )
        plan = "\n".join(planned.scalars())
        session.rollback()
    assert "ix_fractal_kind_turn" in plan
    assert "Sort" not in plan


def test_a_transaction_that_a_deadlock_has_ended_is_repeated(opened):
    names = ["one", "other"]
    for name in names:
        post(opened, 1, name)
    both = threading.Barrier(2, timeout=60)
    first_time = threading.local()

    @retry_on_deadlock
    def change(session: Session, order: list[str]) -> None:
        for name in order:
            session.execute(update(Usage).where(Usage.project_id == name).values(bytes=7))
            if not getattr(first_time, "is_over", False):
                first_time.is_over = True
                both.wait()
        session.commit()

    def act(order: list[str]) -> None:
        with Session(opened) as session:
            change(session, order)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(act, [names, names[::-1]]))
    with Session(opened) as session:
        query = select(Usage.bytes).where(Usage.project_id.in_(names))
        assert session.scalars(query).all() == [7, 7]


def test_times_are_those_of_utc_whatever_the_zone_of_the_server(opened):
    with opened.connect() as connection:
        connection.execute(text("SET TIME ZONE 'Asia/Kolkata'"))
        found, day = connection.execute(select(moment(1.5), today())).one()
        now = datetime.now(UTC).replace(tzinfo=None)
        assert abs((found - now).total_seconds() - 1.5) < CLOCKS_APART
        assert abs((datetime(day.year, day.month, day.day) - now).days) <= 1
        connection.invalidate()


@pytest.mark.parametrize(
    ("column", "like", "ilike"),
    [
        ("Ärger", False, True),
        ("ärger", True, True),
        ("ärgern", False, False),
        ("är.er", True, True),
    ],
)
def test_patterns_mind_the_case_of_letters_or_not_in_any_locale(opened, column, like, ilike):
    value = literal(column)
    with opened.connect() as connection:
        query = select(matches(value, "ä%_er"), matches_in_any_case(value, "ä%_er"))
        assert tuple(connection.execute(query).one()) == (like, ilike)


def test_names_are_compared_as_they_are_and_null_is_the_smallest(opened):
    posted = {owner: post(opened, 1, owner)[0] for owner in ("Zebra", "zebra", "ähre", None)}
    with Session(opened) as session:
        assert session.scalar(select(Usage.fractals).where(Usage.project_id == "zebra")) == 1
        mine = [Fractal.uuid.in_(posted.values())]
        for direction, owners in (
            ("asc", [None, "Zebra", "zebra", "ähre"]),
            ("desc", ["ähre", "zebra", "Zebra", None]),
        ):
            order = [search.order("project_id", direction)]
            page = fractals.page(session, size=9, where=mine, order_by=order, counts=Counts())
            assert [one.project_id for one in page.fractals] == owners


def test_numbers_beyond_those_of_a_column_match_nothing(opened):
    with Session(opened) as session:
        for op, value in ((">", 2**62), ("==", 1.5), ("in", [2**40, 3.5])):
            where = search.condition("width", op, value)
            assert session.scalars(select(Fractal.id).where(where)).all() == []


def test_a_nul_is_stored_as_another_character(opened, opened_url):
    arguments = parse_url(opened_url).translate_connect_args(database="dbname", username="user")
    with postgresql_connection(arguments) as connection:
        assert connection.execute("SELECT %s::text", ["a\0b"]).fetchone() == ("a\ufffdb",)


def test_a_server_that_does_not_answer_is_given_up(opened, opened_url):
    arguments = parse_url(opened_url).translate_connect_args(database="dbname", username="user")
    with postgresql_connection(arguments, tcp_user_timeout=100) as connection:
        with pytest.raises(psycopg.OperationalError, match="has not answered"):
            connection.execute("SELECT pg_sleep(600)")
        assert connection.closed


def test_what_a_second_user_makes_belongs_to_the_first_as_the_page_has_it(
    postgresql, postgresql_url
):
    name = unique("faafo_second_")
    for statement in re.findall(r'-c "(.+?)"', CARE.read_text()):
        named = statement.replace("faafo2", name).replace("'...'", f"'{PASSWORD}'")
        postgresql.as_superuser(named)
    made = create_engine(parse_url(postgresql_url.replace(f"{USER}:", f"{name}:")))
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE another (id INTEGER)"))
        owners = connection.scalars(
            text("SELECT tableowner FROM pg_tables WHERE tablename = 'another'")
        ).all()
    made.dispose()
    assert owners == [USER]


def test_settings_are_made_by_a_statement_which_a_pooler_lets_pass(opened_url):
    given = quote("-c geqo=off -c statement_timeout=7.5s")
    url = parse_url(f"{opened_url}?options={given}")
    made = create_engine(url, **engine.engine_options(url, 10.0))
    engine.explain_arguments(made)
    with made.connect() as connection:
        driver = connection.connection.dbapi_connection
        # PgBouncer would refuse more.
        assert driver.info.options == "-c geqo=off"
        names = ("statement_timeout", "plan_cache_mode", "geqo")
        found = [connection.scalar(text(f"SHOW {name}")) for name in names]
        assert found == ["7500ms", "force_custom_plan", "off"]
        idle = connection.scalar(text("SHOW idle_in_transaction_session_timeout"))
        assert idle == "20s"
    made.dispose()


def postgresql_connection(arguments: dict, **options: int) -> psycopg.Connection:
    return postgresql.connect(**arguments, **options)
