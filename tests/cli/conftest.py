"""Commands run in the process, on the test's own database."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

Run = Callable[..., Result]


@pytest.fixture
def run(group: Flask) -> Run:
    """`run("token", "issue", "chen")`: the command on a group in which nothing has happened yet."""

    def call(*words: str, **more: Any) -> Result:
        from cxloop.extensions import db

        db.session.rollback()
        return group.test_cli_runner().invoke(args=list(words), **more)

    return call


@pytest.fixture
def run_blank(app: Flask) -> Run:
    """The same on a migrated database without anything in it."""
    return lambda *words, **more: app.test_cli_runner().invoke(args=list(words), **more)
