"""Requests a second of two acts and a list, beside bare Flask with the same SQL, in the same run.

Both sides are called through Werkzeug's test client in one process: what is measured is Python and SQL, not sockets.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from bench.bare import COMMIT, ROLLBACK, Bare, Recorder
from bench.places import copy_of_database, fresh_group
from cxloop.extensions import db
from cxloop.operations.act import Call, perform

COUNT = 200
ROUNDS = 3
WARM = 20
PER_ISSUE = 30
Request = tuple[str, str, str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """Requests a second on one database: cxloop's, and bare Flask's with the same SQL; how many statements each."""

    engine: str
    what: str
    ours: float
    bare: float
    statements: int


def measure(engine: str) -> list[Figure]:
    """Measure the three requests on one database, both sides in turn."""
    with fresh_group(engine) as app:
        tokens = {name: issue_token(name) for name in ("analyst", "44lead")}
        tasks = iter(list(open_tasks(ROUNDS * COUNT + WARM)))
        with copy_of_database() as url:
            bare, recorder = Bare(url), Recorder(db.engine)
            sides = (app.test_client(), bare.app.test_client())
            makers: dict[str, Callable[[], Request]] = {
                "signal.register": lambda: _registering(tokens["analyst"]),
                "task.sign": lambda: ("POST", f"/api/v1/tasks/{next(tasks)}/sign", tokens["44lead"], {}),
                "a list of 20 tasks": lambda: ("GET", "/api/v1/tasks?page_size=20", tokens["44lead"], None),
            }
            found = [
                # Outside our own application context, which would carry one request's caller into the next.
                Context().run(_compare, engine, what, make, sides, bare, recorder)
                for what, make in makers.items()
            ]
            bare.dispose()
        return found


def _registering(token: str, count: list[int] = [0]) -> Request:  # noqa: B006 - one count for the whole run
    count[0] += 1
    body = {
        "source": "bench",
        "external_id": str(count[0]),
        "channel": "hotline",
        "text": "宽带反复掉线",
        "unit": "P44",
    }
    return "POST", "/api/v1/signals", token, body


def _compare(
    engine: str, what: str, make: Callable[[], Request], sides: tuple[FlaskClient, FlaskClient], bare: Bare,
    recorder: Recorder,
) -> Figure:  # fmt: skip
    ours, theirs, statements = [], [], 0
    for count in (WARM, *[COUNT] * ROUNDS):
        requests = [make() for _ in range(count)]
        recorder.take()
        answers = []
        spent = 0.0
        for request in requests:
            began = time.perf_counter()
            answer = _send(sides[0], request)
            spent += time.perf_counter() - began
            answers.append((recorder.take(), answer))
        ours.append(spent)
        statements = sum(step[0] not in {COMMIT, ROLLBACK} for step in answers[-1][0])
        bare.waiting.extend(answers)
        began = time.perf_counter()
        for request in requests:
            _send(sides[1], request)
        theirs.append(time.perf_counter() - began)
    mine, others = (COUNT / statistics.median(times[1:]) for times in (ours, theirs))
    return Figure(engine, what, mine, others, statements)


def _send(client: FlaskClient, request: Request) -> Any:
    method, path, token, body = request
    answer = client.open(path, method=method, json=body, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code not in {200, 201}:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text[:200]}")
    return json.loads(answer.data)


def issue_token(name: str) -> str:
    """A person's token."""
    return str(perform(Call("token.issue", "system", datetime.now(UTC), on=name))[1])


def open_tasks(count: int) -> Iterator[str]:
    """Tasks of Guangdong that wait to be signed for, 30 to an issue."""
    at = datetime.now(UTC)
    row = {"unit": "P44", "duty": "separate", "title": "排查", "wanted": "逐户回访"}
    for _ in range(-(-count // PER_ISSUE)):
        told = {"title": "宽带反复掉线", "description": "多省", "channel": "hotline"}
        no = perform(Call("issue.open", "analyst", at, fields=told)).no
        perform(Call("issue.dispatch", "analyst", at, on=no, fields={"tasks": [row] * PER_ISSUE}))
        yield from (f"{no}-T{n:02d}" for n in range(1, PER_ISSUE + 1))
