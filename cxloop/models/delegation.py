"""Who stands in for whom 代理, and who is on duty 值班."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, Sealed
from .chain import Trailed


class Delegation(Trailed, Base):
    """A person acts for another from one moment to another: with the other's roles, and never more."""

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("to_at > from_at", name="forward"),
        CheckConstraint("principal <> deputy", name="somebody_else"),
        UniqueConstraint("principal", "n"),
        Index("ix_delegations_deputy", "deputy", "to_at"),
    )
    untrailed = frozenset({"id", "principal"})

    id: Mapped[int] = mapped_column(primary_key=True)
    principal: Mapped[str] = mapped_column(ForeignKey("users.name"))
    n: Mapped[int]
    deputy: Mapped[str] = mapped_column(ForeignKey("users.name"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    set_by: Mapped[str]
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def trail_root(self) -> tuple[str, str]:
        """The principal's chain."""
        return "user", self.principal

    def trail_name(self) -> str:
        """The principal and the delegation's count."""
        return f"{self.principal}/delegation.{self.n}"


class DutyDay(Trailed, Base):
    """Who is on duty for a unit on a local date, holidays included."""

    __tablename__ = "duty_days"
    untrailed = frozenset({"unit", "phone"})

    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    user_name: Mapped[str] = mapped_column(ForeignKey("users.name"), primary_key=True)
    phone: Mapped[str | None] = mapped_column(Sealed)

    def trail_root(self) -> tuple[str, str]:
        """The unit's chain."""
        return "unit", self.unit

    def trail_name(self) -> str:
        """The unit, the date and the person."""
        return f"{self.unit}/duty.{self.day.isoformat()}.{self.user_name}"
