"""Entries of the trail. The database itself refuses to change or remove them (see the first migration)."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class Entry(Base):
    """One act's entry in one chain; `body` is the canonical text that `hash` covers."""

    __tablename__ = "entries"
    __table_args__ = (UniqueConstraint("chain_kind", "chain_no", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chain_kind: Mapped[str]
    chain_no: Mapped[str]
    seq: Mapped[int]
    act_id: Mapped[str] = mapped_column(index=True)
    act: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    actor: Mapped[str]
    actor_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    origin: Mapped[str]
    body: Mapped[str]
    hash: Mapped[str]
