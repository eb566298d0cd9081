"""One row, one act, one transaction; the same key tells the same, and a preview leaves nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..operations.act import Call, perform, record
from ..operations.idempotency import Answer, Key, claim, keep

DONE = 200


class _Previewed(Exception):
    """All went well, and nothing of it is to stay."""

    def __init__(self, line: dict[str, Any]) -> None:
        super().__init__()
        self.line = line


def mark(key: Key | None, *, at: datetime) -> None:
    """Note that a file came under a key, before any of its rows is done; KeyReused when another one did."""
    if key is not None:
        record(lambda: _mark(key, at))


def _mark(key: Key, at: datetime) -> None:
    if claim(key, at=at) is None:
        keep(key, Answer(DONE, "{}"), at=at)


def do_row(
    call: Call, *, row: int, key: Key | None, preview: bool, told: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    """Do the act of a row and give the line `told` of its result; the refusals are `perform`'s.

    `told` is asked before anything stays: what it raises takes the act back.
    """

    def answer(result: Any) -> Answer:
        line = told(result)
        if preview:
            raise _Previewed(line)
        return Answer(DONE, json.dumps(line))

    own = None if key is None or preview else replace(key, key=f"{key.key} {row}")
    try:
        return dict(json.loads(perform(replace(call, key=own), answer=answer).body))
    except _Previewed as done:
        return done.line
