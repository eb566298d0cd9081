"""The databases that all other tests stand on."""

import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.postgres import fresh_database, postgres_server


def test_the_server_is_a_real_postgresql_outside_utc(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        major, zone, encoding = connection.execute(
            "select current_setting('server_version_num')::int / 10000, current_setting('timezone'),"
            " current_setting('server_encoding')"
        ).fetchone()
    assert major >= 14
    assert encoding == "UTF8"
    assert zone == "Asia/Shanghai" or "CXLOOP_TEST_POSTGRES_URL" in os.environ


def test_a_moment_comes_back_as_the_same_moment(postgres: str) -> None:
    moment = datetime(2026, 2, 28, 16, 30, tzinfo=UTC)
    with fresh_database(postgres) as url, psycopg.connect(url) as connection:
        connection.execute("create table moments (at timestamptz)")
        connection.execute("insert into moments values (%s)", [moment])
        (back,) = connection.execute("select at from moments").fetchone()
    assert back == moment


def test_a_copy_has_the_rows_of_its_template_and_is_gone_afterwards(postgres: str) -> None:
    with fresh_database(postgres) as template:
        with psycopg.connect(template) as connection:
            connection.execute("create table words (word text)")
            connection.execute("insert into words values ('体验 🙂')")
        with fresh_database(postgres, template=template) as copy, psycopg.connect(copy) as connection:
            assert connection.execute("select word from words").fetchall() == [("体验 🙂",)]
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy)


def test_a_database_is_dropped_even_while_somebody_is_connected(postgres: str) -> None:
    with fresh_database(postgres) as url:
        left_open = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("select 1")


def test_a_server_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXLOOP_TEST_POSTGRES_URL", raising=False)
    with postgres_server() as url:
        folder = Path(urlsplit(url).query.removeprefix("host="))
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_each_test_gets_a_database_without_tables(blank_database_url: str) -> None:
    engine = create_engine(blank_database_url)
    tables = "sqlite_master" if engine.dialect.name == "sqlite" else "pg_tables where schemaname = 'public'"
    with engine.connect() as connection:
        assert connection.execute(text(f"select count(*) from {tables}")).scalar_one() == 0
    engine.dispose()


def test_the_application_stands_on_the_migrated_database(app_context: object, database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from alembic_version")).scalar_one() == 1
    engine.dispose()
