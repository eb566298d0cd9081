"""What happens on the way to an answer: notes, questions to the dispatcher, and an accepted task that is done again."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import Base
from .chain import Trailed, Versioned
from .task import Task


class OfTask(Trailed):
    """A record that hangs on a task and is counted within it."""

    task_no: Mapped[str] = mapped_column(ForeignKey("tasks.no"), index=True)
    n: Mapped[int]
    noun = ""

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.task_no.rsplit("-T", 1)[0]

    def trail_name(self) -> str:
        """The task and the record's count."""
        return f"{self.task_no}/{self.noun}.{self.n}"


class ProgressNote(OfTask, Base):
    """A note on the way 阶段反馈, with the next one promised or not."""

    __tablename__ = "progress_notes"
    __table_args__ = (UniqueConstraint("task_no", "n"),)
    untrailed = frozenset({"id", "task_no"})
    noun = "progress"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    next_at: Mapped[datetime | None]
    by: Mapped[str]
    at: Mapped[datetime]


class Question(OfTask, Base):
    """A unit's question to its dispatcher, who owes an answer in time."""

    __tablename__ = "questions"
    __table_args__ = (
        UniqueConstraint("task_no", "n"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_has_moment"),
    )
    untrailed = frozenset({"id", "task_no"})
    noun = "question"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    task: Mapped[Task] = relationship()

    def read_with(self) -> Versioned | None:
        """The task that is asked about."""
        return self.task


class Redo(OfTask, Base):
    """An accepted task that is done again 原单重办, and by whose fault: only the unit's counts."""

    __tablename__ = "redos"
    __table_args__ = (UniqueConstraint("task_no", "n"),)
    untrailed = frozenset({"id", "task_no"})
    noun = "redo"

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle: Mapped[int]
    reason: Mapped[str]
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
