"""Notices 通知: codes and parameters for one reader, worded in the reader's language when read."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, JSONText


class Notice(Base):
    """What one person should know, since `at`."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_reader", "user_name", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(ForeignKey("users.name"))
    code: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    params: Mapped[Any] = mapped_column(JSONText)
    at: Mapped[datetime]
    # Shown from then on: within the receiver's working hours, unless it cannot wait.
    visible_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
