"""Bare Flask with the same SQL: it repeats, statement by statement, what cxloop sent for the same request.

No ORM, no schema, no permission, no rule: JSON in, the recorded statements on a plain DBAPI connection, JSON out. It
runs on a copy of the database, so that every statement meets the rows it met before.
"""

import json
from collections import deque
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import Engine, create_engine, event

COMMIT, ROLLBACK = "commit", "rollback"
Step = tuple[str, Any, bool]


class Recorder:
    """Writes down what an engine sends, until it is asked for it."""

    def __init__(self, engine: Engine) -> None:
        """Listen to the engine."""
        self.steps: list[Step] = []
        event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engine, "commit", lambda _connection: self.steps.append((COMMIT, None, False)))
        event.listen(engine, "rollback", lambda _connection: self.steps.append((ROLLBACK, None, False)))

    def _note(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
    ) -> None:
        self.steps.append((statement, parameters, executemany))

    def take(self) -> list[Step]:
        """What was sent since the last call."""
        found, self.steps = self.steps, []
        return found


class Bare:
    """The bare application, and the recordings it has still to repeat."""

    def __init__(self, url: Any) -> None:
        """Serve every address under /api/v1 from a database of its own."""
        self.waiting: deque[tuple[list[Step], Any]] = deque()
        self.engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _tune)
        self.app = Flask("bare")
        self.app.add_url_rule("/api/v1/<path:_path>", view_func=self._answer, methods=["GET", "POST"])

    def _answer(self, _path: str) -> Response:
        if request.method == "POST":
            request.get_json()
        steps, answer = self.waiting.popleft()
        connection = self.engine.raw_connection()
        try:
            self._repeat(connection, steps)
        finally:
            connection.close()
        return Response(json.dumps(answer, ensure_ascii=False), content_type="application/json")

    def _repeat(self, connection: Any, steps: list[Step]) -> None:
        cursor = connection.cursor()
        for statement, parameters, many in steps:
            if statement == COMMIT:
                connection.commit()
            elif statement == ROLLBACK:
                connection.rollback()
            else:
                (cursor.executemany if many else cursor.execute)(statement, parameters or ())
                if cursor.description and not many:
                    cursor.fetchall()

    def dispose(self) -> None:
        """Close its connections."""
        self.engine.dispose()


def _tune(connection: Any, _record: Any) -> None:
    # As cxloop does, so that neither side has an easier disk.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
