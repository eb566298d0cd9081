"""Idempotency keys: a POST that is sent again gets its first answer, and nothing happens twice."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from ..extensions import db
from ..models.idempotency import IdempotencyKey

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's key with what it was sent with."""

    user: str
    method: str
    path: str
    key: str
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A rendered answer: HTTP code, headers that matter, body text."""

    code: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()


class KeyReused(Exception):
    """The key came with another body before."""


class KeyInFlight(Exception):
    """The first request with this key is not answered yet."""


def claim(key: Key, *, at: datetime) -> Answer | None:
    """Claim the key for this transaction: None when it is new, else the first answer.

    Raises KeyReused for another body, KeyInFlight while the first one runs (PostgreSQL; SQLite's writers queue anyway).
    """
    if db.session.get_bind().dialect.name == "postgresql":
        spelled = "\0".join((key.user, key.method, key.path, key.key)).encode()
        number = int.from_bytes(hashlib.sha256(spelled).digest()[:8], "big", signed=True)
        if not db.session.scalar(select(func.pg_try_advisory_xact_lock(number))):
            raise KeyInFlight
    stored = db.session.get(IdempotencyKey, (key.user, key.method, key.path, key.key))
    if stored is None:
        return None
    if stored.at <= at - KEPT:
        db.session.delete(stored)
        db.session.flush()
        return None
    if stored.body_sha256 != key.body_sha256:
        raise KeyReused
    return Answer(stored.answer_code, stored.body, tuple((name, value) for name, value in stored.headers))


def keep(key: Key, answer: Answer, *, at: datetime) -> None:
    """Store the answer in the act's own transaction."""
    row: dict[str, Any] = {
        "user_name": key.user,
        "method": key.method,
        "path": key.path,
        "key": key.key,
        "body_sha256": key.body_sha256,
    }
    db.session.add(
        IdempotencyKey(
            **row, answer_code=answer.code, headers=[list(h) for h in answer.headers], body=answer.body, at=at
        )
    )


def purge(*, at: datetime) -> int:
    """Drop the keys that are older than a day; returns how many. The caller commits."""
    dropped = db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.at <= at - KEPT))
    return int(getattr(dropped, "rowcount", 0))
