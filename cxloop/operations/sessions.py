"""Signing in and out: sessions that end in every process at once, and wrong passwords that slow guessing down.

None of this is an act of the loop: it is written by `record`, without an entry in the trail.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from ..extensions import db
from ..models.user import LoginFailure, Token, User, UserSession
from .accounts import password_fits, token_digest
from .act import record

# Longer ones are nobody's: they are refused without being hashed or stored.
LONGEST_NAME, LONGEST_PASSWORD = 100, 1024


class Throttled(Exception):
    """Too many wrong passwords for this account from this peer; `minutes` says how long to wait."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"wait {minutes} minutes")
        self.minutes = minutes


@dataclass(frozen=True, slots=True)
class Limits:
    """How many wrong passwords in which stretch of time, and how long a session lasts."""

    tries: int
    wait: timedelta
    lasts: timedelta


def sign_in(
    *, name: str, password: str, peer: str, at: datetime, limits: Limits, instead_of: str | None = None
) -> str | None:
    """Open a session and return its secret; None for a wrong name or password, alike in words and in time.

    The session `instead_of` ends, so that nothing known before signing in is worth anything afterwards. A try counts
    as failed until it has succeeded: tries in parallel gain nothing. Throttled after `limits.tries` failures.
    """
    name = name.strip().replace("\0", "\ufffd")[:LONGEST_NAME]
    record(lambda: _count_try(name, peer, at, limits))
    # Hashing takes its time: not while a transaction is open.
    user = db.session.get(User, name)
    if len(password) > LONGEST_PASSWORD:
        user, password = None, ""
    if not password_fits(user, password):
        return None
    secret = secrets.token_urlsafe(32)
    record(lambda: _open(secret, name, peer, at, limits.lasts, instead_of))
    return secret


def sign_out(*, secret: str, at: datetime) -> None:
    """End a session; unknown or ended ones stay as they are."""
    record(lambda: _end(secret, at))


def session_user(*, secret: str, at: datetime, lasts: timedelta) -> User | None:
    """Whose session this is: None once it has ended or expired, or the person is no longer active."""
    return db.session.scalar(
        select(User)
        .join(UserSession, UserSession.user_name == User.name)
        .where(
            UserSession.digest == _digest(secret),
            UserSession.ended_at.is_(None),
            UserSession.started_at > at - lasts,
            User.active.is_(True),
        )
    )


def token_user(*, plain: str) -> User | None:
    """Whose token this is: None once it is revoked, or the person is no longer active."""
    return db.session.scalar(
        select(User)
        .join(Token, Token.user_name == User.name)
        .where(Token.digest == token_digest(plain), Token.revoked_at.is_(None), User.active.is_(True))
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _of(name: str, peer: str) -> ColumnElement[bool]:
    return and_(LoginFailure.user_name == name, LoginFailure.peer == peer)


def _count_try(name: str, peer: str, at: datetime, limits: Limits) -> None:
    if db.session.get_bind().dialect.name == "postgresql":
        # SQLite's writers queue anyway; here tries for one account from one peer have to be made to.
        key = hashlib.sha256(f"{name}\0{peer}".encode()).digest()[:8]
        db.session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(key, "big", signed=True))))
    db.session.execute(delete(LoginFailure).where(LoginFailure.at <= at - limits.wait))
    tried = list(db.session.scalars(select(LoginFailure.at).where(_of(name, peer)).order_by(LoginFailure.at.desc())))
    if len(tried) >= limits.tries:
        left = tried[limits.tries - 1] + limits.wait - at
        raise Throttled(max(1, -(-int(left.total_seconds()) // 60)))
    db.session.add(LoginFailure(user_name=name, peer=peer, at=at))


def _open(secret: str, name: str, peer: str, at: datetime, lasts: timedelta, instead_of: str | None) -> None:
    db.session.execute(delete(LoginFailure).where(_of(name, peer)))
    db.session.execute(delete(UserSession).where(UserSession.user_name == name, UserSession.started_at <= at - lasts))
    if instead_of is not None:
        _end(instead_of, at)
    db.session.add(UserSession(digest=_digest(secret), user_name=name, started_at=at))


def _end(secret: str, at: datetime) -> None:
    live = and_(UserSession.digest == _digest(secret), UserSession.ended_at.is_(None))
    db.session.execute(update(UserSession).where(live).values(ended_at=at))
