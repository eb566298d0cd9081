"""Clocks 时限 as records: the clock, its plans, spans and rungs, and its breaches."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..domain import clocks as rules
from ..extensions import Base
from .chain import Trailed, one_of


class Clock(Trailed, Base):
    """One running promise: a row per subject, kind and cycle. Its due time is stored, not scanned for."""

    __tablename__ = "clocks"
    __table_args__ = (
        one_of("kind", rules.KINDS),
        one_of("state", rules.STATES),
        UniqueConstraint("subject", "kind", "cycle"),
        CheckConstraint("state <> 'running' OR due_at IS NOT NULL", name="running_has_due"),
        CheckConstraint("(state IN ('ended','cancelled','moved')) = (ended_at IS NOT NULL)", name="ended_has_moment"),
        Index("ix_clocks_chain", "chain_kind", "chain_no"),
    )
    untrailed = frozenset({"id", "chain_kind", "chain_no", "consumed", "plan"})

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
    due_at: Mapped[datetime]
    why: Mapped[str]
    act: Mapped[str]
    target: Mapped[str]
    policy_version: Mapped[int]
    calendar: Mapped[str]
    calendar_revision: Mapped[int]
    national_revision: Mapped[int]
    consumed: Mapped[int]


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
    clock: Mapped[Clock] = relationship(back_populates="breaches")

    def trail_root(self) -> tuple[str, str]:
        """The clock's chain."""
        return self.clock.trail_root()

    def trail_name(self) -> str:
        """The clock and the plan that was missed."""
        return f"{self.clock.trail_name()}/breach.{self.plan}"
