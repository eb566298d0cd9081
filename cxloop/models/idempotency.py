"""The first answers to POSTs that carried an Idempotency-Key."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, JSONText, SealedText


class IdempotencyKey(Base):
    """A stored answer: unique per user, method, path and key; kept for 24 hours."""

    __tablename__ = "idempotency_keys"

    user_name: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    answer_code: Mapped[int]
    headers: Mapped[Any] = mapped_column(JSONText)
    # The answer to a `signal.reveal` is personal data: no answer lies here for a day in the clear.
    body: Mapped[str] = mapped_column(SealedText)
    at: Mapped[datetime] = mapped_column(index=True)
