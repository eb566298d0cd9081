"""Databases to measure on: an SQLite file and a PostgreSQL of our own, each with the demo's group and no history."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import URL, text

from cxloop.app import create_app
from cxloop.cli.player import Player
from cxloop.extensions import db
from cxloop.seeds.base import base_lines
from tests.postgres import fresh_database, postgres_server

ENGINES = ("sqlite", "postgresql")
FOUNDED = "2026-08-20T09:00:00+08:00"


@contextmanager
def fresh_group(engine: str) -> Iterator[Flask]:
    """The application, context pushed, on a new database of this engine in which the demo's group stands."""
    with blank(engine) as app:
        Player().play(base_lines(at=FOUNDED))
        yield app


@contextmanager
def blank(engine: str) -> Iterator[Flask]:
    """The application, context pushed, on a new migrated database of this engine.

    PostgreSQL keeps its own settings: it waits for the disk at each commit, as in real life.
    """
    with tempfile.TemporaryDirectory(prefix="cxbench-") as folder:
        if engine == "sqlite":
            with _application(f"sqlite:///{Path(folder) / 'bench.sqlite'}", folder) as app:
                yield app
            return
        with postgres_server(settings=()) as server, fresh_database(server) as url, _application(url, folder) as app:
            yield app


@contextmanager
def _application(url: str, folder: str) -> Iterator[Flask]:
    app = create_app("testing", {"CXLOOP_DATABASE_URL": url, "CXLOOP_DATA_DIR": folder})
    with app.app_context():
        upgrade()
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def copy_of_database() -> Iterator[URL]:
    """A copy of the current application's database as it is now, on the same engine; gone after the block."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.session.remove()
        copy = f"{url.database}.copy"
        shutil.copyfile(str(url.database), copy)
        try:
            yield url.set(database=copy)
        finally:
            # What a killed process leaves beside it must not be taken for the next copy's.
            for rest in ("", "-wal", "-shm"):
                Path(f"{copy}{rest}").unlink(missing_ok=True)
        return
    db.session.remove()
    db.engine.dispose()
    plain = url.set(drivername="postgresql")
    server, template = (u.render_as_string(hide_password=False) for u in (plain.set(database="postgres"), plain))
    with fresh_database(server, template=template) as made:
        name = made.rpartition("/")[2].partition("?")[0]
        yield url.set(database=name)
