"""Both databases for every test that touches data.

`database_url`, and all that builds on it, is there twice: once on SQLite, once on PostgreSQL (`-k sqlite` takes one).
Each test has a migrated database of its own: a copied file, or a copied template database (0.05 s).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from tests.postgres import fresh_database, postgres_server

if TYPE_CHECKING:
    from tests.factories import Story

DATABASES = ["sqlite", "postgresql"]
MIGRATIONS = Path(__file__).parent.parent / "migrations"

# The developer's own settings must not decide how a test ends.
for name in [name for name in os.environ if name.startswith("CXLOOP_") and not name.startswith("CXLOOP_TEST_")]:
    del os.environ[name]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a running server: one for each xdist worker, started when the first test asks for it."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest migration, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    migrate(f"sqlite:///{folder / 'template.sqlite'}", data_dir=folder)
    return folder / "template.sqlite"


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database at the newest migration, to be copied."""
    with fresh_database(postgres) as url:
        migrate(url, data_dir=tmp_path_factory.mktemp("template"))
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, otherwise empty database."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), tmp_path / "cxloop.sqlite")
        yield f"sqlite:///{tmp_path / 'cxloop.sqlite'}"
        return
    template = request.getfixturevalue("migrated_postgres")
    with fresh_database(request.getfixturevalue("postgres"), template=template) as url:
        yield url


@pytest.fixture(scope="session")
def group_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo's units, people, calendars and policies, to be copied."""
    file = tmp_path_factory.mktemp("group") / "group.sqlite"
    shutil.copyfile(migrated_sqlite, file)
    found_group(f"sqlite:///{file}", data_dir=file.parent)
    return file


@pytest.fixture(scope="session")
def group_postgres(postgres: str, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with the same group, to be copied."""
    with fresh_database(postgres, template=migrated_postgres) as url:
        found_group(url, data_dir=tmp_path_factory.mktemp("group"))
        yield url


@pytest.fixture(params=DATABASES)
def group_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own in which the group stands and nothing has happened yet."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("group_sqlite"), tmp_path / "cxloop.sqlite")
        yield f"sqlite:///{tmp_path / 'cxloop.sqlite'}"
        return
    template = request.getfixturevalue("group_postgres")
    with fresh_database(request.getfixturevalue("postgres"), template=template) as url:
        yield url


@pytest.fixture
def group(group_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on such a database, with its context pushed."""
    from tests.factories import stop_reading

    app = build_app(group_url, data_dir=tmp_path)
    with app.app_context():
        yield app
        stop_reading()
    dispose(app)


@pytest.fixture
def story(group: Flask) -> "Story":
    """A history that begins on a plain Monday, on both databases."""
    from tests.factories import Story

    return Story()


@pytest.fixture(params=DATABASES)
def blank_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table: for tests of the migrations themselves."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path / 'blank.sqlite'}"
        else:
            yield stack.enter_context(fresh_database(request.getfixturevalue("postgres")))


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's own database; no context is pushed."""
    app = build_app(database_url, data_dir=tmp_path)
    yield app
    dispose(app)


@pytest.fixture
def app_context(app: Flask) -> Iterator[Flask]:
    """The application with its context pushed: for tests that call acts and questions directly."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser or machine that nobody has logged in."""
    return app.test_client()


def build_app(database_url: str, *, data_dir: Path) -> Flask:
    """Put the application together as a test wants it; `dispose` it afterwards."""
    from cxloop.app import create_app  # here, so that tests of the rules run without the whole application

    return create_app("testing", {"CXLOOP_DATABASE_URL": database_url, "CXLOOP_DATA_DIR": str(data_dir)})


def dispose(app: Flask) -> None:
    """Close the engine's connections: a database that is in use can be neither copied nor dropped."""
    from cxloop.extensions import db

    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def found_group(database_url: str, *, data_dir: Path) -> None:
    """Play the group's base data into a migrated database."""
    from tests.factories import found_group as play_base

    app = build_app(database_url, data_dir=data_dir)
    with app.app_context():
        play_base()
    dispose(app)


def migrate(database_url: str, *, data_dir: Path) -> None:
    """Bring an empty database to the newest migration."""
    app = build_app(database_url, data_dir=data_dir)
    with app.app_context():
        upgrade(directory=str(MIGRATIONS))
    dispose(app)
