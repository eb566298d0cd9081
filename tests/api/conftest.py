"""Lived-in databases: made once a session for each engine; copied for tests that write, shared by those that read."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import current_app

from tests.api.lived import NOW, Lived, live
from tests.api.world import World
from tests.conftest import DATABASES, build_app, dispose
from tests.postgres import fresh_database


def _live(url: str, folder: Path) -> Lived:
    from tests.factories import stop_reading

    app = build_app(url, data_dir=folder)
    with app.app_context():
        lived = live()
        stop_reading()
    dispose(app)
    return lived


@pytest.fixture(scope="session")
def lived_sqlite(group_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Lived]:
    """A SQLite file with a history, to be copied."""
    file = tmp_path_factory.mktemp("lived") / "lived.sqlite"
    shutil.copyfile(group_sqlite, file)
    return file, _live(f"sqlite:///{file}", file.parent)


@pytest.fixture(scope="session")
def lived_postgres(
    postgres: str, group_postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Lived]]:
    """The URL of a database with the same history, to be copied."""
    with fresh_database(postgres, template=group_postgres) as url:
        yield url, _live(url, tmp_path_factory.mktemp("lived"))


def _serve(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[World]:
    from cxloop.api import door

    with ExitStack() as stack:
        if engine == "sqlite":
            file, lived = request.getfixturevalue("lived_sqlite")
            folder.mkdir(exist_ok=True)
            shutil.copyfile(file, folder / "cxloop.sqlite")
            url = f"sqlite:///{folder / 'cxloop.sqlite'}"
        else:
            template, lived = request.getfixturevalue("lived_postgres")
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres"), template=template))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        world = World(build_app(url, data_dir=folder), lived, NOW)
        world.app.extensions["tests.world"] = world
        patch.setattr(door, "now", lambda: current_app.extensions["tests.world"].now)
        yield world
        dispose(world.app)


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A lived-in database of the test's own."""
    yield from _serve(request.param, request, tmp_path)


@pytest.fixture(scope="module", params=DATABASES)
def still_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A lived-in database for all tests of a file: nothing in them may change anything."""
    yield from _serve(request.param, request, tmp_path_factory.mktemp("still"))


@pytest.fixture
def both_worlds(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[World]]:
    """The same history on both engines, side by side."""
    with ExitStack() as stack:
        serve = contextmanager(_serve)
        yield [stack.enter_context(serve(engine, request, tmp_path / engine)) for engine in DATABASES]
