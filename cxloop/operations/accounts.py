"""Acts on the group itself: units, people, tokens."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select

from ..domain.vocabulary import SYSTEM
from ..extensions import db
from ..models.calendar import has_hours
from ..models.unit import Unit
from ..models.user import Membership, Token, User, UserSession
from .act import Differs, Invalid, act

PASSWORDS = PasswordHasher()
SHORTEST_PASSWORD = 8


@act("unit.add")
def add_unit(
    *, on: str, by: str, at: datetime, name: str, name_en: str, kind: str, calendar: str,
    short: str = "", parent: str | None = None, owns: str = "",
) -> Unit:  # fmt: skip
    """Add a unit under its code. Differs when the code is taken; Invalid for an unknown parent or calendar."""
    if db.session.get(Unit, on) is not None:
        raise Differs(on)
    above = db.session.get(Unit, parent) if parent else None
    if parent and above is None:
        raise Invalid("parent", "error.unknown_unit", code=parent)
    if not has_hours(calendar):
        raise Invalid("calendar", "error.unknown_calendar", code=calendar)
    position = db.session.scalar(select(func.count()).select_from(Unit)) or 0
    path = f"{'/' if above is None else above.path}{on}/"
    unit = Unit(
        code=on, name=name, name_en=name_en, short=short or name, kind=kind, parent=parent, path=path,
        calendar=calendar, owns=owns, position=position,
    )  # fmt: skip
    db.session.add(unit)
    db.session.flush()
    return unit


@act("unit.set_sign_off")
def set_sign_off(*, unit: Unit, by: str, at: datetime, sign_off: str | None = None) -> Unit:
    """Say whose signature 审签 a unit's answers need: stricter than the policy, never laxer (None: as it says)."""
    unit.sign_off = sign_off
    return unit


@act("user.add")
def add_user(
    *, on: str, by: str, at: datetime, name: str, memberships: list[Mapping[str, str]], name_en: str = "",
    locale: str = "zh",
) -> User:  # fmt: skip
    """Add a person with roles in units. Differs when the name is taken; Invalid for an unknown unit."""
    if on == SYSTEM or db.session.get(User, on) is not None:
        raise Differs(on)
    for n, row in enumerate(memberships):
        if db.session.get(Unit, row["unit"]) is None:
            raise Invalid(f"memberships.{n}.unit", "error.unknown_unit", code=row["unit"])
    user = User(name=on, display_name=name, display_name_en=name_en or name, locale=locale)
    db.session.add(user)
    db.session.flush()
    db.session.add_all(Membership(user_name=on, unit_code=row["unit"], role=row["role"]) for row in memberships)
    db.session.flush()
    return user


@act("user.set_password")
def set_password(*, user: User, by: str, at: datetime, password: str, hashed: str | None = None) -> User:
    """Give a person a password, stored by argon2; every open session of theirs ends.

    `hashed` is the same password hashed before: who gives one to a hundred people (the demo) hashes it once.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("password", "error.too_short", min=SHORTEST_PASSWORD)
    user.password_hash = hashed or PASSWORDS.hash(password)
    for row in db.session.scalars(
        select(UserSession).where(UserSession.user_name == user.name, UserSession.ended_at.is_(None))
    ):
        row.ended_at = at
    return user


@cache
def _nobodys_hash() -> str:
    # Checked when the name is unknown, so that the answer takes as long as for a known one.
    return PASSWORDS.hash(secrets.token_hex(16))


def password_fits(user: User | None, password: str) -> bool:
    """Whether this is the person's password; takes the same time for somebody unknown."""
    stored = user.password_hash if user is not None and user.active else None
    try:
        return PASSWORDS.verify(stored or _nobodys_hash(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@act("token.issue")
def issue_token(*, user: User, by: str, at: datetime) -> tuple[Token, str]:
    """Give a person a token for machines; the plain text is in the answer and nowhere else."""
    plain = f"cxl_{secrets.token_urlsafe(32)}"
    count = db.session.scalar(select(func.count()).select_from(Token).where(Token.user_name == user.name)) or 0
    token = Token(user_name=user.name, n=count + 1, digest=token_digest(plain), issued_at=at)
    db.session.add(token)
    db.session.flush()
    return token, plain


@act("token.revoke")
def revoke_token(*, user: User, by: str, at: datetime, n: int) -> User:
    """Revoke a person's n-th token; the next request that bears it is refused."""
    token = db.session.scalar(select(Token).where(Token.user_name == user.name, Token.n == n))
    if token is None or token.revoked_at is not None:
        raise Invalid("n", "error.not_found")
    token.revoked_at = at
    return user


def token_digest(plain: str) -> str:
    """What is kept of a token. Tokens are 256 random bits, so a fast digest is as good as a slow one."""
    return hashlib.sha256(plain.encode()).hexdigest()
