"""A served group: requests as a named person, at a moment that the test decides."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from cxloop.extensions import db
from tests.api.lived import Lived

API = "/api/v1"


@dataclass
class World:
    """The application on a lived-in database."""

    app: Flask
    lived: Lived
    now: datetime

    def no(self, name: str) -> str:
        """The number of an object of `lived`."""
        return self.lived.no[name]

    def call(
        self, user: str | None, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **more: Any
    ) -> TestResponse:
        """One request; `body` is sent as JSON, `raw` as it is with the JSON media type, `headers` are added."""
        headers = {"Accept-Language": "en", **(more.pop("headers", None) or {})}
        if user is not None:
            headers["Authorization"] = f"Bearer {self.lived.tokens[user]}"
        if body is not None or raw is not None:
            more["data"] = json.dumps(body).encode() if raw is None else raw
            more.setdefault("content_type", "application/json")
        client = self.app.test_client(use_cookies=False)
        return client.open(f"{API}{path}", method=method, headers=headers, **more)

    def get(self, user: str | None, path: str, **more: Any) -> TestResponse:
        """GET."""
        return self.call(user, "GET", path, **more)

    def post(self, user: str | None, path: str, body: Any = None, **more: Any) -> TestResponse:
        """POST of a JSON body."""
        return self.call(user, "POST", path, body, **more)

    def count(self, cls: type[Any]) -> int:
        """How many rows are stored."""
        with self.app.app_context():
            return int(db.session.scalar(db.select(db.func.count()).select_from(cls)) or 0)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL sent to the database meanwhile."""
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            sent.append(statement)

        with self.app.app_context():
            engine = db.engine
        db.event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            db.event.remove(engine, "before_cursor_execute", note)
