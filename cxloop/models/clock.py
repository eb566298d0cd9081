"""Clocks 时限 as records: the clock, its plans, spans and rungs, and its breaches."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..domain import clocks as rules
from ..extensions import Base
from .chain import Trailed, Versioned, one_of

if TYPE_CHECKING:
    from .task import Task


class Clock(Trailed, Base):
    """One running promise: a row per subject, kind and cycle. Its due time is stored, not scanned for."""

    __tablename__ = "clocks"
    __table_args__ = (
        one_of("kind", rules.KINDS),
        one_of("state", rules.STATES),
        UniqueConstraint("subject", "kind", "cycle"),
        CheckConstraint("state <> 'running' OR due_at IS NOT NULL", name="running_has_due"),
        CheckConstraint("state <> 'paused' OR remaining IS NOT NULL", name="paused_has_remaining"),
        CheckConstraint("(state IN ('ended','cancelled','moved')) = (ended_at IS NOT NULL)", name="ended_has_moment"),
        Index("ix_clocks_chain", "chain_kind", "chain_no"),
    )
    untrailed = frozenset(
        {"id", "chain_kind", "chain_no", "consumed", "plan", "asked_of", "checked_revision", "checked_national"}
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain_kind: Mapped[str]
    chain_no: Mapped[str]
    subject: Mapped[str]
    kind: Mapped[str]
    cycle: Mapped[int]
    severity: Mapped[int]
    owner: Mapped[str] = mapped_column(ForeignKey("units.code"))
    holder: Mapped[str] = mapped_column(ForeignKey("units.code"))
    state: Mapped[str] = mapped_column(default=rules.RUNNING)
    target: Mapped[str]
    calendar: Mapped[str] = mapped_column(ForeignKey("calendars.code"))
    calendar_revision: Mapped[int]
    national_revision: Mapped[int]
    policy_version: Mapped[int]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    provisional: Mapped[bool] = mapped_column(default=False)
    plan: Mapped[int] = mapped_column(default=0)
    consumed: Mapped[int] = mapped_column(default=0)
    floor_given: Mapped[bool] = mapped_column(default=False)
    # Working seconds left while paused, when there is no due time; the latest moment at which it runs on by itself.
    remaining: Mapped[int | None]
    pause_until: Mapped[datetime | None]
    # Working seconds paused so far, and how often it was extended: both are limited by the policy.
    paused: Mapped[int] = mapped_column(default=0)
    extensions: Mapped[int] = mapped_column(default=0)
    # Whose decision on a request made in time is awaited: if the due passes meanwhile, the breach is theirs.
    asked_of: Mapped[str | None]
    # The due before a harsher re-rating: whoever is late by the re-rating alone is not to blame.
    rerated_until: Mapped[datetime | None]
    # The newest revisions under which it was looked at after a publication; its plans pin those that hold.
    checked_revision: Mapped[int] = mapped_column(default=0)
    checked_national: Mapped[int] = mapped_column(default=0)
    stopped_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    overrun: Mapped[int | None]
    rungs: Mapped[list["ClockRung"]] = relationship(order_by="ClockRung.moment, ClockRung.code", back_populates="clock")
    spans: Mapped[list["ClockSpan"]] = relationship(order_by="ClockSpan.n")
    plans: Mapped[list["ClockPlan"]] = relationship(order_by="ClockPlan.n")
    breaches: Mapped[list["Breach"]] = relationship(order_by="Breach.plan")

    def trail_root(self) -> tuple[str, str]:
        """The chain its subject belongs to."""
        return self.chain_kind, self.chain_no

    def trail_name(self) -> str:
        """The subject, the kind and the cycle."""
        return f"{self.subject}/clock.{self.kind}.{self.cycle}"


class ClockPlan(Base):
    """One stated due time of a clock, and by which act it came to be."""

    __tablename__ = "clock_plans"
    __table_args__ = (UniqueConstraint("clock_id", "n"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    n: Mapped[int]
    at: Mapped[datetime]
    # None while paused: then only what remains is known.
    due_at: Mapped[datetime | None]
    why: Mapped[str]
    act: Mapped[str]
    target: Mapped[str]
    policy_version: Mapped[int]
    calendar: Mapped[str]
    calendar_revision: Mapped[int]
    national_revision: Mapped[int]
    consumed: Mapped[int]
    # Working seconds from `at` to the due (rows from before this column have none).
    remaining: Mapped[int | None]


class ClockSpan(Base):
    """One stretch of a clock in one state and on one holder's account."""

    __tablename__ = "clock_spans"
    __table_args__ = (
        UniqueConstraint("clock_id", "n"),
        CheckConstraint("to_at IS NULL OR to_at >= from_at", name="forward"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    n: Mapped[int]
    state: Mapped[str]
    holder: Mapped[str]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]


class ClockRung(Trailed, Base):
    """A moment at which a plan fires, exactly once: the unique key is the last guard."""

    __tablename__ = "clock_rungs"
    __table_args__ = (
        one_of("state", rules.RUNG_STATES),
        UniqueConstraint("clock_id", "plan", "code"),
        # The sweep reads only what is due: its cost follows this index, not the number of open clocks.
        Index(
            "ix_clock_rungs_armed",
            "moment",
            sqlite_where=text("state = 'armed'"),
            postgresql_where=text("state = 'armed'"),
        ),
        Index(
            "ix_clock_rungs_armed_chain",
            "chain_no",
            "moment",
            sqlite_where=text("state = 'armed'"),
            postgresql_where=text("state = 'armed'"),
        ),
    )
    # That a rung fired is told; arming and disarming follow from the plans, which a reader can redo.
    untrailed = frozenset({"id", "clock_id", "chain_kind", "chain_no", "plan", "code", "moment", "state", "late"})

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    chain_kind: Mapped[str]
    chain_no: Mapped[str]
    plan: Mapped[int]
    code: Mapped[str]
    moment: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=rules.ARMED)
    fired_at: Mapped[datetime | None]
    late: Mapped[bool] = mapped_column(default=False)
    clock: Mapped[Clock] = relationship(back_populates="rungs")

    def trail_root(self) -> tuple[str, str]:
        """The clock's chain."""
        return self.chain_kind, self.chain_no

    def trail_name(self) -> str:
        """The clock, the plan and the rung."""
        return f"{self.clock.trail_name()}/{self.plan}.{self.code}"


class Breach(Trailed, Base):
    """A due time that passed: for ever, whoever excuses it later (K14)."""

    __tablename__ = "breaches"
    __table_args__ = (UniqueConstraint("clock_id", "plan"),)
    untrailed = frozenset({"id", "clock_id"})

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    plan: Mapped[int]
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    policy_version: Mapped[int]
    holder: Mapped[str]
    # Why it is on another's account than the owner's: `undecided`, `rerated`; none where nothing excuses it.
    cause: Mapped[str | None]
    clock: Mapped[Clock] = relationship(back_populates="breaches")
    waiver: Mapped["Waiver | None"] = relationship(back_populates="breach")

    def trail_root(self) -> tuple[str, str]:
        """The clock's chain."""
        return self.clock.trail_root()

    def trail_name(self) -> str:
        """The clock and the plan that was missed."""
        return f"{self.clock.trail_name()}/breach.{self.plan}"


class Waiver(Trailed, Base):
    """A breach that is excused 超时免责: a second row with a name, a reason and words; the breach stays (K14)."""

    __tablename__ = "waivers"
    __table_args__ = (UniqueConstraint("breach_id"),)
    untrailed = frozenset({"id", "breach_id"})

    id: Mapped[int] = mapped_column(primary_key=True)
    breach_id: Mapped[int] = mapped_column(ForeignKey("breaches.id"))
    reason: Mapped[str]
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    breach: Mapped[Breach] = relationship(back_populates="waiver")

    def trail_root(self) -> tuple[str, str]:
        """The clock's chain."""
        return self.breach.trail_root()

    def trail_name(self) -> str:
        """The breach and its waiver."""
        return f"{self.breach.trail_name()}/waiver"


class Request(Trailed, Base):
    """A unit's request, and the decision: to extend 延期 or pause 挂起 a clock, or to transfer 改派 the task."""

    __tablename__ = "clock_requests"
    __table_args__ = (
        one_of("kind", rules.REQUESTS),
        one_of("decision", rules.DECISIONS),
        UniqueConstraint("task_no", "n"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_has_moment"),
        # One question at a time: a second one would hide the first.
        Index(
            "uq_clock_requests_open",
            "clock_id",
            "kind",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )
    untrailed = frozenset({"id", "task_no", "clock_id"})

    id: Mapped[int] = mapped_column(primary_key=True)
    task_no: Mapped[str] = mapped_column(ForeignKey("tasks.no"), index=True)
    n: Mapped[int]
    kind: Mapped[str]
    subject: Mapped[str]
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    reason: Mapped[str]
    text: Mapped[str]
    # The due asked for, or the latest end of the pause; and what was granted of it. A transfer asks for a unit.
    wanted_at: Mapped[datetime | None]
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    proof: Mapped[str | None]
    granted_at: Mapped[datetime | None]
    by: Mapped[str]
    at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_text: Mapped[str | None]
    clock: Mapped[Clock] = relationship()
    task: Mapped["Task"] = relationship()

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.task_no.rsplit("-T", 1)[0]

    def trail_name(self) -> str:
        """The task and the request's count: also the subject of the clock on its decision."""
        return f"{self.task_no}/request.{self.n}"

    def read_with(self) -> Versioned | None:
        """The task: nobody decides over one that has changed since they read it."""
        return self.task
