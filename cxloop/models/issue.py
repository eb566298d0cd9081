"""Issues 问题(主单): what the center owns."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from ..domain.vocabulary import IssueState
from ..extensions import Base
from .chain import ChainRoot, Trailed, Versioned, one_of


class Issue(ChainRoot, Base):
    """An issue with its analysis, its effect criterion and its outside due."""

    __tablename__ = "issues"
    __table_args__ = (
        one_of("state", IssueState),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged_has_survivor"),
        CheckConstraint("cycle >= 1", name="cycle_counts"),
        Index("ix_issues_state_opened", "state", "opened_at"),
    )
    chain_kind = "issue"

    no: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    channel: Mapped[str]
    severity: Mapped[int]
    rated: Mapped[bool] = mapped_column(default=False)
    rerated: Mapped[bool] = mapped_column(default=False)
    urgency: Mapped[str] = mapped_column(default="normal")
    state: Mapped[str] = mapped_column(default=IssueState.NEW)
    cycle: Mapped[int] = mapped_column(default=1)
    several: Mapped[bool] = mapped_column(default=False)
    joint: Mapped[bool] = mapped_column(default=False)
    analyst: Mapped[str | None] = mapped_column(ForeignKey("users.name"))
    category: Mapped[str | None]
    touchpoint: Mapped[str | None]
    product: Mapped[str | None]
    reach: Mapped[int | None]
    cause_class: Mapped[str | None]
    cause_text: Mapped[str | None]
    final_cause_class: Mapped[str | None]
    final_cause_text: Mapped[str | None]
    effect_metric: Mapped[str | None]
    effect_value: Mapped[Decimal | None]
    effect_n: Mapped[int | None]
    effect_target: Mapped[Decimal | None]
    effect_window_days: Mapped[int | None]
    external_due_at: Mapped[datetime | None]
    external_who: Mapped[str | None]
    external_number: Mapped[str | None]
    waves: Mapped[int] = mapped_column(default=0)
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    wait_until: Mapped[datetime | None]
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("issues.no"))
    dismiss_reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    review_at: Mapped[datetime | None]
    copies: Mapped[list["IssueCopy"]] = relationship(order_by="IssueCopy.unit")

    def number(self) -> str:
        """CX-2026-000123."""
        return self.no

    def has_effect(self) -> bool:
        """Whether an effect criterion stands: metric, baseline with n, target, window."""
        return None not in (
            self.effect_metric,
            self.effect_value,
            self.effect_n,
            self.effect_target,
            self.effect_window_days,
        )


class IssueCopy(Trailed, Base):
    """A unit that reads an issue and owes nothing (抄送)."""

    __tablename__ = "issue_copies"
    untrailed = frozenset({"issue_no"})

    issue_no: Mapped[str] = mapped_column(ForeignKey("issues.no"), primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), primary_key=True)

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.issue_no

    def trail_name(self) -> str:
        """The issue and the unit."""
        return f"{self.issue_no}/copy.{self.unit}"


class Participant(Base):
    """Who took part in an issue: such a person may not audit it. Reading and audit acts make nobody one."""

    __tablename__ = "participants"

    issue_no: Mapped[str] = mapped_column(ForeignKey("issues.no"), primary_key=True)
    user_name: Mapped[str] = mapped_column(primary_key=True, index=True)


class Verification(Trailed, Base):
    """A verdict on the effect, with its numbers."""

    __tablename__ = "verifications"
    __table_args__ = (UniqueConstraint("issue_no", "n"),)
    untrailed = frozenset({"id", "issue_no"})

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_no: Mapped[str] = mapped_column(ForeignKey("issues.no"), index=True)
    n: Mapped[int]
    cycle: Mapped[int]
    verdict: Mapped[str]
    method: Mapped[str]
    text: Mapped[str]
    after_value: Mapped[Decimal | None]
    after_n: Mapped[int | None]
    meets_target: Mapped[bool | None]
    early: Mapped[bool]
    by: Mapped[str]
    at: Mapped[datetime]

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.issue_no

    def trail_name(self) -> str:
        """The issue and the verdict's count."""
        return f"{self.issue_no}/verification.{self.n}"

    def read_with(self) -> Versioned | None:
        """The issue, also when the verdict leaves its state alone: nobody closes over one they have not read."""
        session = object_session(self)
        return None if session is None else session.get(Issue, self.issue_no)
