"""Attention: supervision by letter, leaders' instructions, conferences, and what the front line is to say."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import Base, JSONText
from .chain import Trailed
from .progress import OfTask


class OfIssue(Trailed):
    """A record that hangs on an issue and is counted within it."""

    issue_no: Mapped[str] = mapped_column(ForeignKey("issues.no"), index=True)
    n: Mapped[int]
    noun = ""

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.issue_no

    def trail_name(self) -> str:
        """The issue and the record's count."""
        return f"{self.issue_no}/{self.noun}.{self.n}"


class Supervision(OfTask, Base):
    """A supervision letter 督办单: level, number, what is wanted by when, and when it ended."""

    __tablename__ = "supervisions"
    __table_args__ = (UniqueConstraint("task_no", "n"),)
    untrailed = frozenset({"id", "task_no"})
    noun = "supervision"

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str]
    number: Mapped[str]
    text: Mapped[str]
    wanted: Mapped[str | None]
    due_at: Mapped[datetime | None]
    by: Mapped[str]
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class Instruction(OfIssue, Base):
    """A leader's instruction 领导批示: the office, no name needed."""

    __tablename__ = "instructions"
    __table_args__ = (UniqueConstraint("issue_no", "n"),)
    untrailed = frozenset({"id", "issue_no"})
    noun = "instruction"

    id: Mapped[int] = mapped_column(primary_key=True)
    office: Mapped[str]
    text: Mapped[str]
    given_at: Mapped[datetime]
    by: Mapped[str]
    at: Mapped[datetime]


class Conference(OfIssue, Base):
    """A joint conference 联合会商: which units, what was said, what was decided."""

    __tablename__ = "conferences"
    __table_args__ = (UniqueConstraint("issue_no", "n"),)
    untrailed = frozenset({"id", "issue_no"})
    noun = "conference"

    id: Mapped[int] = mapped_column(primary_key=True)
    held_at: Mapped[datetime]
    units: Mapped[Any] = mapped_column(JSONText)
    minutes: Mapped[str]
    decisions: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Brief(OfIssue, Base):
    """What the front line is to say 统一解释口径: a version, for whom, and until when it holds."""

    __tablename__ = "briefs"
    __table_args__ = (UniqueConstraint("issue_no", "n"),)
    untrailed = frozenset({"id", "issue_no"})
    noun = "brief"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    internal: Mapped[str | None]
    units: Mapped[Any] = mapped_column(JSONText)
    valid_until: Mapped[datetime]
    by: Mapped[str]
    at: Mapped[datetime]
    receipts: Mapped[list["BriefReceipt"]] = relationship(order_by="BriefReceipt.user_name")


class BriefReceipt(Base):
    """Who was sent a brief, for which unit, and when they read it: no act, and nobody's fault."""

    __tablename__ = "brief_receipts"

    brief_id: Mapped[int] = mapped_column(ForeignKey("briefs.id"), primary_key=True)
    user_name: Mapped[str] = mapped_column(ForeignKey("users.name"), primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"))
    read_at: Mapped[datetime | None]
