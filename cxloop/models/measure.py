"""Measures 措施: what a unit promised to do, and by when."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..domain.vocabulary import MeasureKind, MeasureState
from ..extensions import Base
from .chain import Trailed, Versioned, one_of
from .task import Task


class Measure(Trailed, Versioned, Base):
    """One measure of a feedback; `n` counts within the task and never restarts."""

    __tablename__ = "measures"
    __table_args__ = (one_of("state", MeasureState), one_of("kind", MeasureKind), UniqueConstraint("task_no", "n"))
    untrailed = frozenset({"id", "task_no"})

    id: Mapped[int] = mapped_column(primary_key=True)
    task_no: Mapped[str] = mapped_column(ForeignKey("tasks.no"), index=True)
    n: Mapped[int]
    feedback_n: Mapped[int]
    kind: Mapped[str]
    text: Mapped[str]
    handler: Mapped[str | None] = mapped_column(ForeignKey("users.name"))
    agreed_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default=MeasureState.OPEN)
    dropped: Mapped[bool] = mapped_column(default=False)
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    evidence: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    task: Mapped[Task] = relationship(back_populates="measures")

    def number(self) -> str:
        """The task's number and the measure's count."""
        return f"{self.task_no}/{self.n}"

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.task_no.rsplit("-T", 1)[0]

    def trail_name(self) -> str:
        """The task and the measure's count."""
        return f"{self.task_no}/measure.{self.n}"
