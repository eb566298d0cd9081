"""People: users, their roles in units, their sessions and tokens."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..domain.permissions import Membership as Standing
from ..domain.permissions import Person
from ..domain.vocabulary import SYSTEM, Role
from ..extensions import Base
from .chain import ChainRoot, Trailed, one_of
from .unit import Unit


class User(ChainRoot, Base):
    """A person who signs in; known by name, for ever."""

    __tablename__ = "users"
    chain_kind = "user"
    # A secret never enters the trail; that it changed does, by the act.
    untrailed = frozenset({"password_hash"})

    name: Mapped[str] = mapped_column(primary_key=True)
    display_name: Mapped[str]
    display_name_en: Mapped[str]
    locale: Mapped[str] = mapped_column(default="zh")
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    memberships: Mapped[list["Membership"]] = relationship(lazy="selectin", order_by="Membership.unit_code")

    def number(self) -> str:
        """The user name."""
        return self.name

    def person(self) -> Person:
        """The user as the permission rules see one."""
        return Person(
            self.name, tuple(Standing(m.unit_code, m.unit.path, m.role) for m in self.memberships if self.active)
        )


class Membership(Trailed, Base):
    """A role that a user holds in a unit; several are allowed."""

    __tablename__ = "memberships"
    __table_args__ = (one_of("role", Role), UniqueConstraint("user_name", "unit_code", "role"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(ForeignKey("users.name"), index=True)
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    role: Mapped[str]
    unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=True)
    untrailed = frozenset({"id", "user_name"})

    def trail_root(self) -> tuple[str, str]:
        """The user's chain."""
        return "user", self.user_name

    def trail_name(self) -> str:
        """The user, the unit and the role."""
        return f"{self.user_name}/{self.unit_code}/{self.role}"


class UserSession(Base):
    """A sign-in from a browser. It dies with its row's `ended_at`, in every process."""

    __tablename__ = "user_sessions"

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(ForeignKey("users.name"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Token(Trailed, Base):
    """A machine's key to the API; only its digest is kept."""

    __tablename__ = "tokens"
    untrailed = frozenset({"id", "digest"})

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(ForeignKey("users.name"), index=True)
    n: Mapped[int]
    digest: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    def trail_root(self) -> tuple[str, str]:
        """The user's chain."""
        return "user", self.user_name

    def trail_name(self) -> str:
        """The user and the token's count."""
        return f"{self.user_name}/token.{self.n}"


class LoginFailure(Base):
    """A wrong password, counted per account and peer so that guessing slows down in every process."""

    __tablename__ = "login_failures"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str]
    peer: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


SYSTEM_PERSON = Person(SYSTEM)
