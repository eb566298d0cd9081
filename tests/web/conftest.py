"""The house with its doors open: browsers that come and go, and histories told between their visits."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cxloop.operations import accounts, sessions
from cxloop.operations.act import Call, perform
from tests.conftest import build_app, dispose
from tests.factories import Story, stop_reading

PASSWORD = "correct horse battery"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """One browser with its cookies, at one address."""

    def __init__(self, app: Flask, peer: str = "10.0.0.1") -> None:
        self.app, self.peer = app, peer
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        """Fetch a page, without following redirects."""
        return self.client.get(path, environ_base={"REMOTE_ADDR": self.peer}, **more)

    def post(self, path: str, fields: dict[str, str] | None = None, **more: Any) -> TestResponse:
        """Send a form just as given."""
        return self.client.post(path, data=fields or {}, environ_base={"REMOTE_ADDR": self.peer}, **more)

    def token(self, page: str = "/login") -> str:
        """The form token of a page."""
        found = CSRF.search(self.get(page).text)
        assert found is not None
        return found[1]

    def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        """Fill in the form of the sign-in page."""
        next_ = more.pop("next", None)
        fields = {"user": name, "password": password, "csrf_token": self.token()}
        return self.post("/login", fields if next_ is None else {**fields, "next": next_}, **more)

    def enter(self, name: str) -> "Browser":
        """Come in without the form: for tests of what is behind it."""
        secret = secrets.token_urlsafe(16)
        with self.app.app_context():
            at = datetime.now(UTC)
            sessions.record(lambda: sessions._open(secret, name, "", at, timedelta(hours=12), None))
        with self.client.session_transaction() as cookie:
            cookie["_user_id"] = secret
        return self


@pytest.fixture(autouse=True)
def _quick_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as ever, but a hundred times cheaper: these tests sign in hundreds of times."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "PASSWORDS", cheap)
    nobodys = cheap.hash("nobody's")
    monkeypatch.setattr(accounts, "_nobodys_hash", lambda: nobodys)


@pytest.fixture
def house(group_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application over the demo's group. No context is pushed: one for all requests would share who is calling."""
    app = build_app(group_url, data_dir=tmp_path)
    yield app
    dispose(app)


@pytest.fixture
def annex(house: Flask, group_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Another process over the same database."""
    app = build_app(group_url, data_dir=tmp_path)
    yield app
    dispose(app)


@pytest.fixture
def browser(house: Flask) -> Browser:
    """A browser that nobody has used."""
    return Browser(house)


Telling = Callable[..., Any]


@pytest.fixture
def telling(house: Flask) -> Telling:
    """`with telling() as story:` tells a piece of history; requests come outside the block."""

    @contextmanager
    def tell(**more: Any) -> Iterator[Story]:
        with house.app_context():
            yield Story(**more)
            stop_reading()

    return tell


def give_password(app: Flask, *names: str, password: str = PASSWORD) -> None:
    """Let these people sign in."""
    with app.app_context():
        for name in names:
            fields = {"password": password}
            perform(Call("user.set_password", "ops", datetime.now(UTC), on=name, fields=fields))
