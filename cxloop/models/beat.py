"""The workers' beats: how readiness knows that the clockwork runs."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base


class Beat(Base):
    """A worker's latest sign of life."""

    __tablename__ = "beats"

    worker: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
