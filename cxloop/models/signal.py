"""Customers' voices as they came in, and apart from them the personal data."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Sequence, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..domain.numbers import signal_no
from ..domain.vocabulary import SignalState
from ..extensions import Base, Sealed, db
from .chain import ChainRoot, Trailed, one_of
from .numbering import take_numbers

# Intake must not queue behind a counter: gaps are allowed in signal numbers.
SIGNAL_NUMBERS = Sequence("signal_numbers", metadata=Base.metadata)


class Signal(ChainRoot, Base):
    """One customer's voice or one anomaly 客户声音."""

    __tablename__ = "signals"
    __table_args__ = (
        one_of("state", SignalState),
        UniqueConstraint("source", "external_id"),
        CheckConstraint("(state = 'linked') = (issue_no IS NOT NULL)", name="linked_has_issue"),
        Index("ix_signals_state_registered", "state", "registered_at"),
    )
    chain_kind = "signal"
    # The text enters the trail as its digest, so that erasing it leaves the chain whole.
    untrailed = frozenset({"text", "title", "completion", "content_digest", "answer"})

    no: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    external_id: Mapped[str | None]
    content_digest: Mapped[str]
    channel: Mapped[str]
    title: Mapped[str | None]
    text: Mapped[str]
    text_sha256: Mapped[str]
    urgency: Mapped[str] = mapped_column(default="normal")
    occurred_at: Mapped[datetime | None]
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"), index=True)
    touchpoint: Mapped[str | None]
    product: Mapped[str | None]
    score_kind: Mapped[str | None]
    score_value: Mapped[Decimal | None]
    state: Mapped[str] = mapped_column(default=SignalState.NEW)
    issue_no: Mapped[str | None] = mapped_column(ForeignKey("issues.no"), index=True)
    reason: Mapped[str | None]
    completion: Mapped[str | None]
    registered_by: Mapped[str]
    registered_at: Mapped[datetime]
    # What the customer was told in the end 答复客户, and whether it satisfied.
    answer: Mapped[str | None]
    answer_sha256: Mapped[str | None]
    answer_method: Mapped[str | None]
    satisfied: Mapped[str | None]
    dissatisfied_why: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    contact: Mapped["Contact | None"] = relationship(back_populates="signal", lazy="selectin")

    def number(self) -> str:
        """SG-00000123."""
        return self.no


class Contact(Base):
    """A customer's personal data, encrypted, apart from everything else; never in the trail."""

    __tablename__ = "contacts"

    signal_no: Mapped[str] = mapped_column(ForeignKey("signals.no"), primary_key=True)
    name: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    account: Mapped[str | None] = mapped_column(Sealed)
    # A keyed hash, so that repeated voices of one customer can be counted without reading the number.
    customer_hash: Mapped[str | None] = mapped_column(index=True)
    signal: Mapped[Signal] = relationship(back_populates="contact")


class ContactTry(Trailed, Base):
    """One try to reach a customer 首次联系: when, how, and whether it succeeded. What was said is not in the trail."""

    __tablename__ = "contact_tries"
    __table_args__ = (UniqueConstraint("signal_no", "n"),)
    untrailed = frozenset({"id", "signal_no", "note"})

    id: Mapped[int] = mapped_column(primary_key=True)
    signal_no: Mapped[str] = mapped_column(ForeignKey("signals.no"), index=True)
    n: Mapped[int]
    tried_at: Mapped[datetime]
    method: Mapped[str]
    reached: Mapped[bool]
    note: Mapped[str]
    by: Mapped[str]

    def trail_root(self) -> tuple[str, str]:
        """The signal's chain."""
        return "signal", self.signal_no

    def trail_name(self) -> str:
        """The signal and the try's count."""
        return f"{self.signal_no}/contact.{self.n}"


def take_signal_numbers(count: int) -> list[str]:
    """The next `count` signal numbers, from a sequence where the database has one."""
    if db.session.get_bind().dialect.name == "postgresql":
        drawn = select(SIGNAL_NUMBERS.next_value()).select_from(func.generate_series(1, count).alias("n"))
        return [signal_no(n=n) for n in db.session.scalars(drawn)]
    return [signal_no(n=n) for n in take_numbers("signal", 0, count)]
