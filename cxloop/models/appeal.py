"""Appeals 申诉: a unit says that something held against it is wrong; another person than the first decides."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..domain.vocabulary import CONTESTABLE
from ..extensions import Base
from .attention import OfIssue
from .chain import one_of

UPHELD, REFUSED = "upheld", "refused"


class Appeal(OfIssue, Base):
    """One appeal. `ref` names what is contested: a clock and plan, a feedback, a task, a report and unit."""

    __tablename__ = "appeals"
    __table_args__ = (
        one_of("matter", CONTESTABLE),
        one_of("decision", (UPHELD, REFUSED)),
        UniqueConstraint("issue_no", "n"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_has_moment"),
        # Once only: what was decided stays decided.
        UniqueConstraint("matter", "ref"),
    )
    untrailed = frozenset({"id", "issue_no"})
    noun = "appeal"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    task_no: Mapped[str | None] = mapped_column(ForeignKey("tasks.no"))
    matter: Mapped[str]
    ref: Mapped[str]
    # Who decided first, and so does not decide again.
    first_by: Mapped[str | None]
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_text: Mapped[str | None]
