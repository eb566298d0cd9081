"""Tasks 工单: one unit's part of an issue, with the declines on its way."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..domain.vocabulary import Duty, TaskState
from ..extensions import Base
from .chain import Trailed, Versioned, one_of
from .issue import Issue
from .unit import Unit

if TYPE_CHECKING:
    from .measure import Measure


class Task(Trailed, Versioned, Base):
    """One unit's part; `dispatcher` is who sent it and reviews it. Who submitted is stored for segregation."""

    __tablename__ = "tasks"
    __table_args__ = (
        one_of("state", TaskState),
        one_of("duty", Duty),
        UniqueConstraint("issue_no", "n", "child_n"),
        CheckConstraint("parent IS NULL OR child_n > 0", name="child_counted"),
        # At most one main that is not cancelled in an issue's cycle.
        Index(
            "uq_tasks_one_main",
            "issue_no",
            "cycle",
            unique=True,
            sqlite_where=text("duty = 'main' AND state <> 'cancelled' AND parent IS NULL"),
            postgresql_where=text("duty = 'main' AND state <> 'cancelled' AND parent IS NULL"),
        ),
        Index("ix_tasks_unit_state", "unit", "state"),
    )

    no: Mapped[str] = mapped_column(primary_key=True)
    issue_no: Mapped[str] = mapped_column(ForeignKey("issues.no"))
    n: Mapped[int]
    child_n: Mapped[int] = mapped_column(default=0)
    parent: Mapped[str | None] = mapped_column(ForeignKey("tasks.no"))
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"))
    dispatcher: Mapped[str] = mapped_column(ForeignKey("units.code"))
    duty: Mapped[str]
    state: Mapped[str]
    title: Mapped[str]
    wanted: Mapped[str]
    criterion: Mapped[str | None]
    cycle: Mapped[int]
    wave: Mapped[int]
    handler: Mapped[str | None] = mapped_column(ForeignKey("users.name"), index=True)
    dispatched_at: Mapped[datetime | None]
    # Until when this unit may decline: counted from dispatch, whatever the signature.
    decline_until: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str | None]
    deemed: Mapped[bool] = mapped_column(default=False)
    binding: Mapped[bool] = mapped_column(default=False)
    # What a binding dispatch rests on: an instruction or a conference of the issue.
    bound_by: Mapped[str | None]
    next_report_at: Mapped[datetime | None]
    contact_wanted: Mapped[bool] = mapped_column(default=False)
    # How often customers of this task's issue have spoken up again while it was open.
    repeats: Mapped[int] = mapped_column(default=0)
    declines: Mapped[int] = mapped_column(default=0)
    send_backs: Mapped[int] = mapped_column(default=0)
    submitted_by: Mapped[str | None]
    submitted_at: Mapped[datetime | None]
    answered: Mapped[bool] = mapped_column(default=False)
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None]
    quality: Mapped[int | None]
    cause: Mapped[str | None]
    liability: Mapped[str | None]
    supervision: Mapped[str | None]
    supervision_number: Mapped[str | None]
    supervised_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    issue: Mapped[Issue] = relationship(lazy="select")
    unit_row: Mapped[Unit] = relationship(foreign_keys=[unit], lazy="select")
    feedbacks: Mapped[list["Feedback"]] = relationship(order_by="Feedback.n")
    measures: Mapped[list["Measure"]] = relationship(order_by="Measure.n")

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.issue_no

    def trail_name(self) -> str:
        """CX-2026-000123-T02."""
        return self.no


class Predecessor(Base):
    """A task that waits for another of the same issue."""

    __tablename__ = "predecessors"

    task_no: Mapped[str] = mapped_column(ForeignKey("tasks.no"), primary_key=True)
    after_no: Mapped[str] = mapped_column(ForeignKey("tasks.no"), primary_key=True)


class Decline(Trailed, Base):
    """A unit's "not ours", and what became of it."""

    __tablename__ = "declines"
    __table_args__ = (UniqueConstraint("task_no", "n"),)
    untrailed = frozenset({"id", "task_no"})

    id: Mapped[int] = mapped_column(primary_key=True)
    task_no: Mapped[str] = mapped_column(ForeignKey("tasks.no"), index=True)
    n: Mapped[int]
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"))
    reason: Mapped[str]
    text: Mapped[str]
    proof: Mapped[str | None]
    proposed_unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    by: Mapped[str]
    at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    upheld: Mapped[bool | None]

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.task_no.rsplit("-T", 1)[0]

    def trail_name(self) -> str:
        """The task and the decline's count."""
        return f"{self.task_no}/decline.{self.n}"


class Feedback(Trailed, Base):
    """A unit's answer 回单: what the customer hears (`reply`) is kept apart from the internal cause."""

    __tablename__ = "feedbacks"
    __table_args__ = (UniqueConstraint("task_no", "n"),)
    untrailed = frozenset({"id", "task_no"})

    id: Mapped[int] = mapped_column(primary_key=True)
    task_no: Mapped[str] = mapped_column(ForeignKey("tasks.no"), index=True)
    n: Mapped[int]
    cycle: Mapped[int]
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"))
    outcome: Mapped[str]
    cause: Mapped[str]
    result: Mapped[str]
    reply: Mapped[str | None]
    reason: Mapped[str | None]
    review_at: Mapped[datetime | None]
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    # Signed by the unit's lead or leader 审签, where that is demanded.
    signed_by: Mapped[str | None]
    signed_at: Mapped[datetime | None]
    # The other unit's answer to the same issue that it resembles most, and the share in common (of 100).
    like_no: Mapped[str | None]
    like_share: Mapped[int | None]
    verdict: Mapped[str | None]
    verdict_reason: Mapped[str | None]
    verdict_text: Mapped[str | None]
    reviewed_by: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.task_no.rsplit("-T", 1)[0]

    def trail_name(self) -> str:
        """The task and the answer's count."""
        return f"{self.task_no}/feedback.{self.n}"
