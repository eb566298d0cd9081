"""Closing: the frozen report, who was liable, the checks left behind, and what the audit said."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..domain.vocabulary import ReportState
from ..extensions import Base
from .chain import Trailed, Versioned, one_of


class ClosureReport(Trailed, Versioned, Base):
    """A closure report: canonical text that never changes, with its SHA-256."""

    __tablename__ = "closure_reports"
    __table_args__ = (one_of("state", ReportState), UniqueConstraint("issue_no", "n"))
    untrailed = frozenset({"body"})

    no: Mapped[str] = mapped_column(primary_key=True)
    issue_no: Mapped[str] = mapped_column(ForeignKey("issues.no"), index=True)
    n: Mapped[int]
    cycle: Mapped[int]
    state: Mapped[str] = mapped_column(default=ReportState.PENDING)
    body: Mapped[str]
    sha256: Mapped[str]
    drawn: Mapped[bool]
    drawn_why: Mapped[str]
    drawn_roll: Mapped[int | None]
    closed_by: Mapped[str]
    closed_at: Mapped[datetime]
    opinions: Mapped[list["Opinion"]] = relationship(order_by="Opinion.n", lazy="selectin")

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.issue_no

    def trail_name(self) -> str:
        """CX-2026-000123-R01."""
        return self.no


class Opinion(Trailed, Base):
    """What an auditor said of a report 稽核意见."""

    __tablename__ = "opinions"
    __table_args__ = (one_of("verdict", ("approve", "return")), UniqueConstraint("report_no", "n"))
    untrailed = frozenset({"id", "report_no"})

    id: Mapped[int] = mapped_column(primary_key=True)
    report_no: Mapped[str] = mapped_column(ForeignKey("closure_reports.no"), index=True)
    n: Mapped[int]
    verdict: Mapped[str]
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.report_no.rsplit("-R", 1)[0]

    def trail_name(self) -> str:
        """The report and the opinion's count."""
        return f"{self.report_no}/opinion.{self.n}"


class Liability(Trailed, Base):
    """Who answers for an issue, as decided at its closing 定责."""

    __tablename__ = "liabilities"
    untrailed = frozenset({"report_no"})

    report_no: Mapped[str] = mapped_column(ForeignKey("closure_reports.no"), primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), primary_key=True)
    code: Mapped[str]

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.report_no.rsplit("-R", 1)[0]

    def trail_name(self) -> str:
        """The report and the unit."""
        return f"{self.report_no}/liability.{self.unit}"


class Control(Trailed, Base):
    """The check that a closed issue leaves in a unit's self-inspection 固化检查项."""

    __tablename__ = "controls"
    __table_args__ = (UniqueConstraint("report_no", "n"),)
    untrailed = frozenset({"id", "report_no"})

    id: Mapped[int] = mapped_column(primary_key=True)
    report_no: Mapped[str] = mapped_column(ForeignKey("closure_reports.no"), index=True)
    n: Mapped[int]
    issue_no: Mapped[str] = mapped_column(ForeignKey("issues.no"), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    item: Mapped[str]
    rounds: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)

    def trail_root(self) -> tuple[str, str]:
        """The issue's chain."""
        return "issue", self.issue_no

    def trail_name(self) -> str:
        """The report and the control's count."""
        return f"{self.report_no}/control.{self.n}"
